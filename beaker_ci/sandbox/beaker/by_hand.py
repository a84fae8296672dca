"""What happens on the local Beaker by hand: to jobs, to nodes, to time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from beaker import beaker_pb2 as pb2
from google.protobuf.timestamp_pb2 import Timestamp

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.moments import nanoseconds, stamp
from beaker_ci.sandbox.beaker.records import Job


class ByHand:
    """What the local Beaker's scheduler, its nodes, its users' jobs and time would do, at once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def release(self, name: str) -> None:
        """Let the held jobs of a workload (or one job) run as soon as there is room."""
        with self._backend.monitor:
            for job in self._unfinished(name):
                job.held = False
            self._backend.life.settle()

    def start(self, name: str) -> None:
        """Let the held jobs of a workload (or one job) run without processes."""
        with self._backend.monitor:
            for job in self._unfinished(name):
                self._start(job)

    def _start(self, job: Job) -> None:
        if job.placed:
            return
        node = self._backend.life.scheduler.room(job, self._backend.life.jobs.values())
        if node is None:
            raise LookupError(f"no node has room for job {job.id}")
        self._backend.life.place(job, node)
        self._backend.life.start(job)

    def write_log(self, name: str, text: str) -> None:
        """Add lines to the logs of a workload's running jobs (or of one job)."""
        with self._backend.monitor:
            for job in self._unfinished(name):
                for line in text.splitlines():
                    job.log.write(line.encode())

    def finish(
        self, name: str, exit_code: int = 0, *, results: Mapping[str, str] | None = None
    ) -> None:
        """End the jobs of a workload (or one job) that have no processes.

        Args:
            name: Id of a workload or job, or ``author/name``; started first if still held.
            exit_code: What they exit with.
            results: Files that they leave, such as ``metrics.json``.
        """
        with self._backend.monitor:
            for job in self._unfinished(name):
                self._start(job)
                dataset = job.message.assignment_details.result_dataset_id
                for file, text in (results or {}).items():
                    self._backend.datasets.writable(dataset, file).write_text(text)
                self._backend.life.end(job, exit_code)

    def cancel(self, name: str, by: str) -> None:
        """Cancel a workload in a user's name, whether its jobs are placed or wait."""
        self._backend.experiments.cancel(self._backend.experiments.find(name), by)

    def preempt(
        self,
        name: str,
        code: int = pb2.CANCELATION_CODE_SYSTEM_PREEMPTION,
        reason: str = "Preempted by a job of higher priority",
    ) -> None:
        """Interrupt the placed jobs of a workload (or one job) as Beaker itself would.

        Args:
            name: Id of a workload or job, or ``author/name``.
            code: The cancelation code; any number, also one that clients do not know yet.
            reason: The words that go with it.
        """
        with self._backend.monitor:
            for job in self._unfinished(name):
                if job.placed:
                    self._backend.life.cancel(job, cast("pb2.CancelationCode", code), reason)

    def lose_node(self, name: str, reason: str = "Node is unavailable") -> None:
        """Take a node (by host name or id) out of service, with the jobs on it."""
        with self._backend.monitor:
            node = self._backend.world.find_node(name)
            node.cordon_details.cordoned.CopyFrom(stamp(self._backend.clock()))
            node.cordon_details.cordon_reason = reason
            for job in list(self._backend.life.jobs.values()):
                if job.placed and job.message.assignment_details.node_id == node.id:
                    self._backend.life.cancel(job, pb2.CANCELATION_CODE_NODE_UNAVAILABLE, reason)

    def backdate_job(self, name: str, seconds: float) -> None:
        """Let the running jobs of a workload (or one job) have started that much earlier.

        Whoever reads them counts that many more seconds of their GPUs. Attempts that have ended
        move along, and lasted no longer.

        Raises:
            LookupError: None is running.
        """
        with self._backend.monitor:
            unfinished = self._unfinished(name)
            running = [job for job in unfinished if job.message.status.HasField("started")]
            if not running:
                raise LookupError(f"{name} has no running job")
            for attempt in (each for job in running for each in job.task.jobs):
                for field, value in attempt.message.status.ListFields():
                    if field.message_type is Timestamp.DESCRIPTOR:
                        _set_back(value, seconds)

    def backdate_attempts(self, name: str, seconds: float) -> None:
        """Let all that happened to the jobs of a workload have happened that much earlier.

        Queued ones wait that much longer, ended ones ended that long ago.
        """
        with self._backend.monitor:
            for job in self._backend.experiments.find(name).jobs:
                for field, value in job.message.status.ListFields():
                    if field.message_type is Timestamp.DESCRIPTOR:
                        _set_back(value, seconds)

    def age_experiments(self, seconds: float, *names: str) -> None:
        """Let experiments have been created that much earlier; what their jobs did stays.

        Args:
            seconds: How much.
            names: Ids, or ``author/name``; all experiments if none is given.
        """
        with self._backend.monitor:
            experiments = self._backend.experiments
            chosen = [experiments.find(name) for name in names] or experiments.all()
            for experiment in chosen:
                _set_back(experiment.message.created, seconds)
                for task in experiment.tasks:
                    task.message.created.CopyFrom(experiment.message.created)
                    for job in task.jobs:
                        job.message.workload_created.CopyFrom(experiment.message.created)

    def _unfinished(self, name: str) -> list[Job]:
        if name in self._backend.life.jobs:
            jobs = [self._backend.life.jobs[name]]
        else:
            jobs = self._backend.experiments.find(name).jobs
        return [job for job in jobs if not job.final]


def _set_back(moment: Timestamp, seconds: float) -> None:
    moment.FromNanoseconds(nanoseconds(moment) - int(seconds * 1_000_000_000))
