"""What a pull request, a person and the repository may spend in 24 hours, all together."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import judging as j
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.config import Configuration
from beaker_ci.facts import LedgerEntry, Person
from beaker_ci.policy import is_overdrawn, spending
from beaker_ci.policy.model import Outcome
from beaker_ci.reasons import Reason

FOUR_HOURS = "/beaker run --gpus 4 --task-timeout 1h -- pytest"
WITHOUT_GPU = "/beaker run --cpus 64 -- python prepare.py"
DISPATCHED = {"number": None, "is_pull_request": False, "asked_body": None, "asked_at": None}


def limited(**limits: float) -> Configuration:
    """Rules with these limits of GPU-hours, and many active runs."""
    hours = ", ".join(f"{key}: {value}" for key, value in limits.items())
    return j.rules(extra=f"limits: {{active_runs: 1000, gpu_hours: {{{hours}}}}}\n")


def entry(
    gpu_hours: float,
    *,
    number: int = 7,
    asker: int = j.MARIA.id,
    is_open: bool = True,
    created: float = 0.0,
    workload_id: str = "w",
) -> LedgerEntry:
    return LedgerEntry(workload_id, number, asker, gpu_hours, is_open, created)


LEDGER = (
    entry(8),
    entry(0.5, is_open=False),
    entry(16, asker=2),
    entry(32, number=8),
    entry(64, number=9, asker=2, is_open=False),
    entry(128, number=0, asker=3),
)


def test_sums_of_what_is_reserved_and_what_was_used() -> None:
    found = {one.key: one for one in spending(LEDGER, j.rules(), number=7, asker=1001)}
    assert [(one.of, one.hours, one.left) for one in found.values()] == snapshot(
        [
            ("this pull request", 24.5, 231.5),
            ("this person", 40.5, 471.5),
            ("the repository", 248.5, 1799.5),
        ]
    )
    outside = spending(LEDGER, j.rules(), number=0, asker=3)
    assert [(one.key, one.hours) for one in outside] == [("user", 128), ("repository", 248.5)]
    assert [one.hours for one in spending((), j.rules(), number=7, asker=1)] == [0, 0, 0]


def test_what_is_left_is_never_negative() -> None:
    (here, *_) = spending([entry(9)], limited(pull_request=8), number=7, asker=1)
    assert here.left == 0


@pytest.mark.parametrize(
    ("limits", "spent", "rule"),
    [
        ({"pull_request": 8}, entry(4), ""),
        ({"pull_request": 8}, entry(4, asker=2), ""),
        ({"pull_request": 8}, entry(4.001, asker=2), "pr-hours"),
        ({"pull_request": 8}, entry(99, number=8), ""),
        ({"pull_request": 8}, entry(99, number=0), ""),
        ({"user": 8}, entry(4, number=8), ""),
        ({"user": 8}, entry(4.001, number=8), "user-hours"),
        ({"user": 8}, entry(4.001, number=8, is_open=False), "user-hours"),
        ({"user": 8}, entry(99, asker=2), ""),
        ({"repository": 8}, entry(4, number=0, asker=2, is_open=False), ""),
        ({"repository": 8}, entry(4.001, number=0, asker=2, is_open=False), "repo-hours"),
        ({"pull_request": 3.999}, None, "pr-hours"),
        ({"user": 3.999}, None, "user-hours"),
        ({"repository": 3.999}, None, "repo-hours"),
        ({"user": 8}, entry(math.nan), "user-hours"),
        ({"user": 8}, entry(math.inf), "user-hours"),
    ],
)
def test_limits_at_their_edge(
    limits: dict[str, float], spent: LedgerEntry | None, rule: str
) -> None:
    ledger = () if spent is None else (spent,)
    decision = j.judged(FOUR_HOURS, limited(**limits), ledger=ledger)
    if not rule:
        assert decision.reason is Reason.ACCEPTED
    else:
        assert decision.reason is Reason.REFUSED_LIMIT
        refused = {one.rule for one in decision.tree.walk() if one.outcome is Outcome.REFUSE}
        assert rule in refused - {"request", "spending"}


def test_many_small_sums_do_not_miss_the_edge() -> None:
    ledger = tuple(entry(0.1) for _ in range(40))
    assert j.judged(FOUR_HOURS, limited(pull_request=8), ledger=ledger).outcome is Outcome.ALLOW


def test_the_refusal_says_what_is_left() -> None:
    decision = j.judged(FOUR_HOURS, limited(pull_request=16), ledger=(entry(13.5),))
    assert j.cause(decision) == snapshot("""\
