"""Rules: what breaks them, what noise excuses, and the sentences about both."""

from __future__ import annotations

import math

import pytest
from inline_snapshot import snapshot

from beaker_ci.metrics import compare, read_metrics
from beaker_ci.metrics.model import Comparison, Metric, Metrics, Rule

BASE = Metric("accuracy", 0.9, stderr=0.005)
DROP = Rule("accuracy", True, max_drop=0.01)


def told(
    base: Metric | None, head: Metric | None, *held: Rule, has_base: bool = True
) -> list[tuple[str, str]]:
    """What a comparison says of its rules: the key and the sentence."""
    before = Metrics((base,) if base else ()) if has_base else None
    comparison = compare(before, Metrics((head,) if head else ()), held)
    assert comparison.gated
    excused = [("excused", says) for row in comparison.rows for says in row.excused]
    return [*((each.key, each.says) for each in comparison.broken), *excused]


def accuracy(value: float, stderr: float | None = 0.005, **more: object) -> Metric:
    return Metric("accuracy", value, stderr, **more)  # type: ignore[arg-type]


def test_a_drop_is_judged_with_its_interval() -> None:
    assert told(BASE, accuracy(0.86), DROP) == snapshot(
        [
            (
                "max_drop",
                "`accuracy` dropped by 0.04, more than `max_drop: 0.01` (95 % interval −0.0539 to −0.0261).",
            )
        ]
    )
    assert told(BASE, accuracy(0.888), DROP) == snapshot(
        [
            (
                "excused",
                "`accuracy` dropped by 0.012, more than `max_drop: 0.01`; noise explains it (95 % interval −0.0259 to +0.00186).",
            )
        ]
    )
    assert told(
        BASE, accuracy(0.888), Rule("accuracy", True, max_drop=0.01, strict=True)
    ) == snapshot(
        [
            (
                "max_drop",
                "`accuracy` dropped by 0.012, more than `max_drop: 0.01` (95 % interval −0.0259 to +0.00186, but the rule is strict).",
            )
        ]
    )
    assert told(accuracy(0.9, None), accuracy(0.888, None), DROP) == snapshot(
        [("max_drop", "`accuracy` dropped by 0.012, more than `max_drop: 0.01` (no interval).")]
    )
    assert told(BASE, accuracy(0.95), DROP) == []


def test_a_rise_of_what_should_fall_is_a_drop() -> None:
    loss = Rule("loss", False, max_drop=0.5)
    assert told(Metric("loss", 2.0), Metric("loss", 12345.678), loss) == snapshot(
        [("max_drop", "`loss` rose by 12344, more than `max_drop: 0.5` (no interval).")]
    )
    assert told(Metric("loss", 2.0), Metric("loss", 1.0), loss) == []


def test_where_nobody_says_what_is_better_any_change_is_a_drop() -> None:
    rule = Rule("x", max_drop=0.5)
    assert told(Metric("x", 2.0), Metric("x", 3.0), rule) == snapshot(
        [("max_drop", "`x` changed by 1, more than `max_drop: 0.5` (no interval).")]
    )
    noisy = told(Metric("x", 2.0, stderr=1.0), Metric("x", 3.0, stderr=1.0), rule)
    assert noisy == snapshot(
        [
            (
                "excused",
                "`x` changed by 1, more than `max_drop: 0.5`; noise explains it (95 % interval −1.77 to +3.77).",
            )
        ]
    )


def test_what_only_the_correction_explains_is_told_with_its_p_value() -> None:
    names = ("accuracy", "b", "c")
    base = Metrics(tuple(Metric(name, 0.9, 0.005) for name in names))
    head = Metrics(
        tuple(Metric(name, 0.9 if name != "accuracy" else 0.885, 0.005) for name in names)
    )
    comparison = compare(base, head, (DROP, Rule("*")))
    assert comparison.broken == ()
    assert [row.excused for row in comparison.rows if row.excused] == snapshot(
        [
            (
                "`accuracy` dropped by 0.015, more than `max_drop: 0.01`; noise explains it (p = 0.1, corrected over the table).",
            )
        ]
    )


