"""``/beaker status``: where a run stands, and why it waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import UNSIGNED, Answer, signed
from beaker_ci.bot.jobs import task_name
from beaker_ci.bot.log_ends import read_updates
from beaker_ci.bot.lookup import find_run, runs_here
from beaker_ci.bot.reported import Reported
from beaker_ci.bot.reporting import READ_LINES, Reporter, place_of
from beaker_ci.bot.upkeep import in_our_words, long_silence
from beaker_ci.bot.views import activity_of
from beaker_ci.history import Verdict
from beaker_ci.problem import Problem
from beaker_ci.progress import find_progress
from beaker_ci.quantities import spoken
from beaker_ci.reasons import Reason
from beaker_ci.report import texts
from beaker_ci.report.views import Excerpt, ReplyView, Table

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.bot.services import Services
    from beaker_ci.commands import Command
    from beaker_ci.history import Job, Task
    from beaker_ci.queueing import Waiting
    from beaker_ci.run import Run

COLUMNS = ("Task", "State", "Attempts", "Time")

_FORMER = {
    Verdict.PREEMPTED: "was preempted",
    Verdict.INFRASTRUCTURE: "was ended by the loss of its machine",
    Verdict.TIMED_OUT: "was ended by its time limit",
    Verdict.CANCELLED: "was cancelled",
    Verdict.UNKNOWN: "ended in a way that was not understood",
}


@dataclass(frozen=True)
class Standing:
    """Where a run stands, as it was just read.

    Attributes:
        reported: The run, with what its report shows and what it is at.
        now: When that was, in Unix seconds.
        waiting: Why it waits; None if it does not.
        log: The last lines of the log of one that runs, as far as they may be shown.
        urls: Where people look at the latest attempt of each task; empty for those without one.
        report_url: Where the comment is that tells how it ended; empty if there is none.
    """

    reported: Reported
    now: float
    waiting: Waiting | None
    log: tuple[str, ...]
    urls: tuple[str, ...]
    report_url: str = ""


def answer_status(case: Case, command: Command, beaker: Session) -> Answer:
    """Tells where a run stands, and brings its own report in line with that.

    Raises:
        Problem: When there is no such run, or Beaker does not answer.
    """
    services, rules = case.asking.services, case.configuration
    found = find_run(runs_here(case, beaker), command.target)
    reporter = Reporter(services, beaker, lambda _: rules)
    seen = _brought_up_to_date(reporter, found.workload_id)
    standing = read_standing(services, beaker, seen, shows_log=rules.publish_logs != "none")
    return Answer(
        command="status",
        reason=Reason.ANSWERED,
        view=signed(status_view(standing), case, command),
        run=seen.run,
        status=seen.state.stage,
        conclusion=seen.view.conclusion or "",
    )


def _brought_up_to_date(reporter: Reporter, workload_id: str) -> Reported:
    """The run, with its own report written; what GitHub does not let us write is told here."""
    now = reporter.services.clock.now().timestamp()
    run, state = reporter.beaker.look(workload_id, now)
    if run.mark is not None and not run.mark.is_open:
        # Its report stands; the log was read as a whole for it, and need not be again.
        return reporter.show(run, in_our_words(run, run.mark, state))
    try:
        return reporter.report(run, place_of(run), state)
    except Problem:
        return reporter.show(*reporter.look(run))


def read_standing(
    services: Services, beaker: Session, seen: Reported, *, shows_log: bool
) -> Standing:
    """Reads what a run is at, and why it waits; nothing more of one that has ended.

    Args:
        services: The clock, and what hides our tokens.
        beaker: Where the run is.
        seen: The run as it was just read.
        shows_log: Whether words of its log may be shown.

    Raises:
        Problem: When Beaker does not answer.
    """
    run, state, now = seen.run, seen.state, services.clock.now().timestamp()
    urls = tuple(beaker.job_url(task.latest.id) if task.latest else "" for task in state.tasks)
    if state.verdict is not None:
        return Standing(seen, now, None, (), urls, _report_url(services, run))
    log: tuple[str, ...] = ()
    if state.job is not None and state.stage == "running":
        log = read_updates(services, beaker, run, state.job, READ_LINES)
    progress = find_progress(log)
    if progress is not None and not shows_log:
        progress = replace(progress, label="")
    waiting = beaker.why_waiting(run, state, now)
    view = replace(
        seen.view,
        waiting=waiting.headline if waiting else "",
        activity=activity_of(
            run,
            state,
            progress,
            now,
            long_silence(beaker, run, state, now),
            hide=services.hiding(run),
        ),
    )
    return Standing(replace(seen, view=view), now, waiting, log if shows_log else (), urls)


def _report_url(services: Services, run: Run) -> str:
    if run.mark is None or not run.mark.comment_id:
        return ""
    pull = f"{services.server_url}/{run.repository}/pull/{run.number}"
    return f"{pull}#issuecomment-{run.mark.comment_id}"


def status_view(standing: Standing) -> ReplyView:
    """Where a run stands, for its comment or for a terminal."""
    reported = standing.reported
    told = _told(standing)
    return replace(
        UNSIGNED,
        what=f"{texts.outcome(reported.view)} · run `{reported.run.run_id}`",
        why=_why(standing),
        facts=tuple(_facts(standing)),
        table=_table(standing),
        excerpt=Excerpt(told, 1) if told else None,
        page=reported.run.url,
        report=standing.report_url,
    )


def _told(standing: Standing) -> tuple[str, ...]:
    """The log's last lines while it runs; afterwards the one that says why it failed."""
    ending = standing.reported.view.ending
    if ending is None or ending.cause is None or not ending.cause.digest.headline:
        return standing.log
    return (ending.cause.digest.headline,)


