"""The hidden first line by which one of our comments is found again."""

from __future__ import annotations

import re

_KIND = r"[a-z]+(?:-[a-z]+)*"
_KEY = r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*"
_PARTS = re.compile(rf"({_KIND}):({_KEY})")
_FIRST_LINE = re.compile(rf"<!-- beaker-ci:{_PARTS.pattern} -->(?=\r?\n|\Z)")


def marker_line(kind: str, key: str) -> str:
    """The line that every comment body of ours starts with.

    Args:
        kind: What the comment is, such as ``run`` or ``reply``: lower-case words joined by ``-``.
        key: Which one it is: letters and digits, joined by single ``.``, ``_`` or ``-``.

    Raises:
        ValueError: If one of them has another form; neither may come from a user.
    """
    if not _PARTS.fullmatch(f"{kind}:{key}"):
        raise ValueError(f"no marker can be made of {kind!r} and {key!r}")
    return f"<!-- beaker-ci:{kind}:{key} -->"


def find_marker(body: str) -> tuple[str, str] | None:
    """Kind and key of a comment of ours; None for any other text.

    Only a marker that is the whole first line counts: people quote comments. Whoever asks has
    also to know that the comment's author is ourselves, as anybody can write such a line.
    """
    found = _FIRST_LINE.match(body)
    return (found[1], found[2]) if found else None