def test_least_and_most_are_judged_with_the_heads_own_interval() -> None:
    least = Rule("accuracy", True, minimum=0.9)
    assert told(None, Metric("accuracy", 0.5, n=100), least) == snapshot(
        [("min", "`accuracy` is 0.5, below `min: 0.9` (95 % interval 0.404 to 0.596).")]
    )
    assert told(None, Metric("accuracy", 0.88, n=100), least) == snapshot(
        [
            (
                "excused",
                "`accuracy` is 0.88, below `min: 0.9`; noise explains it (95 % interval 0.802 to 0.93).",
            )
        ]
    )
    assert told(None, accuracy(0.88), least) == snapshot(
        [("min", "`accuracy` is 0.88, below `min: 0.9` (95 % interval 0.87 to 0.89).")]
    )
    assert told(None, accuracy(0.8999996, None), least) == snapshot(
        [("min", "`accuracy` is 0.8999996, below `min: 0.9` (no interval).")]
    )
    seeds = Metric("accuracy", 0.88, values=(0.86, 0.88, 0.9))
    assert told(None, seeds, least) == snapshot(
        [
            (
                "excused",
                "`accuracy` is 0.88, below `min: 0.9`; noise explains it (95 % interval 0.83 to 0.93).",
            )
        ]
    )
    assert told(None, seeds, Rule("accuracy", True, minimum=0.9, strict=True)) == snapshot(
        [
            (
                "min",
                "`accuracy` is 0.88, below `min: 0.9` (95 % interval 0.83 to 0.93, but the rule is strict).",
            )
        ]
    )
    assert told(None, accuracy(0.95), least, has_base=False) == []
    both = Rule("accuracy", True, minimum=0.9, maximum=-1e-7)
    assert told(None, accuracy(0.5, None), both) == snapshot(
        [
            ("min", "`accuracy` is 0.5, below `min: 0.9` (no interval)."),
            ("max", "`accuracy` is 0.5, above `max: -1e-07` (no interval)."),
        ]
    )


def test_a_strict_rule_that_is_broken_for_sure() -> None:
    for rule in (
        Rule("accuracy", True, max_drop=0.01, strict=True),
        Rule("accuracy", True, minimum=0.8, strict=True),
    ):
        ((_, says),) = told(BASE, accuracy(0.5), rule)
        assert "95 % interval" in says
        assert "strict" not in says


@pytest.mark.parametrize(
    ("base", "head", "rule"),
    [
        (0.9, 0.89, Rule("accuracy", True, max_drop=0.01)),
        (0.3, 0.1, Rule("accuracy", True, max_drop=0.2)),
        (1.1, 2.2, Rule("accuracy", False, max_drop=1.1)),
        (70.3, 70.2, Rule("accuracy", True, max_drop=0.1)),
        (0.9, 0.9, Rule("accuracy", True, max_drop=0)),
        (0.1, 0.3, Rule("accuracy", True, maximum=0.1 + 0.2, minimum=0.1 + 0.2)),
    ],
)
def test_exactly_at_the_bound_passes(base: float, head: float, rule: Rule) -> None:
    assert told(accuracy(base, None), accuracy(head, None), rule) == []


def test_just_beyond_the_bound_the_numbers_are_told_apart() -> None:
    assert told(accuracy(0.9, None), accuracy(0.8899999, None), DROP) == snapshot(
        [("max_drop", "`accuracy` dropped by 0.0100001, more than `max_drop: 0.01` (no interval).")]
    )


