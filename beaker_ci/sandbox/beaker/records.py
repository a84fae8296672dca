"""What moves: experiments, their tasks, and the jobs of each task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.logs import Log
from beaker_ci.sandbox.beaker.specs import TaskSpec

FINAL = (pb2.STATUS_SUCCEEDED, pb2.STATUS_FAILED, pb2.STATUS_CANCELED)
# Of several tasks, the one furthest on names the workload's status.
_FURTHEST_FIRST = (
    pb2.STATUS_RUNNING,
    pb2.STATUS_UPLOADING_RESULTS,
    pb2.STATUS_STOPPING,
    pb2.STATUS_INITIALIZING,
    pb2.STATUS_READY_TO_START,
    pb2.STATUS_QUEUED,
    pb2.STATUS_SUBMITTED,
    pb2.STATUS_FAILED,
    pb2.STATUS_CANCELED,
    pb2.STATUS_SUCCEEDED,
)


class Process(Protocol):
    """The running process of a job, as the life of a job needs it."""

    def stop(self) -> None:
        """Ask it to end, insist after the grace period; returns at once."""


@dataclass(eq=False)
class Job:
    """One attempt at a task.

    Attributes:
        message: What clients see.
        held: It stays queued until it is released.
        events: By status, the latest first to be listed.
        process: Set while a real process runs.
    """

    message: pb2.Job
    task: Task
    log: Log
    held: bool = False
    events: dict[str, pb2.SummarizedJobEvent] = field(default_factory=dict)
    process: Process | None = None

    @property
    def id(self) -> str:
        """Its ULID."""
        return self.message.id

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.message.status.HasField("finalized")

    @property
    def placed(self) -> bool:
        """Whether it occupies slots of a node."""
        return self.message.status.HasField("scheduled") and not self.final


@dataclass(eq=False)
class Task:
    """A task, or one replica of it.

    Attributes:
        retries_left: Failures that are still tried again.
    """

    message: pb2.Task
    spec: TaskSpec
    experiment: Experiment
    retries_left: int
    jobs: list[Job] = field(default_factory=list)

    @property
    def latest(self) -> Job:
        """Its newest job."""
        return self.jobs[-1]


@dataclass(eq=False)
class Experiment:
    """A workload with its tasks.

    Attributes:
        message: The experiment without its tasks.
        spec: As it was posted.
        seen: A test has taken note of it.
    """

    message: pb2.Experiment
    budget_id: str
    spec: dict[str, Any]
    author: str
    tasks: list[Task] = field(default_factory=list)
    seen: bool = False

    @property
    def id(self) -> str:
        """Its ULID."""
        return self.message.id

    @property
    def status(self) -> pb2.WorkloadStatus:
        """Where the whole workload stands."""
        present = {task.latest.message.status.status for task in self.tasks}
        return next(status for status in _FURTHEST_FIRST if status in present)

    @property
    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return sorted((job for task in self.tasks for job in task.jobs), key=lambda job: job.id)

    @property
    def workload(self) -> pb2.Workload:
        """What clients see."""
        workload = pb2.Workload(
            experiment=self.message, status=self.status, budget_id=self.budget_id
        )
        for task in self.tasks:
            task.message.status = task.latest.message.status.status
            workload.experiment.tasks.append(task.message)
        return workload
