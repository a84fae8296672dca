"""Who may do what, read no further than a decision needs. Nothing outlives the event."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from beaker_ci import github
from beaker_ci.facts import Permission, Person
from beaker_ci.policy import judge_person
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem

if TYPE_CHECKING:
    from beaker_ci.bot.services import Services
    from beaker_ci.config import Configuration


def with_teams(
    services: Services,
    person: Person,
    permission: Permission,
    configuration: Configuration,
    role: Literal["run", "approve"] = "run",
) -> Permission:
    """The permission with team membership, where the role names teams and nothing else holds.

    A request per team, and only with a token that may read them: without one, membership stays
    unknown, which the policy says; so it does when they cannot be read.
    """
    lines = configuration.roles.run if role == "run" else configuration.roles.approve
    known = (
        permission.teams is not None
        or judge_person(person, permission, configuration, role).outcome is Outcome.ALLOW
    )
    if known or not lines.teams or services.organization is None or person.type != "User":
        return permission
    roles = configuration.roles
    wanted = dict.fromkeys((*roles.run.teams, *roles.approve.teams))
    try:
        teams = github.read_teams(services.organization, person, tuple(wanted))
    except Problem as problem:
        return replace(permission, teams_problem=f"{problem.what} {problem.why}")
    return replace(permission, teams=teams)


def read_permission(services: Services, person: Person, configuration: Configuration) -> Permission:
    """What GitHub says a person may do, with teams where ``roles.run`` rests on them.

    Raises:
        Problem: When GitHub does not answer.
    """
    permission = github.read_permission(services.hub, person)
    return with_teams(services, person, permission, configuration)
