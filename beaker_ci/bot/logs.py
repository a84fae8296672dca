"""``/beaker logs``: the end of a run's log, or what is in its results."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import UNSIGNED, Answer, conclusion_of, signed
from beaker_ci.bot.jobs import Choice, choose_job, nothing_yet
from beaker_ci.bot.log_ends import read_end
from beaker_ci.bot.lookup import find_run, runs_here
from beaker_ci.bot.reporting import LOG_LINES, READ_LINES
from beaker_ci.bot.results import read_results
from beaker_ci.reasons import Reason
from beaker_ci.report.views import Excerpt, ReplyView

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.commands import Command
    from beaker_ci.run import Run

TAIL = 60
"""Lines that are shown, unless asked for more."""

LONGEST_TAIL = 400
"""Lines that are shown at most."""

MOST_CHARACTERS = 20_000
"""Of a log, in an answer: a comment holds 65,536, and several answers."""


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
        view = _log_view(case, beaker, run, choice, options.get("tail"))
    return Answer(
        command="logs",
        reason=Reason.ANSWERED,
        view=signed(view, case, command),
        run=run,
        status=state.stage,
        conclusion=conclusion_of(run, state),
    )


def _log_view(case: Case, beaker: Session, run: Run, choice: Choice, tail: object) -> ReplyView:
    """The end of a log.

    Args:
        case: Whose configuration says what of a log may reach GitHub.
        beaker: Where it is.
        run: Whose log it is.
        choice: Which job's.
        tail: How many lines were asked for; None for as many as usual.
    """
    published = case.configuration.publish_logs
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
    log = read_end(case.asking.services, beaker, run, choice.job.id, shown + READ_LINES)
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
