"""What the jobs of a run say happened to it: stage, verdict, cost.

Beaker keeps the status of a workload and, for every task, a chain of jobs: preemption, retries and
restarts each add one. Nothing here trusts a single status: a run has succeeded only if the latest
job of every task did, and what is not understood is never a success. Statuses and codes are raw
numbers, since Beaker knows more of them than any client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

# WorkloadStatus in beaker-py's protocol; jobs use the same numbers.
RUNNING, STOPPING, UPLOADING, CANCELED, SUCCEEDED, FAILED = 4, 5, 6, 7, 8, 9
_AT_WORK = frozenset({RUNNING, STOPPING, UPLOADING})
_TERMINAL = frozenset({CANCELED, SUCCEEDED, FAILED})

SUCCESSOR_PATIENCE = 60.0
"""Seconds in which Beaker may start a new job after one that it interrupted itself."""

FINALIZE_PATIENCE = 900.0
"""Seconds after a job's end in which Beaker may upload its results.

Where Beaker knows no end of a job although the workload ended: after the last thing it knows.
"""


class Verdict(StrEnum):
    """How a run ended. The order is that of blame: the first one found decides."""

    FAILED = "failed"
    TIMED_OUT = "timed-out"
    IMPOSSIBLE = "impossible"
    INFRASTRUCTURE = "infrastructure"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"

    @property
    def conclusion(self) -> str:
        """The contract's word; never one that lets a check pass unless the run succeeded."""
        special = {"succeeded": "success", "timed-out": "timed_out", "cancelled": "cancelled"}
        return special.get(self, "failure")


# Cancelation codes of beaker-py's protocol, and 12 (node unhealthy), which it does not know yet.
_CANCELED = {
    1: Verdict.PREEMPTED,
    2: Verdict.PREEMPTED,
    3: Verdict.FAILED,  # idle for too long
    4: Verdict.CANCELLED,
    5: Verdict.TIMED_OUT,
    6: Verdict.INFRASTRUCTURE,  # node unavailable
    7: Verdict.IMPOSSIBLE,  # to schedule
    8: Verdict.CANCELLED,  # a sibling task failed: that one is to blame
    9: Verdict.PREEMPTED,  # a sibling task was
    10: Verdict.INFRASTRUCTURE,  # health check failed
    11: Verdict.INFRASTRUCTURE,  # a sibling task is repeated
    12: Verdict.INFRASTRUCTURE,  # node unhealthy
}
_WITH_SUCCESSOR = frozenset({1, 2, 6, 9, 10, 11, 12})

_WORDS = {
    Verdict.TIMED_OUT: "It ran into its time limit.",
    Verdict.IMPOSSIBLE: "Beaker cannot place it: no cluster that it may use can ever hold it.",
    Verdict.INFRASTRUCTURE: "Beaker lost the machine; the job itself is not to blame.",
    Verdict.PREEMPTED: "It was preempted and did not come back.",
    Verdict.CANCELLED: "It was cancelled.",
    Verdict.UNKNOWN: "What Beaker says of its end was not understood: that is no success.",
}


@dataclass(frozen=True)
class Job:
    """One attempt of one task. Times are Unix seconds; None where Beaker says nothing.

    Attributes:
        status: Raw number.
        ended: When it exited, failed or was cancelled, whichever is first.
        canceled_code: Raw number.
        canceled_for: Beaker's words for that.
        gpus: That it held, or asks for.
        metrics: What its ``metrics.json`` says. Untrusted.
        created: When Beaker made it.
    """

    id: str
    status: int
    started: float | None = None
    ended: float | None = None
    finalized: float | None = None
    exit_code: int | None = None
    canceled_code: int | None = None
    canceled_for: str = ""
    message: str = ""
    gpus: int = 0
    metrics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    created: float | None = None

    @property
    def has_end(self) -> bool:
        """Whether Beaker knows when it ended."""
        return self.ended is not None or self.finalized is not None

    @property
    def verdict(self) -> Verdict:
        """How this attempt ended, if it did."""
        if self.status == SUCCEEDED:
            whole = self.exit_code == 0 and self.has_end
            return Verdict.SUCCEEDED if whole else Verdict.UNKNOWN
        if self.status == FAILED:
            return Verdict.FAILED
        if self.status == CANCELED:
            return _CANCELED.get(self.canceled_code or 0, _without_code(self))
        return Verdict.UNKNOWN

    def is_final(self, now: float, last_known: float | None) -> bool:
        """Whether nothing will change any more, and no other attempt will follow by itself.

        Args:
            now: Unix seconds.
            last_known: When Beaker last noted anything about the run; waited from where it notes
                no end of this job. None where it noted nothing at all: then nothing is waited for.
        """
        if self.finalized is None:
            since = last_known if self.ended is None else self.ended
            return since is None or now - since > FINALIZE_PATIENCE
        interrupted = self.status == CANCELED and self.canceled_code in _WITH_SUCCESSOR
        return not interrupted or now - self.finalized > SUCCESSOR_PATIENCE

    def gpu_hours(self, now: float) -> float:
        """What it has used so far."""
        if self.started is None:
            return 0.0
        until = self.ended or self.finalized or now
        return self.gpus * max(until - self.started, 0.0) / 3600


@dataclass(frozen=True)
class Task:
    """One task, or one replica of it, with its attempts, the oldest first."""

    id: str
    name: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class State:
    """A run as its jobs describe it.

    Attributes:
        stage: ``queued``, ``running`` or ``finished``.
        verdict: Once finished.
        why: A sentence for people; empty after a success, and before the end.
        exit_code: Of the job that decided the verdict, if it has one.
        seconds: From the first start to the last end.
        gpu_hours: Used so far, all attempts together.
        attempts: Of the task that has most.
        job: Whose log tells most: the one that decided, else the latest that ran.
        metrics: Of the first task that wrote any. Untrusted.
    """

    stage: str
    verdict: Verdict | None = None
    why: str = ""
    exit_code: int | None = None
    seconds: float | None = None
    gpu_hours: float = 0.0
    attempts: int = 0
    job: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def conclusion(self) -> str | None:
        """The contract's word; None before the end."""
        return self.verdict.conclusion if self.verdict else None


