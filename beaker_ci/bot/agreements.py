"""``/beaker go`` and ``/beaker approve``: agreeing to a plan that is recomputed, never stored.

The plan's id names the comment that asked for it and the plan's hash. That comment is read again,
its asker is judged afresh, and everything is computed anew: only if the same hash comes out is it
the plan that was agreed to.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from beaker_ci import github
from beaker_ci.bot.asking import RUN_COMMANDS, Question
from beaker_ci.bot.case import Case, Origin
from beaker_ci.bot.considering import Errand, consider, judged_comment, prepare
from beaker_ci.bot.people import read_permission, with_teams
from beaker_ci.bot.runs import found_or_submitted
from beaker_ci.commands import Command, parse_comment
from beaker_ci.facts import Agreement, CommentNow, Person
from beaker_ci.policy import as_written, judge_person
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.answers import Answer
    from beaker_ci.github import RepositoryComment


@dataclass(frozen=True)
class _Match:
    """The command whose plan has the hash that was agreed to."""

    case: Case
    errand: Errand


def answer_agreement(
    case: Case,
    now: CommentNow | None,
    command: Command,
    session: Future[Session],
    pool: Executor,
) -> Answer:
    """Submits a plan that somebody asked for earlier, if it is still that plan and may run.

    Args:
        case: The comment that agrees.
        now: That comment as it is now.
        command: ``go`` or ``approve``.
        session: Beaker.
        pool: Where Beaker is asked while GitHub is.

    Raises:
        Problem: Whatever stands in the way, to be told to who agreed.
    """
    if case.asking.rerun_by:
        raise Problem(
            Reason.REFUSED_STALE,
            "Nothing was submitted: an agreement is not repeated by somebody else's re-run.",
            why=f"{case.asking.asker.login} agreed, {case.asking.rerun_by} re-runs the workflow.",
            next_step=f"Who agrees comments `/beaker {command.name} {command.target}` anew.",
        )
    judged_comment(case, now, command)
    comment_id, _, wanted = (command.target or "").partition("-")
    asked = _asked(case, int(comment_id))
    about = case.of(_origin(case, asked, command))
    told = CommentNow(asked.body, asked.created_at, asked.updated_at, about.origin.who.id)
    match = _match(about, told, wanted, asked, session, pool)
    agreed = match.case.origin.agreement
    if agreed is not None and agreed.word == "approve":
        agreed = replace(agreed, authors=github.read_authors(case.asking.services.hub, case.sha))
        match = replace(match, case=case.of(replace(match.case.origin, agreement=agreed)))
    return found_or_submitted(
        match.case, told, match.errand, session.result(), answering=command, wanted=wanted
    )


def _asked(case: Case, comment_id: int) -> RepositoryComment:
    """The comment that asked for the plan, as it is now."""
    found = github.read_comment(case.asking.services.hub, comment_id)
    if found is None:
        raise _no_plan(Reason.REFUSED_EDITED, "The comment that asked for it is gone.")
    if found.number != case.asking.number or not found.is_pull_request:
        raise _no_plan(Reason.REFUSED_PLAN_CHANGED, "It belongs to another pull request.")
    if found.is_from_bot or found.author is None:
        raise _no_plan(Reason.REFUSED_PLAN_CHANGED, "The comment that it names is by no person.")
    return found


def _origin(case: Case, asked: RepositoryComment, command: Command) -> Origin:
    assert asked.author is not None  # noqa: S101 - see _asked
    services, author = case.asking.services, asked.author
    who = Person(author.id, author.login, author.type)
    own = who.id == case.asking.asker.id
    rules = case.configuration
    permission = case.permission if own else read_permission(services, who, rules)
    finding = judge_person(who, permission, rules)
    if finding.outcome is not Outcome.ALLOW:
        raise Problem(
            Reason.REFUSED_ROLE,
            "Who asked for the plan may not run anything here any more.",
            why=finding.evidence,
            next_step="Ask for a plan in your own name.",
        )
    word: Literal["go", "approve"] = "approve" if command.name == "approve" else "go"
    agreeing = case.permission
    if word == "approve":
        agreeing = with_teams(services, case.asking.asker, agreeing, rules, "approve")
    return Origin(
        who=who,
        permission=permission,
        by=f"comment:{asked.id}",
        comment=Question(asked.id, asked.body, asked.created_at),
        agreement=Agreement(word, case.asking.asker, agreeing),
    )


def _match(
    case: Case,
    told: CommentNow,
    wanted: str,
    asked: RepositoryComment,
    session: Future[Session],
    pool: Executor,
) -> _Match:
    """The command of the asking comment whose plan, computed anew, has the hash.

    A plan that was submitted already is found by its run, however things stand now.
    """
    commands = list(_commands(asked.body))
    errands = [prepare(case, command, session, pool) for command in commands]
    for errand in errands:
        run = errand.found.result()
        if run is not None and run.plan_hash == wanted:
            return _Match(case, errand)
    for errand in errands:
        try:
            considered = consider(case, told, errand)
        except Problem:
            continue  # that command makes no plan any more
        if considered.plan.hash == wanted:
            return _Match(case, errand)
    raise _changed(case, asked, commands)


def _commands(body: str) -> Iterator[Command]:
    for item in parse_comment(body):
        if isinstance(item, Command) and item.name in RUN_COMMANDS:
            yield item


def _changed(case: Case, asked: RepositoryComment, commands: list[Command]) -> Problem:
    """Why no plan of the comment has that hash, as far as can be told."""
    if asked.updated_at != asked.created_at:
        return _no_plan(Reason.REFUSED_EDITED, "The comment that asked for it was edited.")
    again = as_written(commands[0]) if len(commands) == 1 else ""
    return Problem(
        Reason.REFUSED_PLAN_CHANGED,
        "It is not that plan any more: nothing was submitted.",
        why=(
            "Its commit, the configuration on the default branch, Beaker's clusters or the version "
            f"of beaker-ci changed since it was made; the head is now {case.sha}."
        ),
        next_step="Look at the change, then ask again:" if again else "Ask for it again.",
        paste=again,
    )


def _no_plan(reason: Reason, why: str) -> Problem:
    return Problem(
        reason,
        "There is no such plan here: nothing was submitted.",
        why=why,
        next_step="Ask for a new one, for example with `/beaker plan gpu-tests`.",
    )
