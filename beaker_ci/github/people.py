"""What GitHub says a person may do here."""

from __future__ import annotations

from urllib.parse import quote

from github import GithubException

from beaker_ci.facts import Permission, Person
from beaker_ci.github.client import Hub, problems, status_of

_BUILT_IN = ("admin", "maintain", "write", "triage", "read")
"""Roles whose name is the permission; an organization's own roles build on one of them."""


def read_permission(repository: Hub, person: Person) -> Permission:
    """Reads the collaborator permission of a person. One request.

    ``author_association`` of the event is never used: private members show as contributors and
    members need not be able to write. The level is the role's own name where GitHub gives one
    (``maintain``, ``triage``, a custom role), since the older field folds those into others.

    Raises:
        Problem: When GitHub does not answer or does not let us ask. "Not a collaborator" is an
            answer, not a problem.
    """
    path = f"{repository.url}/collaborators/{quote(person.login, safe='')}/permission"
    with problems(f"reading the permission of {person.login}"):
        try:
            _, data = repository.requester.requestJsonAndCheck("GET", path)
        except GithubException as error:
            if status_of(error) != 404:
                raise
            return Permission("none", None, f"GitHub knows no collaborator {person.login}")
        user = data.get("user") or {}
        if user.get("id") != person.id:
            # A login can be given up and taken by somebody else between the comment and now.
            return Permission(
                None, None, f"the login {person.login} is not user {person.id} any more"
            )
        role, level = data.get("role_name"), data.get("permission")
        if role in _BUILT_IN:
            level = role
        if not isinstance(level, str):
            return Permission(None, None, "GitHub's answer names no permission")
        return Permission(level, None, f"collaborator permission of user {person.id}", role=role)
