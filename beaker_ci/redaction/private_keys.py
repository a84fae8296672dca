"""Private keys over many lines, seen whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from beaker_ci.redaction.values import HIDDEN

STEM = "private key"
"""In small letters: a text without it names none."""

_MARK = re.compile(r"-{4,5} ?(?P<kind>BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_KEY_LINE = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6})?")


def hide_keys(text: str) -> str:
    """The text with :data:`.HIDDEN` for each key, its first and last line included."""
    shown: list[str] = []
    done = 0
    for start, _, _, end in _keys(text):
        if start > done or not shown:
            shown += text[done:start], HIDDEN
        done = end
    return "".join([*shown, text[done:]])


def hide_bodies(text: str) -> str:
    """The text with as many lines as before: those between a key's first and last are hidden.

    The first and the last are kept, so that a line that was looked at alone can still be told to
    belong to its neighbours.
    """
    shown: list[str] = []
    done = 0
    for _, start, end, _ in _keys(text):
        body = (HIDDEN if line.strip() else line for line in text[start:end].split("\n"))
        shown += text[done:start], "\n".join(body)
        done = end
    return "".join([*shown, text[done:]])


def is_key_line(line: str) -> bool:
    """Whether it looks like a line from the middle of a key, seen alone."""
    line = line.strip(" \t|>\"',")
    return len(line) in (64, 70) and _KEY_LINE.fullmatch(line) is not None


def _keys(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Where each key, its body, the body's end and its end are.

    One without a last line goes on to the end of the text, one without a first began before it.
    """
    begun: re.Match[str] | None = None
    ended = 0
    for mark in _MARK.finditer(text):
        if mark["kind"] == "BEGIN":
            begun = begun or mark
            continue
        start, body = (begun.start(), begun.end()) if begun else (ended, ended)
        yield start, body, mark.start(), mark.end()
        begun, ended = None, mark.end()
    if begun:
        yield begun.start(), begun.end(), len(text), len(text)
