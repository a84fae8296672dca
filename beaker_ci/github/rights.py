"""What a token may see of a repository's set-up: harmless reads, for the doctor.

An answer of None means that the token may not know. Only what GitHub lists as absent is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from github import GithubException, RateLimitExceededException

from beaker_ci.github.client import Hub, problems, status_of
from beaker_ci.problem import quoted

_ROLES = ("admin", "maintain", "push", "triage", "pull")
_DENIED = (401, 403, 404, 410, 451)
_PAGE = 100


@dataclass(frozen=True)
class Denied:
    """GitHub does not let the token see the repository.

    Attributes:
        status: 401: GitHub does not know the token; 404: no such repository, or none for it.
        words: GitHub's own.
    """

    status: int
    words: str


@dataclass(frozen=True)
class Rights:
    """A token, and the repository as it shows itself to it.

    Attributes:
        login: Whose personal token it is; None for the token of a workflow or an app.
        role: The most that its owner may do here, in GitHub's words: ``admin``, ``maintain``,
            ``push``, ``triage``, ``pull`` or ``none``.
        scopes: A classic token's scopes; None where GitHub names none.
        private: Whether the repository is private or internal.
        default_branch: Its name.
        full_name: ``owner/name``, as GitHub writes it.
        url: The repository's page.
    """

    login: str | None
    role: str
    scopes: str | None
    private: bool
    default_branch: str
    full_name: str
    url: str


@dataclass(frozen=True)
class Environment:
    """An environment, and which branches may use it.

    Attributes:
        limit: ``branches``: those that patterns name; ``protected``: all protected ones; None: all.
        reviewed: Whether somebody has to let each job in.
    """

    id: int
    name: str
    limit: str | None
    reviewed: bool


def read_rights(repository: Hub) -> Rights | Denied:
    """Reads the repository, and whose token this is. Two requests."""
    with problems("reading the repository"):
        try:
            headers, data = repository.requester.requestJsonAndCheck("GET", repository.url)
        except GithubException as error:
            if not _is_denied(error):
                raise
            return Denied(status_of(error), _words(error))
        granted = data.get("permissions") or {}
        return Rights(
            login=_login(repository),
            role=next((role for role in _ROLES if granted.get(role)), "none"),
            scopes=headers.get("x-oauth-scopes"),
            private=data["private"] is not False,
            default_branch=str(data["default_branch"]),
            full_name=str(data["full_name"]),
            url=str(data["html_url"]),
        )


def read_tip(repository: Hub, branch: str) -> str:
    """Reads the commit of a branch. One request."""
    with problems(f"reading the branch {branch}"):
        return str(repository.get_git_ref(f"heads/{branch}").object.sha)


def read_workflows(repository: Hub, commit: str) -> Mapping[str, str] | None:
    """Reads every workflow file of a commit: path → text. A request for each, and one more."""
    folder = ".github/workflows"
    with problems("reading the workflows"):
        try:
            listed = repository.get_contents(folder, ref=commit)
        except GithubException as error:
            if not _is_denied(error):
                raise
            return None
        files = listed if isinstance(listed, list) else [listed]
        return {
            file.path: file.decoded_content.decode("utf-8", "replace")
            for file in files
            if file.type == "file" and file.name.endswith((".yml", ".yaml"))
        }


def read_environments(repository: Hub) -> tuple[Environment, ...] | None:
    """Reads all environments. A request per 100."""
    listed = _listed(repository, "environments", "environments")
    return None if listed is None else tuple(map(_environment, listed))


def read_environment_branches(repository: Hub, environment: str) -> tuple[str, ...] | None:
    """Reads the patterns that name who may use an environment; tags begin with ``refs/tags/``."""
    path = f"environments/{quote(environment, safe='')}/deployment-branch-policies"
    listed = _listed(repository, path, "branch_policies")
    if listed is None:
        return None
    return tuple(
        f"refs/tags/{one['name']}" if one.get("type") == "tag" else str(one["name"])
        for one in listed
    )


def read_secret_names(repository: Hub, environment: str | None = None) -> frozenset[str] | None:
    """Reads the names of an environment's secrets; of the repository's own without one."""
    quoted = quote(environment or "", safe="")
    return _names(
        repository, f"environments/{quoted}/secrets" if environment else "actions/secrets"
    )


def read_shared_secret_names(repository: Hub) -> frozenset[str] | None:
    """Reads the names of the secrets that its organization shares with the repository."""
    return _names(repository, "actions/organization-secrets")


def _names(repository: Hub, path: str) -> frozenset[str] | None:
    listed = _listed(repository, path, "secrets")
    return None if listed is None else frozenset(str(one["name"]).upper() for one in listed)


def _login(repository: Hub) -> str | None:
    try:
        _, data = repository.requester.requestJsonAndCheck("GET", "/user")
    except GithubException as error:
        if not _is_denied(error):
            raise
        return None
    return str(data["login"])


def _listed(repository: Hub, path: str, key: str) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] = []
    with problems(f"reading {path}"):
        while True:
            page = len(found) // _PAGE + 1
            try:
                _, data = repository.requester.requestJsonAndCheck(
                    "GET",
                    f"{repository.url}/{path}",
                    parameters={"per_page": _PAGE, "page": page},
                )
            except GithubException as error:
                if not _is_denied(error):
                    raise
                return None
            found += data[key]
            if len(data[key]) < _PAGE:
                return found


def _words(error: GithubException) -> str:
    said = error.data.get("message") if isinstance(error.data, dict) else error.message
    return quoted(said or "", 200)


def _is_denied(error: GithubException) -> bool:
    """Whether GitHub says no to this token, rather than to everybody for a while."""
    limited = isinstance(error, RateLimitExceededException) or "retry-after" in (
        error.headers or {}
    )
    return status_of(error) in _DENIED and not limited


def _environment(data: dict[str, Any]) -> Environment:
    policy = data.get("deployment_branch_policy") or {}
    limit = "protected" if policy.get("protected_branches") else None
    rules = data.get("protection_rules") or []
    return Environment(
        id=int(data["id"]),
        name=str(data["name"]),
        limit="branches" if policy.get("custom_branch_policies") else limit,
        reviewed=any(rule.get("type") == "required_reviewers" for rule in rules),
    )
