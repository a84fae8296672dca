"""Where it was asked: an open pull request, in a comment that is still what it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from beaker_ci.policy.case import Case, allow, refuse
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.policy.model import Finding

OLDEST = timedelta(hours=1)
"""How old a comment may be when it is obeyed: a re-run workflow replays old ones."""

OLDEST_PLAN = timedelta(hours=72)
"""How old the comment that asked for a plan may be when somebody agrees to it."""


def pull_request(case: Case) -> Finding:
    """It was asked on a pull request (or by an event that needs none) that GitHub described."""
    request, pull = case.request, case.facts.pull
    if request.number is None and request.asked_body is None:
        whose = "event" if request.trigger else "workflow"
        return allow("pull-request", f"none: it runs at the {whose}'s own commit")
    if request.number is None or not request.is_pull_request:
        return refuse(
            "pull-request",
            Reason.REFUSED_NOT_A_PULL_REQUEST,
            f"#{request.number} is an issue" if request.number else "it is no pull request",
            "Comment on the pull request whose code should run.",
        )
    if pull is None or pull.number != request.number:
        return refuse(
            "pull-request",
            Reason.GITHUB_UNAVAILABLE,
            f"GitHub did not describe pull request #{request.number}",
            "Comment again in a minute.",
        )
    return allow("pull-request", f"#{pull.number}")


def is_open(case: Case) -> Finding | None:
    """The pull request is open."""
    pull = case.facts.pull
    if case.request.number is None or pull is None:
        return None
    if pull.state != "open":
        return refuse(
            "open",
            Reason.REFUSED_CLOSED,
            f"pull request #{pull.number} is {pull.state}",
            "Reopen it, then ask again.",
        )
    return allow("open", f"#{pull.number} is open")


def is_unchanged(case: Case) -> Finding | None:
    """The comment still says what the event said, and was never edited."""
    request, now = case.request, case.facts.comment
    if request.asked_body is None:
        return None
    again = "Write the command in a new comment."
    if now is None:
        evidence = "GitHub did not return the comment"
        return refuse("unchanged", Reason.GITHUB_UNAVAILABLE, evidence, again)
    if now.body is None:
        return refuse("unchanged", Reason.REFUSED_EDITED, "the comment was deleted", again)
    if now.author_id != request.who.id:
        evidence = "the comment is not known to be by who asked"
        return refuse("unchanged", Reason.REFUSED_EDITED, evidence, again)
    known = now.created_at is not None and now.updated_at is not None
    if now.body != request.asked_body or not known or now.updated_at != now.created_at:
        evidence = "the comment was edited: only what was written at first is obeyed"
        return refuse("unchanged", Reason.REFUSED_EDITED, evidence, again)
    return allow("unchanged", "never edited")


def is_recent(case: Case) -> Finding | None:
    """The comment is younger than an hour; that of a plan which somebody agrees to, than 72."""
    request, comment = case.request, case.facts.comment
    if request.asked_body is None:
        return None
    agreed = case.facts.agreement is not None
    oldest = OLDEST_PLAN if agreed else OLDEST
    ages = [
        _age(case.facts.now, written)
        for written in (request.asked_at, comment.created_at if comment else None)
    ]
    known = [age for age in ages if age is not None]
    if len(known) < len(ages) or max(known) > oldest:
        age = f"{_said(max(known))} old" if known else "of unknown age"
        return refuse(
            "recent",
            Reason.REFUSED_EXPIRED if agreed else Reason.REFUSED_STALE,
            f"the plan is {age}; plans hold for 72 hours"
            if agreed
            else f"the comment is {age}; after an hour it is no longer obeyed",
            "Write the command in a new comment.",
        )
    return allow("recent", f"{_said(max(known))} old")


def _age(now: datetime, then: datetime | None) -> timedelta | None:
    if then is None or (now.tzinfo is None) != (then.tzinfo is None):
        return None
    return now - then


def _said(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