[refused.limit] this run may cost 4 GPU-hours, and this pull request has 2.5 left of 16 in 24 hours (`limits.gpu_hours.pull_request`)
Ask for less, or wait: what a run does not use is free again at its end, and what it used 24 hours after it was asked for.\
""")


def test_a_run_without_gpu_costs_nothing_and_counts_as_a_run() -> None:
    full, busy = (entry(9999),), tuple(entry(0) for _ in range(4))
    assert j.judged(WITHOUT_GPU, ledger=full).outcome is Outcome.ALLOW
    assert j.cause(j.judged(WITHOUT_GPU, ledger=busy)) == snapshot("""\
[refused.limit] this pull request has 4 unfinished runs already, the most it may (`limits.active_runs`)
Wait until one has ended, or stop one, then ask again.\
""")
    assert is_overdrawn(entry(0, created=1), full, j.rules()) is None
    assert is_overdrawn(entry(0, created=1), busy, j.rules()) == "limits.active_runs"


@pytest.mark.parametrize(
    ("others", "allowed"),
    [
        ((entry(1),) * 3, True),
        ((entry(1, asker=2),) * 4, False),
        ((entry(1, is_open=False),) * 40, True),
        ((entry(1, number=8),) * 40, True),
        ((entry(1, number=0),) * 40, True),
    ],
)
def test_active_runs_are_those_of_the_pull_request(
    others: tuple[LedgerEntry, ...], allowed: bool
) -> None:
    decision = j.judged("/beaker run gpu-tests", ledger=others)
    assert decision.reason is (Reason.ACCEPTED if allowed else Reason.REFUSED_LIMIT)


def test_outside_of_a_pull_request_its_limits_do_not_hold() -> None:
    rules = limited(pull_request=0, user=8)
    busy = tuple(entry(0, number=0) for _ in range(1000))
    known: dict[str, Any] = {"pull": None, "comment": None}
    assert j.judged(FOUR_HOURS, rules, request=DISPATCHED, ledger=busy, **known).outcome is (
        Outcome.ALLOW
    )
    spent = (entry(5, number=0),)
    refused = j.judged(FOUR_HOURS, rules, request=DISPATCHED, ledger=spent, **known)
    assert refused.cause.rule == "user-hours"


def test_an_unknown_ledger_refuses_all() -> None:
    for run in (FOUR_HOURS, WITHOUT_GPU):
        assert j.findings(j.judged(run, ledger=None), "spending") == snapshot("""\
- spending
  - active-runs: Beaker did not say what runs already
  - pr-hours: Beaker did not say what runs already
  - user-hours: Beaker did not say what runs already
  - repo-hours: Beaker did not say what runs already\
""")
        assert j.judged(run, ledger=None).reason is Reason.BEAKER_UNAVAILABLE


def test_runs_before_count_and_runs_after_do_not() -> None:
    rules = limited(pull_request=8)
    own = entry(4, created=5, workload_id="m")
    for other, broken in (
        (entry(4, created=4), False),
        (entry(5, created=4), True),
        (entry(5, created=6), False),
        (entry(5, created=5, workload_id="a"), True),
        (entry(5, created=5, workload_id="z"), False),
    ):
        found = is_overdrawn(own, [other, own], rules)
        assert found == ("limits.gpu_hours.pull_request" if broken else None)
    assert is_overdrawn(replace(own, number=0), [entry(9)], rules) is None
    elsewhere = entry(9, number=8, asker=2)
    assert is_overdrawn(own, [elsewhere], limited(user=8)) is None
    assert is_overdrawn(own, [elsewhere], limited(repository=8)) == snapshot(
        "limits.gpu_hours.repository"
    )


@dataclass
class Beaker:
    """Runs as Beaker's lists show them, by a clock that never gives two looks the same time."""

    runs: dict[int, LedgerEntry] = field(default_factory=dict)
    now: float = 1.0

    def submit(self, who: int, run: LedgerEntry, *, same_moment: bool) -> None:
        self.now += not same_moment
        self.runs[who] = replace(run, created=self.now)

    def list(self) -> list[LedgerEntry]:
        self.now += 1
        return list(self.runs.values())

    def cancel(self, who: int) -> None:
        self.runs[who] = replace(self.runs[who], is_open=False, gpu_hours=0.0)