def stage_of(status: int) -> str:
    """What a workload's status alone says: enough to see that something changed."""
    if status in _TERMINAL:
        return "finished"
    return "running" if status in _AT_WORK else "queued"


def read_state(
    status: int,
    tasks: Sequence[Task],
    now: float,
    canceled_for: str = "",
    canceled: float | None = None,
) -> State:
    """What became of a run.

    Args:
        status: The workload's, raw.
        tasks: All tasks and replicas.
        now: Unix seconds.
        canceled_for: Beaker's words about the workload as a whole.
        canceled: When the workload as a whole was cancelled; None if it was not, or is not known.
    """
    jobs = [job for task in tasks for job in task.jobs]
    latest = [task.jobs[-1] for task in tasks if task.jobs]
    last_known = _last_known(jobs, canceled)
    finished = status in _TERMINAL and all(job.is_final(now, last_known) for job in latest)
    until = canceled if finished and canceled is not None else now
    starts = [job.started for job in jobs if job.started is not None]
    ends = [job.ended or job.finalized or until for job in jobs if job.started is not None]
    teller = _teller(latest, jobs)
    decided = _decide(status, tasks, latest) if finished else None
    cause = decided[1] if decided else None
    return State(
        stage=_stage(status, latest, finished=finished),
        verdict=decided[0] if decided else None,
        why=_why(*decided, canceled_for) if decided else "",
        exit_code=cause.exit_code if cause else None,
        seconds=max(max(ends) - min(starts), 0.0) if starts else None,
        gpu_hours=sum(job.gpu_hours(until) for job in jobs),
        attempts=max((len(task.jobs) for task in tasks), default=0),
        job=cause.id if cause and cause.started else teller,
        metrics=next((job.metrics for job in latest if job.metrics), MappingProxyType({})),
    )


def _last_known(jobs: Iterable[Job], canceled: float | None) -> float | None:
    """The last moment that Beaker noted of a run."""
    noted = [
        moment
        for job in jobs
        for moment in (job.created, job.started, job.ended, job.finalized)
        if moment is not None
    ]
    return max([*noted, *([] if canceled is None else [canceled])], default=None)


def _stage(status: int, latest: Sequence[Job], *, finished: bool) -> str:
    if finished:
        return "finished"
    at_work = status in _AT_WORK | _TERMINAL or any(job.status in _AT_WORK for job in latest)
    return "running" if at_work else "queued"


def _decide(
    status: int, tasks: Sequence[Task], latest: Sequence[Job]
) -> tuple[Verdict, Job | None]:
    """The verdict, and the job that brought it about."""
    for verdict in Verdict:
        guilty = [job for job in _blamed(latest) if _ended_as(job, status) is verdict]
        if not guilty:
            continue
        cause = min(guilty, key=lambda job: job.ended or job.finalized or 0.0)
        if verdict is not Verdict.SUCCEEDED or (status == SUCCEEDED and len(latest) == len(tasks)):
            return verdict, cause
        if status == SUCCEEDED or len(latest) == len(tasks):
            return Verdict.UNKNOWN, cause  # the jobs and the workload contradict each other
    # No job failed, and some task never got one: cancelled before, or told in a way we do not know.
    return (Verdict.CANCELLED if status == CANCELED else Verdict.UNKNOWN), None


def _ended_as(job: Job, status: int) -> Verdict:
    """The job's verdict; the workload's where it was cancelled and the job never heard of it."""
    unheard = status == CANCELED and job.status not in _TERMINAL
    return Verdict.CANCELLED if unheard else job.verdict


def _blamed(latest: Sequence[Job]) -> Iterator[Job]:
    """The jobs that went wrong by themselves; all, if none did.

    Those that only went down with a sibling are not to blame, unless nobody else is: what the
    others achieved does not make a success of them.
    """
    own = [
        job
        for job in latest
        if job.verdict is not Verdict.SUCCEEDED
        and not (job.status == CANCELED and job.canceled_code in (8, 9, 11))
    ]
    yield from own or latest


def _without_code(job: Job) -> Verdict:
    return Verdict.CANCELLED if job.canceled_code is None else Verdict.UNKNOWN


def _why(verdict: Verdict, job: Job | None, canceled_for: str) -> str:
    if verdict is Verdict.SUCCEEDED:
        return ""
    if verdict is Verdict.FAILED and job is not None:
        return _failure(job)
    said = (job.canceled_for if job else "") or canceled_for or (job.message if job else "")
    return f"{_WORDS[verdict]} Beaker says: {said}" if said else _WORDS[verdict]


def _failure(job: Job) -> str:
    if job.canceled_code == 3:
        return "It sat idle and was stopped."
    said = f"Beaker says: {job.message}" if job.message else ""
    if not job.exit_code:
        how = "without an exit code" if job.exit_code is None else "although its exit code is 0"
        return f"It failed {how}. {said}".rstrip()
    # What only repeats the exit code says nothing.
    return "" if re.fullmatch(rf"[\w ]*\b{job.exit_code}\.?", job.message) else said


def _teller(latest: Iterable[Job], jobs: Iterable[Job]) -> str | None:
    ran = [job for job in latest if job.started is not None]
    ran = ran or [job for job in jobs if job.started is not None]
    return max(ran, key=lambda job: job.started or 0.0).id if ran else None
