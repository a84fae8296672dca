"""Runs that are interrupted, repeated and spread over replicas, as the real client reads them."""

from __future__ import annotations

from typing import Any, cast

import pytest
from beaker import beaker_pb2 as pb2
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from room import Room

from beaker_ci.beaker.runs import read_job
from beaker_ci.history import State, Task, Verdict, read_state
from beaker_ci.run import Run

SOON, LATER = 1.0, 3600.0


def seen(room: Room, run: Run, after: float = SOON) -> State:
    """What the run is at, to somebody who looks so many seconds after it was made."""
    return room.session.look(run.workload_id, run.created + after)[1]


def node_of(room: Room, run: Run) -> str:
    latest = seen(room, run).tasks[0].latest
    assert latest
    return latest.node


def test_a_preempted_run_waits_anew_and_comes_back(room: Room) -> None:
    run = room.submit(retries=0)
    first = seen(room, run)
    room.beaker.start(run.workload_id)
    running = seen(room, run)
    room.beaker.preempt(run.workload_id)
    again = seen(room, run)
    room.beaker.finish(run.workload_id)
    done = seen(room, run)

    states = (first, running, again, done)
    assert [state.phase for state in states] == ["queued", "running", "queued", "finished"]
    assert [state.preemptions for state in states] == [0, 0, 1, 1]
    assert running.queued_since is None
    assert first.queued_since is not None
    assert again.queued_since is not None
    assert again.queued_since > first.queued_since
    old, new = done.tasks[0].jobs
    assert new.retry_of == old.id
    assert new.results not in ("", old.results)
    assert old.scheduled is not None
    assert done.verdict is Verdict.SUCCEEDED


def test_a_preempted_run_that_may_not_come_back_ends(room: Room) -> None:
    run = room.submit(retries=0, auto_resume=False)
    room.beaker.start(run.workload_id)
    room.beaker.preempt(run.workload_id)

    assert (seen(room, run).stage, seen(room, run).verdict) == ("running", None)
    assert seen(room, run, LATER).verdict is Verdict.PREEMPTED


def test_a_run_goes_on_where_its_machine_was_lost(room: Room) -> None:
    run = room.submit(retries=0, gpus=1)
    room.beaker.start(run.workload_id)
    lost = node_of(room, run)
    room.beaker.lose_node(lost)
    waiting = seen(room, run)
    room.beaker.finish(run.workload_id)
    done = seen(room, run)

    assert (waiting.phase, waiting.infrastructure_failures, waiting.preemptions) == ("queued", 1, 0)
    assert done.verdict is Verdict.SUCCEEDED
    assert node_of(room, run) != lost


@pytest.mark.parametrize(
    ("code", "verdict", "words"),
    [
        (6, Verdict.INFRASTRUCTURE, "Its machine became unavailable"),
        (10, Verdict.INFRASTRUCTURE, "Its machine failed a health check"),
        (12, Verdict.INFRASTRUCTURE, "Its machine was unhealthy"),
        (5, Verdict.TIMED_OUT, "It ran into its time limit"),
        (13, Verdict.UNKNOWN, "It was cancelled with code 13"),
    ],
)
def test_an_end_without_a_successor(room: Room, code: int, verdict: Verdict, words: str) -> None:
    run = room.submit(retries=0, auto_resume=False)
    room.beaker.start(run.workload_id)
    room.beaker.preempt(run.workload_id, code=code, reason="So be it")

    state = seen(room, run, LATER)

    assert (state.verdict, state.conclusion == "success") == (verdict, False)
    assert state.why.startswith(words)
    assert state.why.endswith("Beaker says: So be it")


def test_a_run_is_cancelled_while_it_is_queued(room: Room) -> None:
    run = room.submit()
    room.session.cancel(run.workload_id)

    state = seen(room, run)

    assert (state.verdict, state.job, state.seconds) == (Verdict.CANCELLED, None, None)
    assert state.queued_since is None


def test_a_retry_counts_and_not_what_came_before(room: Room) -> None:
    run = room.submit(retries=1)
    room.beaker.finish(run.workload_id, exit_code=1)
    waiting = seen(room, run)
    room.beaker.start(run.workload_id)
    running = seen(room, run)
    room.beaker.finish(run.workload_id, exit_code=3)
    done = seen(room, run)

    assert [state.phase for state in (waiting, running, done)] == ["queued", "running", "finished"]
    assert (done.verdict, done.exit_code, done.attempts) == (Verdict.FAILED, 3, 2)


def test_every_replica_counts(room: Room) -> None:
    run = room.submit(retries=0, gpus=1, replicas=3)
    room.beaker.start(run.workload_id)
    jobs = [task.jobs[0].id for task in seen(room, run).tasks]
    room.beaker.finish(jobs[0])
    room.beaker.preempt(jobs[1])
    mixed = seen(room, run)
    room.beaker.finish(jobs[2])
    room.beaker.finish(run.workload_id, exit_code=9)
    done = seen(room, run)

    assert [task.rank for task in mixed.tasks] == [0, 1, 2]
    assert [task.phase for task in mixed.tasks] == ["finished", "queued", "running"]
    assert mixed.phase == "running"
    assert mixed.queued_since is not None
    assert (done.verdict, done.exit_code) == (Verdict.FAILED, 9)
    assert done.job == done.tasks[1].jobs[-1].id


def test_one_replica_fails_and_takes_the_others_down(room: Room) -> None:
    run = room.submit(retries=0, gpus=1, replicas=2, propagate_failure=True)
    room.beaker.start(run.workload_id)
    room.beaker.finish(seen(room, run).tasks[1].jobs[0].id, exit_code=7)

    state = seen(room, run)

    assert (state.verdict, state.exit_code) == (Verdict.FAILED, 7)
    assert state.tasks[0].jobs[0].cancelation == 8


NUMBERS = st.integers(-(2**31), 2**31 - 1)


@given(NUMBERS, NUMBERS, st.integers(0, 2**32 - 1), st.integers(-(2**63), 2**63 - 1), NUMBERS)
def test_no_number_of_a_later_beaker_is_too_much(
    status: int, code: int, exit_code: int, seconds: int, nanos: int
) -> None:
    moment = Timestamp(seconds=seconds, nanos=nanos)
    told = pb2.Job(
        id="j",
        status=pb2.JobStatus(
            status=cast("Any", status),
            canceled_code=cast("Any", code),
            exit_code=exit_code,
            created=moment,
            started=moment,
            exited=moment,
            finalized=moment,
        ),
    )
    job = read_job(told, 8)

    assert (job.status, job.canceled_code, job.exit_code) == (status, code, exit_code)
    for workload in (8, status):
        state = read_state(workload, [Task("t", "task", (job,))], 1e9)
        assert state.conclusion != "success" or (status, exit_code, code) == (8, 0, 0)


def test_a_job_of_which_nothing_is_known() -> None:
    job = read_job(pb2.Job(), 8)
    assert (job.status, job.created, job.exit_code, job.canceled_code) == (0, None, None, None)
    assert (job.rank, job.node, job.results, job.retry_of, job.gpus) == (None, "", "", "", 8)
    assert job.phase == "queued"
