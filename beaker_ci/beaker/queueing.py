"""What Beaker's scheduler notes about a job."""

from __future__ import annotations

import grpc
from beaker import BeakerSortOrder
from beaker import beaker_pb2 as pb2
from beaker.exceptions import BeakerError

from beaker_ci.beaker.capacity import Capacity
from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.problems import problems
from beaker_ci.capacity import ClusterCapacity
from beaker_ci.history import State
from beaker_ci.problem import Problem
from beaker_ci.queueing import Asked, SchedulerEvent, Waiting, explain, queued_jobs
from beaker_ci.run import Run

MOST_EVENTS = 20
"""Kinds of events of a job that are read, those that occurred last."""

MOST_JOBS = 4
"""Queued jobs whose events are read: replicas wait for the same."""


def why_waiting(
    client: BoundedBeaker, capacity: Capacity, run: Run, state: State, now: float
) -> Waiting | None:
    """Why a run waits; None if nothing of it does, and then nothing is asked.

    A request for each of the first queued jobs, and what ``capacity`` needs. What cannot be read
    is left out.

    Args:
        client: Beaker.
        capacity: How full the clusters are.
        run: The run.
        state: What its jobs say.
        now: Unix seconds.
    """
    if all(task.phase != "queued" for task in state.tasks):
        return None
    events = {job.id: read_events(client, job.id) for job in queued_jobs(state.tasks)[:MOST_JOBS]}
    asked = Asked(run.gpus, run.replicas, run.clusters)
    return explain(state.tasks, run.created, events, asked, _places(capacity, now), now)


def _places(capacity: Capacity, now: float) -> tuple[ClusterCapacity, ...] | None:
    try:
        with problems():
            return capacity.at(now)
    except Problem:
        return None


def read_events(client: BoundedBeaker, job_id: str) -> tuple[SchedulerEvent, ...]:
    """What Beaker noted about a job, the latest first; none if it cannot be read now.

    One request.
    """
    try:
        events = client.job.list_summarized_events(
            pb2.Job(id=job_id), sort_order=BeakerSortOrder.descending, limit=MOST_EVENTS
        )
        return tuple(
            SchedulerEvent(
                message=event.latest_message,
                occurrences=event.occurrences,
                latest=event.latest_occurrence.ToNanoseconds() / 1e9,
            )
            for event in events
        )
    except (BeakerError, grpc.RpcError, Problem):
        return ()  # an answer without its reasons is better than none
