"""The marker of a comment, and the runner's output file."""

from __future__ import annotations

import pytest
import report_examples as examples
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.report import (
    find_marker,
    log_lines,
    marker_line,
    outputs_file,
    reply_comment,
)


def test_marker() -> None:
    line = marker_line("run", "0123456789abcdef")
    assert line == "<!-- beaker-ci:run:0123456789abcdef -->"
    assert find_marker(line) == ("run", "0123456789abcdef")
    assert find_marker(f"{line}\r\ntext") == ("run", "0123456789abcdef")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "\n<!-- beaker-ci:run:01 -->",
        " <!-- beaker-ci:run:01 -->",
        "> <!-- beaker-ci:run:01 -->",
        "<!-- beaker-ci:run:01 --> text",
        "<!-- beaker-ci:run:01 -->\rtext",
        "<!-- beaker-ci:run: -->",
        "<!-- beaker-ci:RUN:01 -->",
        "<!-- beaker-ci:run:01:02 -->",
        "<!-- beaker-ci:run:0--1 -->",
        "<!--beaker-ci:run:01-->",
    ],
)
def test_no_marker(body: str) -> None:
    assert find_marker(body) is None


@pytest.mark.parametrize(
    ("kind", "key"),
    [("", "1"), ("run", ""), ("Run", "1"), ("run", "1 -->"), ("run", "a--b"), ("run", "1\n")],
)
def test_no_marker_can_be_made(kind: str, key: str) -> None:
    with pytest.raises(ValueError, match="no marker"):
        marker_line(kind, key)


@given(st.text())
def test_find_marker_never_raises(body: str) -> None:
    assert find_marker(body) is None


def test_a_reply_needs_an_answer() -> None:
    with pytest.raises(ValueError, match="without an answer"):
        reply_comment([], "42")


def test_outputs() -> None:
    values = {"reason-code": "accepted", "result": '{"schema":1,\n"x":"EOF"}', "run-id": ""}
    assert outputs_file(values, "DELIMITER_0f1e2d") == snapshot("""\
reason-code<<DELIMITER_0f1e2d
accepted
DELIMITER_0f1e2d
result<<DELIMITER_0f1e2d
{"schema":1,
"x":"EOF"}
DELIMITER_0f1e2d
run-id<<DELIMITER_0f1e2d

DELIMITER_0f1e2d
""")
    assert outputs_file({}, "D") == ""


@pytest.mark.parametrize(
    ("name", "value", "delimiter"),
    [
        ("name", "a\nEND\nother=1", "END"),
        ("name", "x ENDx", "END"),
        ("na me", "x", "END"),
        ("name=x", "x", "END"),
        ("name\n", "x", "END"),
        ("name<<E", "x", "END"),
        ("", "x", "END"),
        ("name", "x", ""),
        ("name", "x", "E\nD"),
    ],
)
def test_outputs_refused(name: str, value: str, delimiter: str) -> None:
    with pytest.raises(ValueError, match=r"delimiter|name"):
        outputs_file({name: value}, delimiter)


@pytest.mark.parametrize("token", ["", "short", "with space 0123456789", "::0123456789abcdef"])
def test_log_token_refused(token: str) -> None:
    with pytest.raises(ValueError, match="too easy"):
        log_lines([examples.RUN], token)


def test_log_token_known_to_the_text() -> None:
    with pytest.raises(ValueError, match="occurs"):
        log_lines([examples.RUN], examples.RUN.sha)
