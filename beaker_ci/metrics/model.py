"""Metrics as runs leave them, and what a comparison of two runs says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

LEVEL = 0.05
"""Of all comparisons in which nothing changed, at most this share is called a change."""

MOST_SEEDS = 100
"""More seeds than this are many: they are not counted out."""


@dataclass(frozen=True)
class Metric:
    """One number that a run measured, with what is known of its uncertainty.

    Attributes:
        name: Dots between what was nested. Untrusted.
        value: In the metric's own unit; the mean, where there are several seeds. May not be finite.
        stderr: The standard error that the run itself names, in the same unit; None for none.
        n: How many examples it is the mean of; None where that is not known.
        values: One per seed; empty where there is one value alone.
        higher_is_better: As the file itself says; None where it does not.
    """

    name: str
    value: float
    stderr: float | None = None
    n: int | None = None
    values: tuple[float, ...] = ()
    higher_is_better: bool | None = None


@dataclass(frozen=True)
class Metrics:
    """What one run measured.

    Attributes:
        metrics: Each name once; sorted, but what decides comes first.
        shape: ``plain``, ``lm-evaluation-harness`` or ``olmes``.
        left_out: Numbers beyond the limits of size and depth, and those named like a secret.
    """

    metrics: tuple[Metric, ...] = ()
    shape: str = "plain"
    left_out: int = 0

    def get(self, name: str) -> Metric | None:
        """The metric of that name."""
        return next((metric for metric in self.metrics if metric.name == name), None)


@dataclass(frozen=True)
class Rule:
    """What one metric must hold; of the configuration's ``compare.metrics``.

    Attributes:
        name: The metric's name, or a glob over names.
        max_drop: How much worse it may become than the base, in the metric's unit.
        minimum: The least value of the head's run.
        maximum: The greatest value of the head's run.
        strict: Whether the point estimate decides, whatever the interval says.
    """

    name: str
    higher_is_better: bool | None = None
    max_drop: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    strict: bool = False

    @property
    def gates(self) -> bool:
        """Whether it can fail."""
        return not (self.max_drop is None and self.minimum is None and self.maximum is None)


def is_for(rule: str, name: str) -> bool:
    """Whether a rule's name, which may be a glob with ``*`` and ``?``, is that of a metric."""
    return rule == name or fnmatchcase(name, re.sub(r"\[", "[[]", rule))


class Word(StrEnum):
    """What a comparison says of one metric."""

    IMPROVED = "improved"
    REGRESSED = "regressed"
    CHANGED = "changed"  # beyond noise, where nobody said which way is better
    NO_EVIDENCE = "no evidence of change"
    NOT_COMPARED = "not compared"  # only one side has it, or it is not finite


@dataclass(frozen=True)
class Broken:
    """A rule that the head's run breaks.

    Attributes:
        key: ``max_drop``, ``min``, ``max``, or ``missing``: it was not measured at all.
        metric: The metric's name. Untrusted.
        says: One sentence for people; the name between backticks.
    """

    key: str
    metric: str
    says: str


@dataclass(frozen=True)
class Row:
    """One metric of both sides.

    Attributes:
        difference: Head minus base; None where one of them is missing or not finite.
        low: The lower end of the difference's interval at :data:`LEVEL`; None without uncertainty.
        high: The upper end.
        p: Of the test that the interval belongs to, corrected over the table; None without one.
        method: ``normal``, ``newcombe``, ``welch``, ``one against seeds``, or empty: no interval.
        detectable: The smallest true difference that would be called a change four times out of
            five, with as much data as there is; None without uncertainty, or if none is so large.
        seeds_needed: How many more seeds each side would need so that a true difference as large
            as the observed one is called a change four times out of five, :data:`MOST_SEEDS` for
            that many and more; None where seeds do not decide, or enough are there.
        rule: The rule that holds for it, if one does.
        excused: Sentences about bounds that only the point estimate breaks, and noise explains, and
            about those that a new metric has nothing to be held against.
        note: What was assumed for the interval, or why there is none; a sentence, or empty.
    """

    name: str
    base: Metric | None
    head: Metric | None
    word: Word
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    method: str = ""
    detectable: float | None = None
    seeds_needed: int | None = None
    rule: Rule | None = None
    excused: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two runs' metrics, compared.

    Attributes:
        rows: Sorted by what matters: broken rules, regressed, improved and changed, the clearest
            first; what noise excuses or the correction takes back; the rest by name.
        broken: Rules that the head's run breaks; the gate passes without any.
        gated: Whether any rule could fail.
        left_out: Metrics beyond the table's limit.
    """

    rows: tuple[Row, ...] = ()
    broken: tuple[Broken, ...] = ()
    gated: bool = False
    left_out: int = 0

    @property
    def moved(self) -> bool:
        """Whether anything changed beyond noise, or a rule is broken."""
        words = (Word.IMPROVED, Word.REGRESSED, Word.CHANGED)
        return bool(self.broken) or any(row.word in words for row in self.rows)
