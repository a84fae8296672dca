"""``/beaker logs``: the end of a run's log, or what is in its results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import UNSIGNED, Answer, signed
from beaker_ci.bot.lookup import find_run, runs_here
from beaker_ci.bot.reporting import LOG_LINES, READ_LINES
from beaker_ci.bot.results import read_results
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import Excerpt, ReplyView

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.commands import Command
    from beaker_ci.history import Job, State, Task
    from beaker_ci.queueing import Waiting
    from beaker_ci.run import Run

TAIL = 60
"""Lines that are shown, unless asked for more."""

LONGEST_TAIL = 400
"""Lines that are shown at most."""

MOST_CHARACTERS = 20_000
"""Of a log, in an answer: a comment holds 65,536, and several answers."""


@dataclass(frozen=True)
class Choice:
    """The job of a run that is meant.

    Attributes:
        job: One that has started.
        task: Whose attempt it is, as people call it.
    """

    job: Job
    task: str


def answer_logs(case: Case, command: Command, beaker: Session) -> Answer:
    """Shows the end of a run's log as far as it may be published, or the files of its results.

    Raises:
        Problem: When there is no such run, task or replica, or Beaker does not answer.
    """
    options, now = command.options, case.asking.services.clock.now().timestamp()
    found = find_run(runs_here(case, beaker), command.target)
    run, state = beaker.look(found.workload_id, now)
    task, replica = options.get("task"), options.get("replica")
    choice = choose_job(
        state,
        None if task is None else str(task),
        None if replica is None else int(str(replica)),
    )
    if choice is None:
        view = nothing_yet(run, state, beaker.why_waiting(run, state, now))
    elif options.get("results"):
        view = read_results(beaker, run, choice)
    else:
        published = case.configuration.publish_logs
        view = _log_view(beaker, run, choice, published, options.get("tail"))
    return Answer(
        command="logs",
        reason=Reason.ANSWERED,
        view=signed(view, case, command),
        run=run,
        status=state.stage,
        conclusion=state.conclusion or "",
    )


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
    from beaker_ci.beaker.logs import pick_job

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
    lacks = "has no log yet" if state.verdict is None else "never had a log"
    return replace(
        UNSIGNED,
        what=f"Run `{run.run_id}` {lacks}: no job of it has started.",
        why=waiting.headline if waiting else state.why,
        page=run.url,
    )


def _log_view(beaker: Session, run: Run, choice: Choice, published: str, tail: object) -> ReplyView:
    """The end of a log.

    Args:
        beaker: Where it is.
        run: Whose log it is.
        choice: Which job's.
        published: What of a log may reach GitHub, as ``publish_logs`` says.
        tail: How many lines were asked for; None for as many as usual.
    """
    page, whose = beaker.job_url(choice.job.id), f"run `{run.run_id}`, task `{choice.task}`"
    if published not in LOG_LINES:
        return replace(
            UNSIGNED,
            what="The configuration keeps logs off GitHub.",
            why=f"`publish_logs` is `{published}`: the log of {whose}, is on Beaker alone.",
            page=page,
        )
    asked = TAIL if tail is None else int(str(tail))
    most = LONGEST_TAIL if published == "tail" else LOG_LINES[published]
    shown = min(asked, most)
    log = beaker.read_tail(choice.job.id, shown + READ_LINES)
    if not log:
        return replace(UNSIGNED, what=f"There is nothing in the log of {whose}.", page=page)
    cut = tail is not None and asked > most
    return replace(
        UNSIGNED,
        what=f"The last lines of {whose}.",
        why=f"At most {most} are shown: `publish_logs` is `{published}`." if cut else "",
        excerpt=Excerpt(log, shown, MOST_CHARACTERS),
        page=page,
    )
