"""From the bytes of a log to what may be its cause, in one pass and little memory."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from beaker_ci.digest.blocks import Block, Blocks
from beaker_ci.digest.candidates import Attempt, Sighting
from beaker_ci.digest.cleaning import clean, decode, message, shown
from beaker_ci.digest.conclusion import Reading, conclude
from beaker_ci.digest.model import Digest, Ending, Line
from beaker_ci.digest.pytest_reports import PytestReport
from beaker_ci.digest.rules import Rule, Rules, load
from beaker_ci.digest.tracebacks import HEADER, Chain, Machine, choose

MOST_STREAMS = 256
"""Streams whose tracebacks are followed at the same time."""

TAIL = 60
"""Lines of the end that are kept."""

AROUND = 3
"""Lines of context above a line, and two below."""

_QUIET = re.compile(r"\b(?:DEBUG|INFO|WARN|WARNING|[Ww]arning)\b")
_ESCAPED = re.compile(r"\\n {2}File |\\n\s*\\?\"?\s*File ")


def keep(text: str) -> str:
    """Hides nothing."""
    return text


class Digester:
    """Reads a log as it streams.

    The digest depends on the bytes alone, never on how they were cut into chunks.

    Args:
        hide: Applied to every text before it is kept: removes secrets.
        rules: Instead of the package's own.
    """

    def __init__(self, hide: Callable[[str], str] = keep, rules: Rules | None = None) -> None:
        self._hide = hide
        self._rules = rules or load()
        self._stems = [re.compile(re.escape(stem.encode())) for stem in self._rules.stems]
        self._blocks = Blocks()
        self._machines: OrderedDict[str, Machine] = OrderedDict()
        self._busy: set[str] = set()
        self._attempt = Attempt()
        self._previous = Attempt()
        self._earlier = 0
        self._banners: set[str] = set()
        self._report = PytestReport()
        self._recent: deque[Block] = deque(maxlen=2)

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the log."""
        for block in self._blocks.feed(chunk):
            self._read(block)

    def finish(self, ending: Ending | None = None) -> Digest:
        """The digest of all that was fed.

        Args:
            ending: What is known of the end otherwise.
        """
        for block in self._blocks.finish():
            self._read(block)
        for machine in self._machines.values():
            self._raised(machine.finish())
        reading = Reading(
            self._attempt,
            self._previous,
            self._earlier,
            self._report.tests,
            self._tail(),
            self._blocks.lines,
            self._blocks.truncated,
        )
        return conclude(reading, self._rules, ending, self._hide)

    # ------------------------------------------------------------ blocks

    def _read(self, block: Block) -> None:
        """Looks at the lines that hold a stem, and at all lines while a report is open."""
        data, cursor, number = block.data, 0, block.first
        for start in _starts(data, self._stems):
            while (self._busy or self._report.active) and cursor < start:
                cursor, number = self._segment(block, cursor, number)
            if start >= cursor:
                number += data.count(b"\n", cursor, start)
                cursor, number = self._segment(block, start, number)
        while (self._busy or self._report.active) and cursor < len(data):
            cursor, number = self._segment(block, cursor, number)
        self._recent.append(block)

    def _segment(self, block: Block, start: int, number: int) -> tuple[int, int]:
        """Looks at one line, or at one of its parts; returns where the next begins."""
        data = block.data
        end = data.find(b"\n", start)
        ended = end >= 0
        end = end if ended else len(data)
        back = data.find(b"\r", start, end)
        if back >= 0:
            end, ended = back, False
        if end > start or ended:
            self._line(block, start, number, decode(data[start:end]))
        return end + 1, number + ended

    def _line(self, block: Block, start: int, number: int, raw: str) -> None:
        text, stream = clean(raw)
        if self._reported(number, text, stream):
            return
        if HEADER.search(text) and _ESCAPED.search(text):
            for part in text.replace('\\"', '"').split("\\n"):
                self._consider(block, start, number, part, stream)
        else:
            self._consider(block, start, number, text, stream)

    def _consider(self, block: Block, start: int, number: int, text: str, stream: str) -> None:
        machine = self._machines.get(stream)
        if machine is None:
            if (
                HEADER.search(text) is None
                and '", line ' not in text
                and "xception ignored" not in text
            ):
                self._match(block, start, number, text, stream, None)
                return
            machine = self._machine(stream)
        consumed, chain = machine.feed(number, message(text) if HEADER.search(text) else text)
        self._raised(chain)
        if not consumed:
            self._match(block, start, number, text, stream, machine)
        (self._busy.discard if machine.idle else self._busy.add)(stream)

    def _machine(self, stream: str) -> Machine:
        machine = self._machines[stream] = Machine(stream)
        if len(self._machines) > MOST_STREAMS:
            name, oldest = self._machines.popitem(last=False)
            self._busy.discard(name)
            self._raised(oldest.finish())
        return machine

    # ------------------------------------------------------------ candidates

    def _match(
        self, block: Block, start: int, number: int, text: str, stream: str, machine: Machine | None
    ) -> None:
        if not text:
            return
        bare = message(text)
        found = self._rules.match(bare, "line") or (
            self._rules.match(text, "line") if bare != text else None
        )
        if found is None:
            return
        rule, place = found
        if rule.kind == "shield":
            (machine or self._machine(stream)).shield()
            self._busy.add(stream)
        elif rule.kind in ("attempt", "banner"):
            self._another(rule)
        elif rule.kind != "benign":
            self._sighted(rule, block, start, Line(number, self._keep(bare, place), stream), text)

    def _sighted(self, rule: Rule, block: Block, start: int, line: Line, text: str) -> None:
        quiet = bool(_QUIET.search(text[:200]))
        self._attempt.add(rule, Sighting(line), quiet=quiet)

    def _raised(self, chain: Chain | None) -> None:
        if chain is None:
            return
        found = choose(chain, self._rules)
        if found is None:
            return
        rule, raised, others = found
        line = Line(raised.line, self._keep(raised.text), raised.stream)
        self._attempt.add(rule, Sighting(line, raised, others))

    def _another(self, rule: Rule) -> None:
        if rule.kind == "banner" and rule.name not in self._banners:
            self._banners.add(rule.name)
            return
        self._earlier += 1
        self._previous, self._attempt = self._attempt, Attempt()
        self._report = PytestReport()

    def _reported(self, number: int, text: str, stream: str) -> bool:
        """Whether the line belongs to pytest's report, which is told apart from all else."""
        kind = self._report.feed(text)
        rule = {"explanation": "pytest-explanation", "summary": ""}.get(kind)
        if rule:
            line = Line(number, self._keep(text), stream)
            self._attempt.add(self._rules.named[rule], Sighting(line))
        return kind in ("explanation", "inside")

    # ------------------------------------------------------------ what is kept

    def _keep(self, text: str, place: int = 0) -> str:
        hidden = self._hide(text)
        return shown(hidden, place if hidden == text else 0)

    def _tail(self) -> tuple[Line, ...]:
        """The last lines that are not empty; of a line with a bar, what it showed last."""
        lines: list[Line] = []
        for block in reversed(self._recent):
            number = block.first + block.newlines
            for raw in reversed(block.data.split(b"\n")):
                text = decode(raw.rstrip(b"\r").rpartition(b"\r")[2])
                if text.strip():
                    lines.append(Line(number, text))
                number -= 1
                if len(lines) >= TAIL:
                    break
        return tuple(reversed(lines[:TAIL]))


def _starts(data: bytes, stems: Iterable[re.Pattern[bytes]]) -> list[int]:
    """Where the lines begin, or their parts between carriage returns, that hold a stem."""
    low, starts = data.lower(), set()
    parts = b"\r" in data
    for stem in stems:
        found = stem.search(low)
        while found:
            place = found.start()
            start = data.rfind(b"\n", 0, place) + 1
            end = data.find(b"\n", place)
            if parts:
                start = data.rfind(b"\r", start, place) + 1 or start
                back = data.find(b"\r", place, end if end >= 0 else len(data))
                end = back if back >= 0 else end
            starts.add(start)
            found = stem.search(low, end) if end >= 0 else None
    return sorted(starts)
