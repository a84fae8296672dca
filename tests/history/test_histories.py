"""What jobs' histories are called: nothing but a whole success is a success."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.history import Job, State, Task, Verdict, read_state, stage_of

NOW = 10_000.0
QUEUED, STARTING, RUNNING, STOPPING, UPLOADING = 2, 3, 4, 5, 6
CANCELED, SUCCEEDED, FAILED = 7, 8, 9
FUTURE = 42

WAITING = Job("w", QUEUED)
BEGUN = Job("b", RUNNING, started=100.0, gpus=2)
PASSED = Job("p", SUCCEEDED, started=100.0, ended=3700.0, finalized=3710.0, exit_code=0, gpus=2)
BROKE = replace(PASSED, id="f", status=FAILED, exit_code=1)
GONE = replace(PASSED, id="c", status=CANCELED, exit_code=None)


def canceled(code: int | None, **changes: object) -> Job:
    return replace(GONE, canceled_code=code, **changes)  # type: ignore[arg-type]


def told(status: int, *chains: tuple[Job, ...], now: float = NOW) -> State:
    tasks = [Task(f"t{place}", f"task-{place}", jobs) for place, jobs in enumerate(chains)]
    return read_state(status, tasks, now)


HISTORIES: dict[str, tuple[int, list[tuple[Job, ...]], str, str | None]] = {
    # name: (workload's status, chains of jobs, stage, verdict)
    "submitted": (1, [()], "queued", None),
    "queued": (QUEUED, [(WAITING,)], "queued", None),
    "starting": (STARTING, [(replace(WAITING, status=STARTING),)], "queued", None),
    "ready to start": (10, [(WAITING,)], "queued", None),
    "running": (RUNNING, [(BEGUN,)], "running", None),
    "one replica runs, one waits": (QUEUED, [(BEGUN,), (WAITING,)], "running", None),
    "stopping": (STOPPING, [(replace(BEGUN, status=STOPPING),)], "running", None),
    "uploading": (UPLOADING, [(replace(BEGUN, status=UPLOADING),)], "running", None),
    "a status of a later Beaker": (FUTURE, [(BEGUN,)], "running", None),
    "a later Beaker, nothing known": (FUTURE, [(replace(WAITING, status=FUTURE),)], "queued", None),
    "no status at all": (0, [()], "queued", None),
    "passed": (SUCCEEDED, [(PASSED,)], "finished", "succeeded"),
    "all replicas passed": (SUCCEEDED, [(PASSED,), (PASSED,)], "finished", "succeeded"),
    "passed at the second try": (SUCCEEDED, [(BROKE, PASSED)], "finished", "succeeded"),
    "preempted, came back, passed": (
        SUCCEEDED,
        [(canceled(1), PASSED)],
        "finished",
        "succeeded",
    ),
    "failed": (FAILED, [(BROKE,)], "finished", "failed"),
    "killed by the kernel": (FAILED, [(replace(BROKE, exit_code=137),)], "finished", "failed"),
    "failed twice": (FAILED, [(BROKE, BROKE)], "finished", "failed"),
    "failed with exit code 0": (FAILED, [(replace(BROKE, exit_code=0),)], "finished", "failed"),
    "failed without an exit code": (
        FAILED,
        [(replace(BROKE, exit_code=None),)],
        "finished",
        "failed",
    ),
    "the job says failed, the workload succeeded": (SUCCEEDED, [(BROKE,)], "finished", "failed"),
    "only the first replica passed": (SUCCEEDED, [(PASSED,), (BROKE,)], "finished", "failed"),
    "one failed and took the others down": (
        FAILED,
        [(canceled(8),), (BROKE,), (canceled(8),)],
        "finished",
        "failed",
    ),
    "succeeded without an exit code": (
        SUCCEEDED,
        [(replace(PASSED, exit_code=None),)],
        "finished",
        "unknown",
    ),
    "succeeded with exit code 1": (
        SUCCEEDED,
        [(replace(PASSED, exit_code=1),)],
        "finished",
        "unknown",
    ),
    "the job passed, the workload failed": (FAILED, [(PASSED,)], "finished", "unknown"),
    "the job passed, the workload was cancelled": (CANCELED, [(PASSED,)], "finished", "unknown"),
    "succeeded without any job": (SUCCEEDED, [()], "finished", "unknown"),
    "succeeded without any task": (SUCCEEDED, [], "finished", "unknown"),
    "one task never got a job": (SUCCEEDED, [(PASSED,), ()], "finished", "unknown"),
    "one failed before the other got a job": (FAILED, [(BROKE,), ()], "finished", "failed"),
    "one passed, one was cancelled while it was queued": (
        CANCELED,
        [(PASSED,), ()],
        "finished",
        "cancelled",
    ),
    "failed before any job": (FAILED, [()], "finished", "unknown"),
    "a job's status of a later Beaker": (
        SUCCEEDED,
        [(replace(PASSED, status=FUTURE),)],
        "finished",
        "unknown",
    ),
    "cancelled before any job": (CANCELED, [()], "finished", "cancelled"),
    "cancelled while it was queued": (
        CANCELED,
        [(canceled(4, started=None),)],
        "finished",
        "cancelled",
    ),
    "cancelled by somebody": (CANCELED, [(canceled(4),)], "finished", "cancelled"),
    "cancelled, no code": (CANCELED, [(canceled(None),)], "finished", "cancelled"),
    "preempted for good": (CANCELED, [(canceled(1),)], "finished", "preempted"),
    "preempted by a user, for good": (CANCELED, [(canceled(2),)], "finished", "preempted"),
    "idle": (CANCELED, [(canceled(3),)], "finished", "failed"),
    "timed out": (CANCELED, [(canceled(5),)], "finished", "timed-out"),
    "node unavailable": (CANCELED, [(canceled(6),)], "finished", "infrastructure"),
    "impossible to schedule": (
        CANCELED,
        [(canceled(7, started=None),)],
        "finished",
        "impossible",
    ),
    "a sibling failed, which one is not told": (
        CANCELED,
        [(canceled(8),)],
        "finished",
        "cancelled",
    ),
    "a sibling was preempted": (CANCELED, [(canceled(9),)], "finished", "preempted"),
    "health check failed": (CANCELED, [(canceled(10),)], "finished", "infrastructure"),
    "a sibling was repeated": (CANCELED, [(canceled(11),)], "finished", "infrastructure"),
    "node unhealthy, which no client knows": (
        CANCELED,
        [(canceled(12),)],
        "finished",
        "infrastructure",
    ),
    "a code of a later Beaker": (CANCELED, [(canceled(99),)], "finished", "unknown"),
    "a code of 0": (CANCELED, [(canceled(0),)], "finished", "unknown"),
    "one passed, one went down with a sibling that failed": (
        SUCCEEDED,
        [(PASSED,), (canceled(8),)],
        "finished",
        "cancelled",
    ),
    "one passed, one went down with a sibling that was preempted": (
        SUCCEEDED,
        [(PASSED,), (canceled(9),)],
        "finished",
        "preempted",
    ),
    "one passed, one went down with a sibling that is repeated": (
        SUCCEEDED,
        [(canceled(11),), (PASSED,)],
        "finished",
        "infrastructure",
    ),
    "one passed, one failed and took a third down": (
        FAILED,
        [(PASSED,), (BROKE,), (canceled(8),)],
        "finished",
        "failed",
    ),
    "one timed out, one passed": (CANCELED, [(PASSED,), (canceled(5),)], "finished", "timed-out"),
    "one failed, one timed out": (FAILED, [(canceled(5),), (BROKE,)], "finished", "failed"),
    "not finalized yet": (
        SUCCEEDED,
        [(replace(PASSED, ended=NOW - 5, finalized=None),)],
        "running",
        None,
    ),
    "never finalized": (
        SUCCEEDED,
        [(replace(PASSED, ended=NOW - 901, finalized=None),)],
        "finished",
        "succeeded",
    ),
    "no end of the job is known, it began just now": (
        FAILED,
        [(replace(BEGUN, started=NOW - 899),)],
        "running",
        None,
    ),
    "no end of the job is known, it began long ago": (
        FAILED,
        [(replace(BEGUN, started=NOW - 901),)],
        "finished",
        "unknown",
    ),
    "no end of a job is known, its sibling ended just now": (
        FAILED,
        [(BEGUN,), (replace(BROKE, ended=NOW - 60, finalized=NOW - 50),)],
        "running",
        None,
    ),
    "the job passed, but not at any time": (
        SUCCEEDED,
        [(replace(PASSED, started=None, ended=None, finalized=None),)],
        "finished",
        "unknown",
    ),
    "no time of the job is known": (
        FAILED,
        [(replace(BEGUN, started=None),)],
        "finished",
        "unknown",
    ),
    "made just now, and the workload was cancelled": (
        CANCELED,
        [(replace(WAITING, created=NOW - 5),)],
        "running",
        None,
    ),
    "the workload was cancelled, and the job never heard of it": (
        CANCELED,
        [(replace(WAITING, created=NOW - 901),)],
        "finished",
        "cancelled",
    ),
    "one passed, and another never heard that the workload was cancelled": (
        CANCELED,
        [(PASSED,), (BEGUN,)],
        "finished",
        "cancelled",
    ),
    "preempted just now": (
        CANCELED,
        [(canceled(1, finalized=NOW - 5),)],
        "running",
        None,
    ),
    "the node was lost just now": (
        FAILED,
        [(canceled(6, finalized=NOW - 59),)],
        "running",
        None,
    ),
    "preempted, queued again": (QUEUED, [(canceled(1, finalized=NOW), WAITING)], "queued", None),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history(name: str) -> None:
    status, chains, stage, verdict = HISTORIES[name]

    state = told(status, *chains)

    assert (state.stage, state.verdict) == (stage, verdict)
    assert (state.conclusion == "success") is (verdict == "succeeded")
    assert state.conclusion not in ("neutral", "skipped")


def test_every_end_but_success_says_why_or_has_an_exit_code() -> None:
    for status, chains, _, verdict in HISTORIES.values():
        state = told(status, *chains)
        if verdict not in (None, "succeeded"):
            assert state.why or state.exit_code


def test_cost_and_time_are_those_of_all_attempts() -> None:
    first = replace(canceled(1), started=0.0, ended=1800.0)
    second = replace(PASSED, started=3600.0, ended=7200.0)

    state = told(SUCCEEDED, (first, second), (replace(PASSED, started=3600.0, ended=5400.0),))

    assert state.gpu_hours == pytest.approx(2 * (0.5 + 1 + 0.5))
    assert (state.seconds, state.attempts) == (7200.0, 2)


def test_a_running_job_costs_until_now() -> None:
    assert told(RUNNING, (BEGUN,), now=3700.0).gpu_hours == pytest.approx(2.0)


def test_the_first_that_failed_is_to_blame() -> None:
    early = replace(BROKE, id="early", ended=200.0, exit_code=3)
    late = replace(BROKE, id="late", ended=300.0, exit_code=1)

    state = told(FAILED, (late,), (early,))

    assert (state.job, state.exit_code) == ("early", 3)


def test_metrics_are_there_though_the_job_failed() -> None:
    assert told(FAILED, (replace(BROKE, metrics={"loss": 1.0}),)).metrics == {"loss": 1.0}


def test_beakers_own_words_are_told() -> None:
    state = told(CANCELED, (canceled(4, canceled_for="by ada"),))
    assert state.why == "It was cancelled. Beaker says: by ada"


TIMES = st.none() | st.floats(0, 2e4)
JOBS = st.builds(
    Job,
    id=st.sampled_from("abc"),
    status=st.integers(0, 12),
    started=TIMES,
    ended=TIMES,
    finalized=TIMES,
    exit_code=st.none() | st.integers(0, 255),
    canceled_code=st.none() | st.integers(0, 14),
    gpus=st.integers(0, 8),
)
CHAINS = st.lists(st.lists(JOBS, max_size=3).map(tuple), max_size=4)


@given(st.integers(0, 12), CHAINS)
def test_nothing_but_a_whole_success_is_one(status: int, chains: list[tuple[Job, ...]]) -> None:
    state = told(status, *chains)

    whole = bool(chains) and all(
        chain and chain[-1].status == SUCCEEDED and chain[-1].exit_code == 0 and chain[-1].has_end
        for chain in chains
    )
    if state.conclusion == "success":
        assert whole
        assert status == SUCCEEDED
    assert (state.verdict is None) is (state.stage != "finished")
    assert state.gpu_hours >= 0


@given(
    st.sampled_from((SUCCEEDED, FAILED)),
    st.lists(st.sampled_from((PASSED, *map(canceled, range(14)))), min_size=1, max_size=4),
)
def test_what_others_achieved_is_no_success_of_those_that_went_down(
    status: int, latest: list[Job]
) -> None:
    state = told(status, *((job,) for job in latest))
    whole = status == SUCCEEDED and all(job is PASSED for job in latest)
    assert (state.conclusion == "success") is whole


@given(st.sampled_from((CANCELED, SUCCEEDED, FAILED)), CHAINS)
def test_a_terminal_workload_comes_to_an_end(status: int, chains: list[tuple[Job, ...]]) -> None:
    assert told(status, *chains, now=1e9).stage == "finished"


def test_a_job_that_never_heard_of_its_end_is_given_time_from_the_cancellation() -> None:
    def at(now: float) -> State:
        return read_state(CANCELED, [Task("t", "task", (BEGUN,))], now, "by ada", canceled=3700.0)

    early, late = at(4600.0), at(90_000.0)

    assert (early.stage, late.verdict) == ("running", Verdict.CANCELLED)
    assert late.why == "It was cancelled. Beaker says: by ada"
    # Nothing is charged after the cancellation.
    assert late.seconds == 3600.0
    assert late.gpu_hours == pytest.approx(2.0)


@given(st.integers(0, 99))
def test_a_status_alone_never_says_more_than_the_jobs(status: int) -> None:
    assert stage_of(status) in ("queued", "running", "finished")
    assert Verdict.UNKNOWN.conclusion == "failure"


def test_words_that_only_repeat_the_exit_code_are_left_out() -> None:
    repeated = replace(BROKE, exit_code=7, message="Job exited with code 7")
    telling = replace(BROKE, exit_code=137, message="OOM killed: 64 GiB of 64 GiB used (137)")
    assert told(FAILED, (repeated,)).why == ""
    assert told(FAILED, (telling,)).why == "Beaker says: OOM killed: 64 GiB of 64 GiB used (137)"
