"""Attempts, and the tasks that they are attempts of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from beaker_ci.history.codes import CANCELED, FAILED, SUCCEEDED, known_phase
from beaker_ci.history.verdicts import CODES, INTERRUPTED, LOST_MACHINE, PREEMPTED, Verdict

SUCCESSOR_PATIENCE = 60.0
"""Seconds in which Beaker may start a new job after one that it interrupted itself."""

FINALIZE_PATIENCE = 900.0
"""Seconds after a job's end in which Beaker may upload its results.

Where Beaker knows no end of a job although the workload ended: after the last thing it knows.
"""


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
        created: When Beaker made it: from then on it was queued.
        scheduled: When it got its place.
        failed_scheduling: Why it cannot be placed, in Beaker's words.
        node: Id of the machine that it got; empty before.
        rank: Which replica it is, from 0; None outside of a group.
        results: Id of the dataset that its results are in; empty before it was placed.
        retry_of: Id of the attempt that it follows; empty if it is the first.
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
    scheduled: float | None = None
    failed_scheduling: str = ""
    node: str = ""
    rank: int | None = None
    results: str = ""
    retry_of: str = ""

    @property
    def has_end(self) -> bool:
        """Whether Beaker knows when it ended."""
        return self.ended is not None or self.finalized is not None

    @property
    def phase(self) -> str:
        """One of :data:`PHASES`; by its times where its status is a number of a later Beaker."""
        known = known_phase(self.status)
        if known is not None and known != "finished":
            return known
        if self.finalized is not None:
            return "finished"
        if known == "finished" or self.ended is not None:
            return "uploading"
        if self.started is not None:
            return "running"
        return "queued" if self.scheduled is None else "starting"

    @property
    def cancelation(self) -> int:
        """The code of what ended it before its time; 0 if nothing did, or none is told."""
        # A process that is told to stop may still end as one that failed.
        return (self.canceled_code or 0) if self.status in (CANCELED, FAILED) else 0

    @property
    def interrupted(self) -> bool:
        """Whether Beaker ended it for a reason of its own: another attempt may follow by itself."""
        return self.cancelation in INTERRUPTED

    @property
    def verdict(self) -> Verdict:
        """How this attempt ended, if it did."""
        if self.status == SUCCEEDED:
            whole = self.exit_code == 0 and self.has_end and not self.canceled_code
            return Verdict.SUCCEEDED if whole else Verdict.UNKNOWN
        if self.status == FAILED:
            return CODES.get(self.cancelation, Verdict.FAILED)
        if self.status == CANCELED:
            untold = self.canceled_code is None
            return Verdict.CANCELLED if untold else CODES.get(self.cancelation, Verdict.UNKNOWN)
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
        return not self.interrupted or now - self.finalized > SUCCESSOR_PATIENCE

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

    @property
    def latest(self) -> Job | None:
        """The attempt that counts; None before the first."""
        return self.jobs[-1] if self.jobs else None

    @property
    def rank(self) -> int | None:
        """Which replica it is, from 0; None outside of a group, and where no job tells."""
        return next((job.rank for job in reversed(self.jobs) if job.rank is not None), None)

    @property
    def phase(self) -> str:
        """That of its latest attempt; queued where the next one has yet to be made."""
        latest = self.latest
        if latest is None or (latest.interrupted and latest.phase == "finished"):
            return "queued"
        return latest.phase

    @property
    def infrastructure_failures(self) -> int:
        """Attempts that were ended since their machine was lost or ill."""
        return sum(job.cancelation in LOST_MACHINE for job in self.jobs)

    @property
    def preemptions(self) -> int:
        """Attempts that were preempted, by themselves or with a sibling."""
        return sum(job.cancelation in PREEMPTED for job in self.jobs)

    def queued_since(self, created: float | None) -> float | None:
        """When it was queued the last time; None if it has started since, or that is not known.

        Args:
            created: When the run was made: what a task without any attempt waits from.
        """
        if self.phase not in ("queued", "starting"):
            return None
        latest = self.latest
        if latest is None:
            return created
        return latest.finalized if latest.interrupted else latest.created


def replicas(task_id: str, name: str, jobs: Sequence[Job], size: int) -> tuple[Task, ...]:
    """A task whose jobs are those of all its replicas, as one task for each replica.

    Args:
        task_id: The task's.
        name: The task's.
        jobs: Of all replicas, the oldest first.
        size: How many replicas there are to be; one that has no job yet is a task without any.
    """
    if size < 2:
        return (Task(task_id, name, tuple(jobs)),)
    ranks = sorted({*range(size), *(job.rank or 0 for job in jobs)})
    return tuple(
        Task(task_id, name, tuple(job for job in jobs if (job.rank or 0) == rank)) for rank in ranks
    )
