"""A preset that succeeded at the same files already: its run is the answer to the next asking."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import Answer
from beaker_ci.bot.base_runs import asks_for_base
from beaker_ci.bot.case import Case
from beaker_ci.bot.comparing import judge_metrics
from beaker_ci.bot.merged import tell_merged
from beaker_ci.bot.reported import Judged
from beaker_ci.bot.views import told_metrics
from beaker_ci.github import CheckState, ensure_check
from beaker_ci.history import State, Verdict
from beaker_ci.plan import Plan, is_named_after
from beaker_ci.policy import with_flag
from beaker_ci.reasons import Reason
from beaker_ci.report.metrics import format_metric
from beaker_ci.report.views import ReplyView, Table

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.commands import Command
    from beaker_ci.run import Run

LOOKED_AT = 20
"""Runs at the same tree among which the latest of the preset is looked for: one request."""

_METRICS = 30
"""Metrics that the answer shows."""

_SAYS_NOTHING = (Verdict.CANCELLED, Verdict.PREEMPTED, Verdict.INFRASTRUCTURE)
"""Ends that tell nothing of the files: an earlier run may."""


def reused(case: Case, command: Command, beaker: Session, plan: Plan) -> Answer | None:
    """The answer with the numbers of such a run, and its check on the commit that is asked about.

    The latest run of the same preset, with the same values, at the same tree that came to an end:
    if that one failed, the next may as well. Its metrics are judged anew, by today's rules and
    beside the base of the commit that is asked about: what was no drop there may be one here.
    One request to Beaker, three for a run that may be it; one to GitHub, two where the commit has
    no such check yet; where metrics are judged, what that takes.

    After a merge the merged pull request is told what moved, as of a run of the push, unless the
    run is its own: then that was told before.

    Args:
        case: Whose request it is.
        command: The command that is answered.
        beaker: Where the runs are.
        plan: What would be submitted.

    Returns:
        None where nothing can be reused: a command of one's own, a changed preset, ``--fresh``.

    Raises:
        Problem: When a service does not answer.
    """
    found = former(case, command, beaker, plan)
    if found is None:
        return None
    services, (run, state) = case.asking.services, found
    judged = _judged(case, plan, beaker, run, state)
    if judged is None:
        return None
    view = _view(case, command, run, state)
    check_id = ensure_check(services.hub, _check(plan, run, view), look_first=True)
    if judged.merged != run.number:
        shown = services.redactor.view(judged.compared)
        tell_merged(services, replace(run, sha=plan.sha), judged, shown, check_id)
    return Answer(
        command=command.name,
        reason=Reason.REUSED,
        view=view,
        run=run,
        status="finished",
        conclusion="success",
    )


def former(case: Case, command: Command, beaker: Session, plan: Plan) -> tuple[Run, State] | None:
    """The run that a plan need not repeat, as long as its metrics pass; None without one.

    One request to Beaker, three for a run that may be it.

    Raises:
        Problem: When Beaker does not answer.
    """
    tree = plan.environment["BEAKER_CI_TREE"]
    if plan.preset is None or plan.modified or not tree or "fresh" in command.options:
        return None
    now = case.asking.services.clock.now().timestamp()
    return _latest(beaker, plan, case.asking.repository.id, now)


def _judged(case: Case, plan: Plan, beaker: Session, run: Run, state: State) -> Judged | None:
    """What the run's metrics come to at the commit that is asked about; None if they do not pass.

    Where nothing can fail, only a push asks: it may have merged a pull request.
    """
    is_gated = bool(plan.environment["BEAKER_CI_GATED"])
    trigger = plan.environment["BEAKER_CI_TRIGGER"]
    if asks_for_base(case, run.preset or "") or not (is_gated or trigger == "push"):
        return Judged()
    here, rules = replace(run, sha=plan.sha, trigger=trigger), case.configuration
    judged = judge_metrics(case.asking.services, beaker, here, state, lambda _: rules, at_once=True)
    return judged if not is_gated or judged.gate == "passed" else None


def _latest(beaker: Session, plan: Plan, repository: int, now: float) -> tuple[Run, State] | None:
    tree = plan.environment["BEAKER_CI_TREE"]
    for listed in islice(beaker.runs_at(repository, tree), LOOKED_AT):
        mark = listed.mark
        if mark is None or mark.is_open or not is_named_after(listed.name, plan.preset or ""):
            continue
        run, state = beaker.look(listed.workload_id, now)
        if not _is_same(run, plan, repository) or state.verdict in _SAYS_NOTHING:
            continue
        passed = state.verdict is Verdict.SUCCEEDED and mark.gate != "failed"
        return (run, state) if passed else None
    return None


def _is_same(run: Run, plan: Plan, repository: int) -> bool:
    """Whether a run did what the plan would do, by its spec."""
    return (
        run.repository_id == repository
        and run.preset == plan.preset
        and run.is_unmodified
        and run.tree == plan.environment["BEAKER_CI_TREE"]
        and run.recipe_hash == plan.environment["BEAKER_CI_RECIPE"]
        and run.name.endswith(f"-{run.key}")
    )


def _view(case: Case, command: Command, run: Run, state: State) -> ReplyView:
    hide = case.asking.services.hiding(run)
    metrics = told_metrics(state.metrics, hide)[:_METRICS]
    rows = tuple((name, format_metric(value)) for name, value in metrics)
    where = "this very commit" if run.sha == case.sha else f"{run.sha}, which has the same files"
    return ReplyView(
        marker=case.asking.marker,
        reason=Reason.REUSED,
        asker=case.asking.asker.login,
        source=command.source,
        what=f"Nothing new runs: `{run.preset}` succeeded with these files already.",
        why=f"Run `{run.run_id}` ran it at {where}.",
        table=Table(("Metric", "Value"), rows) if rows else None,
        page=run.url,
        next_step="To run it again all the same:",
        paste=with_flag(command, "fresh"),
    )


def _check(plan: Plan, run: Run, view: ReplyView) -> CheckState:
    at = "" if run.sha == plan.sha else f" at {run.sha[:7]}, which has the same files"
    return CheckState(
        name=plan.check_name,
        sha=plan.sha,
        external_id=run.workload_id,
        status="completed",
        conclusion="success",
        title=f"Reused: run {run.run_id} succeeded{at}",
        summary=f"{view.what} {view.why}\n\n[The run on Beaker]({run.url})",
        text="",
    )
