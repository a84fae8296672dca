"""What a state tells besides its verdict: cost, blame, waiting, words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from histories import (
    CANCELED,
    FAILED,
    NOW,
    QUEUED,
    RUNNING,
    STARTING,
    SUBMITTED,
    SUCCEEDED,
    Chain,
    broke,
    cut,
    job,
    over,
    passed,
    runs,
    told,
    waits,
)

from beaker_ci.history import (
    INACTIVE_TIMEOUT,
    START_TIMEOUT,
    State,
    Verdict,
    failed_install,
    replicas,
    stage_of,
    stopped_by_us,
)


def test_cost_and_time_are_those_of_all_attempts() -> None:
    first = cut(1, started=0.0, ended=1800.0)
    second = passed(started=3600.0, ended=7200.0)

    state = told(SUCCEEDED, (first, second), (passed(started=3600.0, ended=5400.0),))

    assert state.gpu_hours == pytest.approx(2 * (0.5 + 1 + 0.5))
    assert (state.seconds, state.attempts) == (7200.0, 2)


def test_a_running_job_costs_until_now() -> None:
    assert told(RUNNING, (runs(for_=3600),)).gpu_hours == pytest.approx(2.0)


def test_the_first_that_failed_is_to_blame() -> None:
    early = broke(3, id="early", ended=200.0)
    late = broke(1, id="late", ended=300.0)

    state = told(FAILED, (late,), (early,))

    assert (state.job, state.exit_code) == ("early", 3)


def test_metrics_are_there_though_the_job_failed() -> None:
    assert told(FAILED, (broke(metrics={"loss": 1.0}),)).metrics == {"loss": 1.0}


def test_a_job_that_never_heard_of_its_end_is_given_time_from_the_cancellation() -> None:
    begun = job(RUNNING, started=100.0)

    def at(now: float) -> State:
        return told(CANCELED, (begun,), now=now, canceled_for="by ada", canceled=3700.0)

    early, late = at(4600.0), at(90_000.0)

    assert (early.stage, late.verdict) == ("running", Verdict.CANCELLED)
    assert late.why == "It was cancelled. Beaker says: by ada"
    # Nothing is charged after the cancellation.
    assert late.seconds == 3600.0
    assert late.gpu_hours == pytest.approx(2.0)


WAITING: dict[str, tuple[int, list[Chain], float | None]] = {
    # name: (workload's status, tasks, seconds that it waits)
    "no job yet": (SUBMITTED, [()], 500),
    "queued": (QUEUED, [(waits(made=300),)], 300),
    "starting": (STARTING, [(waits(STARTING, made=300),)], 300),
    "running": (RUNNING, [(runs(),)], None),
    "preempted, its successor is queued": (QUEUED, [(cut(1, ago=90), waits(made=80))], 80),
    "preempted, no successor yet": (QUEUED, [(cut(1, ago=90),)], 90),
    "retried": (QUEUED, [(broke(ago=90), waits(made=80))], 80),
    "of two that wait, the one that waits longer": (
        QUEUED,
        [(cut(1, ago=90), waits(made=80)), (waits(made=300),)],
        300,
    ),
    "one runs, one waits": (RUNNING, [(runs(),), (waits(made=300),)], 300),
    "Beaker does not tell when it was made": (QUEUED, [(job(QUEUED),)], None),
    "over": (SUCCEEDED, [(passed(),)], None),
    "ended, and its job never heard of it": (CANCELED, [(waits(made=5),)], None),
}


@pytest.mark.parametrize("name", WAITING)
def test_waiting_begins_anew_whenever_it_is_queued(name: str) -> None:
    status, tasks, seconds = WAITING[name]
    since = told(status, *tasks, created=NOW - 500).queued_since
    assert since == (None if seconds is None else NOW - seconds)


def test_interruptions_are_counted_of_the_task_that_has_most() -> None:
    state = told(
        RUNNING,
        (cut(6), cut(1), cut(12), runs()),
        (cut(10), cut(9), cut(2), cut(4), runs()),
    )
    assert (state.infrastructure_failures, state.preemptions, state.attempts) == (2, 2, 5)
    assert told(RUNNING, (broke(), runs())).infrastructure_failures == 0


def test_tasks_are_handed_on_with_what_they_are_at() -> None:
    first, second = told(RUNNING, (cut(1), runs(rank=1, node="n7")), ()).tasks
    assert (first.latest, first.rank, first.phase) == (first.jobs[1], 1, "running")
    assert (second.latest, second.rank, second.phase) == (None, None, "queued")


def test_replicas_under_one_task_are_told_apart() -> None:
    old, new = cut(1, id="old", rank=1), passed(id="new", rank=1)
    found = replicas("t", "train", [old, passed(id="lead", rank=0), new], size=3)

    assert [(task.rank, [each.id for each in task.jobs]) for task in found] == [
        (0, ["lead"]),
        (1, ["old", "new"]),
        (None, []),
    ]
    assert told(SUCCEEDED, *(task.jobs for task in found)).verdict is Verdict.UNKNOWN
    assert [task.jobs for task in replicas("t", "train", [old, new], size=1)] == [(old, new)]


def test_a_stage_alone_is_a_state() -> None:
    assert [State(stage).phase for stage in ("queued", "running", "finished")] == [
        "queued",
        "running",
        "finished",
    ]
    assert {stage_of(status) for status in range(-1, 99)} == {"queued", "running", "finished"}


WORDS: dict[str, tuple[int, Chain]] = {
    "": (FAILED, (broke(7, message="Job exited with code 7"),)),
    "Beaker says: OOM killed: 64 GiB of 64 GiB used (137)": (
        FAILED,
        (broke(137, message="OOM killed: 64 GiB of 64 GiB used (137)"),),
    ),
    "It was cancelled. Beaker says: by ada": (CANCELED, (cut(4, canceled_for="by ada"),)),
    "Beaker cannot place it: no cluster that it may use can ever hold it. Beaker says: 9 > 8 GPUs": (
        CANCELED,
        (cut(7, started=None, failed_scheduling="9 > 8 GPUs"),),
    ),
    "Its machine failed a health check; the job itself is not to blame.": (CANCELED, (cut(10),)),
    "It was preempted by a user and did not come back.": (CANCELED, (cut(2),)),
    "It sat idle and was stopped.": (CANCELED, (cut(3),)),
    "It failed without an exit code.": (FAILED, (broke(None),)),
    "Beaker ended it, although not every task of it ever had a job. That is no success.": (
        SUCCEEDED,
        (),
    ),
    "Beaker calls its job succeeded, but knows no exit code. That is no success.": (
        SUCCEEDED,
        (passed(exit_code=None),),
    ),
    "Beaker calls its job succeeded, but with exit code 1. That is no success.": (
        SUCCEEDED,
        (passed(exit_code=1),),
    ),
    "Beaker calls its job succeeded, but knows no end of it. That is no success.": (
        SUCCEEDED,
        (job(SUCCEEDED, exit_code=0),),
    ),
    "Beaker calls its job succeeded, but cancelled it with code 1. That is no success.": (
        SUCCEEDED,
        (passed(canceled_code=1),),
    ),
    "Its jobs succeeded, but Beaker calls it failed. That is no success.": (FAILED, (passed(),)),
    "Its jobs succeeded, but Beaker never ended it. That is no success.": (RUNNING, (passed(),)),
    "It was cancelled with code 13, which beaker-ci does not know. That is no success.": (
        CANCELED,
        (cut(13),),
    ),
    "Its job ended with status 11, which beaker-ci does not know. That is no success.": (
        SUCCEEDED,
        (over(11),),
    ),
    "Beaker ended it, but knows no end of its job. That is no success.": (FAILED, (runs(),)),
}


@pytest.mark.parametrize("words", WORDS)
def test_an_end_says_why(words: str) -> None:
    status, jobs = WORDS[words]
    assert told(status, jobs).why == words


@pytest.mark.parametrize(
    ("reason", "seconds", "verdict", "why"),
    [
        (START_TIMEOUT, 1800, Verdict.TIMED_OUT, "It did not start within 30m."),
        (START_TIMEOUT, 7200, Verdict.TIMED_OUT, "It did not start within 2h."),
        (START_TIMEOUT, 5400, Verdict.TIMED_OUT, "It did not start within 90m."),
        (INACTIVE_TIMEOUT, 45, Verdict.TIMED_OUT, "It wrote nothing for 45s."),
        ("Stopped by alice.", 0, Verdict.CANCELLED, "Stopped by alice."),
    ],
)
def test_what_we_stopped_says_so(reason: str, seconds: float, verdict: Verdict, why: str) -> None:
    for code in (4, 1, 6):
        state = stopped_by_us(told(CANCELED, (cut(code),)), reason, seconds)
        assert (state.stage, state.verdict, state.why) == ("finished", verdict, why)


@pytest.mark.parametrize("state", [told(SUCCEEDED, (passed(),)), told(FAILED, (broke(),))])
def test_what_ended_before_it_was_stopped_keeps_its_verdict(state: State) -> None:
    assert stopped_by_us(state, START_TIMEOUT, 60) == state
    assert stopped_by_us(State("running"), "Stopped by alice.") == State("running")


def test_a_failed_installation_is_no_success() -> None:
    state = failed_install(told(SUCCEEDED, (passed(),)), "j", "Command 'uv' failed.")
    assert (state.conclusion, state.job) == ("failure", "j")
    assert state.why == (
        "The installation failed, and gantry ran the command all the same: Command 'uv' failed."
    )
    assert replace(state, verdict=Verdict.SUCCEEDED).conclusion == "success"
