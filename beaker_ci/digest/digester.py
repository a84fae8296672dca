"""From the bytes of a log to what may be its cause, in one pass and little memory."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from beaker_ci.digest.blocks import Block, Blocks
from beaker_ci.digest.candidates import Candidate, Sighting
from beaker_ci.digest.chains import choose
from beaker_ci.digest.cleaning import QUIET, Clean, clean, decode, message, shown
from beaker_ci.digest.conclusion import Reading, conclude, told
from beaker_ci.digest.hiding import Hide, Place, hide_lines, hide_part, hide_raised, hide_test
from beaker_ci.digest.model import Digest, Ending, Line
from beaker_ci.digest.ranking import WEAK
from beaker_ci.digest.rules import LONGEST_KNOWN, MOST_KNOWN, Rule, Rules, load
from beaker_ci.digest.runs import Run, Runs
from beaker_ci.digest.stems import Stems
from beaker_ci.digest.streams import Streams
from beaker_ci.digest.tracebacks import HEADER, Chain, Raised

TAIL = 60
"""Lines of the end that are kept."""

LAST_LINES, LAST_BYTES = 200, 1 << 15
"""How much of the end is looked at line by line, whatever stands in it."""

ABOVE, BELOW = 4, 3
"""Lines of context that are kept around a line."""

SOON = 160
"""Characters within which a line that only sounds like a failure does so."""

_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_LOUD = re.compile(r"ERROR|CRITICAL|FATAL|EXCEPTION")
# A bar with nothing behind it.
_BAR = re.compile(rb"%\s{0,2}\|[^|\r\n]{0,200}\|[^|\]\r\n]{0,60}\[[^\]\r\n]{0,120}\]\s{0,3}\Z")
_ESCAPED = re.compile(r"\\n {2}File |\\n\s*\\?\"?\s*File ")


class _Fresh(NamedTuple):
    """A sighting in the block that is being read, not yet fit to be kept."""

    candidate: Candidate
    sighting: Sighting
    place: Place
    start: int


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

    def __init__(self, hide: Hide = keep, rules: Rules | None = None) -> None:
        self._hide = hide
        self._rules = rules or load()
        self._stems = Stems(self._rules.stems)
        self._blocks = Blocks()
        self._streams = Streams(self._raised, hide)
        self._runs = Runs(self._close)
        self._at = 0
        self._recent: deque[Block] = deque(maxlen=2)
        self._boring: OrderedDict[bytes, None] = OrderedDict()
        self._fresh: dict[tuple[int, bool], _Fresh] = {}

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the log."""
        for block in self._blocks.feed(chunk):
            self._read(block)

    def finish(self, ending: Ending | None = None) -> Digest:
        """The digest of all that was fed.

        Args:
            ending: What is known of the end otherwise.
        """
        last = list(self._blocks.finish())
        for block, start in zip(last, _ends(last), strict=True):
            self._read(block, start)
        self._streams.finish()
        self._runs.note(self._blocks.lines)
        tail = hide_lines(self._tail(), self._hide)
        now, past = self._runs.now, self._runs.past
        reading = self._reading(now, tail)
        if past and not told(reading, past.until):
            reading = self._reading(past, tail)
        return conclude(reading, self._rules, ending, self._hide)

    def _reading(self, run: Run, tail: tuple[Line, ...]) -> Reading:
        return Reading(
            run.attempt,
            run.earlier,
            tuple(hide_test(test, self._hide) for test in run.report.tests),
            tail,
            self._blocks.lines,
            self._blocks.size,
            self._blocks.truncated,
        )

    # ------------------------------------------------------------ blocks

    def _read(self, block: Block, last: int | None = None) -> None:
        """Looks at the lines that hold a stem, and at all lines while a report is open.

        Args:
            block: What to read.
            last: Where the end of the log begins, of which every line is looked at.
        """
        data, cursor, number = block.data, 0, block.first
        self._runs.look(block)
        last = len(data) if last is None else last
        for start in (*(s for s in self._stems.lines(data) if s < last), last):
            while (self._streams.busy or self._runs.now.report.active) and cursor < start:
                cursor, number = self._segment(block, cursor, number)
            if cursor <= start < len(data):
                number += data.count(b"\n", cursor, start)
                cursor, number = self._segment(block, start, number)
        while cursor < len(data) and (
            cursor > last or self._streams.busy or self._runs.now.report.active
        ):
            cursor, number = self._segment(block, cursor, number)
        self._runs.reach(len(data))
        self._recent.append(block)
        self._settle()

    def _segment(self, block: Block, start: int, number: int) -> tuple[int, int]:
        """Looks at one line, or at one of its parts; returns where the next begins."""
        data = block.data
        end = data.find(b"\n", start)
        ended = end >= 0
        end = end if ended else len(data)
        back = data.find(b"\r", start, end)
        if back >= 0:
            end, ended = back, False
        if (end > start or ended) and not self._passes(data, start, end):
            self._line(Place(block, start, end), number)
        return end + 1, number + ended

    def _passes(self, data: bytes, start: int, end: int) -> bool:
        """Whether a line is known to say nothing, before it costs anything."""
        if _BAR.search(data, max(start, end - 160), end):
            return True
        if self._streams.busy or self._runs.now.report.active or end - start > LONGEST_KNOWN:
            return False
        return data[start:end].translate(_ZEROS) in self._boring

    def _bore(self, place: Place, text: str) -> None:
        """Remembers a line that said nothing, for those that differ in their digits only."""
        if place.end - place.start <= LONGEST_KNOWN and self._rules.indifferent(text):
            self._boring[place.block.data[place.start : place.end].translate(_ZEROS)] = None
            if len(self._boring) > MOST_KNOWN:
                self._boring.popitem(last=False)

    def _line(self, place: Place, number: int) -> None:
        self._runs.reach(place.start)
        self._at = place.block.offset + place.start
        words = decode(place.block.data[place.start : place.end])
        if place.across():
            words = hide_part(words, place, self._hide)
        text, stream = clean(words)
        if self._reported(place, number, text, stream):
            return
        if _ESCAPED.search(text) and HEADER.search(text):
            for part in text.replace('\\"', '"').split("\\n"):
                self._consider(place, number, part, stream)
        else:
            self._consider(place, number, text, stream)

    def _consider(self, place: Place, number: int, text: str, stream: str) -> None:
        text, stream = self._streams.behind(number, Clean(text, stream))
        if not self._streams.feed(stream, number, text, self._at) and text:
            self._match(place, number, text, stream)

    # ------------------------------------------------------------ candidates

    def _match(self, place: Place, number: int, text: str, stream: str) -> None:
        bare = message(text)
        found = self._rules.match(bare, "line")
        if found is None and bare != text and _LOUD.search(text[: len(text) - len(bare)]):
            bare, found = text, self._rules.match(text, "line")
        if found is None or found[0].kind == "benign" or _in_passing(*found):
            self._bore(place, text)
            return
        rule, start = found
        if rule.kind == "shield":
            self._streams.shield(stream)
        elif rule.kind == "attempt":
            self._streams.finish()
            self._runs.another()
        else:
            quiet = bool(QUIET.search(text[: len(text) - len(bare)] or text[:80]))
            self._see(rule, Line(number, bare, stream), place, start, quiet=quiet)

    def _see(
        self, rule: Rule, line: Line, place: Place, start: int = 0, *, quiet: bool = False
    ) -> None:
        """Counts a line; what of it is kept beyond this block, :meth:`_settle` decides."""
        self._runs.note(line.line, line.text)
        sighting = Sighting(line, self._at)
        candidate = self._runs.now.attempt.add(rule, sighting, quiet=quiet)
        fresh = _Fresh(candidate, sighting, place, start)
        self._fresh[id(candidate), candidate.first is sighting] = fresh

    def _settle(self) -> None:
        """Hides secrets in what a block brought, the first and last of equal lines only."""
        for _, sighting, place, start in self._fresh.values():
            line = sighting.line
            hidden = hide_part(line.text, place, self._hide)
            text = shown(hidden, start if hidden == line.text else 0)
            sighting.line = replace(line, text=text)
            above, below = (
                place.above(line.line, ABOVE, self._hide),
                place.below(line.line, BELOW, self._hide),
            )
            sighting.around = hide_lines((*above, sighting.line, *below), self._hide)
        self._fresh.clear()

    def _raised(self, chain: Chain) -> None:
        """Weighs a chain of exceptions that is complete."""
        found = choose(chain, self._rules)
        if found is None:
            if not chain.benign and not any(raised.text for raised in chain.raised):
                self._cut(chain.raised[-1])
            return
        rule, raised, others = found
        self._runs.note(raised.line)
        raised = hide_raised(raised, self._hide)
        line = Line(raised.line, raised.text, raised.stream)
        kept = tuple(hide_raised(each, self._hide) for each in others)
        self._runs.now.attempt.add(rule, Sighting(line, raised.at, raised, kept))

    def _cut(self, raised: Raised) -> None:
        """Keeps the last frame of a traceback that never named its exception."""
        raised = hide_raised(raised, self._hide)
        last = raised.places[-1][0]
        raised.put(last.line, last.text, self._at)
        sighting = Sighting(Line(last.line, raised.text, raised.stream), self._at, raised)
        self._runs.now.attempt.add(self._rules.named["cut-traceback"], sighting)

    def _close(self) -> bool:
        """Brings what is known of tracebacks that may go on; not while one has no end yet."""
        if self._streams.open:
            return False
        self._streams.finish()
        return True

    def _reported(self, place: Place, number: int, text: str, stream: str) -> bool:
        """Whether the line belongs to pytest's report, which is told apart from all else."""
        kind = self._runs.now.report.feed(text)
        if kind == "explanation":
            self._see(self._rules.named["pytest-explanation"], Line(number, text, stream), place)
        return kind in ("explanation", "inside")

    def _tail(self) -> tuple[Line, ...]:
        """The last lines that are not empty; of a line with a bar, what it showed last."""
        lines: list[Line] = []
        for block in reversed(self._recent):
            data, end, number = block.data, len(block.data), block.first + block.newlines
            while end >= 0 and len(lines) < TAIL:
                start = data.rfind(b"\n", 0, end) + 1
                part = start + data[start:end].rstrip(b"\r").rfind(b"\r") + 1
                text = decode(data[part:end]).rstrip()
                if text:
                    hidden = hide_part(text, Place(block, part, end), self._hide)
                    lines.append(Line(number, shown(hidden)))
                end, number = start - 1, number - 1
        return tuple(reversed(lines))


def _in_passing(rule: Rule, start: int) -> bool:
    """Whether it is prose or data: what only sounds like a failure says so at its beginning."""
    return rule.weight <= WEAK and start > SOON


def _ends(blocks: Sequence[Block]) -> list[int]:
    """Where in each of the last blocks the end of the log begins."""
    lines, size, starts = LAST_LINES, LAST_BYTES, []
    for block in reversed(blocks):
        data, start = block.data, len(block.data)
        while start > 0 and lines > 0:
            line = data.rfind(b"\n", 0, start - 1) + 1
            size -= start - line
            if size < 0:
                lines = 0
                break
            start, lines = line, lines - 1
        starts.append(start)
    return starts[::-1]
