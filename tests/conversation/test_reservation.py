"""What a run's attempts together cost: above what was reserved, it is stopped."""

from __future__ import annotations

from collections import Counter

import pytest
from stage import Stage

from beaker_ci.sandbox.beaker import Fault

RUN = "/beaker run gpu-tests"

RESERVED = 900
"""Seconds of its one GPU that the preset reserves."""


def begin(stage: Stage, queued: float = 4 * RESERVED) -> str:
    """A run that started that many seconds after it was submitted; its report says running."""
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    workload = stage.deliver(asked).outputs["workload-id"]
    stage.heard(asked)
    stage.beaker.start(workload)
    stage.beaker.age_experiments(queued, workload)
    assert stage.schedule().exit_code == 0
    return workload


def preempt(stage: Stage, workload: str, after: float) -> None:
    """Beaker interrupts the attempt that has run so long, and starts another."""
    stage.beaker.backdate_job(workload, after)
    stage.beaker.preempt(workload)
    stage.beaker.start(workload)


def take(stage: Stage) -> tuple[str, str, str | None]:
    """Takes the run: its comment, its check's summary and conclusion."""
    stage.beaker.take_experiment()
    check = stage.hub.take_check()
    return stage.answer(), check.summary or "", check.conclusion


def expect_stopped(stage: Stage, workload: str) -> None:
    """The run is cancelled, and its report says why."""
    assert stage.beaker.experiment(workload).status == "canceled"
    mark = stage.mark(stage.beaker.experiment(workload))
    assert mark is not None
    assert (mark.stopped, mark.is_open) == ("reservation", False)
    assert (mark.used or 0) > mark.reserved
    body, summary, conclusion = take(stage)
    assert conclusion == "cancelled"
    for told in (body, summary):
        assert "its attempts together cost more than was reserved" in told
    assert "of at most 0.25 GPU-hours in 2 attempts" in body


def test_a_schedule_stops_what_preemption_made_too_dear(stage: Stage) -> None:
    workload = begin(stage)
    preempt(stage, workload, after=800)
    assert stage.schedule().exit_code == 0
    assert stage.beaker.experiment(workload).status == "running"

    stage.beaker.backdate_job(workload, 300)
    assert stage.schedule().exit_code == 0

    expect_stopped(stage, workload)


def test_a_waiting_step_stops_it_too(stage: Stage) -> None:
    stage.inputs["wait"] = "true"
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    step = stage.step(asked)
    process = step.start()
    workload = stage.until(stage.unseen_experiments)[0].id
    stage.until_shown(workload)
    stage.heard(asked)

    stage.beaker.start(workload)
    preempt(stage, workload, after=800)
    stage.beaker.backdate_job(workload, 300)
    result = step.result(process.wait(30))

    assert (result.exit_code, result.outputs["conclusion"]) == (1, "cancelled")
    assert "its attempts together cost more than was reserved" in result.summary
    expect_stopped(stage, workload)


def test_stopping_takes_a_while_and_the_reason_is_kept(stage: Stage) -> None:
    """The one that stops it sees it running still; the one that sees its end tells why."""
    workload = begin(stage)
    preempt(stage, workload, after=800)
    stage.beaker.backdate_job(workload, 300)
    stage.beaker.faults.add(Fault("CancelWorkloads", code="UNKNOWN", times=None))
    stage.schedule()
    mark = stage.mark(stage.beaker.experiment(workload))
    assert mark is not None
    assert (mark.stopped, mark.is_open) == ("reservation", True)
    stage.beaker.faults.clear()

    assert stage.schedule().exit_code == 0

    expect_stopped(stage, workload)


@pytest.mark.parametrize(
    ("queued", "ran"),
    [(10 * 3600, 60), (4 * RESERVED, RESERVED), (4 * RESERVED, RESERVED + 60)],
    ids=["queued for long", "to its timeout", "a little late"],
)
def test_what_is_no_attempt_too_many(stage: Stage, queued: float, ran: float) -> None:
    workload = begin(stage, queued)
    stage.beaker.backdate_job(workload, ran)

    assert stage.schedule().exit_code == 0

    assert stage.beaker.experiment(workload).status == "running"
    stage.beaker.finish(workload)
    assert stage.schedule().exit_code == 0
    body, _, conclusion = take(stage)
    assert conclusion == "success"
    assert "beaker-ci stopped it" not in body


def test_runs_that_cannot_have_passed_it_cost_no_request(stage: Stage) -> None:
    workloads = [begin(stage, queued=RESERVED / 2) for _ in range(3)]
    stage.beaker.requests.clear()

    assert stage.schedule().exit_code == 0

    assert stage.beaker.requests.table() == {
        "GetUser": 1,
        "ResolveOrganizationName": 1,
        "ListWorkloads": 1,
    }
    # Young runs among old ones: only the old one is looked at.
    stage.beaker.age_experiments(4 * RESERVED, workloads[0])
    stage.beaker.requests.clear()
    assert stage.schedule().exit_code == 0
    asked = Counter(stage.beaker.requests.table())
    assert (asked["GetWorkload"], asked["ListJobs"], asked["ListWorkloads"]) == (1, 1, 1)
    for _ in workloads:
        take(stage)
