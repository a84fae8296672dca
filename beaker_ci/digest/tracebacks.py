"""Python tracebacks out of lines, one machine per stream."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from beaker_ci.digest.cleaning import unframe
from beaker_ci.digest.model import Frame, Line
from beaker_ci.digest.rules import Rule, Rules

HEADER = re.compile(r"Traceback \((?:most recent call last|innermost last)\)")
_FRAME = re.compile(
    r'(?P<indent>\s*)File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,9})(?:, in (?P<function>.{1,200}))?\s*$'
)
_BOXED = re.compile(
    r"[│|]\s(?P<file>(?:/|\w:\\|\.{0,2}[\w.-]{1,80}/)[^:\n]{1,300}):(?P<line>\d{1,9}) in (?P<function>[^\s│|]{1,200})"
)
_CARETS = re.compile(
    r"\s*[~^]+[~^ ]*$|\s*\[Previous line repeated \d+ more times?\]|\s*\.\.\.<\d+ lines>\.\.\."
)
_NAMED = re.compile(
    r"(?P<name>[A-Za-z_]\w{0,99}(?:\.[A-Za-z_<][\w<>]{0,99}){0,12})(?:: ?(?P<message>.*))?$"
)
_SUFFIX = re.compile(
    r"(?:Error|Exception|Interrupt|Exit|Iteration|Warning|Group|Failure|Timeout|Abort)$"
)
_HUMPS = re.compile(r"[A-Z][a-z0-9]+[A-Z]")
_DURING = "During handling of the above exception, another exception occurred"
_DIRECT = "The above exception was the direct cause of the following exception"
INSTALLED = re.compile(
    r"(?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d|[/\\]python\d(?:\.\d+)?[/\\](?!.*[/\\]src[/\\])"
    r"|^<(?!stdin)|^[\w.]+\.pyx$|[/\\]Lib[/\\]|/conda/lib/|^/usr/(?:lib|local/bin|bin)/|[/\\](?:bin|Scripts)[/\\][\w.-]+$"
)

_FOREIGN = 40
"""Lines that belong to nobody's traceback before an unfinished one is given up."""

_AFTER = 12
"""Lines after an exception in which its message, or a chain, may go on."""

_USER_CODE = 400
"""Lines of an indented report in a message, as of TensorFlow's ``in user code``."""


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
        line: Where its name stands.
        name: Its dotted class name; empty for a traceback without an end.
        message: The rest of that line.
        more: Lines of the message that follow.
        frames: The first two and the last six.
        places: The lines that the kept frames were printed on, with their sources'.
        link: How it follows from the one before.
    """

    stream: str
    line: int = 0
    name: str = ""
    message: str = ""
    more: list[Line] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    link: Link = Link.FIRST
    own: Frame | None = None

    @property
    def text(self) -> str:
        """The line that names it."""
        return f"{self.name}: {self.message}" if self.message else self.name

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
        latest = next(
            (frame for frame in reversed(self.frames[2:]) if not frame.installed), self.own
        )
        return latest or next((f for f in reversed(self.frames[:2]) if not f.installed), None)


@dataclass
class Chain:
    """What was raised because of, or during, one another; the first two and the last two."""

    raised: list[Raised]
    benign: bool = False


class Machine:
    """Reads one stream's tracebacks. Idle until a header or a frame comes."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._chain: list[Raised] = []
        self._now: Raised | None = None  # being read: frames, then its name
        self._last: Raised | None = None  # just named: its message may go on
        self._left = 0
        self._blank = False
        self._link: Link | None = None
        self._report = False
        self._benign = False
        self._shield = 0

    @property
    def idle(self) -> bool:
        """No line is expected."""
        return self._now is None and self._last is None and not self._shield

    def shield(self) -> None:
        """What comes next, within three lines, is said to be ignored."""
        self._shield = 3

    def feed(self, number: int, text: str) -> tuple[bool, Chain | None]:
        """Takes a line of the stream.

        Returns:
            Whether it is part of a traceback and means nothing by itself, and a chain that this
            line shows to be complete.
        """
        text = unframe(text)
        if HEADER.search(text):
            return True, self._open(number)
        if self._now is not None:
            return self._inside(number, text)
        frame = _FRAME.match(text)
        if frame and (frame["function"] or self._last is None):
            done = self._open(number)
            self._inside(number, text)
            return True, done
        if self._shield:
            self._shield -= 1
        if self._last is not None:
            return self._behind(number, text)
        return False, None

    def finish(self) -> Chain | None:
        """What is known when the log ends; a traceback without its end included."""
        if self._now is not None and self._now.frames:
            self._chain.append(self._now)
        return self._done()

    def _open(self, number: int) -> Chain | None:
        link, done = self._link, None
        original = self._last is not None and _carries(self._last)
        if self._now is None or self._now.frames:
            if self._last is not None and link is None and not original:
                done = self._done()
            self._benign = self._benign or bool(self._shield)
            self._now = Raised(self.stream)
            self._now.link = link or (Link.ORIGINAL if original else Link.FIRST)
        self._last, self._link, self._shield = None, None, 0
        self._left, self._report = _FOREIGN, False
        return done

    def _inside(self, number: int, text: str) -> tuple[bool, Chain | None]:
        now = self._now
        assert now is not None  # noqa: S101 - the caller looked
        frame = _FRAME.match(text) or _BOXED.match(text)
        if frame:
            self._left = _FOREIGN
            self._keep(now, frame, number)
            return True, None
        if not text.strip() or _CARETS.match(text):
            return True, None
        if text[0] in " \t│╭╰|❱":
            self._describe(now, number, text)
            return True, None
        named = exception(text)
        if named and now.frames:
            self._name(now, number, *named)
            return True, None
        self._left -= 1
        if named:
            self._name(now, number, *named)
            return True, None
        if self._left <= 0:
            return False, self.finish()
        return False, None

    def _keep(self, now: Raised, frame: re.Match[str], number: int) -> None:
        file, function = frame["file"], (frame["function"] or "").strip()
        kept = Frame(file, int(frame["line"]), function, "", bool(INSTALLED.search(file)))
        if len(now.frames) == 8:
            if not now.frames[2].installed:
                now.own = now.frames[2]
            del now.frames[2], now.places[2]
        now.frames.append(kept)
        now.places.append((number, 0))

    def _describe(self, now: Raised, number: int, text: str) -> None:
        if not now.frames or now.frames[-1].source:
            return
        last = now.frames[-1]
        source = text.strip(" \t│❱|")
        if text[0] in "│|" and "❱" not in text:
            return
        source = re.sub(r"^\d{1,6}\s+│?\s*", "", source) if "❱" in text else source
        now.frames[-1] = Frame(
            last.file, last.line, last.function, source.strip()[:300], last.installed
        )
        now.places[-1] = (now.places[-1][0], number)

    def _name(self, now: Raised, number: int, name: str, message: str) -> None:
        now.line, now.name, now.message = number, name, message
        self._chain.append(now)
        if len(self._chain) > 4:
            del self._chain[2]
        self._now, self._last, self._link = None, now, None
        self._report = message.rstrip().endswith("in user code:")
        self._left = _USER_CODE if self._report else _AFTER
        self._blank = False

    def _behind(self, number: int, text: str) -> tuple[bool, Chain | None]:
        last = self._last
        assert last is not None  # noqa: S101 - the caller looked
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
            named = exception(text.strip()) if text[0] in " \t" else None
            if named:
                last.line, (last.name, last.message) = number, named
                self._report = False
                return True, self._done()
            if text[0] in " \t":
                return True, None
            return False, self._done()
        if not self._blank and self._link is None and len(last.more) < 4:
            last.more.append(Line(number, text.strip(), self.stream))
        return False, None

    def _done(self) -> Chain | None:
        chain = Chain(self._chain, self._benign) if self._chain else None
        self._chain, self._now, self._last, self._link = [], None, None, None
        self._benign, self._blank, self._report = False, False, False
        return chain


