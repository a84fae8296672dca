"""Estimates against scipy's, statsmodels' and published values."""

from __future__ import annotations

import math

import pytest

from beaker_ci.metrics.errors import StandardError
from beaker_ci.metrics.holm import adjusted
from beaker_ci.metrics.model import MOST_SEEDS, Metric
from beaker_ci.metrics.power import detectable, seeds_needed
from beaker_ci.metrics.shares import Share, newcombe, newcombe_p, wilson
from beaker_ci.metrics.statistics import Estimate, estimate, interval

SEEDS = (
    ((0.71, 0.72, 0.74), (0.69, 0.7, 0.66, 0.71)),
    ((12.0, 15.5), (11.0, 19.0)),
    ((1e9 + 1, 1e9 + 2, 1e9 + 4), (1e9, 1e9 + 3, 1e9 - 7)),
    (tuple(range(10)), (3.0, 3.1)),
)
# Newcombe 1998, table II, method 10: a of m against b of n. The last: Fagerland et al. 2015, table 5.
PUBLISHED = (
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
    (7, 34, 1, 34, 0.0189, 0.3404),
)


def seeded(*values: float) -> Metric:
    return Metric("accuracy", math.fsum(values) / len(values), values=values)


def share(count: int, n: int) -> Metric:
    return Metric("accuracy", count / n, n=n)


def ends(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


@pytest.mark.parametrize(("base", "head"), SEEDS)
def test_seeds_on_both_sides_are_compared_as_scipy_does(
    base: tuple[float, ...], head: tuple[float, ...]
) -> None:
    from scipy import stats

    reference = stats.ttest_ind(head, base, equal_var=False)
    found = estimate(seeded(*base), seeded(*head))
    around = reference.confidence_interval(0.95)
    assert found.method == "welch"
    assert found.p == pytest.approx(reference.pvalue, rel=1e-6)
    assert ends(found) == pytest.approx((around.low, around.high), rel=1e-6)
    assert found.error is not None
    assert found.error.freedom == pytest.approx(reference.df, rel=1e-6)


def test_seeds_against_seeds_that_never_vary_are_compared_with_one_value() -> None:
    from scipy import stats

    found = estimate(seeded(5, 5, 5), seeded(5.5, 5.7, 5.1))
    assert found.p == pytest.approx(stats.ttest_1samp((5.5, 5.7, 5.1), 5).pvalue)


def test_one_value_against_seeds_has_the_prediction_interval() -> None:
    from scipy import stats

    # Of seeds 1 to 5 in mean 3: t(0.975, 4) × 1.5811 × √(1 + 1/5).
    found = estimate(seeded(1, 2, 3, 4, 5), Metric("loss", 4.0))
    assert found.method == "one against seeds"
    assert ends(found) == pytest.approx((1 - 4.80894, 1 + 4.80894), abs=1e-5)
    assert found.p == pytest.approx(2 * stats.t.sf(1 / math.sqrt(3), 4))
    swapped = estimate(Metric("loss", 4.0), seeded(1, 2, 3, 4, 5))
    assert ends(swapped) == pytest.approx((-1 - 4.80894, -1 + 4.80894), abs=1e-5)


def test_one_value_against_seeds_is_at_least_as_noisy_as_it_says() -> None:
    seeds = seeded(1, 2, 3, 4, 5)
    bare, quiet, noisy = (
        estimate(seeds, Metric("loss", 4.0, stderr=stderr)) for stderr in (None, 0.1, 20.0)
    )
    assert quiet == bare
    assert ends(noisy) == pytest.approx((1 - 1.96 * 20.01, 1 + 1.96 * 20.01), rel=0.001)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 50), (999, 10**6)])
@pytest.mark.parametrize("level", [0.05, 0.001])
def test_the_interval_of_a_share_is_wilsons(count: int, n: int, level: float) -> None:
    from scipy import stats

    reference = stats.binomtest(count, n).proportion_ci(1 - level, method="wilson")
    assert wilson(Share(count / n, n), level) == pytest.approx(tuple(reference), abs=1e-12)
    assert interval(share(count, n), level) == pytest.approx(tuple(reference), abs=1e-12)


