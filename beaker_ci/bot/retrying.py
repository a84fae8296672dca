"""``/beaker retry``: the same again, judged afresh."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import Answer
from beaker_ci.bot.asking import RUN_COMMANDS
from beaker_ci.bot.considering import Considered, consider, judged_comment, prepare
from beaker_ci.bot.lookup import MOST, find_run, runs_here
from beaker_ci.bot.repeating import Repetition
from beaker_ci.bot.runs import found_or_submitted, refusal
from beaker_ci.commands import Command, parse_comment
from beaker_ci.plan import run_key
from beaker_ci.policy import as_written
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.facts import CommentNow
    from beaker_ci.run import OpenRun, Run


def answer_retry(
    case: Case,
    now: CommentNow | None,
    command: Command,
    session: Future[Session],
    pool: Executor,
) -> Answer:
    """Submits a run's command again at the head as it is now, or repeats what failed of the run.

    Args:
        case: Who asks for it: judged as if they had written the command themselves.
        now: Their comment as it is now; None when a workflow was started by hand.
        command: The ``retry``.
        session: Beaker.
        pool: Where Beaker is asked while GitHub is.

    Raises:
        Problem: Whatever stands in the way, to be told to the asker.
    """
    judged_comment(case, now, command)
    beaker = session.result()
    found = _meant(case, command, beaker)
    run, state = beaker.look(found.workload_id, case.asking.services.clock.now().timestamp())
    asked = _asked_again(run, command)
    errand = prepare(case, asked, session, pool)
    if command.options.get("failed"):
        return Repetition(case, now, command, beaker, errand, run).answer(state)
    submitted = errand.found.result() is not None
    if state.verdict is None and not submitted:
        return _not_ended(case, command, run)
    if not submitted:
        considered = consider(case, now, errand)
        if considered.decision.outcome is Outcome.WAIT:
            return _own_approval(case, command, asked, considered)
    return found_or_submitted(case, now, errand, beaker, answering=asked)


def _meant(case: Case, command: Command, beaker: Session) -> OpenRun:
    """The run that is to be repeated; its repetition, if an earlier delivery submitted that.

    Whatever else was submitted meanwhile must not be taken for the latest run now.
    """
    key = run_key(case.asking.repository.id, case.origin.by, command.place)
    runs = tuple(islice(runs_here(case, beaker), MOST))
    ours = next((run for run in runs if run.key == key), None)
    return ours or find_run(iter(runs), command.target)


def _asked_again(run: Run, command: Command) -> Command:
    """The command that asked for a run, in the place of the one that asks for it again."""
    parsed = [item for item in parse_comment(run.request) if isinstance(item, Command)]
    if len(parsed) != 1 or parsed[0].name not in RUN_COMMANDS:
        raise Problem(
            Reason.USAGE_UNKNOWN_RUN,
            f"The command that asked for run `{run.run_id}` is not known any more.",
            why="It was too long to be kept, or this version does not understand it.",
            next_step="Write the whole command again, for example:",
            paste="/beaker run gpu-tests",
        )
    note = f"Asked for again: the same command as run `{run.run_id}`, which was at {run.sha[:7]}."
    return replace(parsed[0], name="run", place=command.place, notes=(*parsed[0].notes, note))


def _not_ended(case: Case, command: Command, run: Run) -> Answer:
    view = ReplyView(
        marker=case.asking.marker,
        reason=Reason.NOTHING_TO_DO,
        asker=case.asking.asker.login,
        source=command.source,
        what=f"Run `{run.run_id}` has not ended yet: there is nothing to repeat.",
        next_step="To end it:",
        paste=f"/beaker stop {run.run_id}",
        page=run.url,
    )
    return Answer(command.name, Reason.NOTHING_TO_DO, view, run=run)


def _own_approval(case: Case, command: Command, asked: Command, considered: Considered) -> Answer:
    """What waits for an approval must be asked for by a command that says what would run."""
    answer = refusal(case, command, considered)
    if not isinstance(answer.view, ReplyView):
        return answer
    view = replace(
        answer.view,
        what="Nothing was submitted: it needs an approval, which a retry cannot get.",
        next_step="Ask for it by its own command, which can be approved:",
        paste=as_written(asked),
    )
    return replace(answer, view=view, status="", plan_id="")
