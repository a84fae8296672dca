"""What tracebacks say: exceptions, their frames, and how one followed from another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from beaker_ci.digest.model import Frame, Line

HEADER = re.compile(r"Traceback \((?:most recent call last|innermost last)\)")

INSTALLED = re.compile(
    r"(?:site|dist)-packages[/\\]"
    r"|[/\\]lib(?:64)?[/\\]python\d"
    r"|[/\\]python\d(?:\.\d+)?[/\\](?!.*[/\\]src[/\\])"
    r"|^<(?!stdin)|^[\w./]+\.pyx$|[/\\]Lib[/\\]"
    r"|^/usr/(?:lib|local/bin|bin)/|[/\\](?:bin|Scripts)[/\\][\w.-]+$"
)
"""Paths of code that is not the user's own."""

_NAMED = re.compile(
    r"(?P<name>[A-Za-z_]\w{0,99}(?:\.[A-Za-z_<][\w<>]{0,99}){0,12})(?::(?P<message>.*))?$"
)
_KIND = re.compile(
    r"(?:Error|Exception|Interrupt|Exit|Iteration|Warning|Group|Failure|Timeout|Abort)$"
)
_HUMPS = re.compile(r"[A-Z][a-z0-9]+[A-Z]")
_SMALL = frozenset({"error", "timeout", "gaierror", "herror"})


class Link(Enum):
    """How an exception follows from the one before it in its chain."""

    FIRST = "first"
    DURING = "during"
    DIRECT = "direct"
    ORIGINAL = "original"


@dataclass
class Raised:
    """One exception as printed.

    Attributes:
        stream: Who printed it.
        line: The number of the line that names it.
        text: That line; empty for a traceback without an end.
        more: Lines of its message that follow.
        frames: The first two and the last six.
        places: For each kept frame its line, and its source's line where there is one.
        link: How it follows from the one before.
        own: The user's last frame among those that are not kept.
        at: How many bytes of the log came before its name, about.
    """

    stream: str
    line: int = 0
    text: str = ""
    more: list[Line] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    places: list[list[Line]] = field(default_factory=list)
    link: Link = Link.FIRST
    own: Frame | None = None
    at: int = 0

    def put(self, line: int, text: str, at: int) -> None:
        """Names it."""
        self.line, self.text, self.at = line, text.strip(), at

    @property
    def bare(self) -> bool:
        """It has a name and no message."""
        return not self.text.partition(":")[2].strip()

    @property
    def source(self) -> str:
        """The line of code that raised it."""
        return self.frames[-1].source if self.frames else ""

    @property
    def raises(self) -> bool:
        """It was raised on purpose, not by an operation that went wrong."""
        return self.source.startswith("raise")

    def own_frame(self) -> Frame | None:
        """The last frame in the user's own code, though many of the libraries' lie above it."""
        late = next((frame for frame in reversed(self.frames[2:]) if not frame.installed), self.own)
        return late or next((f for f in reversed(self.frames[:2]) if not f.installed), None)


@dataclass
class Chain:
    """What was raised because of, or during, one another; the first two and the last two.

    Attributes:
        raised: They, in the order in which they were printed.
        beside: Likewise for each further exception of the same group.
        benign: It was said to be ignored.
    """

    raised: list[Raised]
    beside: list[list[Raised]] = field(default_factory=list)
    benign: bool = False


def exception(text: str) -> bool:
    """Whether the line has the form in which Python ends a traceback.

    Built-in classes are printed bare, all others with their module: a bare name counts if it is
    shaped like a class of exceptions.
    """
    named = _NAMED.match(text)
    if not named:
        return False
    module, dot, name = named["name"].rpartition(".")
    if dot:
        known = name[:1].isupper() or name in _SMALL
        return known and (not module[0].isupper() or bool(_KIND.search(name)))
    return bool(_KIND.search(name) or _HUMPS.search(name))
