"""The life of a job: queued, placed, running, ended, and what follows from its end."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.datasets import Datasets
from beaker_ci.sandbox.beaker.logs import Log
from beaker_ci.sandbox.beaker.moments import nanoseconds, stamp
from beaker_ci.sandbox.beaker.records import Job, Task
from beaker_ci.sandbox.beaker.scheduler import Scheduler
from beaker_ci.sandbox.beaker.world import World

METRICS_FILE = "metrics.json"
_MAX_METRICS = 1 << 20  # bytes
# After these, a job with auto-resume gets a successor.
_RESUMED = (
    pb2.CANCELATION_CODE_SYSTEM_PREEMPTION,
    pb2.CANCELATION_CODE_USER_PREEMPTION,
    pb2.CANCELATION_CODE_NODE_UNAVAILABLE,
    pb2.CANCELATION_CODE_SIBLING_TASK_PREEMPTION,
)
_PREEMPTED = _RESUMED[:2]


class Life:
    """Moves jobs from state to state. Every method takes the server's lock itself.

    Args:
        monitor: The server's lock.
        world: Nodes, and where stamps and ids come from.
        datasets: Where results go.
        launch: Starts the process of a placed job; returns at once.

    Attributes:
        hold_jobs: New jobs stay queued until they are released.
    """

    def __init__(
        self,
        monitor: threading.Condition,
        world: World,
        datasets: Datasets,
        launch: Callable[[Job], None],
    ) -> None:
        self.hold_jobs = False
        self.jobs: dict[str, Job] = {}
        self.scheduler = Scheduler(world)
        self._monitor = monitor
        self._world = world
        self._datasets = datasets
        self._launch = launch

    def queue(self, task: Task, ancestor: Job | None = None) -> Job:
        """Queue a new job of a task; ``ancestor`` is the attempt that it follows."""
        with self._monitor:
            experiment, now = task.experiment, stamp(self._world.clock())
            workspace = self._world.workspaces[experiment.message.workspace_id]
            job = Job(
                pb2.Job(
                    id=self._world.ids.new(),
                    task_id=task.message.id,
                    name=task.message.name,
                    author_id=experiment.message.author_id,
                    author_reference=experiment.author,
                    workspace_id=workspace.id,
                    workspace_reference=workspace.name,
                    workload_id=experiment.id,
                    workload_created=experiment.message.created,
                    budget_id=experiment.budget_id,
                    container_spec=task.message.container_spec,
                    system_details=task.message.system_details,
                    status=pb2.JobStatus(status=pb2.STATUS_QUEUED, created=now),
                    retry_ancestor_id=None if ancestor is None else ancestor.id,
                ),
                task,
                Log(self._monitor, lambda: nanoseconds(stamp(self._world.clock()))),
                held=self.hold_jobs,
            )
            task.jobs.append(job)
            self.jobs[job.id] = job
            self.note(job, "created", "Job created")
            self._monitor.notify_all()
            return job

    def settle(self) -> None:
        """Place every queued job that fits, and start it."""
        with self._monitor:
            for job, node in self.scheduler.placements(self.jobs.values()):
                if node is None:
                    self.note(job, "unschedulable", self.scheduler.why_not(job, self.jobs.values()))
                elif isinstance(node, str):
                    job.message.status.failed_scheduling_message = node
                    self.cancel(job, pb2.CANCELATION_CODE_IMPOSSIBLE_TO_SCHEDULE, node)
                else:
                    self.place(job, node)
                    self._launch(job)
            self._monitor.notify_all()

    def place(self, job: Job, node: pb2.Node) -> None:
        """Give a job its slots and its result dataset."""
        with self._monitor:
            message, experiment = job.message, job.task.experiment
            message.status.status = pb2.STATUS_INITIALIZING
            message.status.scheduled.CopyFrom(stamp(self._world.clock()))
            results = self._datasets.create(
                self._world.users[message.author_id],
                message.workspace_id,
                source_job=job.id,
                budget_id=experiment.budget_id,
            )
            gpus = job.task.spec.gpus
            message.assignment_details.CopyFrom(
                pb2.AssignmentDetails(
                    node_id=node.id,
                    result_dataset_id=results.message.id,
                    occupied_slots_count=gpus,
                    resource_assignment=pb2.ResourceAssignment(
                        gpus=node.node_resources.gpu_ids[:gpus], assigned_slots_count=gpus
                    ),
                )
            )
            self.note(job, "scheduled", f"Scheduled on {node.hostname}")

    def start(self, job: Job) -> bool:
        """The command is about to run; false if the job was canceled meanwhile."""
        with self._monitor:
            status = job.message.status
            if status.HasField("canceled"):
                return False
            status.status = pb2.STATUS_RUNNING
            status.started.CopyFrom(stamp(self._world.clock()))
            self.note(job, "started", "Job started")
            self._monitor.notify_all()
            return True

    def end(self, job: Job, exit_code: int) -> None:
        """The command has ended, by itself or not; finalize and draw the consequences.

        Args:
            job: A placed job.
            exit_code: 0 to 255.
        """
        with self._monitor:
            if job.final:
                return
            status, now = job.message.status, stamp(self._world.clock())
            job.process = None
            status.exited.CopyFrom(now)
            status.exit_code = exit_code
            self._collect(job)
            if status.HasField("canceled"):
                final = pb2.STATUS_CANCELED
            elif exit_code == 0:
                final = pb2.STATUS_SUCCEEDED
            else:
                final = pb2.STATUS_FAILED
                status.failed.CopyFrom(now)
                status.message = f"Job exited with code {exit_code}"
            self._finalize(job, final)

    def cancel(self, job: Job, code: pb2.CancelationCode, reason: str) -> None:
        """End a job for a reason of its own kind; nothing if it has ended or is ending."""
        with self._monitor:
            status = job.message.status
            if job.final or status.HasField("canceled"):
                return
            status.canceled.CopyFrom(stamp(self._world.clock()))
            status.canceled_code = code
            status.canceled_for = reason
            self.note(job, "canceled", reason)
            if job.process is not None:
                status.status = pb2.STATUS_STOPPING
                job.process.stop()
                self._monitor.notify_all()
                return
            if job.placed:
                status.exited.CopyFrom(stamp(self._world.clock()))
                self._collect(job)
            self._finalize(job, pb2.STATUS_CANCELED)

    def note(self, job: Job, status: str, message: str) -> None:
        """Count an event that explains a job's state."""
        now = stamp(self._world.clock())
        event = job.events.setdefault(
            status, pb2.SummarizedJobEvent(job_id=job.id, status=status, earliest_occurrence=now)
        )
        event.occurrences += 1
        event.latest_message = message
        event.latest_occurrence.CopyFrom(now)

    def _collect(self, job: Job) -> None:
        results = self._datasets.commit(job.message.assignment_details.result_dataset_id)
        try:
            metrics = read_metrics(results.directory / METRICS_FILE)
            job.message.metrics.update(metrics)
        except (OSError, ValueError, TypeError, OverflowError, RecursionError):
            job.message.ClearField("metrics")

    def _finalize(self, job: Job, final: pb2.WorkloadStatus) -> None:
        status = job.message.status
        status.status = final
        status.finalized.CopyFrom(stamp(self._world.clock()))
        self.note(job, "finalized", "Job finalized")
        job.log.close()
        if job is job.task.latest and not job.task.experiment.message.HasField("canceled"):
            self._follow_up(job)
        self._monitor.notify_all()
        self.settle()

    def _follow_up(self, job: Job) -> None:
        task, status = job.task, job.message.status
        siblings = [each.latest for each in task.experiment.tasks if each is not task]
        if status.status == pb2.STATUS_FAILED:
            if task.retries_left:
                task.retries_left -= 1
                self.queue(task, ancestor=job)
            elif task.spec.propagate_failure:
                for sibling in siblings:
                    code = pb2.CANCELATION_CODE_SIBLING_TASK_FAILED
                    self.cancel(sibling, code, f"Sibling task {task.message.name} failed")
        elif status.status == pb2.STATUS_CANCELED and status.canceled_code in _RESUMED:
            if job.message.system_details.auto_resume:
                self.queue(task, ancestor=job)
            if task.spec.propagate_preemption and status.canceled_code in _PREEMPTED:
                for sibling in siblings:
                    code = pb2.CANCELATION_CODE_SIBLING_TASK_PREEMPTION
                    self.cancel(sibling, code, f"Sibling task {task.message.name} was preempted")


def read_metrics(path: Path) -> dict[str, Any]:
    """The metrics that a job left; no file, or no small JSON object in it, is no metrics.

    Raises:
        OSError: There is no such file.
        ValueError: It holds something else.
    """
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_METRICS:
        raise ValueError("no metrics")
    metrics = json.loads(path.read_bytes(), parse_constant=lambda _: math.nan)
    if not isinstance(metrics, dict):
        raise ValueError("metrics must be an object")
    return metrics
