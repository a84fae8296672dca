"""Operations on what a repository's settings pages hold: environments and names of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from beaker_ci.sandbox.github import render
from beaker_ci.sandbox.github.clock import stamp
from beaker_ci.sandbox.github.routing import ApiError, Request, Response, Route, not_found, page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beaker_ci.sandbox.github.model import Environment
    from beaker_ci.sandbox.github.state import State


def list_environments(state: State, request: Request) -> Response:
    """``GET …/environments``: for everybody who may read the repository."""
    return _counted(state, request, "environments", map(_environment(state), _all(state)))


def list_branch_policies(state: State, request: Request) -> Response:
    """``GET …/deployment-branch-policies``: the names that custom policies match."""
    environment = _find(state, request)
    policies = [
        {"id": 361471 + number, "node_id": f"GP_{number}", "name": name, "type": "branch"}
        for number, name in enumerate(environment.branches)
    ]
    return _counted(state, request, "branch_policies", policies)


def list_environment_secrets(state: State, request: Request) -> Response:
    """``GET …/environments/{environment_name}/secrets``: names, never values."""
    _check_collaborator(state, request, "environments")
    return _secrets(state, request, _find(state, request).secrets)


def list_secrets(state: State, request: Request) -> Response:
    """``GET …/actions/secrets``: the repository's own."""
    _check_collaborator(state, request, "secrets")
    return _secrets(state, request, state.secrets)


def list_organization_secrets(state: State, request: Request) -> Response:
    """``GET …/actions/organization-secrets``: those that the organization shares with it."""
    _check_collaborator(state, request, "secrets")
    return _secrets(state, request, state.organization_secrets)


def _all(state: State) -> list[Environment]:
    return sorted(state.environments.values(), key=lambda environment: environment.id)


def _find(state: State, request: Request) -> Environment:
    found = state.environments.get(request.params["environment_name"].lower())
    if found is None:
        raise not_found()
    return found


def _check_collaborator(state: State, request: Request, permission: str) -> None:
    token = request.token
    if token.kind == "anonymous":
        raise ApiError(401, "Requires authentication")
    if token.permissions is not None and permission not in token.permissions:
        who = "integration" if token.app else "personal access token"
        raise ApiError(403, f"Resource not accessible by {who}")
    if not token.app and not state.role(token.account).allows("write"):
        raise ApiError(403, "You must have repository write permissions.")


def _environment(state: State) -> Any:
    def rendered(environment: Environment) -> dict[str, Any]:
        quoted = quote(environment.name, safe="")
        base = f"{render.repository_url(state)}/environments/{quoted}"
        pages = f"{state.url}/{state.full_name}/deployments/activity_log"
        rules = [{"id": 3515, "node_id": "GA_3515", "type": "branch_policy"}]
        reviewers: dict[str, Any] = {
            "id": 3755,
            "node_id": "GA_3755",
            "type": "required_reviewers",
            "prevent_self_review": False,
            "reviewers": [
                {"type": "User", "reviewer": render.user(state, reviewer)}
                for reviewer in environment.reviewers
            ],
        }
        limited = environment.protected_branches or environment.custom_branches
        policy = {
            "protected_branches": environment.protected_branches,
            "custom_branch_policies": environment.custom_branches,
        }
        return {
            "id": environment.id,
            "node_id": f"EN_{environment.id}",
            "name": environment.name,
            "url": base,
            "html_url": f"{pages}?environments_filter={quoted}",
            "created_at": stamp(state.created_at),
            "updated_at": stamp(state.created_at),
            "can_admins_bypass": True,
            "protection_rules": (rules if limited else [])
            + ([reviewers] if environment.reviewers else []),
            "deployment_branch_policy": policy if limited else None,
        }

    return rendered


def _secrets(state: State, request: Request, names: Iterable[str]) -> Response:
    when = stamp(state.created_at)
    shown = [{"name": name, "created_at": when, "updated_at": when} for name in sorted(names)]
    return _counted(state, request, "secrets", shown)


def _counted(state: State, request: Request, name: str, items: Iterable[Any]) -> Response:
    everything = list(items)
    shown, headers = page(state, request, everything)
    return Response(200, {"total_count": len(everything), name: shown}, headers)


REPOSITORY = "/repos/{owner}/{repo}"
ENVIRONMENT = REPOSITORY + "/environments/{environment_name}"
ROUTES = [
    Route("GET", REPOSITORY + "/environments", list_environments, ("actions",)),
    Route("GET", ENVIRONMENT + "/deployment-branch-policies", list_branch_policies, ("actions",)),
    Route("GET", ENVIRONMENT + "/secrets", list_environment_secrets, ("environments",)),
    Route("GET", REPOSITORY + "/actions/secrets", list_secrets, ("secrets",)),
    Route(
        "GET", REPOSITORY + "/actions/organization-secrets", list_organization_secrets, ("secrets",)
    ),
]