def _why(standing: Standing) -> str:
    if standing.waiting is not None:
        return standing.waiting.headline
    ending = standing.reported.view.ending
    return ending.why if ending else ""


def _facts(standing: Standing) -> Iterator[str]:
    run, view = standing.reported.run, standing.reported.view
    if standing.waiting is not None:
        yield from standing.waiting.lines
    if bar := texts.bar(view):
        progress = view.activity.progress if view.activity else None
        yield f"{bar} · {progress.label}" if progress and progress.label else bar
    if pace := texts.pace(view):
        yield pace[0].upper() + pace[1:]
    yield from _former_attempts(standing.reported.state.tasks)
    yield from view.notes
    # A backtick within would end the code too early.
    asked = f"`{run.command_line.replace('`', 'ˋ')}`"
    what = f"Preset `{run.preset}`" if run.preset else asked
    yield f"{what} at commit `{run.sha[:7]}`, asked for by {run.asker}"
    yield _cost(standing)


def _cost(standing: Standing) -> str:
    view, state = standing.reported.view, standing.reported.state
    if view.ending is not None:
        return f"Cost {texts.cost(view)}"
    if not state.gpu_hours:
        return f"It may cost at most {texts.price(view.gpu_hours)}" if view.gpu_hours else "No GPUs"
    return f"Cost so far {state.gpu_hours:.2f} of at most {texts.price(view.gpu_hours)}"


def _former_attempts(tasks: Sequence[Task]) -> Iterator[str]:
    """Why the earlier attempts ended, of the task with most."""
    longest = max(tasks, key=lambda task: len(task.jobs), default=None)
    if longest is None:
        return
    for number, job in enumerate(longest.jobs[:-1], 1):
        seconds = _seconds(job, None)
        after = f" after {spoken(seconds)}" if seconds is not None else ""
        yield f"Attempt {number} {_ended(job)}{after}"


def _ended(job: Job) -> str:
    if job.verdict is Verdict.FAILED:
        return f"ended with exit code {job.exit_code}" if job.exit_code else "ended in a failure"
    return _FORMER.get(job.verdict, "ended")


def _table(standing: Standing) -> Table | None:
    """Every task and replica, where there is more than one."""
    tasks = standing.reported.state.tasks
    if len(tasks) < 2:
        return None
    rows = tuple(_row(task, standing.now) for task in tasks)
    return Table(COLUMNS, rows, standing.urls)


def _row(task: Task, now: float) -> tuple[str, ...]:
    latest = task.latest
    seconds = _seconds(latest, now) if latest else None
    return (
        task_name(task),
        _state_of(task),
        str(len(task.jobs)),
        "" if seconds is None else spoken(seconds),
    )


def _state_of(task: Task) -> str:
    latest = task.latest
    if latest is None or task.phase != "finished":
        return task.phase
    code = f", exit code {latest.exit_code}" if latest.exit_code else ""
    return f"{latest.verdict}{code}"


def _seconds(job: Job, now: float | None) -> float | None:
    """For how long it ran; None if it did not start, or where its end is not known."""
    until = job.ended or job.finalized or now
    return None if job.started is None or until is None else max(until - job.started, 0.0)
