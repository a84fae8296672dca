"""From what was read to the digest: the record of the end first, then files, then the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from beaker_ci.digest.afterwards import ends_well, goes_on, settled
from beaker_ci.digest.candidates import Attempt, Candidate, Sighting, template
from beaker_ci.digest.cleaning import clean
from beaker_ci.digest.hiding import Hide, hide_raised
from beaker_ci.digest.model import Confidence, Digest, Ending, FailedTest, Group, Line
from beaker_ci.digest.ranking import (
    AT_THE_START,
    DECIDED,
    FAR_PAST,
    LONG_PAST,
    NEAR_END,
    VERY_END,
    WEAK,
    last_error,
    lines_of,
    rank,
)
from beaker_ci.digest.record import agree, category_of, reread, rule_of
from beaker_ci.digest.rules import Rule, Rules
from beaker_ci.digest.structured import failed_tests, first_error

SURE = 85
"""From this weight on a line alone is trusted like an exception."""

CAUSES = 10
"""Lines that may be the cause, the best first."""

EXCERPT = 10
"""Lines around the cause."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a log found.

    Attributes:
        attempt: The candidates of the last attempt.
        earlier: How many attempts there were before the last.
        tests: Failed tests of the last attempt.
        tail: The last lines.
        lines: How many lines the log has.
        size: How many bytes, without escape sequences.
        truncated: A line was too long to be read whole.
    """

    attempt: Attempt
    earlier: int
    tests: tuple[FailedTest, ...]
    tail: tuple[Line, ...]
    lines: int
    size: int
    truncated: bool


def told(reading: Reading, since: int) -> bool:
    """Whether a run that began at the line ``since`` has an end of its own, good or bad."""
    best = next(iter(rank(reading.attempt)), None)
    failed = best and best.rule.kind in ("cause", "victim") and best.rule.weight > WEAK
    long = reading.lines - since > NEAR_END
    return (
        bool(failed or reading.tests)
        or long
        or ends_well(clean(line.text).text for line in reading.tail)
    )


def conclude(reading: Reading, rules: Rules, ending: Ending | None, hide: Hide) -> Digest:
    """The digest of a reading.

    Args:
        reading: What the log says.
        rules: For titles and next steps.
        ending: What is known otherwise; it is trusted first.
        hide: Applied to what the ending brings.
    """
    if ending is not None and ending.succeeded:
        return _digest(reading, rules, "none", [], ())
    ranked = rank(reading.attempt)
    tests = reading.tests
    proved = ""
    rule: Rule | None = None
    if ending is None:
        ranked = _believed(ranked, reading)
    else:
        rule = rule_of(ending, rules)
        ranked = reread(rule, _written(ranked, ending, rules, hide))
        tests = failed_tests(ending.junit, hide) or tests
        proved = category_of(ending)
    key, causes, others = agree(proved, ranked)
    if not causes and not proved and tests:
        key = "tests"
    digest = _digest(reading, rules, key, causes, tests, others)
    if digest.headline or not (proved or key == "tests"):
        return digest
    if key != "tests":
        words = hide(ending.message if ending else "")
        step = rule.next_step if rule else digest.next_step
        return replace(digest, headline=words, confidence=Confidence.HIGH, next_step=step)
    named = tuple(Line(0, _failed(test)) for test in tests[:CAUSES])
    return replace(digest, headline=named[0].text, root_cause=named, confidence=Confidence.HIGH)


def _failed(test: FailedTest) -> str:
    return f"{test.node}: {test.message}" if test.message else test.node


def _digest(
    reading: Reading,
    rules: Rules,
    key: str,
    ranked: Sequence[Candidate],
    tests: tuple[FailedTest, ...],
    others: Sequence[Candidate] = (),
) -> Digest:
    """The digest of a category and its causes, the best first; others are only seen too."""
    best = ranked[0] if ranked else None
    category = rules.categories[key]
    raised = best.shown.raised if best else None
    return Digest(
        category=key,
        title=category.title,
        headline=headline(best) if best else "",
        root_cause=lines_of(ranked, CAUSES),
        frame=raised.own_frame() if raised else None,
        frames=tuple(raised.frames) if raised else (),
        excerpt=_excerpt(best),
        count=best.count if best else 0,
        streams=_streams(best),
        also_seen=_groups([*ranked[1:], *others]),
        tests=tests,
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


def _written(
    ranked: Sequence[Candidate], ending: Ending, rules: Rules, hide: Hide
) -> list[Candidate]:
    """The candidates, what the processes wrote into their error files before all others."""
    found = first_error(ending.error_files, rules)
    if found is None:
        return list(ranked)
    rule, raised = found[0], hide_raised(found[1], hide)
    for each in ranked:
        if each.exception and template(each.shown.line.text) == template(raised.text):
            return [each, *(other for other in ranked if other is not each)]
    sighting = Sighting(Line(0, raised.text), 0, raised)
    return [Candidate(rule, sighting, sighting), *ranked]


def _excerpt(best: Candidate | None) -> tuple[Line, ...]:
    """Around a line what was printed there; of an exception the frames and its message."""
    if best is None:
        return ()
    sighting = best.shown
    raised = sighting.raised
    if raised is None:
        return (sighting.around or (sighting.line,))[:EXCERPT]
    own = raised.own_frame()
    places = [
        place
        for frame, place in zip(raised.frames, raised.places, strict=True)
        if frame is own or frame is raised.frames[-1]
    ]
    lines = [line for place in places for line in place]
    return (*lines, sighting.line, *raised.more)[:EXCERPT]


def _streams(candidate: Candidate | None) -> tuple[str, ...]:
    return tuple(filter(None, candidate.streams)) if candidate else ()


def headline(candidate: Candidate) -> str:
    """The deciding line; for an exception without a message, with the code that raised it."""
    text = candidate.shown.line.text
    raised, deciding = candidate.shown.raised, last_error(candidate)
    if deciding is not None:
        return f"{text.partition(':')[0]}: {deciding.text}"
    if raised is None or not raised.bare or not raised.source:
        return text.strip()
    return f"{text.rstrip(': ')}: {raised.source}"


def _believed(ranked: Sequence[Candidate], reading: Reading) -> list[Candidate]:
    """Without a word on the end: what the log itself goes on to make unlikely is not named."""
    return list(ranked) if ranked and not _doubted(ranked, reading) else []


def _doubted(ranked: Sequence[Candidate], reading: Reading) -> bool:
    best = ranked[0]
    left = reading.lines - best.last.line.line
    after = [clean(line.text).text for line in reading.tail if line.line > best.last.line.line]
    well, work = ends_well(after), goes_on(after)
    if best.rule.weight < DECIDED and settled(after):
        return True
    weak = best.rule.weight <= WEAK
    if best.rule.kind == "wrapper" and not best.exception:
        return (well and work) or left > NEAR_END
    if (weak and best.rule.kind != "wrapper") or (best.quiet and not best.exception):
        warned = best.quiet and weak
        return well or work or left > (VERY_END if warned else NEAR_END)
    if best.exception:
        past = left > LONG_PAST or reading.size - best.last.at > FAR_PAST
        failed = any(each.rule.kind == "wrapper" for each in ranked)
        return (well and (work or past)) or (work and left > NEAR_END and not failed)
    over = well or work or best.rule.name in AT_THE_START
    gone = left > LONG_PAST and all(each.rule.kind != "wrapper" for each in ranked)
    return ((over and left > NEAR_END) or gone) and best.rule.weight < DECIDED


def _groups(candidates: Sequence[Candidate]) -> tuple[Group, ...]:
    return tuple(
        Group(
            each.first.line.text,
            each.count,
            _streams(each),
            each.first.line.line,
            each.rule.category,
        )
        for each in candidates[:5]
    )


def _confidence(best: Candidate | None) -> Confidence:
    if best is None:
        return Confidence.NONE
    if best.rule.kind in ("wrapper", "caught") or best.rule.weight <= WEAK:
        return Confidence.LOW
    if best.rule.kind == "cause" and (best.exception or best.rule.weight >= SURE):
        return Confidence.HIGH
    return Confidence.MEDIUM
