"""Experiments: made, found, changed, canceled, restarted, deleted."""

from __future__ import annotations

import re
import threading
from typing import Any

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.compose import check_references, container_of, system_of
from beaker_ci.sandbox.beaker.datasets import Datasets
from beaker_ci.sandbox.beaker.errors import Refused, not_found
from beaker_ci.sandbox.beaker.life import Life
from beaker_ci.sandbox.beaker.moments import stamp
from beaker_ci.sandbox.beaker.records import Experiment, Job, Task
from beaker_ci.sandbox.beaker.specs import ExperimentSpec, TaskSpec, parse_spec
from beaker_ci.sandbox.beaker.world import World

_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,127}")


class Experiments:
    """All experiments. Every method takes the server's lock itself."""

    def __init__(
        self, monitor: threading.Condition, world: World, datasets: Datasets, life: Life
    ) -> None:
        self._monitor = monitor
        self._world = world
        self._datasets = datasets
        self._life = life
        self._all: dict[str, Experiment] = {}
        self._names: dict[tuple[str, str], Experiment] = {}

    def create(
        self, author: pb2.User, workspace_name: str, document: Any, name: str | None
    ) -> Experiment:
        """Check a spec, make an experiment of it and queue its jobs.

        Raises:
            Refused: The spec is invalid, or the author has an experiment of that name.
        """
        with self._monitor:
            experiment = self.add(author, workspace_name, document, name)
            self._life.settle()
            return experiment

    def add(
        self, author: pb2.User, workspace_name: str, document: Any, name: str | None
    ) -> Experiment:
        """Like :meth:`create`, but its jobs wait until something else happens."""
        spec = parse_spec(document)
        with self._monitor:
            workspace = self._world.find_workspace(workspace_name)
            budget = check_references(spec, workspace, self._world, self._datasets)
            experiment_id = self._world.ids.new()
            name = experiment_id if name is None else self._free_name(author, name)
            experiment = Experiment(
                pb2.Experiment(
                    id=experiment_id,
                    name=name,
                    author_id=author.id,
                    workspace_id=workspace.id,
                    description=spec.description or "",
                    created=stamp(self._world.clock()),
                ),
                budget_id=budget.id,
                spec=document,
                author=author.name,
            )
            experiment.tasks.extend(self._tasks(experiment, spec))
            self._all[experiment_id] = experiment
            self._names[author.id, name] = experiment
            for group in spec.groups:
                self._world.group_members[self._world.find_group(group).id].append(experiment_id)
            for task in experiment.tasks:
                self._life.queue(task)
            return experiment

    def _tasks(self, experiment: Experiment, spec: ExperimentSpec) -> list[Task]:
        tasks = []
        for number, task in enumerate(spec.tasks):
            size, group = task.replicas or 1, self._world.ids.new()
            name = task.name or f"task-{number}"
            for rank in range(size):
                details = system_of(task, group=group, size=size, rank=rank)
                replica = name if task.replicas is None else f"{name}-{rank}"
                tasks.append(self._task(experiment, task, replica, details, spec))
        return tasks

    def _task(
        self,
        experiment: Experiment,
        task: TaskSpec,
        name: str,
        details: pb2.SystemDetails,
        spec: ExperimentSpec,
    ) -> Task:
        message = pb2.Task(
            id=self._world.ids.new(),
            experiment_id=experiment.id,
            name=name,
            author_id=experiment.message.author_id,
            created=experiment.message.created,
            container_spec=container_of(task, self._world),
            system_details=details,
        )
        return Task(message, task, experiment, spec.retry.allowed_task_retries or 0)

    def _free_name(self, author: pb2.User, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise Refused("INVALID_ARGUMENT", f"invalid experiment name {name!r}")
        if (author.id, name) in self._names:
            raise Refused("ALREADY_EXISTS", f"experiment name {name!r} is already in use")
        return name

    def all(self) -> list[Experiment]:
        """Every experiment, oldest first."""
        with self._monitor:
            return list(self._all.values())

    def find(self, name: str) -> Experiment:
        """An experiment by id or ``author/name``."""
        with self._monitor:
            if name in self._all:
                return self._all[name]
            author, _, own = name.partition("/")
            for (_, known), experiment in self._names.items():
                if known == own and experiment.author == author:
                    return experiment
        raise not_found("workload", name)

    def find_job(self, job_id: str) -> Job:
        """A job by id."""
        with self._monitor:
            if job_id not in self._life.jobs:
                raise not_found("job", job_id)
            return self._life.jobs[job_id]

    def update(self, experiment: Experiment, *, name: str | None, description: str | None) -> None:
        """Rename an experiment, which frees its name, or describe it anew."""
        with self._monitor:
            if name is not None and name != experiment.message.name:
                author = self._world.users[experiment.message.author_id]
                free = self._free_name(author, name)
                del self._names[author.id, experiment.message.name]
                self._names[author.id, free] = experiment
                experiment.message.name = free
            if description is not None:
                experiment.message.description = description
            self._monitor.notify_all()

    def cancel(self, experiment: Experiment, by: str) -> None:
        """Cancel what has not ended."""
        with self._monitor:
            unfinished = [task.latest for task in experiment.tasks if not task.latest.final]
            if not unfinished:
                return
            reason = f"Canceled by user {by}"
            experiment.message.canceled.CopyFrom(stamp(self._world.clock()))
            experiment.message.canceled_for = reason
            for job in unfinished:
                self._life.cancel(job, pb2.CANCELATION_CODE_MANUAL, reason)

    def restart(self, experiment: Experiment) -> None:
        """Run every failed or canceled task again, in place."""
        with self._monitor:
            ended = (pb2.STATUS_FAILED, pb2.STATUS_CANCELED)
            for task in experiment.tasks:
                if task.latest.final and task.latest.message.status.status in ended:
                    self._life.queue(task, ancestor=task.latest)
            experiment.message.ClearField("canceled")
            experiment.message.ClearField("canceled_for")
            self._life.settle()

    def delete(self, experiment: Experiment, by: str) -> None:
        """Cancel an experiment and forget it, which frees its name."""
        with self._monitor:
            self.cancel(experiment, by)
            del self._all[experiment.id]
            del self._names[experiment.message.author_id, experiment.message.name]
            for job in experiment.jobs:
                if job.process is None:
                    del self._life.jobs[job.id]
            for members in self._world.group_members.values():
                if experiment.id in members:
                    members.remove(experiment.id)
            self._monitor.notify_all()
