"""Who somebody is, and what GitHub says they may do here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from github import GithubException

from beaker_ci.facts import Permission, Person
from beaker_ci.github.client import Hub, problems, status_of
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

_BUILT_IN = ("admin", "maintain", "write", "triage", "read")
"""Roles whose name is the permission; an organization's own roles build on one of them."""

_OWN_REMEDY = "Use a token of your own, such as: export GITHUB_TOKEN=$(gh auth token)"
_ORG_REMEDY = (
    "Check the action's `org-token`: it has to read the organization's members (`members: read`, "
    "or a classic token's scope `read:org`)."
)


def read_account(repository: Hub, login: str) -> Person:
    """Reads which account has a login today. One request.

    Raises:
        Problem: ``refused.role`` when nobody has it; ``github.*`` when GitHub does not answer.
    """
    with problems(f"looking up the account {login}"):
        data = _get(repository, f"/users/{quote(login, safe='')}")
        if data is None:
            raise Problem(
                Reason.REFUSED_ROLE,
                f"GitHub knows no account {login}.",
                why="It was deleted or renamed, or the name is misspelt.",
                next_step="Check the name; if the account was renamed, ask from the new one.",
            )
        person = Person(int(data["id"]), str(data["login"]), str(data["type"]))
        if person.login.lower() != login.lower():
            raise ValueError(f"asked for {login}, got {person.login}")
        return person


def read_myself(repository: Hub) -> Person:
    """Reads whose the token is. One request.

    Raises:
        Problem: ``github.forbidden`` when it is no person's.
    """
    with problems("asking whose the token is", remedy=_OWN_REMEDY):
        _, data = repository.requester.requestJsonAndCheck("GET", "/user")
        return Person(int(data["id"]), str(data["login"]), str(data["type"]))


def read_permission(repository: Hub, person: Person) -> Permission:
    """Reads the collaborator permission of a person. One request.

    ``author_association`` of the event is never used: private members show as contributors and
    members need not be able to write. Where the role is one of GitHub's own the level is its name,
    since the older field folds ``maintain`` and ``triage`` into others. With an organization's own
    role the level is that older field: the permission which the role builds on, or less.

    Raises:
        Problem: When GitHub does not answer or does not let us ask. "Not a collaborator" is an
            answer, not a problem.
    """
    path = f"{repository.url}/collaborators/{quote(person.login, safe='')}/permission"
    with problems(f"reading the permission of {person.login}"):
        data = _get(repository, path)
        if data is None:
            return Permission("none", None, f"GitHub knows no collaborator {person.login}")
        user, role, level = data.get("user") or {}, data.get("role_name"), data.get("permission")
        if not isinstance(level, str) or "id" not in user:
            return Permission(None, None, "GitHub's answer names no permission")
        if user["id"] != person.id:
            # A login can be given up and taken by somebody else between the comment and now.
            return Permission(
                None, None, f"the login {person.login} is not user {person.id} any more"
            )
        if role in _BUILT_IN:
            level = role
        return Permission(level, None, f"collaborator permission of user {person.id}", role=role)


def read_teams(organization: Hub, person: Person, teams: Sequence[str]) -> frozenset[str]:
    """Reads of which teams a person is an active member. A request per team, one more for a yes.

    GitHub's answer names no account id, so a yes is believed only if the login still is the
    person's.

    Args:
        organization: Connected with a token that may read the members of the teams' organizations,
            which a workflow's own token may not.
        person: Who.
        teams: ``org/slug`` each.

    Returns:
        Those of ``teams`` that hold. GitHub gives the same answer about a team that the token may
        not see as about one that the person is not in.

    Raises:
        Problem: When GitHub does not answer, or does not know the token.
    """
    doing = f"reading the teams of {person.login}"
    with problems(doing, input_name="org-token", remedy=_ORG_REMEDY):
        found = frozenset(team for team in teams if _is_active(organization, person, team))
    if found and read_account(organization, person.login).id != person.id:
        return frozenset()
    return found


def _is_active(organization: Hub, person: Person, team: str) -> bool:
    org, slug, login = (quote(part, safe="") for part in (*team.split("/", 1), person.login))
    data = _get(organization, f"/orgs/{org}/teams/{slug}/memberships/{login}")
    return data is not None and data["state"] == "active"


def _get(hub: Hub, path: str) -> dict[str, Any] | None:
    """An object of GitHub's; None when GitHub denies that there is one."""
    try:
        _, data = hub.requester.requestJsonAndCheck("GET", path)
    except GithubException as error:
        if status_of(error) != 404:
            raise
        return None
    if not isinstance(data, dict):
        raise TypeError(f"{path}: no object")
    return data
