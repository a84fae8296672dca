"""Those without the role: a reaction, and one reply in a pull request for all of them together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.answers import Answer
from beaker_ci.bot.asking import name_of
from beaker_ci.bot.people import read_permission
from beaker_ci.bot.replies import reply_to_stranger
from beaker_ci.policy import judge_person
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.bot.asking import Asking
    from beaker_ci.config import Configuration
    from beaker_ci.facts import Permission


STRANGER = "stranger"
"""The key of the one reply that a pull request's strangers get."""


def stranger(
    asking: Asking, permission: Permission, configuration: Configuration
) -> ReplyView | None:
    """The refusal of somebody without the role; None for those who have it."""
    finding = judge_person(asking.asker, permission, configuration)
    if finding.outcome is Outcome.ALLOW:
        return None
    return ReplyView(
        marker=STRANGER,
        reason=Reason.REFUSED_ROLE,
        asker=asking.asker.login,
        source="",
        what="Runs are for people with a role here.",
        why=finding.evidence,
        next_step=finding.next_step,
    )


def stranger_who_reruns(asking: Asking, configuration: Configuration) -> ReplyView | None:
    """The refusal of a re-run by somebody without the role."""
    if not asking.rerun_by:
        return None
    person = github.read_account(asking.services.hub, asking.rerun_by)
    permission = read_permission(asking.services, person, configuration)
    return stranger(replace(asking, asker=person), permission, configuration)


def refuse(asking: Asking, view: ReplyView) -> tuple[Answer, ...]:
    """The same; where that cannot be written, their reaction is all they get."""
    try:
        return _to_stranger(asking, view)
    except Problem:
        return _each(asking, view)


def refuse_nobody_knows_whom(asking: Asking, problem: Problem) -> tuple[Answer, ...]:
    """Tells of a problem by which it is not even known who asks: like strangers, once."""
    view = ReplyView.of_problem(problem, marker=STRANGER, asker=asking.asker.login)
    try:
        return _to_stranger(asking, view)
    except Problem:
        raise problem from None


def _to_stranger(asking: Asking, view: ReplyView) -> tuple[Answer, ...]:
    """Answers somebody without the role: with one comment in a pull request, whatever they ask."""
    if asking.comment is not None and asking.place is not None:
        reply_to_stranger(asking.services, asking.place, view)
    return _each(asking, view)


def _each(asking: Asking, view: ReplyView) -> tuple[Answer, ...]:
    return tuple(Answer(name_of(item), Reason(view.reason), view) for item in asking.items)
