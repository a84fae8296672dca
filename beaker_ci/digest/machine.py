"""Python tracebacks out of lines, one machine per stream."""

from __future__ import annotations

import re

from beaker_ci.digest.cleaning import UNHIDDEN, unframe
from beaker_ci.digest.model import Frame, Line
from beaker_ci.digest.tracebacks import HEADER, INSTALLED, Chain, Link, Raised, exception

FRAME = re.compile(
    r'\s*File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,9})'
    r"(?:, in (?P<function>.{1,200}))?\s*$"
)
_BOXED = re.compile(
    r"[│|]\s(?P<file>(?:/|\w:\\|\.{0,2}[\w.-]{1,80}/)[^:\n]{1,300}):(?P<line>\d{1,9})"
    r" in (?P<function>[^\s│|]{1,200})"
)
_MARKS = re.compile(
    r"\s*[~^]+[~^ ]*$|\s*\[Previous line repeated \d+ more times?\]|\s*\.\.\.<\d+ lines>\.\.\."
)
_LEAF = re.compile(r"\s{1,80}\+(?:(?P<first>-\+)?-{16} (?:\d{1,9}|\.\.\.) -{16}|(?P<end>-{36}))$")
_DURING = "During handling of the above exception, another exception occurred"
_DIRECT = "The above exception was the direct cause of the following exception"
_CARRIES = re.compile(
    r"Caught \w+ in |-- Process \d+ terminated|in worker process|ray::|Original Traceback"
)

KEPT = 8
"""Frames that are kept of one traceback: the first two and the last six."""

_LEAVES = 8
"""Exceptions of a group that are kept besides the first."""

_FOREIGN = 40
"""Lines that belong to nobody's traceback before an unfinished one is given up."""

_AFTER = 12
"""Lines after an exception in which its message, or a chain, may go on."""

_MORE = 4
"""Lines that are kept of a message beyond its first."""

_LONG = 400
"""Lines of a report in a message, as of TensorFlow's ``in user code``, or of a group's message."""


