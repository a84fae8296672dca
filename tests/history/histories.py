"""Jobs in few words, seen at one moment."""

from __future__ import annotations

from typing import Any

from beaker_ci.history import Job, State, Task, read_state

NOW = 10_000.0
MINUTE, HOUR = 60, 3600

SUBMITTED, QUEUED, STARTING, RUNNING, STOPPING, UPLOADING = 1, 2, 3, 4, 5, 6
CANCELED, SUCCEEDED, FAILED, READY = 7, 8, 9, 10
FUTURE = 42
"""A number that only a later Beaker knows."""

Chain = tuple[Job, ...]
"""The attempts of one task, the oldest first."""

NEVER: Chain = ()
"""A task that never got a job."""


def job(status: int, **facts: Any) -> Job:
    """One attempt as it is; two GPUs."""
    return Job(**{"id": "j", "status": status, "gpus": 2, **facts})


def waits(status: int = QUEUED, made: float = 300, **facts: Any) -> Job:
    """An attempt that has not started, made so many seconds ago."""
    return job(status, created=NOW - made, **facts)


def runs(status: int = RUNNING, for_: float = 9900, **facts: Any) -> Job:
    """An attempt that has its machine, started so many seconds ago."""
    return job(status, **{"started": NOW - for_, **facts})


def over(status: int, ago: float = 6290, **facts: Any) -> Job:
    """An attempt that ended, and was finalized so many seconds ago."""
    times = {"started": 100.0, "ended": NOW - ago - 10, "finalized": NOW - ago}
    return job(status, **{**times, **facts})


def passed(ago: float = 6290, **facts: Any) -> Job:
    """One that succeeded."""
    return over(SUCCEEDED, ago, **{"exit_code": 0, **facts})


def broke(exit_code: int | None = 1, ago: float = 6290, **facts: Any) -> Job:
    """One that failed."""
    return over(FAILED, ago, exit_code=exit_code, **facts)


def cut(code: int | None, ago: float = 6290, **facts: Any) -> Job:
    """One that was cancelled with a code."""
    return over(CANCELED, ago, canceled_code=code, **facts)


def told(status: int, *chains: Chain, now: float = NOW, **more: Any) -> State:
    """What becomes of a workload with these tasks."""
    tasks = [Task(f"t{place}", f"task-{place}", jobs) for place, jobs in enumerate(chains)]
    return read_state(status, tasks, now, **more)
