"""What has become of runs: lists, and jobs."""

from __future__ import annotations

from collections.abc import Iterator

from beaker import beaker_pb2 as pb2

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.installs import check_installs
from beaker_ci.beaker.runs import read_job, read_open_run, read_time
from beaker_ci.history import State, Task, Verdict, read_state, replicas
from beaker_ci.run import OpenRun, search_text


def open_runs(client: BoundedBeaker, repository: int, limit: int | None) -> Iterator[OpenRun]:
    """Our account's experiments that carry an open mark, the newest first. A request per 50.

    Args:
        client: Beaker.
        repository: GitHub's numeric id.
        limit: At most so many; None for all, in every workspace.
    """
    for workload in open_workloads(client, repository, limit):
        yield read_open_run(workload, client.config.user_token)


def open_workloads(
    client: BoundedBeaker, repository: int, limit: int | None
) -> Iterator[pb2.Workload]:
    """What :func:`open_runs` reads. With whatever limit of 50 or more, its first page is one."""
    found = client.workload.list(
        author=client.user.get(), name_or_description=search_text(repository), limit=limit
    )
    return (workload for workload in found if workload.HasField("experiment"))


def judge(client: BoundedBeaker, workload: pb2.Workload, now: float, retries: int) -> State:
    """What became of a workload, with a look into the logs of what seems to have succeeded.

    A request per task, and once it succeeded, another one.

    Args:
        client: Beaker.
        workload: As Beaker describes it now.
        now: Unix seconds.
        retries: How many failed attempts of a task Beaker repeats.
    """
    state = state_of(client, workload, now, retries)
    return check_installs(client, workload, state) if state.verdict is Verdict.SUCCEEDED else state


def state_of(client: BoundedBeaker, workload: pb2.Workload, now: float, retries: int = 0) -> State:
    """What a workload's jobs say became of it, for who needs to know what it costs.

    A request per task. See :func:`judge`.
    """
    experiment = workload.experiment
    return read_state(
        int(workload.status),
        read_tasks(client, workload),
        now,
        canceled_for=experiment.canceled_for,
        canceled=read_time(experiment, "canceled"),
        created=read_time(experiment, "created"),
        retries=retries,
    )


def read_tasks(client: BoundedBeaker, workload: pb2.Workload) -> tuple[Task, ...]:
    """Every task and replica of an experiment with its jobs. A request per task."""
    tasks = workload.experiment.tasks
    return tuple(found for task in tasks for found in _task(client, task, is_only=len(tasks) == 1))


def _task(client: BoundedBeaker, task: pb2.Task, *, is_only: bool) -> tuple[Task, ...]:
    gpus = task.container_spec.resource_request.gpu_count
    # Beaker lists the newest first, whatever one asks for.
    found = list(client.job.list(task=task))[::-1]
    size = max((job.system_details.replica_group_details.size for job in found), default=1)
    jobs = [read_job(job, gpus) for job in found]
    if all(job.created is not None for job in jobs):
        jobs.sort(key=lambda job: job.created or 0.0)
    # Replicas are tasks of their own, as far as is known; a task that is alone may hold them all.
    return replicas(task.id, task.name, jobs, size if is_only else 1)
