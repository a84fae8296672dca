"""Who agreed to a plan: ``go`` by somebody who may run, ``approve`` by somebody who may approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.policy.case import Case, allow, refuse
from beaker_ci.policy.person import judge_person, named
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.policy.model import Finding


def may_run(case: Case) -> Finding | None:
    """Whoever said it may run: every command needs that role."""
    agreed = case.facts.agreement
    if agreed is None:
        return None
    return judge_person(agreed.who, agreed.permission, case.configuration)


def may_approve(case: Case) -> Finding | None:
    """Whoever said ``approve`` may approve."""
    agreed = case.facts.agreement
    if agreed is None or agreed.word != "approve":
        return None
    return judge_person(agreed.who, agreed.permission, case.configuration, "approve")


def is_not_their_own(case: Case) -> Finding | None:
    """Nobody approves what they asked for or committed, unless the rules say so."""
    agreed = case.facts.agreement
    if agreed is None or agreed.word != "approve":
        return None
    if case.configuration.roles.approve.self_approval:
        return allow("four-eyes", "`roles.approve.self` lets approvers approve their own")
    who, pull = agreed.who, case.facts.pull
    if who.id == case.request.who.id:
        return _own(f"{named(who)} asked for it")
    if agreed.authors is None or pull is None:
        return refuse(
            "four-eyes",
            Reason.GITHUB_UNAVAILABLE,
            "GitHub did not say who made the commit",
            "Approve again in a minute.",
        )
    if who.id == pull.author.id:
        return _own(f"the pull request is by {named(who)}")
    if who.id in agreed.authors:
        return _own(f"the commit is by {named(who)}")
    by = "by others" if agreed.authors else "by nobody that GitHub knows, in somebody else's name"
    return allow("four-eyes", f"asked for by {named(case.request.who)}, committed {by}")


def _own(evidence: str) -> Finding:
    return refuse(
        "four-eyes",
        Reason.REFUSED_SELF_APPROVAL,
        evidence,
        "Ask another approver. `roles.approve.self: true` would let approvers approve their own.",
    )