def test_what_was_not_measured_never_passes() -> None:
    assert told(BASE, None, DROP) == snapshot(
        [
            (
                "missing",
                "`accuracy` was not measured, so its rule cannot be judged. Write it to the run's `metrics.json`, or take its rule out of `compare.metrics`.",
            )
        ]
    )
    assert told(None, None, Rule("acc*", True, minimum=0.5)) == snapshot(
        [
            (
                "missing",
                "No metric matches `acc*`, so its rule cannot be judged. Write it to the run's `metrics.json`, or take its rule out of `compare.metrics`.",
            )
        ]
    )
    for value in (math.nan, math.inf):
        assert told(BASE, accuracy(value), DROP) == snapshot(
            [
                (
                    "missing",
                    "`accuracy` is not a finite number, so its rule cannot be judged.",
                )
            ]
        )
    assert told(BASE, accuracy(0.9, values=(0.9, math.nan)), DROP)[0][0] == "missing"
    lost = compare(Metrics((BASE,)), Metrics(), (Rule("acc*", True, max_drop=1),))
    assert [(each.key, each.metric) for each in lost.broken] == [("missing", "accuracy")]


def test_what_was_cut_off_was_not_forgotten() -> None:
    written = read_metrics({f"m{place:03}": 0.5 for place in range(500)} | {"zest": 0.9})
    for name in ("zest", "z*"):
        (broken,) = compare(None, written, (Rule(name, True, minimum=0.5),)).broken
        assert (broken.key, broken.says.partition(". ")[2]) == snapshot(
            (
                "missing",
                (
                    "At most 500 metrics are read, 8 levels deep, none named like a secret: "
                    "write fewer, or rename it."
                ),
            )
        )


def test_a_metric_that_is_new_passes_unless_its_rule_is_strict() -> None:
    other = Metric("loss", 0.3, 0.01)

    def beside(
        *base: Metric, strict: bool = False, left_out: int = 0
    ) -> tuple[list[str], list[str]]:
        rule = Rule("accuracy", max_drop=0.01, strict=strict)
        found = compare(Metrics(base, left_out=left_out), Metrics((accuracy(0.9), other)), (rule,))
        excused = [says for row in found.rows for says in row.excused]
        return [each.key for each in found.broken], excused

    assert beside(other) == snapshot(
        (
            [],
            [
                "`accuracy` is new, the base's run did not measure it: `max_drop: 0.01` holds from the next run on."
            ],
        )
    )
    # It may be among what is not known of the base.
    assert beside(other, left_out=3) == (["missing"], [])
    assert beside() == (["missing"], [])
    assert beside(other, strict=True) == (["missing"], [])


def test_what_has_nothing_to_compare_with_never_passes() -> None:
    assert told(None, BASE, DROP, has_base=False) == snapshot(
        [
            (
                "missing",
                "`accuracy` has nothing to compare with: there is no run of the base, so `max_drop: 0.01` cannot be judged.",
            )
        ]
    )
    assert told(None, BASE, DROP) == snapshot(
        [
            (
                "missing",
                "`accuracy` has nothing to compare with: the base's run did not measure it, so `max_drop: 0.01` cannot be judged.",
            )
        ]
    )
    assert told(accuracy(math.nan), BASE, DROP) == snapshot(
        [
            (
                "missing",
                "`accuracy` has nothing to compare with: the base's is no finite number, so `max_drop: 0.01` cannot be judged.",
            )
        ]
    )
    ((_, says),) = told(accuracy(1e308, None), accuracy(-1e308, None), DROP)
    assert "with: the difference is no finite number, so" in says


def test_a_rule_that_cannot_fail_needs_nothing() -> None:
    assert compare(None, Metrics(), (Rule("accuracy", True), Rule("loss*"))) == Comparison(
        rows=compare(None, Metrics(), (Rule("accuracy", True),)).rows
    )


def test_a_hostile_name_stays_inside_its_code() -> None:
    name = "`](https://evil.example) @team\n\n# hi\x00\u202e" + "x" * 300
    (says,) = (says for _, says in told(None, Metric(name, 0.1), Rule("*", True, minimum=0.5)))
    assert says == snapshot(
        "`'](https://evil.example) @team # hi��xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is 0.1, below `min: 0.5` (no interval)."
    )
