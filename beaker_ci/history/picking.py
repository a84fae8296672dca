"""Which job of a run is meant where somebody asks for one."""

from __future__ import annotations

from collections.abc import Sequence

from beaker_ci.history.jobs import Job, Task
from beaker_ci.problem import Problem, quoted
from beaker_ci.reasons import Reason


def pick_job(tasks: Sequence[Task], name: str | None = None, replica: int | None = None) -> Job:
    """The job whose log is meant: of the chosen tasks, the attempt that started last.

    Args:
        tasks: All tasks and replicas of a run.
        name: Of a task; None for all.
        replica: A rank, from 0; None for all.

    Raises:
        Problem: ``usage.bad-value``, with what there is, when there is no such task or replica;
            ``nothing-to-do`` when none of its jobs has started.
    """
    chosen = [
        task for task in tasks if name in (None, task.name) and replica in (None, _rank(task))
    ]
    started = [job for task in chosen for job in task.jobs if job.started is not None]
    if started:
        return max(started, key=lambda job: job.started or 0.0)
    if chosen:
        raise Problem(
            Reason.NOTHING_TO_DO,
            "It has no log yet: no job of it has started.",
            next_step="`/beaker status` shows why it waits.",
        )
    asked = [
        *([f"task `{quoted(name, 100)}`"] if name is not None else []),
        *([f"replica {replica}"] if replica is not None else []),
    ]
    raise Problem(
        Reason.USAGE_BAD_VALUE,
        f"The run has no {', '.join(asked) or 'task'}.",
        why=f"It has {_named(tasks)}.",
        next_step="Name one of those with `--task` or `--replica`.",
    )


def _rank(task: Task) -> int:
    return task.rank or 0


def _named(tasks: Sequence[Task], most: int = 20) -> str:
    ranks: dict[str, list[int]] = {}
    for task in tasks:
        ranks.setdefault(task.name, []).append(_rank(task))
    told = [
        f"task `{quoted(name, 100)}`"
        + (f" with replicas {min(has)} to {max(has)}" if len(has) > 1 else f", replica {has[0]}")
        for name, has in ranks.items()
    ]
    more = [f"{len(told) - most} more"] if len(told) > most else []
    return "; ".join([*told[:most], *more]) or "no task"
