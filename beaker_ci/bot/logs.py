"""``/beaker logs``: the end of a run's log, or what is in its results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import Answer
from beaker_ci.bot.lookup import find_run, runs_here
from beaker_ci.bot.reporting import LOG_LINES, READ_LINES
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.safe import number
from beaker_ci.report.views import Excerpt, ReplyView, Table

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.beaker.results import Results
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

MOST_FILES = 50
"""Files of results that an answer lists."""

FILE_COLUMNS = ("File", "Size")

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


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
    view = replace(
        view,
        marker=case.asking.marker,
        asker=case.asking.asker.login,
        source=command.source,
    )
    return Answer(
        command="logs",
        reason=Reason.ANSWERED,
        view=view,
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
    ended = state.verdict is not None
    return _view(
        f"Run `{run.run_id}` {'never had a' if ended else 'has no'} log{'' if ended else ' yet'}: "
        "no job of it has started.",
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
        return _view(
            "The configuration keeps logs off GitHub.",
            why=f"`publish_logs` is `{published}`: the log of {whose}, is on Beaker alone.",
            page=page,
        )
    asked = TAIL if tail is None else int(str(tail))
    most = LONGEST_TAIL if published == "tail" else LOG_LINES[published]
    shown = min(asked, most)
    log = beaker.read_tail(choice.job.id, shown + READ_LINES)
    if not log:
        return _view(f"There is nothing in the log of {whose}.", page=page)
    cut = tail is not None and asked > most
    return _view(
        f"The last lines of {whose}.",
        why=f"At most {most} are shown: `publish_logs` is `{published}`." if cut else "",
        excerpt=Excerpt(log, shown, MOST_CHARACTERS),
        page=page,
    )


def read_results(beaker: Session, run: Run, choice: Choice) -> ReplyView:
    """What a job left in its results.

    Raises:
        Problem: When Beaker does not answer, or does not have them.
    """
    if not choice.job.results:
        return _view(f"Run `{run.run_id}` has no results yet.", page=run.url)
    results = beaker.list_results(choice.job.results, MOST_FILES)
    return results_view(run, choice, results, beaker.dataset_url(choice.job.results))


def results_view(run: Run, choice: Choice, results: Results, page: str) -> ReplyView:
    """The files of a job's results, for a comment or for a terminal."""
    whose = f"run `{run.run_id}`, task `{choice.task}`"
    goes_on = choice.job.finalized is None
    if not results.count:
        still = "It goes on: Beaker has them once it has ended." if goes_on else ""
        return _view(f"There is nothing in the results of {whose}.", why=still, page=page)
    files = results.files[:MOST_FILES]
    more = f", the first {len(files)} of them" if len(files) < results.count else ""
    count = f"{number(results.count)} {'file' if results.count == 1 else 'files'}"
    rows = tuple((file.path, spoken_size(file.size)) for file in files)
    return _view(
        f"The results of {whose}: {count}, {spoken_size(results.size)}{more}.",
        why="It goes on: there may be more in the end." if goes_on else "",
        table=Table(FILE_COLUMNS, rows),
        page=page,
        next_step="To have them on your own machine:",
        paste=f"beaker-ci results {run.run_id} --fetch results",
    )


def spoken_size(size: int) -> str:
    """``12 B``, ``1.5 MiB``."""
    power = min(max(size.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{number(size / 1024**power)} {_UNITS[power]}"


def _view(
    what: str,
    *,
    why: str = "",
    table: Table | None = None,
    excerpt: Excerpt | None = None,
    page: str = "",
    next_step: str = "",
    paste: str = "",
) -> ReplyView:
    """An answer that has yet to learn whose it is."""
    return ReplyView(
        marker="",
        reason=Reason.ANSWERED,
        asker="",
        source="",
        what=what,
        why=why,
        table=table,
        excerpt=excerpt,
        page=page,
        next_step=next_step,
        paste=paste,
    )
