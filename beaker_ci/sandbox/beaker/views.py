"""What tests read: frozen copies of the server's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beaker import beaker_pb2 as pb2
from google.protobuf.struct_pb2 import Value

from beaker_ci.sandbox.beaker import records
from beaker_ci.sandbox.beaker.pages import status_name


@dataclass(frozen=True)
class JobView:
    """A job as it was.

    Args:
        id: Its ULID.
        task: Name of its task.
        status: Such as ``succeeded``.
        exit_code: ``None`` until it exited.
        canceled_code: The raw number; ``None`` unless canceled.
        canceled_for: The reason given.
        metrics: From ``metrics.json``.
        log: All its output.
    """

    id: str
    task: str
    status: str
    exit_code: int | None
    canceled_code: int | None
    canceled_for: str
    metrics: dict[str, Any]
    log: str


@dataclass(frozen=True)
class ExperimentView:
    """An experiment as it was.

    Args:
        id: Its ULID.
        name: Unique for its author.
        author: Name of the user.
        workspace: Full name.
        budget: Full name.
        description: As it stood.
        status: Such as ``running``.
        spec: As it was posted.
        env: Variables in clear of the first task.
        secrets: Variables of the first task that come from secrets, to the secrets' names.
        jobs: Oldest first.
    """

    id: str
    name: str
    author: str
    workspace: str
    budget: str
    description: str
    status: str
    spec: dict[str, Any]
    env: dict[str, str]
    secrets: dict[str, str]
    jobs: tuple[JobView, ...]

    @property
    def log(self) -> str:
        """The output of its newest job."""
        return self.jobs[-1].log


def view_job(job: records.Job) -> JobView:
    """Copy a job; the caller holds the server's lock."""
    status = job.message.status
    return JobView(
        id=job.id,
        task=job.message.name,
        status=status_name(status.status),
        exit_code=status.exit_code if status.HasField("exit_code") else None,
        canceled_code=status.canceled_code if status.HasField("canceled_code") else None,
        canceled_for=status.canceled_for,
        metrics=_plain(job.message.metrics.fields),
        log=job.log.text,
    )


def view_experiment(
    experiment: records.Experiment, workspace: pb2.Workspace, budget: pb2.Budget
) -> ExperimentView:
    """Copy an experiment; the caller holds the server's lock."""
    message = experiment.message
    variables = experiment.tasks[0].spec.env_vars
    return ExperimentView(
        id=experiment.id,
        name=message.name,
        author=experiment.author,
        workspace=workspace.name,
        budget=budget.full_name,
        description=message.description,
        status=status_name(experiment.status),
        spec=experiment.spec,
        env={each.name: each.value or "" for each in variables if each.secret is None},
        secrets={each.name: each.secret for each in variables if each.secret is not None},
        jobs=tuple(view_job(job) for job in experiment.jobs),
    )


def _plain(fields: Mapping[str, Value]) -> dict[str, Any]:
    """A Struct as JSON's own types; ``json_format`` stumbles over what is no JSON, such as NaN."""
    return {name: _plain_value(value) for name, value in fields.items()}


def _plain_value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain(value.struct_value.fields)
    if kind == "list_value":
        return [_plain_value(each) for each in value.list_value.values]
    return None if kind in (None, "null_value") else getattr(value, kind)
