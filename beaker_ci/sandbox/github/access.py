"""Who may do what: tokens, their permissions, and their hourly limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from beaker_ci.sandbox.github.model import ANONYMOUS, READ, WRITE, Token
from beaker_ci.sandbox.github.routing import ApiError, Route, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from beaker_ci.sandbox.github.clock import Clock
    from beaker_ci.sandbox.github.state import State

HOURLY = {"actions": 1000, "user": 5000, "anonymous": 60}
WINDOW = timedelta(hours=1)


def authenticate(tokens: Mapping[str, Token], authorization: str | None) -> Token:
    """The token of an ``Authorization`` header.

    Raises:
        ApiError: 401 for a token that nobody gave out.
    """
    if not authorization:
        return ANONYMOUS
    scheme, _, value = authorization.partition(" ")
    token = tokens.get(value.strip()) if scheme.lower() in ("token", "bearer") else None
    if token is None:
        raise ApiError(401, "Bad credentials")
    return token


def authorize(state: State, token: Token, route: Route) -> None:
    """Lets a token do what a route does.

    Raises:
        ApiError: 401, 403 or 404 in GitHub's words.
    """
    if token.kind == "anonymous":
        if state.private:
            raise not_found()
        if route.is_write:
            raise ApiError(401, "Requires authentication")
        return
    if not token.app and state.role(token.account).base == "none":
        raise not_found()
    if token.permissions is not None:
        _check_permissions(state, token, token.permissions, route)
    needs_push = route.needs == ("statuses",) and route.is_write and not token.app
    if needs_push and not state.role(token.account).allows(WRITE):
        raise not_found()


def _check_permissions(
    state: State, token: Token, granted: Mapping[str, str], route: Route
) -> None:
    if not route.is_write and (not state.private or "metadata" in route.needs):
        return
    allowed = (WRITE,) if route.is_write else (READ, WRITE)
    if any(granted.get(name) in allowed for name in route.needs):
        return
    if not token.app and route.needs == ("checks",):
        return  # Refused by the operation itself, in other words.
    if route.needs == ("contents",):
        raise not_found()
    who = "integration" if token.app else "personal access token"
    raise ApiError(403, f"Resource not accessible by {who}")


@dataclass
class Bucket:
    """Requests of one hour. ``reset`` is when it fills up again."""

    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        """How many are left."""
        return max(self.limit - self.used, 0)

    def headers(self, resource: str) -> dict[str, str]:
        """As GitHub tells it with every answer."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(self.reset.timestamp())),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Resource": resource,
        }


class Limits:
    """The primary rate limits: one bucket per user, and one that all workflow tokens share."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def bucket(self, token: Token, resource: str = "core") -> Bucket:
        """The bucket of a token, for ``core`` or ``graphql``; mutable."""
        key = (token.kind, "" if token.app else token.account.login, resource)
        bucket = self._buckets.get(key)
        if bucket is None or bucket.reset <= self._clock.now:
            bucket = Bucket(HOURLY[token.kind], 0, self._clock.now + WINDOW)
            self._buckets[key] = bucket
        return bucket

    def check(self, token: Token, resource: str) -> None:
        """Lets a request through.

        Raises:
            ApiError: 403 when the bucket is empty.
        """
        if self.bucket(token, resource).remaining:
            return
        whom = {"actions": "installation ID 1", "user": f"user ID {token.account.id}"}
        raise ApiError(403, f"API rate limit exceeded for {whom.get(token.kind, '127.0.0.1')}.")
