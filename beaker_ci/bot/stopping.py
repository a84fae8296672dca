"""Runs that are stopped before their end, and ``/beaker stop``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import Answer
from beaker_ci.bot.claims import LEASE
from beaker_ci.bot.lookup import MOST, find_run, runs_here
from beaker_ci.bot.views import why_stopped
from beaker_ci.history import SUCCEEDED, State, Verdict, stage_of
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView, Table
from beaker_ci.run import Mark, OpenRun, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.bot.services import Services
    from beaker_ci.commands import Command

COLUMNS = ("Run", "What", "Stage", "Outcome")

_MAY_COME_BACK = (None, Verdict.INFRASTRUCTURE, Verdict.PREEMPTED)

PASTED = 5
"""Lines to paste at most, one for each run."""


@dataclass(frozen=True)
class Outcome:
    """What became of one run that was to be stopped.

    Attributes:
        found: As it was listed.
        run: As it was read; None if it could not be.
        state: What its jobs said before.
        stopped: Whether Beaker was told to stop it, or had been for the same reason.
        problem: Why that is not certain.
    """

    found: OpenRun
    run: Run | None = None
    state: State | None = None
    stopped: bool = False
    problem: Problem | None = None


def stop_run(services: Services, beaker: Session, run: Run, why: str) -> Run | None:
    """Stops a run, and leaves word of why for who reports its end. Repeating it changes nothing.

    The word comes first: whoever comes after us, should we die, stops the run by it. One that was
    left before stays. A run that has ended is left alone.

    Args:
        services: Who we are.
        beaker: Where it runs.
        run: As it was read.
        why: What :attr:`beaker_ci.run.Mark.stopped` is to say.

    Returns:
        The run, told to stop; None if it had ended.

    Raises:
        Problem: When Beaker does not answer: it may go on, or be stopped by who comes next.
    """
    run = beaker.refresh(run)
    if not goes_on(run.status, run.mark):
        return None
    _leave_word(services, beaker, run, why)
    beaker.cancel(run.workload_id)
    # Who reports it writes the whole mark, and may have taken our word away meanwhile.
    return _leave_word(services, beaker, beaker.refresh(run), why)


def _leave_word(services: Services, beaker: Session, run: Run, why: str) -> Run:
    mark = run.mark
    if mark is None or mark.stopped or not mark.is_open:
        return run
    since = mark.since
    if not mark.is_reported():
        # Its process is writing the first report. It keeps the run, but if this takes away the ids
        # that it noted right now, it has to look for comment and check before it writes again.
        since = min(since, int(services.clock.now().timestamp()) - LEASE)
    return beaker.write_mark(run, replace(mark, stopped=why, since=since))


def stop_each(
    services: Services,
    beaker: Session,
    listed: Iterable[OpenRun],
    why: str,
    *,
    wanted: Callable[[Run], bool] = lambda _: True,
) -> tuple[Outcome, ...]:
    """Stops runs one by one; what goes wrong with one stops no other.

    Args:
        services: Who we are.
        beaker: Where they run.
        listed: Runs whose marks can be believed.
        why: See :func:`stop_run`.
        wanted: Which of them, by what their specs say.
    """
    outcomes = []
    for found in listed:
        outcome = _stop_listed(services, beaker, found, why, wanted)
        if outcome is not None:
            outcomes.append(outcome)
    if outcomes:
        beaker.forget_runs()  # a list that was read before is none to report their ends by
    return tuple(outcomes)


def _stop_listed(
    services: Services, beaker: Session, found: OpenRun, why: str, wanted: Callable[[Run], bool]
) -> Outcome | None:
    seen = Outcome(found)
    try:
        run, state = beaker.look(found.workload_id, services.clock.now().timestamp())
        if not (_is_listed(run, found) and wanted(run)):
            return None
        seen = Outcome(found, run, state)
        if state.verdict not in _MAY_COME_BACK:
            return seen
        return replace(seen, stopped=stop_run(services, beaker, run, why) is not None)
    except Problem as problem:
        return replace(seen, problem=problem)


def _is_listed(run: Run, found: OpenRun) -> bool:
    """Whether the spec, which nobody can change, agrees with name and mark."""
    mark, where = found.mark, (run.repository_id, run.number or 0)
    return run.key == found.key and (mark is None or where == (mark.repository, mark.number))


def answer_stop(case: Case, command: Command, beaker: Session) -> Answer:
    """Stops a run of the pull request, its latest one, or all that are open.

    Raises:
        Problem: When there is no such run, or the runs cannot be listed.
    """
    beaker.forget_runs()
    asking, by = case.asking, f"by {case.asking.asker.login}"
    if command.options.get("all"):
        here = islice(runs_here(case, beaker), MOST)
        runs = [run for run in here if is_open(run) or _was_stopped(run, by)]
    else:
        runs = [find_run(runs_here(case, beaker), command.target)]
    asked = asking.comment.at if asking.comment else None
    outcomes = [
        _remembered(outcome, by, asked) for outcome in stop_each(asking.services, beaker, runs, by)
    ]
    if any(outcome.stopped or outcome.problem for outcome in outcomes):
        view = stopped_view(
            [one for one in outcomes if one.stopped or one.problem or is_open(one.found)]
        )
    elif command.options.get("all"):
        view = _view(Reason.NOTHING_TO_DO, "No run of this pull request is open.")
    else:
        view = _ended_view(runs[0], outcomes, islice(runs_here(case, beaker), MOST))
    view = replace(view, marker=asking.marker, asker=asking.asker.login, source=command.source)
    run = outcomes[0].run if len(outcomes) == 1 else None
    return Answer(command="stop", reason=Reason(view.reason), view=view, run=run)


def is_open(run: OpenRun) -> bool:
    """Whether it has not ended for good."""
    return goes_on(run.status, run.mark)


def goes_on(status: int, mark: Mark | None) -> bool:
    """Whether a run goes on, or may: Beaker calls one ended between two of its attempts too.

    Its report tells that it has ended only once no other attempt can follow.
    """
    between = status != SUCCEEDED and mark is not None and mark.is_open
    return between or stage_of(status) != "finished"


def _was_stopped(run: OpenRun, by: str) -> bool:
    return run.mark is not None and run.mark.stopped == by


def _remembered(outcome: Outcome, by: str, asked: datetime | None) -> Outcome:
    """The same; stopped, if an earlier delivery of the same comment saw to that."""
    run, state = outcome.run, outcome.state
    if (
        outcome.stopped
        or asked is None
        or run is None
        or run.mark is None
        or state is None
        or not run.has_ended
    ):
        return outcome
    ends = [job.ended or 0.0 for task in state.tasks for job in task.jobs]
    # GitHub tells whole seconds; two commands within one are two.
    ours = run.mark.stopped == by and max(ends, default=0.0) >= asked.timestamp() + 1
    return replace(outcome, stopped=ours)


def stopped_view(outcomes: Sequence[Outcome]) -> ReplyView:
    """What became of runs that were to be stopped, for who asked or for the step's log."""
    told = sum(outcome.stopped for outcome in outcomes)
    doubtful = [outcome for outcome in outcomes if outcome.problem is not None]
    table = Table(
        COLUMNS,
        tuple(_row(outcome) for outcome in outcomes),
        tuple(outcome.run.url if outcome.run else "" for outcome in outcomes),
    )
    if not doubtful:
        what = "1 run was told to stop." if told == 1 else f"{told} runs were told to stop."
        why = "A run's own report says `cancelled` once Beaker has ended its jobs."
        return _view(Reason.STOPPED, what, why=why, table=table)
    problems = [outcome.problem for outcome in doubtful if outcome.problem is not None]
    return _view(
        problems[0].reason,
        f"{len(doubtful)} of {len(outcomes)} runs may not have been stopped.",
        why=" ".join(dict.fromkeys(f"{one.what} {one.why}".strip() for one in problems)),
        next_step="Asking again does no harm:",
        paste=_lines([outcome.found for outcome in doubtful]),
        table=table,
    )


