"""What has become of runs: lists, jobs, the ends of logs; and stopping them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import grpc
from beaker import beaker_pb2 as pb2
from beaker._service_client import RpcStreamingMethod
from beaker.exceptions import BeakerError

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.runs import read_job, read_open_run
from beaker_ci.history import State, Task, read_state
from beaker_ci.run import OpenRun, search_text

LONGEST_LINE = 4096
"""Bytes of a log line that are kept."""


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


def state_of(client: BoundedBeaker, workload: pb2.Workload, now: float) -> State:
    """What a workload's jobs say became of it. A request per task.

    Args:
        client: Beaker.
        workload: As Beaker describes it now.
        now: Unix seconds.
    """
    experiment = workload.experiment
    canceled = (
        experiment.canceled.ToNanoseconds() / 1e9 if experiment.HasField("canceled") else None
    )
    tasks = read_tasks(client, workload)
    return read_state(int(workload.status), tasks, now, experiment.canceled_for, canceled)


def read_tasks(client: BoundedBeaker, workload: pb2.Workload) -> tuple[Task, ...]:
    """Every task and replica of an experiment with its jobs. A request per task."""
    return tuple(_task(client, task) for task in workload.experiment.tasks)


def _task(client: BoundedBeaker, task: pb2.Task) -> Task:
    gpus = task.container_spec.resource_request.gpu_count
    # Beaker lists the newest first, whatever one asks for.
    newest_first = client.job.list(task=task)
    oldest_first = sorted(newest_first, key=lambda job: job.status.created.ToNanoseconds())
    return Task(task.id, task.name, tuple(read_job(job, gpus) for job in oldest_first))


def read_tail(client: BoundedBeaker, job_id: str, lines: int) -> tuple[str, ...]:
    """The last lines of a job's log, the oldest first; none if it cannot be read now.

    Bytes that are no UTF-8 are replaced; very long lines are cut.
    """
    request = pb2.StreamJobLogsRequest(job_id=job_id, tail_lines=lines, follow=False)
    try:
        stream = client.job.rpc_streaming_request(
            RpcStreamingMethod[pb2.JobLog](client.service.StreamJobLogs), request
        )
        with closing(stream):
            return tuple(_text(log.message) for log in islice(stream, lines))
    except (BeakerError, grpc.RpcError):
        return ()  # a report without its log is better than none


def _text(message: bytes) -> str:
    return message[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r\n")
