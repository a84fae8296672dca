"""Secrets out of what is kept, also those that a line's end or a carriage return cuts in two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from beaker_ci.digest.blocks import MARGIN, Block
from beaker_ci.digest.cleaning import clean, decode, shown
from beaker_ci.digest.model import FailedTest, Frame, Line
from beaker_ci.digest.tracebacks import Raised

Hide = Callable[[str], str]

HIDDEN = "***"
"""Stands for a line of which nothing can be shown."""

SOURCE, TEST = 300, 500
"""Characters of a source line, of a test's name and of its message that are kept."""

_ACROSS = 512
"""Bytes on each side of a carriage return within which a secret may go on."""


class Place(NamedTuple):
    """Where a line, or its part between carriage returns, lies in its block."""

    block: Block
    start: int
    end: int

    def across(self) -> str:
        """The part with its neighbours in the same line, the carriage returns between removed.

        Empty if the line has no other part.
        """
        data = self.block.data
        before = data[max(0, self.start - _ACROSS) : self.start].rpartition(b"\n")[2]
        behind = data[self.end : self.end + _ACROSS].partition(b"\n")[0]
        if not before.strip(b"\r") and not behind.strip(b"\r"):
            return ""
        return decode((before + data[self.start : self.end] + behind).replace(b"\r", b""))

    def above(self, number: int, most: int, hide: Hide) -> list[Line]:
        """The lines above the one of that number, without empty ones; of several parts the last.

        A secret that goes on behind a carriage return is hidden; those of whole lines are not yet.
        """
        top = self.block.data[max(0, self.start - MARGIN) : self.start].rpartition(b"\n")[0]
        if self.start <= MARGIN:
            top = self.block.lead + top
        elif top.count(b"\n") < most:
            top = top.partition(b"\n")[2]  # the first one was cut
        lines = top.rsplit(b"\n", most)[-most:] if top else []
        return _lines(lines, number - len(lines), hide)

    def below(self, number: int, most: int, hide: Hide) -> list[Line]:
        """The lines below, likewise."""
        cut = self.block.data.find(b"\n", self.start)
        rest = self.block.data[cut + 1 : cut + 1 + MARGIN] if cut >= 0 else b""
        whole = len(rest) < MARGIN
        lines = (rest + self.block.trail if whole else rest).split(b"\n")
        return _lines((lines if whole else lines[:-1])[:most], number + 1, hide)


def hide_part(text: str, place: Place, hide: Hide) -> str:
    """The text of a place with secrets hidden, also those that begin or end in its neighbours."""
    across = place.across()
    return _part(text, across, hide) if across else hide(text)


def hide_lines(lines: Sequence[Line], hide: Hide) -> tuple[Line, ...]:
    """The lines with secrets hidden, also those of several lines; each cut if it is very long."""
    return tuple(replace(line, text=shown(line.text)) for line in _hidden(lines, hide))


def _hidden(lines: Sequence[Line], hide: Hide) -> Sequence[Line]:
    joined = "\n".join(line.text for line in lines)
    whole = hide(joined)
    if whole == joined:
        return lines
    parts = whole.split("\n")
    if len(parts) == len(lines):
        return tuple(replace(line, text=text) for line, text in zip(lines, parts, strict=True))
    known = set(parts)
    return tuple(
        replace(line, text=text if (text := hide(line.text)) in known else HIDDEN) for line in lines
    )


def hide_raised(raised: Raised, hide: Hide) -> Raised:
    """The exception with secrets hidden in whatever is kept of it."""
    return replace(
        raised,
        text=shown(hide(raised.text)),
        more=[replace(line, text=shown(hide(line.text))) for line in raised.more],
        frames=[hide_frame(frame, hide) for frame in raised.frames],
        places=[
            [replace(line, text=shown(hide(line.text))) for line in place]
            for place in raised.places
        ],
        own=hide_frame(raised.own, hide) if raised.own else None,
    )


def hide_frame(frame: Frame, hide: Hide) -> Frame:
    """The frame with secrets hidden, then cut."""
    source = hide(frame.source)[:SOURCE].strip()
    return replace(frame, file=hide(frame.file), function=hide(frame.function), source=source)


def hide_test(test: FailedTest, hide: Hide) -> FailedTest:
    """The test with secrets hidden, then cut."""
    node, message = hide(test.node)[:TEST], hide(test.message)[:TEST]
    return replace(test, node=node, file=hide(test.file), message=message)


def _part(text: str, whole: str, hide: Hide) -> str:
    """A part of a line with secrets hidden, also those that begin or end in its neighbours."""
    hidden, shown_whole = hide(text), hide(whole)
    return HIDDEN if shown_whole != whole and hidden not in shown_whole else hidden


def _lines(raw: Sequence[bytes], first: int, hide: Hide) -> list[Line]:
    lines = []
    for number, line in enumerate(raw, first):
        parts = line.rstrip(b"\r").split(b"\r")
        words = decode(parts[-1])
        if len(parts) > 1:
            words = _part(words, decode(b"".join(parts)), hide)
        text, stream = clean(words)
        lines.append(Line(number, text, stream))
    return [line for line in lines if line.text.strip()]
