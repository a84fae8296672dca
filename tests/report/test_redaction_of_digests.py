"""No canary comes through: from a log's bytes over its digest to what is shown of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secrets_in_logs import CANARIES, PRIVATE_KEY, Canary

from beaker_ci.digest import Digest, Digester, Ending
from beaker_ci.redaction import Hiding
from beaker_ci.report.safe import fence
from beaker_ci.setup_commands.digest_shown import as_json, as_markdown

VALUE = "open/sesame+7&x"
CODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "base64": lambda value: base64.b64encode(b"user:" + value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "URL": lambda value: quote(value, safe=""),
    "hexadecimal": lambda value: value.encode().hex(),
    "repr": repr,
}
ANSI = "\x1b[1;31m"

# Wherever in a log it is kept: as the cause, in a traceback, its frames and its chain, in a test's
# report, around the cause, as what was seen besides, at the end.
LOG = """\
starting
WARNING: retrying, error: {0}
Traceback (most recent call last):
  File "/repo/a.py", line 3, in <module>
    connect("{0}")
ValueError: bad {0}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/repo/b.py", line 7, in main
    raise RuntimeError(x)  # {0}
RuntimeError: cannot connect with
{0}
ERROR failed: {0}
ERROR other kind, fatal: {0}
=================================== FAILURES ===================================
E   AssertionError: {0}
=========================== short test summary info ============================
FAILED tests/test_a.py::test_b[{0}] - assert {0}
=============================== 1 failed in 0.12s ==============================
{0}
step 2 {0}\rstep 3 {0}
the end: {0}
"""
ENDINGS = (None, Ending(exit_code=1), Ending(exit_code=137, message="killed"))


def digest_of(
    log: bytes, hide: Hiding, cuts: Iterable[int] = (), ending: Ending | None = None
) -> Digest:
    digester, done = Digester(hide), 0
    for cut in (*sorted(cuts), len(log)):
        digester.feed(log[done:cut])
        done = cut
    return digester.finish(ending)


def all_shown(digest: Digest) -> str:
    """Everything that is kept or shown of a digest."""
    report = fence("\n".join(digest.tail), "text", lines=100, chars=100_000)
    return f"{digest!r}\n{as_json(digest, ())}\n{as_markdown(digest, ())}\n{report}"


def escaped(secret: str) -> set[str]:
    return {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]}


@pytest.mark.parametrize("ending", ENDINGS, ids=["unknown end", "failed", "killed"])
@pytest.mark.parametrize("canary", CANARIES, ids=[each.kind for each in CANARIES])
def test_a_canary_in_every_place_of_a_log(canary: Canary, ending: Ending | None) -> None:
    log = LOG.replace("{0}", canary.line).encode()
    seen = all_shown(digest_of(log, Hiding(), ending=ending))
    assert not any(form in seen for form in escaped(canary.secret))


@pytest.mark.parametrize("canary", CANARIES, ids=[each.kind for each in CANARIES])
def test_a_canary_that_is_split(canary: Canary) -> None:
    secret, before = canary.secret, canary.line.index(canary.secret)
    for at in (1, len(secret) // 3, len(secret) // 2, len(secret) - 1):
        place = before + at
        for gap in (ANSI, "\x1b]8;;x\x07", "\u200b", "\x00", "\r"):
            line = canary.line[:place] + gap + canary.line[place:]
            digest = digest_of(f"starting\nERROR failed: {line}\n".encode(), Hiding())
            assert not any(form in all_shown(digest) for form in escaped(secret))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CANARIES), st.sets(st.integers(0, 2000), max_size=12))
def test_chunks_make_no_difference(canary: Canary, cuts: set[int]) -> None:
    log = LOG.replace("{0}", canary.line).encode()
    digest = digest_of(log, Hiding(), cuts)
    assert digest == digest_of(log, Hiding())
    assert not any(form in all_shown(digest) for form in escaped(canary.secret))


@pytest.mark.parametrize("coding", CODINGS)
def test_a_known_value_in_every_coding(coding: str) -> None:
    form = CODINGS[coding](VALUE)
    hiding = Hiding(values=[VALUE])
    for shown in (form, form[:5] + ANSI + form[5:]):
        seen = all_shown(digest_of(LOG.replace("{0}", shown).encode(), hiding))
        assert form not in seen
        assert VALUE not in seen


@pytest.mark.parametrize("before", ["\x1b", "\x1b ", "\x1b!", "\x1b\x1b "])
def test_a_stray_escape_takes_no_letter_of_a_secret(before: str) -> None:
    secret = "Kj8vQm2xRt5wLz9bNc4f"
    digester = Digester(Hiding(values=[secret]))
    digester.feed(f"{before}{secret} KeyError: 'rate'\n".encode())
    assert secret[1:] not in all_shown(digester.finish())


def test_whatever_is_assigned_to_a_secrets_name() -> None:
    log = "PIN=correct horse\nTraceback (most recent call last):\nValueError: PIN=horse\n"
    seen = all_shown(digest_of(log.encode(), Hiding(["PIN"])))
    assert "horse" not in seen
    assert "ValueError: PIN=***" in seen


@pytest.mark.parametrize("prefix", ["", "[rank0]: ", "2024-11-21T10:00:00Z ", "    "])
def test_a_private_key_at_the_end(prefix: str) -> None:
    key = "\n".join(prefix + line for line in PRIVATE_KEY)
    for log in (
        f"ERROR failed\n{key}\nERROR failed\n",
        f"ERROR failed\n{key}\n",
        "ERROR failed\n" + key[:700] + "\n",
        key[300:] + "\nERROR failed\n",
        f"ERROR: bad key {json.dumps(key)}\n",
    ):
        seen = all_shown(digest_of(log.encode(), Hiding()))
        assert not any(line in seen for line in PRIVATE_KEY[1:-1])


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(CANARIES),
    st.lists(
        st.sampled_from(["ERROR ", "\n", "\r", " 41%|███  | 7/17 ", ANSI, "[rank1]: ", "x" * 999])
        | st.text(st.characters(exclude_characters="\ud800"), max_size=9),
        max_size=12,
    ),
    st.data(),
)
def test_a_canary_among_anything(canary: Canary, pieces: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(pieces)))
    line = f"\nERROR {canary.line}\n"
    log = "".join([*pieces[:at], line, *pieces[at:]]).encode("utf-8", "replace")
    seen = all_shown(digest_of(log, Hiding()))
    assert not any(form in seen for form in escaped(canary.secret))
