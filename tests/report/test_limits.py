"""Reports stay within GitHub's limits, whole and closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import report_examples as examples
from github_page import Page
from hostile import TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from beaker_ci.report import (
    find_marker,
    reply_comment,
    run_check,
    run_comment,
    step_summary,
)
from beaker_ci.report.fit import CHECK_LIMIT, COMMENT_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, fit, size
from beaker_ci.report.safe import fence, prose
from beaker_ci.report.views import ReplyView, RunView, TreeLine

NOTE = "_cut_"
HUGE = "𝕊 @bob `x` | $ <b>\n" * 400


TREE = (TreeLine(99, HUGE, "allow", HUGE), *[TreeLine(2, "rule", "wait", "𝕊" * 300)] * 300)


def huge_run() -> RunView:
    texts: dict[str, Any] = {
        name: HUGE
        for name, value in vars(examples.RUN).items()
        if isinstance(value, str) and name != "marker"
    }
    return replace(
        examples.RUN,
        **texts,
        limits=((HUGE, HUGE),) * 25,
        notes=(HUGE,) * 25,
        decision=TREE,
        gpus=10**30,
        replicas=10**30,
    )


def huge_reply() -> ReplyView:
    texts: dict[str, Any] = {
        name: HUGE for name, value in vars(examples.OUTAGE).items() if isinstance(value, str)
    }
    return ReplyView(**{**texts, "help_text": "- ours\n" * 20_000, "decision": TREE})


def test_run_comment() -> None:
    comment = run_comment(huge_run())
    assert size(comment) <= COMMENT_LIMIT
    assert find_marker(comment) == ("run", examples.RUN.marker)
    assert Page(comment).open == []


def test_check() -> None:
    output = run_check(huge_run())
    assert size(output.title) <= TITLE_LIMIT
    assert size(output.summary) <= CHECK_LIMIT
    assert size(output.text) <= CHECK_LIMIT


def test_reply_comment() -> None:
    comment = reply_comment([huge_reply()] * 3, "42")
    assert size(comment) <= COMMENT_LIMIT
    assert find_marker(comment) == ("reply", "42")
    page = Page(comment)
    assert page.open == []
    assert "2 more answers did not fit here" in page.lines[-1]


def test_thousands_of_answers_end_with_their_number() -> None:
    comment = reply_comment([examples.UNKNOWN_OPTION] * 5000, "42")
    assert size(comment) <= COMMENT_LIMIT
    shown = comment.count("`usage.unknown-option`")
    assert shown > 100
    assert f"_{5000 - shown:,} more answers did not fit here" in comment.splitlines()[-1]


def test_step_summary() -> None:
    summary = step_summary([huge_run(), huge_reply()] * 20)
    assert SUMMARY_LIMIT // 2 < size(summary) <= SUMMARY_LIMIT
    assert Page(summary).open == []


BLOCK = st.one_of(
    TEXT.map(prose),
    TEXT.map(lambda text: fence(text, "text")),
    TEXT.map(lambda text: f"<details>\n<summary>more</summary>\n\n{fence(text)}\n\n</details>"),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(BLOCK, min_size=1, max_size=5).map("\n\n".join), st.integers(100, 600))
def test_a_cut_text_is_closed(markdown: str, limit: int) -> None:
    cut = fit(markdown, limit, NOTE)
    assert size(cut) <= limit
    assert fit(cut, limit, NOTE) == cut
    page = Page(cut)
    assert page.open == []
    assert page.structure.count("details") == page.structure.count("/details")
    if cut != markdown:
        assert page.structure[-4:] == ["p", "em", "/em", "/p"]
        assert page.words[-1] == "cut"
