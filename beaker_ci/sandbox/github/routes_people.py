"""Operations on people, rights and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beaker_ci.sandbox.github import render
from beaker_ci.sandbox.github.clock import stamp
from beaker_ci.sandbox.github.model import LEGACY_PERMISSION, Account, Role, Token
from beaker_ci.sandbox.github.routing import ApiError, Request, Route, not_found

if TYPE_CHECKING:
    from beaker_ci.sandbox.github.state import State


def get_user(state: State, request: Request) -> Any:
    """``GET /user``: only people have themselves."""
    if request.token.kind == "anonymous":
        raise ApiError(401, "Requires authentication")
    if request.token.app:
        raise ApiError(403, "Resource not accessible by integration")
    return public_user(state, request.token.account)


def get_user_by_login(state: State, request: Request) -> Any:
    """``GET /users/{username}``."""
    account = state.account(request.params["username"])
    if account is None:
        raise not_found()
    return public_user(state, account)


def public_user(state: State, account: Account) -> dict[str, Any]:
    """A ``public-user``."""
    unknown = ("name", "company", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **render.user(state, account),
        **dict.fromkeys(unknown),
        **dict.fromkeys(counts, 0),
        "blog": "",
        "created_at": stamp(state.created_at),
        "updated_at": stamp(state.created_at),
    }


def get_repository(state: State, request: Request) -> Any:
    """``GET /repos/{owner}/{repo}``: the base, or a fork of it."""
    shown = render.full_repository(state, fork_of(state, request))
    if request.token.kind != "anonymous":
        shown["permissions"] = _rights(state.role(request.token.account))
    return shown


def _rights(role: Role) -> dict[str, bool]:
    return {
        "admin": role.allows("admin"),
        "maintain": role.allows("maintain"),
        "push": role.allows("write"),
        "triage": role.allows("triage"),
        "pull": role.allows("read"),
    }


def fork_of(state: State, request: Request) -> str | None:
    """The owner in the path when it is a fork's."""
    owner = request.params["owner"]
    return None if owner.lower() == state.owner.lower() else owner


def get_permission(state: State, request: Request) -> Any:
    """``GET …/collaborators/{username}/permission``: the legacy word beside the role."""
    if request.token.kind == "anonymous":
        raise ApiError(401, "Requires authentication")
    if request.token.kind == "user" and not state.role(request.token.account).allows("write"):
        raise ApiError(403, "Must have push access to view collaborator permission.")
    account = state.account(request.params["username"])
    if account is None:
        raise ApiError(404, f"{request.params['username']} is not a user")
    role = state.role(account)
    rights = _rights(role)
    return {
        "permission": LEGACY_PERMISSION.get(role.base, role.base),
        "user": {**render.user(state, account), "permissions": rights, "role_name": role.name},
        "role_name": role.name,
    }


def get_rate_limit(state: State, request: Request) -> Any:
    """``GET /rate_limit``: free of charge."""
    shown = {}
    for resource in ("core", "graphql"):
        bucket = state.limits.bucket(request.token, resource)
        shown[resource] = {
            "limit": bucket.limit,
            "remaining": bucket.remaining,
            "reset": int(bucket.reset.timestamp()),
            "used": bucket.used,
        }
    return {"resources": {**shown, "search": shown["core"]}, "rate": shown["core"]}


def get_membership(state: State, request: Request) -> Any:
    """``GET /orgs/…/memberships/{username}``: for members of the organization only."""
    org, slug = request.params["org"].lower(), request.params["team_slug"].lower()
    team = state.teams.get((org, slug))
    account = state.account(request.params["username"])
    if team is None or account is None or not _sees_teams(state, request.token, org):
        raise not_found()
    standing = team.members.get(account.login.lower())
    if standing is None:
        raise not_found()
    url = f"{state.api_url}/organizations/{state.organization.id}/team/{team.id}"
    return {
        "url": f"{url}/memberships/{account.login}",
        "role": "member",
        "state": standing,
    }


def _sees_teams(state: State, token: Token, org: str) -> bool:
    if token.kind != "user" or (
        token.permissions is not None and "members" not in token.permissions
    ):
        return False
    login = token.account.login.lower()
    is_member = any(login in team.members for team in state.teams.values() if team.org == org)
    return is_member or state.role(token.account).base == "admin"


REPOSITORY = "/repos/{owner}/{repo}"
ROUTES = [
    Route("GET", "/rate_limit", get_rate_limit),
    Route("GET", "/user", get_user),
    Route("GET", "/users/{username}", get_user_by_login),
    Route("GET", REPOSITORY, get_repository),
    Route("GET", REPOSITORY + "/collaborators/{username}/permission", get_permission),
    Route(
        "GET",
        "/orgs/{org}/teams/{team_slug}/memberships/{username}",
        get_membership,
        needs=("members",),
    ),
]
