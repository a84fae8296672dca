"""Requests, answers, and which handler answers which request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from beaker_ci.sandbox.github.model import ANONYMOUS, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from beaker_ci.sandbox.github.state import State

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Request:
    """A request as a handler sees it.

    Attributes:
        path: Without the ``/api/v3`` prefix, still percent-encoded.
        params: What stands in the braces of the route's template, decoded.
        body: The parsed JSON; None when there is none.
        token: Who asks.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    token: Token = ANONYMOUS
    params: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A path parameter that the route's pattern made sure is a number."""
        return int(self.params[name])


@dataclass(frozen=True)
class Response:
    """An answer. ``body``: JSON value, or bytes for raw content; None for an empty answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """An answer of GitHub's that says no."""

    def __init__(
        self, status: int, message: str, errors: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message}
        if errors is not None:
            self.body["errors"] = list(errors)
        self.body |= {"documentation_url": DOCS, "status": str(status)}

    @property
    def response(self) -> Response:
        """As an answer."""
        return Response(self.status, self.body)


def not_found() -> ApiError:
    """404, as GitHub also says for what one may not see."""
    return ApiError(404, "Not Found")


def invalid(resource: str, field_name: str, message: str, code: str = "custom") -> ApiError:
    """422 with the one error that GitHub found."""
    error = {"resource": resource, "code": code, "field": field_name, "message": message}
    return ApiError(422, "Validation Failed", [error])


Handler = Callable[["State", Request], Any]


@dataclass(frozen=True)
class Route:
    """An operation.

    Attributes:
        template: The path as in GitHub's description, such as ``/repos/{owner}/{repo}``.
        handler: Answers a ``Response``, or a JSON value for a 200.
        needs: Any one of these permissions lets a token with a permission list in.
    """

    method: str
    template: str
    handler: Handler
    needs: tuple[str, ...] = ("metadata",)

    @property
    def is_write(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        # The longest template first: `commits/{ref}/status` before `commits/{ref}`.
        self._routes = [
            (_pattern(route.template), route)
            for route in sorted(routes, key=lambda route: -route.template.count("/"))
        ]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its decoded path parameters."""
        for pattern, route in self._routes:
            match = pattern.fullmatch(path) if route.method == method else None
            if match:
                return route, {k: unquote(v) for k, v in match.groupdict().items()}
        return None


def _pattern(template: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        if name == "path":
            return f"(?P<{name}>.*)"
        if name in ("ref", "basehead", "branch"):
            return f"(?P<{name}>.+)"
        return rf"(?P<{name}>\d+)" if name.endswith(("_id", "_number")) else f"(?P<{name}>[^/]+)"

    return re.compile(re.sub(r"\{(\w+)\}", group, template))


def page(state: State, request: Request, items: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, and the ``Link`` header that leads to the others."""
    size = min(max(_positive(request, "per_page", 30), 1), 100)
    number = max(_positive(request, "page", 1), 1)
    last = max((len(items) + size - 1) // size, 1)
    links = []
    for relation, target, wanted in (
        ("prev", number - 1, number > 1),
        ("next", number + 1, number < last),
        ("last", last, number < last),
        ("first", 1, number > 1),
    ):
        if wanted:
            query = urlencode({**request.query, "page": target})
            links.append(f'<{state.api_url}{request.path}?{query}>; rel="{relation}"')
    start = (number - 1) * size
    return list(items[start : start + size]), {"Link": ", ".join(links)} if links else {}


def listing(
    state: State, request: Request, items: Sequence[Any], render: Callable[[Any], Any]
) -> Response:
    """One page of a list as an answer."""
    shown, headers = page(state, request, items)
    return Response(200, [render(item) for item in shown], headers)


def _positive(request: Request, name: str, default: int) -> int:
    try:
        return int(request.query[name])
    except (KeyError, ValueError):
        return default
