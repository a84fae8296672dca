"""Which of the candidates is the cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from beaker_ci.digest.candidates import Attempt, Candidate
from beaker_ci.digest.model import Line

SUPERSEDED = 15
"""Taken off an exception that its program survived: another one followed in the same stream."""

QUIET = 10
"""Taken off a line that its program only noted or warned of, fewer than :data:`OFTEN` times."""

OFTEN = 3

DECIDED = 92
"""From this weight on a line says how the job was ended from outside."""

FAR = 300
"""Lines before an exception within which another line may explain it."""

WEAK = 60
"""Up to this weight a line only sounds like a failure."""

NEAR_END = 150
"""Lines before the end within which a line that only sounds like a failure is named."""

VERY_END = 2
"""Likewise for one that was only warned of."""

LONG_PAST = 1000
"""Lines after which a log that ends well has left an exception behind."""

FAR_PAST = 1 << 18
"""Bytes likewise: bars put thousands of parts into a line."""

IDLE = 78
"""What is left of a time limit when the program had failed right before: the job only waited."""

AT_ONCE = 5
"""Lines between a program's end and the clock that ended its job, if it said nothing more."""

AT_THE_START = frozenset({"bad-argument", "missing-script"})
"""Rules for what ends a program before it does anything."""

_LAST_ERROR = "Last error:"
"""Below it, NCCL says what really happened."""


def rank(attempt: Attempt) -> list[Candidate]:
    """The candidates that may be named, the best first. Wrappers only where nothing else is."""
    causes = [each for each in attempt.candidates if each.rule.kind != "wrapper"]
    wrappers = [each for each in attempt.candidates if each.rule.kind == "wrapper"]
    hints = [each for each in causes if wrappers and each.rule.weight <= WEAK]
    told = [each for each in causes if not wrappers or each.rule.weight > WEAK]
    scores = _scores(told, attempt, wrappers)
    ordered = sorted(
        told, key=lambda each: (-scores[id(each)], not each.exception, -each.last.line.line)
    )
    _first_of_equals(ordered, scores)
    wrappers.sort(key=lambda each: (-each.rule.weight, each.last.line.line))
    hints.sort(key=lambda each: (-each.rule.weight, -each.last.line.line))
    return [*ordered, *wrappers, *hints]


def _scores(
    causes: Sequence[Candidate], attempt: Attempt, wrappers: Sequence[Candidate]
) -> dict[int, int]:
    finals = {id(each) for each in attempt.finals.values()}
    last = max((each.last.line.line for each in attempt.finals.values()), default=0)
    launched = min(
        (w.first.line.line for w in wrappers if w.rule.name in ("elastic-child", "child-failed")),
        default=0,
    )
    raised = {each.rule.name for each in causes if each.exception}
    failed = max((each.last.line.line for each in causes if _ended_program(each)), default=0)
    latest = max((each.last.line.line for each in causes if not each.quiet), default=0)
    scores = {}
    for each in causes:
        score = each.rule.weight
        if each.exception:
            # Under a launcher several processes print into one stream: the first is the cause.
            together = launched > 0 and launched - FAR <= each.first.line.line <= launched
            if id(each) not in finals and not together:
                score -= SUPERSEDED
        else:
            if each.last.line.line < last - FAR and each.rule.weight < DECIDED:
                score -= SUPERSEDED
            survived = each.rule.weight < DECIDED or each.rule.category == "cuda-out-of-memory"
            if each.last.line.line < latest - LONG_PAST and survived:
                score -= 2 * SUPERSEDED
            if each.rule.name in AT_THE_START and (
                each.last.line.line < failed or _explained(each.last.line.line, causes)
            ):
                # It ends its program at once: another one ran, and failed.
                score -= 2 * SUPERSEDED
            if each.rule.category == "timeout" and 0 < each.first.line.line - failed <= AT_ONCE:
                score = min(score, IDLE)
            if each.quiet and each.count < OFTEN:
                score -= QUIET
            if each.rule.kind == "victim" and each.rule.name in raised:
                score -= SUPERSEDED
        scores[id(each)] = score
    return scores


def _ended_program(candidate: Candidate) -> bool:
    """It is an exception of the program itself, not of a helper that a library started."""
    raised = candidate.last.raised
    return raised is not None and bool(raised.frames) and not raised.frames[0].installed


def _explained(line: int, causes: Iterable[Candidate]) -> bool:
    """Whether a traceback begins right below."""
    chains = [each.first.raised for each in causes if each.first.raised]
    return any(0 < chain.places[0][0].line - line <= AT_ONCE for chain in chains if chain.places)


def _first_of_equals(ordered: list[Candidate], scores: dict[int, int]) -> None:
    """Puts the earliest of equals first where it brought on the others, as in another stream."""
    if not ordered:
        return
    best = ordered[0]
    top = [
        each
        for each in ordered
        if scores[id(each)] == scores[id(best)] and each.exception == best.exception
    ]
    others = any(each.streams.keys() != best.streams.keys() for each in top if any(each.streams))
    if best.rule.count == "first":
        top = [each for each in top if each.rule is best.rule]
    if others or best.rule.count == "first":
        first = min(top, key=lambda each: each.first.line.line)
        ordered.remove(first)
        ordered.insert(0, first)


def lines_of(candidates: Iterable[Candidate], most: int) -> tuple[Line, ...]:
    """The lines to show, no text twice."""
    lines: dict[str, Line] = {}
    for each in candidates:
        deciding = last_error(each)
        found = [deciding] if deciding else []
        found.append(each.shown.line)
        found += explained(each)
        for line in found:
            lines.setdefault(line.text, line)
    return tuple(lines.values())[:most]


def last_error(candidate: Candidate) -> Line | None:
    """What NCCL says below its exception, if it says anything."""
    raised = candidate.shown.raised
    told = [line.text for line in raised.more] if raised else []
    if raised is None or _LAST_ERROR not in told[:-1]:
        return None
    return raised.more[told.index(_LAST_ERROR) + 1]


def explained(candidate: Candidate) -> list[Line]:
    """What belongs to an exception: the code that raised it, the rest of its chain."""
    sighting = candidate.shown
    raised = sighting.raised
    if raised is None:
        return []
    found = []
    if raised.bare and raised.source:
        found.append(raised.places[-1][-1])
    found += [Line(o.line, o.text, o.stream) for o in sighting.others]
    return found
