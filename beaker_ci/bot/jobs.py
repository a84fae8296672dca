"""The job of a run that is meant, and how people call it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import UNSIGNED
from beaker_ci.history import pick_job
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.history import Job, State, Task
    from beaker_ci.queueing import Waiting
    from beaker_ci.run import Run


@dataclass(frozen=True)
class Choice:
    """The job of a run that is meant.

    Attributes:
        job: One that has started.
        task: Whose attempt it is, as people call it.
    """

    job: Job
    task: str


def choose_job(state: State, task: str | None, replica: int | None) -> Choice | None:
    """The job that is meant; where nothing is named, the one whose log tells most.

    Args:
        state: What the run's jobs say.
        task: Name of a task.
        replica: From 0.

    Returns:
        None if none of them has started.

    Raises:
        Problem: ``usage.bad-value`` when there is no such task or replica.
    """
    try:
        job = pick_job(state.tasks, task, replica)
    except Problem as problem:
        if problem.reason is Reason.NOTHING_TO_DO:
            return None
        raise
    wanted = state.job if task is None and replica is None and state.job else job.id
    return next(
        Choice(job, task_name(each))
        for each in state.tasks
        for job in each.jobs
        if job.id == wanted
    )


def task_name(task: Task) -> str:
    """How people tell a task from the others: ``main``, or ``main, replica 1``."""
    name = task.name or "main"
    told = task.rank is None or name.endswith(f"-{task.rank}")
    return name if told else f"{name}, replica {task.rank}"


def nothing_yet(run: Run, state: State, waiting: Waiting | None) -> ReplyView:
    """The answer about a run of which no job has started."""
    lacks = (
        "has no log and no results yet" if state.verdict is None else "left no log and no results"
    )
    return replace(
        UNSIGNED,
        what=f"Run `{run.run_id}` {lacks}: no job of it has started.",
        why=waiting.headline if waiting else state.why,
        page=run.url,
    )
