"""The tracebacks of all streams of a log, each read apart from the others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from beaker_ci.digest.cleaning import QUIET, Clean, logged, unframe
from beaker_ci.digest.hiding import Hide
from beaker_ci.digest.machine import FRAME, Machine
from beaker_ci.digest.tracebacks import HEADER, Chain

MOST_STREAMS = 256
"""Streams whose tracebacks are followed at the same time."""

LONGEST = 100
"""Characters of a prefix of no known form."""


class Streams:
    """A machine for every stream that shows a traceback.

    Args:
        raised: Takes every chain of exceptions that is complete.
        hide: Applied to the names that prefixes give to streams.
    """

    def __init__(self, raised: Callable[[Chain], None], hide: Hide) -> None:
        self._raised = raised
        self._hide = hide
        self._headers: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._prefixes: dict[tuple[str, str], str] = {}
        self._lengths: frozenset[int] = frozenset()
        self._machines: OrderedDict[str, Machine] = OrderedDict()
        self._busy: set[str] = set()

    @property
    def busy(self) -> bool:
        """Some traceback may go on with any line."""
        return bool(self._busy)

    @property
    def open(self) -> bool:
        """Some traceback began and its end is not there yet."""
        return any(machine.open for machine in self._machines.values())

    def behind(self, number: int, line: Clean) -> Clean:
        """A line without a prefix of no known form, as a launcher or a logger puts there.

        Any words may stand there. They are only taken off while a traceback goes on whose header
        and first frame stood behind the same words.
        """
        text, stream = line
        for length in self._lengths:
            # Of an empty line the prefix has lost its last blank.
            name = self._prefixes.get((stream, text[:length].ljust(length)))
            if name is not None:
                return Clean(text[length:], name)
        if header := HEADER.search(text):
            prefix = text[: header.start()].removesuffix("  + Exception Group ")
            words = len(prefix) <= LONGEST and any(map(str.isalnum, prefix))
            if words and not QUIET.search(prefix):
                self._headers[stream, prefix] = number
                if len(self._headers) > MOST_STREAMS:
                    self._headers.popitem(last=False)
        elif self._headers and '", line ' in text:
            return self._learn(number, line)
        return line

    def _learn(self, number: int, line: Clean) -> Clean:
        """Takes the prefix off a frame that a header had too."""
        text, stream = line
        head = text[: text.find('File "')]
        prefix = head.removesuffix("  |   " if head.endswith("  |   ") else "  ")
        header = self._headers.get((stream, prefix))
        if header is None or number - header > MOST_STREAMS:
            return line
        rest = text[len(prefix) :]
        if not FRAME.match(unframe(rest)):
            return line
        del self._headers[stream, prefix]
        name = stream if logged(prefix) else _join(stream, self._hide(prefix))
        self._prefixes[stream, prefix] = name
        self._measure()
        if name != stream and stream in self._machines:
            self._machines[stream].withdraw()
            self._follow(stream)
        return Clean(rest, name)

    def feed(self, stream: str, number: int, text: str, at: int) -> bool:
        """Takes a line; returns whether it is part of a traceback and says nothing by itself."""
        machine = self._machines.get(stream)
        if machine is None:
            if '", line ' not in text and not HEADER.search(text):
                return False
            machine = self._machine(stream)
        consumed, chain = machine.feed(number, text, at)
        if chain:
            self._raised(chain)
        self._follow(stream)
        return consumed

    def shield(self, stream: str) -> None:
        """The traceback that comes next in the stream is said to be ignored."""
        self._machine(stream).shield()
        self._follow(stream)

    def finish(self) -> None:
        """Completes all tracebacks, also those that have no end."""
        for machine in self._machines.values():
            chain = machine.finish()
            if chain:
                self._raised(chain)
        self._busy.clear()

    def _machine(self, stream: str) -> Machine:
        machine = self._machines.setdefault(stream, Machine(stream))
        self._machines.move_to_end(stream)
        if len(self._machines) > MOST_STREAMS:
            name, oldest = self._machines.popitem(last=False)
            self._over(name)
            chain = oldest.finish()
            if chain:
                self._raised(chain)
        return machine

    def _follow(self, stream: str) -> None:
        """Remembers whether every line of the stream is wanted."""
        machine = self._machines.get(stream)
        if machine is not None:
            if machine.idle:
                self._over(stream)
            else:
                self._busy.add(stream)

    def _over(self, stream: str) -> None:
        """No traceback of the stream goes on."""
        self._busy.discard(stream)
        if stream in self._prefixes.values():
            kept = {key: name for key, name in self._prefixes.items() if name != stream}
            self._prefixes = kept
            self._measure()

    def _measure(self) -> None:
        self._lengths = frozenset(len(prefix) for _, prefix in self._prefixes)


def _join(stream: str, prefix: str) -> str:
    """The name of what a prefix tells apart within a stream."""
    return "/".join(filter(None, (stream, prefix.strip(" \t:|>-"))))