@pytest.mark.parametrize(("a", "m", "b", "n", "low", "high"), PUBLISHED)
def test_shares_are_compared_as_published(
    a: int, m: int, b: int, n: int, low: float, high: float
) -> None:
    found = estimate(share(b, n), share(a, m))
    assert found.method == "newcombe"
    assert ends(found) == pytest.approx((low, high), abs=5.1e-5)


@pytest.mark.parametrize(
    ("a", "m", "b", "n"), [row[:4] for row in PUBLISHED if row[0] / row[1] != row[2] / row[3]]
)
def test_the_p_value_of_shares_is_the_level_at_which_the_interval_reaches_0(
    a: int, m: int, b: int, n: int
) -> None:
    base, head = Share(b / n, n), Share(a / m, m)
    p = newcombe_p(base, head)
    assert newcombe(base, head, p)[0] == pytest.approx(0, abs=1e-9)
    assert newcombe_p(head, base) == p


def test_shares_far_apart_have_a_p_value_of_0() -> None:
    assert newcombe_p(Share(0.1, 10**9), Share(0.9, 10**9)) == 0


def test_standard_errors_are_compared_normally() -> None:
    from scipy import stats

    found = estimate(Metric("x", 70.0, stderr=0.3), Metric("x", 71.0, stderr=0.4))
    assert found.method == "normal"
    assert ends(found) == pytest.approx((1 - 1.959964 * 0.5, 1 + 1.959964 * 0.5), abs=1e-6)
    assert found.p == pytest.approx(2 * stats.norm.sf(2))


def test_a_standard_error_that_knows_more_than_n_is_preferred() -> None:
    """Examples in groups are less certain than n says; a share's own error leaves Newcombe's."""
    clustered = Metric("accuracy", 0.8, stderr=0.03, n=1000)
    usual = Metric("accuracy", 0.8, stderr=math.sqrt(0.16 / 999), n=1000)
    assert estimate(clustered, clustered).method == "normal"
    assert estimate(usual, usual).method == "newcombe"
    perfect = Metric("accuracy", 1.0, stderr=0.0, n=20)
    assert estimate(perfect, perfect).method == "newcombe"


def test_who_names_no_uncertainty_is_taken_to_be_as_noisy_as_the_other() -> None:
    note = "Only one side's uncertainty is known; the other is taken to be as noisy."
    both = estimate(Metric("x", 0.5, n=100), Metric("x", 0.6, n=100))
    one = estimate(Metric("x", 0.5, n=100), Metric("x", 0.6))
    assert (one.method, ends(one), one.note) == ("newcombe", ends(both), note)
    errors = estimate(Metric("x", 5.0), Metric("x", 6.0, stderr=0.3))
    assert (errors.method, errors.note) == ("normal", note)
    assert ends(errors) == pytest.approx((1 - 0.83154, 1 + 0.83154), abs=1e-5)


@pytest.mark.parametrize(
    "unknown",
    [
        Metric("x", 0.5),
        Metric("x", 50.0, n=100),
        Metric("x", 0.5, n=0),
        Metric("x", 0.5, stderr=0.0),
        Metric("x", 0.5, stderr=math.nan),
        Metric("x", 0.5, stderr=math.inf),
        Metric("x", 0.5, stderr=-0.1),
        Metric("x", 0.5, stderr=1e-12),
        Metric("x", 0.5, values=(0.5,)),
        Metric("x", 0.5, values=(0.5, 0.5, 0.5)),
        Metric("x", 0.3, values=(0.3, 0.1 + 0.2)),
    ],
)
def test_what_says_nothing_of_noise_gives_no_interval(unknown: Metric) -> None:
    other = Metric("x", 0.4)
    assert estimate(other, unknown) == Estimate(unknown.value - 0.4)
    assert interval(unknown) is None
    assert seeds_needed(other, unknown) is None


def test_seeds_that_never_vary_leave_the_standard_errors() -> None:
    same = Metric("accuracy", 0.5, n=100, values=(0.5, 0.5))
    assert estimate(same, same).method == "newcombe"


