"""``/beaker run``: from a command to one experiment and its report."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import Answer, run_answer
from beaker_ci.bot.case import Case
from beaker_ci.bot.reporting import Reporter
from beaker_ci.bot.views import tree_lines
from beaker_ci.commands import Command
from beaker_ci.facts import BeakerAccounts, CommentNow, Facts
from beaker_ci.github import read_head
from beaker_ci.history import stage_of
from beaker_ci.plan import Plan, experiment_name, make_plan, run_key, with_receipt
from beaker_ci.policy import evaluate, merge_recipe
from beaker_ci.policy.model import Decision, Outcome, Request
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report import warm_up
from beaker_ci.report.views import ReplyView
from beaker_ci.run import Mark, Receipt, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.recipe import Recipe


_REFUSED = "Nothing was submitted: a rule forbids it."
_WAITS = "Nothing was submitted: it needs an approval, which this version cannot take yet."


@dataclass(frozen=True)
class Errand:
    """One run command and what is being fetched for it meanwhile.

    Attributes:
        recipe: The merged values, or the problem that forbids merging.
        found: The run that an earlier delivery of the same asking submitted.
        accounts: What Beaker says of workspace and budget.
    """

    command: Command
    key: str
    recipe: Recipe | Problem
    found: Future[Run | None]
    accounts: Future[BeakerAccounts]


def prepare(case: Case, command: Command, session: Future[Session], pool: Executor) -> Errand:
    """Starts what a run command needs of Beaker, while GitHub is still being asked."""
    key = run_key(case.asking.repository.id, case.asking.by, command.place)
    name = experiment_name(case.asking.repository.full_name, case.where, command.preset, key)
    recipe: Recipe | Problem
    try:
        recipe = merge_recipe(command, case.configuration)
    except Problem as problem:
        recipe = problem
    values = {} if isinstance(recipe, Problem) else recipe
    workspace, budget = values.get("workspace"), values.get("budget")

    space, account = str(workspace) if workspace else None, str(budget) if budget else None
    # Each goes its own way to Beaker; what two of them ask is asked once.
    pool.submit(lambda: session.result().warm_up())
    if space is not None:
        pool.submit(lambda: session.result().warm_up_workspace(space))
    pool.submit(lambda: session.result().accounts(None, account))
    errand = Errand(
        command=command,
        key=key,
        recipe=recipe,
        found=pool.submit(lambda: session.result().find(name, key)),
        accounts=pool.submit(lambda: session.result().accounts(space, account)),
    )
    # What takes long to load is loaded while Beaker answers, not before it was asked.
    pool.submit(lambda: session.result().load_gantry())
    pool.submit(warm_up)
    return errand


def answer_run(
    case: Case, comment: CommentNow | None, errand: Errand, session: Future[Session]
) -> Answer:
    """Judges, submits and reports one run; or finds it, if it was submitted before.

    Raises:
        Problem: Whatever stands in the way, to be told to the asker.
    """
    found = errand.found.result()
    if found is not None:
        case.asking.services.expect(found.name)
        return _report(case, errand.command, session.result(), found)
    if isinstance(errand.recipe, Problem):
        raise errand.recipe
    decision = judge(case, comment, errand.command, errand.recipe, errand.accounts.result())
    if decision.outcome is not Outcome.ALLOW:
        return refusal(case, errand.command, decision)
    plan = plan_of(case, errand.command, errand.recipe, errand.key)
    return _submit(case, errand.command, session.result(), plan, decision)


def judge(
    case: Case,
    comment: CommentNow | None,
    command: Command,
    recipe: Recipe,
    accounts: BeakerAccounts,
) -> Decision:
    """Judges one run command by everything that was read."""
    facts = Facts(
        now=case.asking.services.clock.now(),
        permission=case.permission,
        pull=case.pull,
        comment=comment,
        accounts=accounts,
    )
    return evaluate(request_of(case, command), recipe, facts, case.configuration)


def request_of(case: Case, command: Command) -> Request:
    """The request that a command of this case makes."""
    asked = case.asking.comment
    return Request(
        who=case.asking.asker,
        command=command,
        repository=case.asking.repository.full_name,
        number=case.asking.number,
        is_pull_request=case.asking.is_pull_request,
        asked_body=asked.body if asked else None,
        asked_at=asked.at if asked else None,
    )


def _submit(
    case: Case, command: Command, beaker: Session, plan: Plan, decision: Decision
) -> Answer:
    from beaker_ci.beaker import Source

    services, pull = case.asking.services, case.pull
    source = Source(services.server_url, case.is_private, case.files.head_entries)
    if case.is_private:
        _require_clone_secret(case, beaker, plan)
    receipt = Receipt(tree_lines(decision), command.notes)
    plan = with_receipt(plan, receipt.dump())
    mark = Mark(
        repository=case.asking.repository.id,
        number=case.asking.number or 0,
        asker=case.asking.asker.id,
        reserved=plan.price.gpu_hours,
        writer=services.writer,
        since=int(services.clock.now().timestamp()),
    )
    page = f"{services.server_url}/{plan.repository}"
    where = page if pull is None else f"{page}/pull/{pull.number}"
    summary = f"{plan.command_line}\nfor {plan.asker} in {where} at {plan.sha}"

    def guard() -> None:
        if pull is not None:
            head = read_head(services.hub, pull.number)
            if head != plan.sha:
                raise _head_moved(plan.sha, head)

    services.expect(plan.name)
    run = beaker.submit(plan, mark, source, summary, guard)
    return _report(case, command, beaker, run)


def _report(case: Case, command: Command, beaker: Session, run: Run) -> Answer:
    """Reports a run that Beaker holds. Whatever goes wrong here, the answer names the run."""
    asking = case.asking
    reporter = Reporter(asking.services, beaker, lambda: case.configuration.publish_logs)
    try:
        reported = reporter.report(run, asking.place)
    except Problem as problem:
        return _half_reported(case, command, run, problem)
    return run_answer(command.name, reported)


def _half_reported(case: Case, command: Command, run: Run, problem: Problem) -> Answer:
    away = problem.reason in (Reason.BEAKER_UNAVAILABLE, Reason.GITHUB_UNAVAILABLE)
    view = ReplyView(
        marker=case.asking.marker,
        reason=problem.reason,
        asker=case.asking.asker.login,
        source=command.source,
        what="The job was submitted, but not all of its report could be written.",
        why=f"{problem.what} {problem.why}. {'' if away else problem.next_step}",
        next_step=(
            "The next event or schedule finishes the report, and so does re-running this workflow "
            "within the hour: neither submits anything twice. A new comment would ask for a "
            "second job. The job is at:"
        ),
        paste=run.url,
    )
    return Answer(
        command=command.name,
        reason=problem.reason,
        view=view,
        run=run,
        status=stage_of(run.status),
    )


def plan_of(case: Case, command: Command, recipe: Recipe, key: str) -> Plan:
    """The exact job that a command asks for at the head that was read."""
    return make_plan(
        request=request_of(case, command),
        repository_id=case.asking.repository.id,
        recipe=recipe,
        configuration=case.configuration,
        config_commit=case.files.config_commit if case.files.config is not None else None,
        sha=case.sha,
        key=key,
        branch=case.asking.branch,
    )


def refusal(case: Case, command: Command, decision: Decision) -> Answer:
    """The answer to a run that may not, or may not yet."""
    waiting = decision.outcome is Outcome.WAIT
    return Answer(
        command=command.name,
        reason=decision.reason,
        view=_reply_view(case, command, decision),
        status="waiting-approval" if waiting else "",
    )


def _reply_view(case: Case, command: Command, decision: Decision) -> ReplyView:
    cause = decision.cause
    return ReplyView(
        marker=case.asking.marker,
        reason=decision.reason,
        asker=case.asking.asker.login,
        source=command.source,
        what=_WAITS if decision.outcome is Outcome.WAIT else _REFUSED,
        why=cause.evidence,
        next_step=cause.next_step,
        paste=cause.paste,
        decision=tree_lines(decision),
    )


def _require_clone_secret(case: Case, beaker: Session, plan: Plan) -> None:
    """A private repository can only be cloned in the job with a token from a Beaker secret."""
    name = case.configuration.github_token_secret
    if name is not None and beaker.has_secret(plan.workspace, name):
        return
    lacking = f"`{plan.workspace}` has no secret `{name}`" if name else "none is configured"
    raise Problem(
        Reason.CONFIG_CLONE_SECRET,
        "The job could not clone this private repository.",
        why=f"It needs a Beaker secret with a read-only token, and {lacking}.",
        next_step=(
            "A maintainer writes such a token to a secret of the workspace and names it in "
            f"`{case.asking.services.config_path}`:"
        ),
        paste=f"github_token_secret: {name or 'GITHUB_CLONE_TOKEN'}",
    )


def _head_moved(judged: str, head: str) -> Problem:
    return Problem(
        Reason.REFUSED_HEAD_MOVED,
        "The pull request got a new commit while the run was being prepared.",
        why=f"It was judged at {judged}; the head is now {head}. Nothing was submitted.",
        next_step="Look at the new commit, then ask again.",
    )