class Machine:
    """Reads one stream's tracebacks. Idle until a header or a frame comes."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._chain: list[Raised] = []
        self._leaves: list[list[Raised]] = []  # of a group, those that are complete
        self._grouped = False
        self._now: Raised | None = None  # being read: frames, then its name
        self._last: Raised | None = None  # just named: its message may go on
        self._link: Link | None = None
        self._left = 0
        self._blank = False
        self._report = False
        self._shield = 0
        self._benign = False
        self._indent = 0
        self._at = 0

    @property
    def idle(self) -> bool:
        """No line is expected."""
        return self._now is None and self._last is None and not self._shield

    @property
    def open(self) -> bool:
        """A traceback began and its end is not there yet."""
        return self._now is not None

    def shield(self) -> None:
        """What comes next, within three lines, is said to be ignored."""
        self._shield = 3

    def withdraw(self) -> None:
        """The header that came last was another stream's."""
        if self._now is not None and not self._now.frames:
            self._now = None

    def feed(self, number: int, text: str, at: int = 0) -> tuple[bool, Chain | None]:
        """Takes a line of the stream.

        Args:
            number: The line's number.
            text: What it says.
            at: How many bytes of the log came before it.

        Returns:
            Whether it is part of a traceback and means nothing by itself, and a chain that this
            line shows to be complete.
        """
        leaf = _LEAF.match(text)
        self._at, text = at, unframe(text)
        if leaf and leaf["end"]:
            self._left = min(self._left, _AFTER)
        elif leaf:
            return True, self._leaf(first=bool(leaf["first"]))
        if HEADER.search(text):
            # A tool prints the output of another indented.
            self._indent = len(text) - len(text.lstrip())
            return True, self._open()
        if text[: self._indent].isspace():
            text = text[self._indent :]
        if self._now is not None:
            return self._inside(self._now, number, text)
        frame = FRAME.match(text)
        if frame and (frame["function"] or self._last is None):
            done = self._open()
            if self._now is not None:
                self._keep(self._now, frame, Line(number, text.strip(), self.stream))
            return True, done
        self._shield = max(0, self._shield - 1)
        if self._last is not None:
            return self._behind(self._last, number, text)
        return False, None

    def finish(self) -> Chain | None:
        """What is known when the log ends; a traceback without its end included."""
        if self._now is not None and self._now.frames:
            self._chain.append(self._now)
        return self._done()

    def _open(self) -> Chain | None:
        """A traceback begins: a link of the chain, or the beginning of another one."""
        done = None
        original = self._last is not None and _carries(self._last)
        if self._now is not None and self._now.frames and not self._chain:
            done = self.finish()
        if self._now is None or self._now.frames:
            if self._last is not None and self._link is None and not original:
                done = self._done()
            self._benign = self._benign or self._shield > 0
            link = self._link or (Link.ORIGINAL if original else Link.FIRST)
            self._now = Raised(self.stream, link=link)
        self._last, self._link, self._shield = None, None, 0
        self._left, self._report = _FOREIGN, False
        return done

    def _leaf(self, *, first: bool) -> Chain | None:
        """Another exception of a group begins; what the group itself followed from is complete."""
        done, benign = None, self._benign
        if first and not self._leaves:
            done = self._done()
        elif self._chain and len(self._leaves) <= _LEAVES:
            self._leaves.append(self._chain)
        self._chain, self._last, self._link = [], None, None
        self._now, self._left, self._grouped = Raised(self.stream), _FOREIGN, True
        self._benign = benign
        return done

    def _inside(self, now: Raised, number: int, text: str) -> tuple[bool, Chain | None]:
        """A line after a header: a frame, its source, the exception's name, or foreign."""
        frame = FRAME.match(text) or _BOXED.match(text)
        if frame:
            self._left = _FOREIGN
            self._keep(now, frame, Line(number, text.strip(), self.stream))
        elif text[:1] in " \t│╭╰|❱":
            if text.strip() and not _MARKS.match(text):
                self._describe(now, Line(number, text, self.stream))
        elif exception(text):
            self._name(now, number, text)
        else:
            self._left -= 1
            return False, self.finish() if self._left <= 0 else None
        return True, None

    def _keep(self, now: Raised, found: re.Match[str], line: Line) -> None:
        file, function = found["file"], (found["function"] or "").strip()
        if len(now.frames) == KEPT:
            if not now.frames[2].installed:
                now.own = now.frames[2]
            del now.frames[2], now.places[2]
        installed = bool(INSTALLED.search(file))
        now.frames.append(Frame(file, int(found["line"]), function, "", installed))
        now.places.append([line])

    def _describe(self, now: Raised, line: Line) -> None:
        """The source line of the last frame."""
        boxed = line.text[0] in "│|╭╰"
        if not now.frames or now.frames[-1].source or (boxed and "❱" not in line.text):
            return
        source = line.text.strip(" \t│|")
        if "❱" in source:
            source = re.sub(r"^❱\s*\d{1,6}\s*│?\s*", "", source)
        last = now.frames[-1]
        source = source[:UNHIDDEN].strip()
        now.frames[-1] = Frame(last.file, last.line, last.function, source, last.installed)
        now.places[-1] = [now.places[-1][0], Line(line.line, source, line.stream)]

    def _name(self, now: Raised, number: int, text: str) -> None:
        """The exception's own line: the traceback is complete, its message may go on."""
        now.put(number, text, self._at)
        self._chain.append(now)
        if len(self._chain) > 4:
            del self._chain[2]
        self._now, self._last, self._link = None, now, None
        self._report = text.rstrip().endswith("in user code:")
        self._left = _LONG if self._report or self._grouped else _AFTER
        self._blank = False

    def _behind(self, last: Raised, number: int, text: str) -> tuple[bool, Chain | None]:
        """A line after an exception: a link to the next, more of its message, or anything."""
        self._left -= 1
        if _DURING in text or _DIRECT in text:
            self._link = Link.DURING if _DURING in text else Link.DIRECT
            self._left = _AFTER
            return True, None
        if self._left <= 0:
            return False, self._done()
        if not text.strip():
            self._blank = True
            return True, None
        if self._report:
            return self._reported(last, number, text)
        goes_on = not self._blank or _CARRIES.search(text)
        if goes_on and self._link is None and len(last.more) < _MORE:
            last.more.append(Line(number, text.strip(), self.stream))
        return False, None

    def _reported(self, last: Raised, number: int, text: str) -> tuple[bool, Chain | None]:
        """An indented report in a message: the exception that it ends with is the real one."""
        if text[0] not in " \t":
            return False, self._done()
        if not exception(text.strip()):
            return True, None
        last.put(number, text, self._at)
        return True, self._done()

    def _done(self) -> Chain | None:
        raised, *beside = [*self._leaves, self._chain]
        chain = Chain(raised, [each for each in beside if each], self._benign) if raised else None
        self._leaves, self._grouped = [], False
        self._chain, self._now, self._last, self._link = [], None, None, None
        self._benign, self._blank, self._report = False, False, False
        self._indent = 0
        return chain


def _carries(raised: Raised) -> bool:
    """Its message announces the traceback that it was raised for."""
    words = "\n".join([raised.text, *(line.text for line in raised.more)])
    return bool(_CARRIES.search(words))