@dataclass(frozen=True)
class Asked:
    """One of the submissions that happen at once: who asks where, for how many GPU-hours."""

    number: int
    asker: int
    gpus: int

    def is_accepted(self, ledger: list[LedgerEntry], rules: Configuration) -> bool:
        run = f"/beaker run --gpus {self.gpus} --task-timeout 1h -- pytest"
        decision = j.judged(
            run,
            rules,
            who=Person(self.asker, "somebody"),
            request={"number": self.number},
            pull=replace(j.PULL, number=self.number),
            ledger=tuple(ledger),
        )
        return decision.outcome is Outcome.ALLOW


EDGE = j.rules(
    extra="limits: {active_runs: 3, gpu_hours: {pull_request: 10, user: 14, repository: 20}}\n"
)
asked = st.builds(Asked, st.integers(7, 8), st.integers(1, 2), st.integers(0, 8))


def broken_limits(ledger: list[LedgerEntry], rules: Configuration) -> list[str]:
    """Every limit that those runs together are above."""
    hours, runs = rules.limits.gpu_hours, rules.limits.active_runs
    per_pull, per_user, active = Counter[int](), Counter[int](), Counter[int]()
    for one in ledger:
        per_pull[one.number] += int(one.gpu_hours)
        per_user[one.asker] += int(one.gpu_hours)
        active[one.number] += one.is_open
    return [
        name
        for name, most, limit in (
            ("pull_request", max(per_pull.values(), default=0), hours.pull_request),
            ("user", max(per_user.values(), default=0), hours.user),
            ("repository", per_pull.total(), hours.repository),
            ("active_runs", max(active.values(), default=0), runs),
        )
        if most > limit
    ]


@given(
    st.lists(asked, min_size=1, max_size=8).flatmap(
        lambda all_: st.tuples(st.just(all_), st.permutations(list(range(len(all_))) * 3))
    ),
    st.data(),
)
@settings(max_examples=80, deadline=None)
def test_of_those_that_broke_a_limit_together_the_first_stay(
    drawn: tuple[list[Asked], list[int]], data: st.DataObject
) -> None:
    """Each is judged, submitted, and looks again, in any order with the others' steps."""
    submissions, order = drawn
    before = [entry(2, number=7, asker=1), entry(3, number=8, asker=2, is_open=False)]
    beaker = Beaker({-1 - at: one for at, one in enumerate(before)})
    steps, left, submitted_last = Counter[int](), set[int](), False
    for who in order:
        one, step = submissions[who], steps[who]
        steps[who] += 1
        if who in left:
            continue
        if step == 0 and not one.is_accepted(beaker.list(), EDGE):
            left.add(who)
        if step == 1:
            # Beaker gives ids in no order that we know, and may give one time to two runs.
            name = f"{data.draw(st.integers(0, 9))}-{who}"
            made = entry(one.gpus, number=one.number, asker=one.asker, workload_id=name)
            tie = submitted_last and data.draw(st.booleans())
            beaker.submit(who, made, same_moment=tie)
        submitted_last = step == 1
        if step == 2 and is_overdrawn(beaker.runs[who], beaker.list(), EDGE):
            beaker.cancel(who)
            left.add(who)
    assert broken_limits(list(beaker.runs.values()), EDGE) == []
    made_it = sorted(
        (run for who, run in beaker.runs.items() if who >= 0),
        key=lambda run: (run.created, run.workload_id),
    )
    assert not made_it or made_it[0].is_open


def test_ten_at_once_leave_exactly_what_fits() -> None:
    rules = limited(pull_request=10)
    ledger = [entry(3, created=1, workload_id=f"{at}") for at in range(10)]
    stay = [one.workload_id for one in ledger if is_overdrawn(one, ledger, rules) is None]
    assert stay == ["0", "1", "2"]
