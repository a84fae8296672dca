"""Two runs' metrics → a table that says what changed, and which rules are broken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from beaker_ci.metrics.gate import is_higher_better, judge, unmatched
from beaker_ci.metrics.holm import adjusted
from beaker_ci.metrics.model import (
    LEVEL,
    Broken,
    Comparison,
    Metric,
    Metrics,
    Row,
    Rule,
    Word,
    is_for,
)
from beaker_ci.metrics.power import detectable, seeds_needed
from beaker_ci.metrics.statistics import Estimate, estimate, is_same, is_usable

MOST_ROWS = 200
"""The table's limit: what says least is left out."""
_CHANGES = (Word.REGRESSED, Word.IMPROVED, Word.CHANGED)


@dataclass(frozen=True)
class _Pair:
    """One metric of both sides before the table is known."""

    name: str
    base: Metric | None
    head: Metric | None
    rule: Rule | None
    estimate: Estimate | None

    @property
    def p(self) -> float | None:
        return self.estimate.p if self.estimate else None


def compare(base: Metrics | None, head: Metrics, rules: Sequence[Rule] = ()) -> Comparison:
    """Compares two runs' metrics and judges the rules.

    With rules, the table holds what they name; without, what both sides have, or all of the head's
    where there is no base. Words follow p-values corrected over everything that was tested. The
    table's limit is drawn last, so that it hides no change and no broken rule.

    Args:
        base: What the base's run measured; None where there is none.
        head: What the run under judgement measured.
        rules: Of one metric, the first whose name or glob matches holds.
    """
    pairs = list(_pairs(base, head, rules))
    tested = [index for index, pair in enumerate(pairs) if pair.p is not None]
    corrected = dict(
        zip(tested, adjusted([p for pair in pairs if (p := pair.p) is not None]), strict=True)
    )
    level = LEVEL / max(len(tested), 1)
    judged: list[tuple[Row, tuple[Broken, ...], float]] = []
    is_cut = head.left_out > 0
    base_is_whole = base is not None and bool(base.metrics) and not base.left_out
    for index, pair in enumerate(pairs):
        row = _row(pair, corrected.get(index), level)
        broken, excused = judge(
            row, has_base=base is not None, base_is_whole=base_is_whole, is_cut=is_cut
        )
        judged.append((replace(row, excused=excused), broken, _size(pair)))
    judged.sort(key=_relevance)
    names = {pair.name for pair in pairs}
    return Comparison(
        rows=tuple(row for row, _, _ in judged[:MOST_ROWS]),
        broken=(
            *(each for _, broken, _ in judged for each in broken),
            *(
                unmatched(rule, is_cut=is_cut)
                for rule in rules
                if rule.gates and not _named(rule, names)
            ),
        ),
        gated=any(rule.gates for rule in rules),
        left_out=max(len(judged) - MOST_ROWS, 0),
    )


def _pairs(base: Metrics | None, head: Metrics, rules: Sequence[Rule]) -> Iterator[_Pair]:
    old = {metric.name: metric for metric in base.metrics} if base else {}
    new = {metric.name: metric for metric in head.metrics}
    if rules:
        exact = [rule.name for rule in rules if not _is_glob(rule)]
        names = [name for name in {**new, **old, **dict.fromkeys(exact)} if _rule(name, rules)]
    else:
        names = [name for name in new if name in old or base is None]
    for name in names:
        one, other = old.get(name), new.get(name)
        yield _Pair(name, one, other, _rule(name, rules), _estimate(one, other))


def _estimate(base: Metric | None, head: Metric | None) -> Estimate | None:
    if base is None or head is None or not (is_usable(base) and is_usable(head)):
        return None
    return estimate(base, head) if math.isfinite(head.value - base.value) else None


def _row(pair: _Pair, p: float | None, level: float) -> Row:
    """The row; power is reckoned at the level that Holm's first step sets."""
    base, head, found = pair.base, pair.head, pair.estimate
    if base is None or head is None or found is None:
        return Row(pair.name, base, head, Word.NOT_COMPARED, rule=pair.rule)
    word = _word(base, head, pair.rule, p)
    is_open = p is not None and word not in _CHANGES
    return Row(
        pair.name,
        base,
        head,
        word,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p=p,
        method=found.method,
        detectable=detectable(base, head, found, level),
        seeds_needed=seeds_needed(base, head, level) if is_open else None,
        rule=pair.rule,
        note=found.note,
    )


def _word(base: Metric, head: Metric, rule: Rule | None, p: float | None) -> Word:
    changed = not is_same(base.value, head.value) if p is None else p < LEVEL
    if not changed:
        return Word.NO_EVIDENCE
    higher_is_better = is_higher_better(rule, base, head)
    if higher_is_better is None:
        return Word.CHANGED
    is_rise = head.value > base.value
    return Word.IMPROVED if is_rise is higher_is_better else Word.REGRESSED


def _size(pair: _Pair) -> float:
    """How many standard errors wide the difference is; without any, the part of the value it is."""
    found = pair.estimate
    if found is None or not found.difference or pair.base is None or pair.head is None:
        return 0.0
    scale = found.error.size if found.error else max(abs(pair.base.value), abs(pair.head.value))
    return abs(found.difference) / scale


def _would_be_change(row: Row) -> bool:
    """Whether its own interval leaves out 0: a change, but for the table's correction."""
    return row.low is not None and row.high is not None and row.low * row.high > 0


_Relevance = tuple[bool, int, bool, float, str]


def _relevance(judged: tuple[Row, tuple[Broken, ...], float]) -> _Relevance:
    """The least comes first."""
    row, broken, size = judged
    if row.word not in _CHANGES:
        is_near = bool(row.excused) or _would_be_change(row)
        return not broken, len(_CHANGES), not is_near, 0.0, row.name
    return not broken, _CHANGES.index(row.word), not row.method, -size, row.name


def _rule(name: str, rules: Sequence[Rule]) -> Rule | None:
    return next((rule for rule in rules if is_for(rule.name, name)), None)


def _named(rule: Rule, names: set[str]) -> bool:
    return any(is_for(rule.name, name) for name in names)


def _is_glob(rule: Rule) -> bool:
    return bool({"*", "?"} & set(rule.name))
