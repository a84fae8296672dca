"""Beaker's messages → runs."""

from __future__ import annotations

from dataclasses import replace

from beaker import Beaker, BeakerExperimentSpec, BeakerJobPriority
from beaker import beaker_pb2 as pb2

from beaker_ci.beaker.experiments import KEY_VARIABLE, spec_environment
from beaker_ci.run import Mark, Run, read_description

_PRIORITIES = ("low", "normal", "high", "urgent", "immediate")
_STATUSES = {
    1: "submitted",
    2: "queued",
    3: "initializing",
    4: "running",
    5: "stopping",
    6: "uploading_results",
    7: "canceled",
    8: "succeeded",
    9: "failed",
    10: "ready_to_start",
}


def priority_name(value: int) -> str | None:
    """The name of a priority's number; None for unset and for numbers of a later Beaker."""
    return _PRIORITIES[value - 1] if 0 < value <= len(_PRIORITIES) else None


def read_run(client: Beaker, workload: pb2.Workload, spec: BeakerExperimentSpec | None) -> Run:
    """Makes a run of a workload and its spec; asks for the spec if it is not given."""
    spec = spec or client.experiment.get_spec(workload)
    experiment = workload.experiment
    environment = spec_environment(spec)
    task = spec.tasks[0]
    number = environment.get("BEAKER_CI_PR", "")
    resources = task.resources
    summary, mark = read_description(experiment.description)
    key = environment.get(KEY_VARIABLE, "")
    return Run(
        workload_id=experiment.id,
        name=experiment.name,
        url=client.workload.url(workload),
        key=key,
        repository=environment.get("BEAKER_CI_REPO", ""),
        number=(int(number) or None) if number.isdecimal() else None,
        sha=environment.get("BEAKER_CI_SHA", ""),
        workspace=client.workspace.get(experiment.workspace_id).name,
        budget=spec.budget or "",
        status=_status(workload),
        command=tuple(task.arguments or ()),
        gpus=(resources.gpu_count if resources else None) or 0,
        replicas=task.replicas or 1,
        priority=_priority(task.context.priority),
        timeout_seconds=(task.timeout or 0) // 1_000_000_000,
        retries=(spec.retry.allowed_task_retries if spec.retry else None) or 0,
        clusters=tuple((task.constraints.cluster if task.constraints else None) or ()),
        summary=summary,
        mark=_own(mark, key),
    )


def with_state_of(run: Run, workload: pb2.Workload) -> Run:
    """The same run with what can change: status and description."""
    summary, mark = read_description(workload.experiment.description)
    return replace(run, status=_status(workload), summary=summary, mark=_own(mark, run.key))


def _own(mark: Mark | None, key: str) -> Mark | None:
    """The mark, unless it was copied from another run."""
    return mark if mark is not None and mark.key == key else None


def _priority(value: BeakerJobPriority | str | None) -> str:
    """A spec that we built holds an enumeration; one that Beaker returned, the name."""
    return value.name if isinstance(value, BeakerJobPriority) else value or "normal"


def _status(workload: pb2.Workload) -> str:
    return _STATUSES.get(workload.status, "unknown")