def test_without_scipy_seeds_have_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "scipy.special", None)
    found = estimate(seeded(1, 2, 3), seeded(4, 5, 6))
    assert found == Estimate(
        3.0,
        note="The seeds' noise is not weighed, as scipy is not installed: "
        "pip install 'beaker-ci[stats]'.",
    )
    assert interval(seeded(1, 2, 3)) is None
    assert estimate(Metric("x", 1.0, stderr=0.1), Metric("x", 1.0)).method == "normal"


@pytest.mark.parametrize("freedom", [1, 2.5, 10, math.inf])
@pytest.mark.parametrize("level", [0.05, 0.0005])
def test_what_is_detectable_is_found_four_times_of_five(freedom: float, level: float) -> None:
    from scipy import stats

    error = StandardError(0.1, freedom)
    shift, critical = error.detectable(level) / 0.1, error.critical(level)
    normal = math.isinf(freedom)
    power = stats.norm.sf(critical - shift) if normal else stats.nct.sf(critical, freedom, shift)
    assert power == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("value", "n", "power"), [(0.9, 10, 0.82), (0.5, 50, 0.81), (0.9, 50, 0.83), (0.02, 50, 0.86)]
)
def test_what_is_detectable_of_shares_is_found_four_times_of_five(
    value: float, n: int, power: float
) -> None:
    """Summed over all outcomes; near 0 and 1 it is found more often."""
    from scipy import stats

    base = Metric("accuracy", value, n=n)
    size = detectable(base, base, estimate(base, base))
    assert size is not None
    counts = range(n + 1)
    before, after = (
        stats.binom.pmf(counts, n, p) for p in (value, value + (-size if value >= 0.5 else size))
    )
    found = sum(
        before[a] * after[b]
        for a in counts
        for b in counts
        if min(newcombe(Share(a / n, n), Share(b / n, n), 0.05), key=abs) * (b - a) > 0
    )
    assert found == pytest.approx(power, abs=0.02)


def test_of_few_examples_no_change_is_detectable() -> None:
    assert detectable(share(5, 10), share(5, 10), estimate(share(5, 10), share(5, 10))) is None


def test_what_seeds_detect_is_reckoned_from_the_smaller_side() -> None:
    base, head = seeded(1, 2, 3), seeded(2, 3, 4, 5, 6)
    found = estimate(base, head)
    assert found.error is not None
    reckoned = StandardError(found.error.size, 2).detectable(0.05)
    assert detectable(base, head, found) == reckoned
    assert detectable(base, Metric("x", 1.0), estimate(Metric("x", 2.0), Metric("x", 1.0))) is None


def test_seeds_needed_are_as_many_as_power_tables_say() -> None:
    """Cohen's tables: 17 in each group for d = 1, 26 for 0.8, 64 for 0.5, at 80 % and 5 %."""
    for effect, each in ((1.0, 17), (0.8, 26), (0.5, 64)):
        # Of two seeds the deviation is √2 times the distance from their middle.
        half = 1 / math.sqrt(2)
        head = Metric("x", effect, values=(effect - half, effect + half))
        assert seeds_needed(Metric("x", 0.0, values=(-half, half)), head) == each - 2
        assert seeds_needed(Metric("x", 0.0), head) == each - 1


def test_seeds_needed_have_an_end() -> None:
    base = seeded(1, 2, 3)
    assert seeds_needed(base, replaced(base, 2.0001)) == MOST_SEEDS
    assert seeds_needed(base, base) is None
    assert seeds_needed(base, replaced(base, 200.0)) is None


def replaced(metric: Metric, value: float) -> Metric:
    moved = tuple(each + value - metric.value for each in metric.values)
    return Metric(metric.name, value, values=moved)


def test_holms_p_values_are_those_of_the_hand_table() -> None:
    # Sorted .005 .01 .02 .03 .04 .5, times 6 5 4 3 2 1, never falling.
    ps = (0.01, 0.04, 0.03, 0.005, 0.5, 0.02)
    assert adjusted(ps) == pytest.approx((0.05, 0.09, 0.09, 0.03, 0.5, 0.08))
    assert adjusted(()) == ()
    assert adjusted((0.7, 0.6)) == (1.0, 1.0)