def _row(outcome: Outcome) -> tuple[str, ...]:
    run, state, found = outcome.run, outcome.state, outcome.found
    stage = state.phase if state else stage_of(found.status)
    if outcome.problem is not None:
        now = "not certain"
    elif not outcome.stopped:
        now = "had ended"
    else:
        now = "stopped" if state and state.verdict else "told to stop"
    return (found.run_id, (run.preset or run.command_line) if run else found.name, stage, now)


def _ended_view(run: OpenRun, outcomes: Sequence[Outcome], others: Iterable[OpenRun]) -> ReplyView:
    """The answer about a run that there is nothing to stop of."""
    still = [other for other in others if is_open(other)]
    read = outcomes[0].run if outcomes else None
    why = "Its spec does not agree with its name." if read is None else _why_ended(outcomes[0])
    return _view(
        Reason.NOTHING_TO_DO,
        f"Run `{run.run_id}` has ended already."
        if read
        else f"Run `{run.run_id}` is none of this pull request.",
        why=why,
        next_step="These are open; to stop one:" if still else "No run here is open.",
        paste=_lines(still),
        table=Table(
            ("Run", "Experiment", "Stage"),
            tuple((other.run_id, other.name, stage_of(other.status)) for other in still),
        )
        if still
        else None,
    )


def _why_ended(outcome: Outcome) -> str:
    """How a run ended, in a sentence; empty where that is not known yet."""
    run, state = outcome.run, outcome.state
    if run is None or state is None or state.verdict is None:
        return ""
    stopped = why_stopped(run.mark) if run.mark and state.verdict is Verdict.CANCELLED else ""
    return f"It ended as `{state.verdict.conclusion}`. {stopped}".rstrip()


def _lines(runs: Sequence[OpenRun]) -> str:
    return "\n".join(f"/beaker stop {run.run_id}" for run in runs[:PASTED])


def _view(
    reason: Reason,
    what: str,
    *,
    why: str = "",
    next_step: str = "",
    paste: str = "",
    table: Table | None = None,
) -> ReplyView:
    """An answer that has yet to learn whose it is."""
    return ReplyView(
        marker="",
        reason=reason,
        asker="",
        source="",
        what=what,
        why=why,
        next_step=next_step,
        paste=paste,
        table=table,
    )
