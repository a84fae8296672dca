"""From what was read to the digest: the record of the end first, then files, then the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beaker_ci.digest.candidates import Attempt, Candidate
from beaker_ci.digest.model import Confidence, Digest, Ending, FailedTest, Group, Line
from beaker_ci.digest.ranking import (
    LONG_PAST,
    NEAR_END,
    WEAK,
    ends_well,
    lines_of,
    rank,
)
from beaker_ci.digest.rules import Rules


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a log found.

    Attributes:
        attempt: The candidates of the last attempt.
        previous: Those of the one before.
        earlier: How many attempts there were before the last.
        tests: Failed tests of the last attempt.
        tail: The last lines.
        lines: How many lines the log has.
        truncated: A line was too long to be read whole.
    """

    attempt: Attempt
    previous: Attempt
    earlier: int
    tests: tuple[FailedTest, ...]
    tail: tuple[Line, ...]
    lines: int
    truncated: bool


def conclude(reading: Reading, rules: Rules, ending: Ending | None) -> Digest:
    """The digest of a reading."""
    ranked = rank(reading.attempt)
    if ending is None:
        ranked = _believed(ranked, reading)
    elif ending.succeeded:
        ranked = []
    best = ranked[0] if ranked else None
    key = best.rule.category if best else "unknown"
    category = rules.categories[key]
    return Digest(
        category=key,
        title=category.title,
        headline=headline(best) if best else "",
        root_cause=lines_of(ranked, 10),
        frame=best.shown.raised.own_frame() if best and best.shown.raised else None,
        frames=tuple(best.shown.raised.frames) if best and best.shown.raised else (),
        count=best.count if best else 0,
        streams=tuple(filter(None, best.streams)) if best else (),
        also_seen=_groups(ranked[1:]),
        tests=reading.tests,
        confidence=_confidence(best),
        infrastructure=category.infrastructure,
        next_step=(best.rule.next_step if best else "") or category.next_step,
        paste=category.paste,
        rule=best.rule.name if best else "",
        earlier_attempts=reading.earlier,
        tail=tuple(line.text for line in reading.tail),
        lines=reading.lines,
        truncated=reading.truncated,
        rules_version=rules.version,
    )


def headline(candidate: Candidate) -> str:
    """The deciding line; for an exception without a message, with the code that raised it."""
    line = candidate.shown.line
    raised = candidate.shown.raised
    if raised is None or not raised.bare or not raised.source:
        return line.text
    return f"{line.text}: {raised.source}"


def _believed(ranked: Sequence[Candidate], reading: Reading) -> list[Candidate]:
    """Without a word on the end: what the log itself goes on to make unlikely is not named."""
    if not ranked:
        return []
    best = ranked[0]
    left = reading.lines - best.last.line.line
    well = ends_well(line.text for line in reading.tail if line.line > best.last.line.line)
    if best.exception:
        doubted = well and left > LONG_PAST
    elif best.rule.weight <= WEAK:
        doubted = well or left > NEAR_END
    else:
        doubted = well and best.rule.weight < 92
    return [] if doubted else list(ranked)


def _groups(candidates: Sequence[Candidate]) -> tuple[Group, ...]:
    return tuple(
        Group(
            each.first.line.text,
            each.count,
            tuple(filter(None, each.streams)),
            each.first.line.line,
            each.rule.category,
        )
        for each in candidates[:5]
    )


def _confidence(best: Candidate | None) -> Confidence:
    if best is None:
        return Confidence.NONE
    if best.rule.kind != "cause" or best.rule.weight <= WEAK:
        return Confidence.LOW
    if best.exception or best.rule.weight >= 85:
        return Confidence.HIGH
    return Confidence.MEDIUM
