"""What jobs' histories are called: a table."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from histories import (
    CANCELED,
    FAILED,
    FUTURE,
    HOUR,
    MINUTE,
    NEVER,
    QUEUED,
    READY,
    RUNNING,
    STARTING,
    STOPPING,
    SUBMITTED,
    SUCCEEDED,
    UPLOADING,
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

STAGES = {
    "queued": "queued",
    "starting": "queued",
    "running": "running",
    "stopping": "running",
    "uploading": "running",
    "finished": "finished",
}


class Row(NamedTuple):
    """A history and what it is called.

    Attributes:
        status: The workload's.
        tasks: The attempts of each task.
        says: The phase; the verdict, where the run is over.
        retries: That Beaker grants.
    """

    name: str
    status: int
    tasks: list[Chain]
    says: str
    retries: int = 0


BEFORE_THE_START = [
    Row("submitted, no job yet", SUBMITTED, [NEVER], "queued"),
    Row("queued", QUEUED, [(waits(),)], "queued"),
    Row("queued for a week", QUEUED, [(waits(made=7 * 24 * HOUR),)], "queued"),
    Row("no status at all", 0, [NEVER], "queued"),
    Row("no task at all", QUEUED, [], "queued"),
    Row("the image is fetched", STARTING, [(waits(STARTING),)], "starting"),
    Row("no job is listed yet, but Beaker starts it", STARTING, [NEVER], "starting"),
    Row("waits for the other replicas", READY, [(waits(READY),)], "starting"),
    Row("one replica starts, one is queued", STARTING, [(waits(STARTING),), (waits(),)], "queued"),
    Row("one passed, one is queued", RUNNING, [(passed(),), (waits(),)], "queued"),
    Row("one passed, one has no job yet", RUNNING, [(passed(),), NEVER], "queued"),
    Row("the job is behind its workload", RUNNING, [(waits(),)], "queued"),
]

AT_WORK = [
    Row("running", RUNNING, [(runs(),)], "running"),
    Row("no job is listed, but Beaker runs it", RUNNING, [NEVER], "running"),
    Row("the workload is behind its job", QUEUED, [(runs(),)], "running"),
    Row("one replica runs, one is queued", QUEUED, [(runs(),), (waits(),)], "running"),
    Row("one replica runs, one passed", RUNNING, [(passed(),), (runs(),)], "running"),
    Row("one replica runs, one failed", RUNNING, [(runs(),), (broke(),)], "running"),
    Row("one replica runs, one uploads", RUNNING, [(runs(UPLOADING),), (runs(),)], "running"),
    Row("stopping", STOPPING, [(runs(STOPPING),)], "stopping"),
    Row("one stops, one uploads", STOPPING, [(runs(UPLOADING),), (runs(STOPPING),)], "stopping"),
    Row("uploading", UPLOADING, [(runs(UPLOADING),)], "uploading"),
    Row("passed, not finalized", SUCCEEDED, [(passed(ago=5, finalized=None),)], "uploading"),
    Row("failed, not finalized", FAILED, [(broke(ago=5, finalized=None),)], "uploading"),
    Row("cancelled, not finalized", CANCELED, [(cut(4, ago=5, finalized=None),)], "uploading"),
    Row("passed just now, the workload is behind", RUNNING, [(passed(ago=5),)], "running"),
    Row("failed just now, the workload is behind", UPLOADING, [(broke(ago=5),)], "uploading"),
    Row("ended, but its job just began", FAILED, [(runs(for_=899),)], "running"),
    Row("ended, but its job was just made", CANCELED, [(waits(made=5),)], "stopping"),
    Row("ended, a sibling just now", FAILED, [(runs(),), (broke(ago=50),)], "running"),
]

ATTEMPTS = [
    Row("preempted, queued again", QUEUED, [(cut(1, ago=5), waits(made=4))], "queued"),
    Row("preempted, runs again", RUNNING, [(cut(1), runs())], "running"),
    Row("preempted, no successor yet", QUEUED, [(cut(1, ago=59),)], "queued"),
    Row("preempted, no successor after 50 minutes", QUEUED, [(cut(1, ago=50 * MINUTE),)], "queued"),
    Row("preempted, ended, a successor may come", CANCELED, [(cut(1, ago=59),)], "stopping"),
    Row("preempted for good", CANCELED, [(cut(1, ago=61),)], "preempted"),
    Row("preempted by a user for good", CANCELED, [(cut(2),)], "preempted"),
    Row("preempted, and failed says Beaker", FAILED, [(broke(143, canceled_code=1),)], "preempted"),
    Row(
        "preempted three times, passed",
        SUCCEEDED,
        [(cut(1), cut(2), cut(1), passed())],
        "succeeded",
    ),
    Row("preempted, came back, failed", FAILED, [(cut(1), broke())], "failed"),
    Row(
        "preempted, cancelled while it waited",
        CANCELED,
        [(cut(1), cut(4, started=None))],
        "cancelled",
    ),
    Row("node lost, queued again", QUEUED, [(cut(6, ago=5), waits(made=4))], "queued"),
    Row("node lost, runs again", RUNNING, [(cut(6), runs())], "running"),
    Row("node lost, passed on another", SUCCEEDED, [(cut(6), passed())], "succeeded"),
    Row("node lost just now", FAILED, [(cut(6, ago=59),)], "stopping"),
    Row("health check failed, passed elsewhere", SUCCEEDED, [(cut(10), passed())], "succeeded"),
    Row("failed, its retry is queued", QUEUED, [(broke(), waits())], "queued"),
    Row("failed, its retry runs", RUNNING, [(broke(), runs())], "running"),
    Row("failed, its retry passed", SUCCEEDED, [(broke(), passed())], "succeeded"),
    Row("failed twice", FAILED, [(broke(), broke())], "failed"),
    Row("failed just now, a retry is left", FAILED, [(broke(ago=59),)], "stopping", retries=1),
    Row(
        "failed just now, no retry is left", FAILED, [(broke(), broke(ago=1))], "failed", retries=1
    ),
    Row("failed, its retry never came", FAILED, [(broke(ago=61),)], "failed", retries=1),
    Row("failed, cancelled before its retry", CANCELED, [(broke(ago=1),)], "failed", retries=1),
    Row("passed once, failed when repeated", FAILED, [(passed(), broke())], "failed"),
    Row(
        "a replica preempted, its sibling with it",
        QUEUED,
        [(cut(1), waits()), (cut(9), waits())],
        "queued",
    ),
]

SUCCESSES = [
    Row("passed", SUCCEEDED, [(passed(),)], "succeeded"),
    Row("passed this very second", SUCCEEDED, [(passed(ago=0),)], "succeeded"),
    Row("all replicas passed", SUCCEEDED, [(passed(),), (passed(),), (passed(),)], "succeeded"),
    Row("passed, never finalized", SUCCEEDED, [(passed(ago=901, finalized=None),)], "succeeded"),
]

NO_SUCCESS = [
    Row("no exit code", SUCCEEDED, [(passed(exit_code=None),)], "unknown"),
    Row("succeeded with exit code 1", SUCCEEDED, [(passed(exit_code=1),)], "unknown"),
    Row("succeeded, but cancelled as well", SUCCEEDED, [(passed(canceled_code=1),)], "unknown"),
    Row("succeeded at no time", SUCCEEDED, [(job(SUCCEEDED, exit_code=0),)], "unknown"),
    Row("the workload failed, its job did not", FAILED, [(passed(),)], "unknown"),
    Row("the workload was cancelled, its job passed", CANCELED, [(passed(),)], "unknown"),
    Row("the workload succeeded, its job did not", SUCCEEDED, [(broke(),)], "failed"),
    Row("succeeded without any job", SUCCEEDED, [NEVER], "unknown"),
    Row("succeeded without any task", SUCCEEDED, [], "unknown"),
    Row("one task never got a job", SUCCEEDED, [(passed(),), NEVER], "unknown"),
    Row("only the first replica passed", SUCCEEDED, [(passed(),), (broke(),)], "failed"),
    Row("only the second replica passed", FAILED, [(broke(),), (passed(),)], "failed"),
    Row(
        "a replica has no exit code", SUCCEEDED, [(passed(),), (passed(exit_code=None),)], "unknown"
    ),
    Row("ended, a job runs on without an end", SUCCEEDED, [(runs(for_=901),)], "unknown"),
    Row("failed, a job runs on without an end", FAILED, [(runs(for_=901),)], "unknown"),
    Row("ended, one passed, one runs on", SUCCEEDED, [(passed(),), (runs(),)], "unknown"),
    Row("ended, no time of its job is known", FAILED, [(job(RUNNING),)], "unknown"),
    Row("failed before any job", FAILED, [NEVER], "unknown"),
    Row("passed long ago, never ended by Beaker", RUNNING, [(passed(ago=3601),)], "unknown"),
]

FAILURES = [
    Row("failed", FAILED, [(broke(),)], "failed"),
    Row("killed by the kernel", FAILED, [(broke(137),)], "failed"),
    Row("failed with exit code 0", FAILED, [(broke(0),)], "failed"),
    Row("failed without an exit code", FAILED, [(broke(None),)], "failed"),
    Row("failed, with a code of a later Beaker", FAILED, [(broke(canceled_code=99),)], "failed"),
    Row("idle", CANCELED, [(cut(3),)], "failed"),
    Row("one failed and took two down", FAILED, [(cut(8),), (broke(),), (cut(8),)], "failed"),
    Row(
        "one failed, took one down, one passed",
        FAILED,
        [(passed(),), (broke(),), (cut(8),)],
        "failed",
    ),
    Row("one failed, one never got a job", FAILED, [(broke(),), NEVER], "failed"),
    Row("one failed, one timed out", FAILED, [(cut(5),), (broke(),)], "failed"),
    Row("failed long ago, never ended by Beaker", RUNNING, [(broke(ago=3601),)], "failed"),
    Row("failed 59 minutes ago, not yet ended", RUNNING, [(broke(ago=59 * MINUTE),)], "running"),
    Row("preempted long ago, never ended by Beaker", QUEUED, [(cut(1, ago=3601),)], "preempted"),
    Row("one failed long ago, one has no job yet", QUEUED, [(broke(),), NEVER], "queued"),
]

CANCELATIONS = [
    Row("cancelled before any job", CANCELED, [NEVER], "cancelled"),
    Row("cancelled while it was queued", CANCELED, [(cut(4, started=None),)], "cancelled"),
    Row("cancelled by somebody", CANCELED, [(cut(4),)], "cancelled"),
    Row(
        "cancelled, and ended as one that failed",
        FAILED,
        [(broke(143, canceled_code=4),)],
        "cancelled",
    ),
    Row("cancelled, no code", CANCELED, [(cut(None),)], "cancelled"),
    Row("cancelled, its job never heard of it", CANCELED, [(waits(made=901),)], "cancelled"),
    Row("cancelled, one passed, one runs on", CANCELED, [(passed(),), (runs(),)], "cancelled"),
    Row("cancelled, one passed, one never got a job", CANCELED, [(passed(),), NEVER], "cancelled"),
    Row("timed out", CANCELED, [(cut(5),)], "timed-out"),
    Row(
        "timed out, and ended as one that failed",
        FAILED,
        [(broke(143, canceled_code=5),)],
        "timed-out",
    ),
    Row("one timed out, one passed", CANCELED, [(passed(),), (cut(5),)], "timed-out"),
    Row("impossible to schedule", CANCELED, [(cut(7, started=None),)], "impossible"),
    Row("node unavailable", CANCELED, [(cut(6),)], "infrastructure"),
    Row("health check failed", CANCELED, [(cut(10),)], "infrastructure"),
    Row("node unhealthy, unknown to clients", CANCELED, [(cut(12),)], "infrastructure"),
    Row("node lost, and took a replica down", CANCELED, [(cut(8),), (cut(6),)], "infrastructure"),
    Row("a sibling failed, which is not told", CANCELED, [(cut(8),)], "cancelled"),
    Row("a sibling was preempted", CANCELED, [(cut(9),)], "preempted"),
    Row("a sibling was repeated", CANCELED, [(cut(11),)], "infrastructure"),
    Row("passed, its sibling taken down", SUCCEEDED, [(passed(),), (cut(8),)], "cancelled"),
    Row("passed, its sibling preempted", SUCCEEDED, [(passed(),), (cut(9),)], "preempted"),
    Row("passed, its sibling not repeated", SUCCEEDED, [(cut(11),), (passed(),)], "infrastructure"),
]

FUTURES = [
    Row("a later status of the workload", FUTURE, [(runs(),)], "running"),
    Row("a later status of both, nothing known", FUTURE, [(waits(FUTURE),)], "queued"),
    Row("a later status of both, placed", FUTURE, [(waits(11, scheduled=9800.0),)], "starting"),
    Row("a later status of both, started", FUTURE, [(runs(FUTURE),)], "running"),
    Row(
        "a later status of both, ended just now",
        FUTURE,
        [(over(FUTURE, ago=1, finalized=None),)],
        "uploading",
    ),
    Row("a later status of both, over long ago", FUTURE, [(over(FUTURE, exit_code=0),)], "unknown"),
    Row("a later status of the workload, passed long ago", 11, [(passed(),)], "unknown"),
    Row("a later status of its job", SUCCEEDED, [(over(FUTURE, exit_code=0),)], "unknown"),
    Row("a later status of its job, failed", FAILED, [(over(FUTURE, exit_code=1),)], "unknown"),
    Row("a negative status of its job", SUCCEEDED, [(over(-1, exit_code=0),)], "unknown"),
    Row("a later code", CANCELED, [(cut(13),)], "unknown"),
    Row("a later code far off", CANCELED, [(cut(99),)], "unknown"),
    Row("a code of 0", CANCELED, [(cut(0),)], "unknown"),
    Row("a later code, one passed", SUCCEEDED, [(passed(),), (cut(13),)], "unknown"),
]

TABLE = [
    *BEFORE_THE_START,
    *AT_WORK,
    *ATTEMPTS,
    *SUCCESSES,
    *NO_SUCCESS,
    *FAILURES,
    *CANCELATIONS,
    *FUTURES,
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_history(row: Row) -> None:
    state = told(row.status, *row.tasks, retries=row.retries)

    phase, verdict = (row.says, None) if row.says in STAGES else ("finished", row.says)
    assert (state.stage, state.phase, state.verdict) == (STAGES[phase], phase, verdict)
    assert (state.conclusion == "success") is (verdict == "succeeded")
    assert state.conclusion not in ("neutral", "skipped")
    # Every end but success says why, or has an exit code that does.
    assert bool(state.why or state.exit_code) is (verdict not in (None, "succeeded"))


def test_no_two_histories_of_the_table_share_a_name() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE) >= 60