def exception(text: str) -> tuple[str, str] | None:
    """The class name and message if the line has the form in which Python ends a traceback."""
    named = _NAMED.match(text)
    if not named:
        return None
    name, words = named["name"], named["message"]
    last = name.rpartition(".")[2]
    known = (
        bool(_SUFFIX.search(last))
        or ("." in name and not name[0].isupper())
        or bool(_HUMPS.search(last))
    )
    if not known or (words is None and " " in text.strip()):
        return None
    if "." in name and words is None and not (last[:1].isupper() or _SUFFIX.search(last)):
        return None
    return name, (words or "").strip()


def _carries(raised: Raised) -> bool:
    """Its message announces the traceback that it was raised for."""
    words = f"{raised.message}\n" + "\n".join(line.text for line in raised.more)
    return bool(
        re.search(
            r"Caught \w+ in |-- Process \d+ terminated|in worker process|ray::|Original Traceback",
            words,
        )
    )


def choose(chain: Chain, rules: Rules) -> tuple[Rule, Raised, tuple[Raised, ...]] | None:
    """What a chain says: its weightiest exception, the rule that weighed it, and the others.

    Of equals, an exception that followed from the one before on purpose says it better; one that
    only happened while the other was handled does not.
    """
    if chain.benign:
        return None
    best: tuple[Rule, Raised] | None = None
    for raised in chain.raised:
        rule = weigh(raised, rules)
        if rule is None:
            continue
        better = best is None or _worth(rule) > _worth(best[0])
        equal = best is not None and _worth(rule) == _worth(best[0])
        if better or (equal and (raised.link in (Link.DIRECT, Link.ORIGINAL) or raised.raises)):
            best = rule, raised
    if best is None:
        return None
    return best[0], best[1], tuple(each for each in chain.raised if each is not best[1])


def weigh(raised: Raised, rules: Rules) -> Rule | None:
    """The rule for an exception; None if it is noise."""
    if not raised.name:
        return None
    text = "\n".join([raised.text, *(line.text for line in raised.more)])
    found = rules.match(text, "exception")
    rule = found[0] if found else rules.named["exception"]
    return None if rule.kind == "benign" else rule


def _worth(rule: Rule) -> tuple[bool, int]:
    return rule.kind == "cause", rule.weight
