"""Faults as state of the server, and hooks that run between two calls."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beaker_ci.sandbox.github.routing import DOCS, Response

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and for which requests.

    Attributes:
        method: The requests' method; None for any.
        path: A regular expression that is searched in the path, which is without the ``/api/v3``
            prefix and query; GraphQL's is ``/graphql``.
        nth: Only the n-th matching request after the fault was added, counted from 1.
        times: How many requests it hits; None for all.
        status: Answer this instead; None keeps the real answer.
        body: With ``status``: the answer's JSON, or bytes as they are.
        headers: Added to the answer.
        after: Let the request take effect first: the write happens, the answer is lost, late or
            replaced.
        drop: Close the connection instead of answering.
        cut: Close the connection after so many bytes of the answer's body.
        delay: Seconds before the request takes effect; with ``after``, before the answer.
    """

    method: str | None = None
    path: str = ""
    nth: int | None = None
    times: int | None = 1
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    drop: bool = False
    cut: int | None = None
    delay: float = 0.0

    @property
    def spares_request(self) -> bool:
        """Whether the request still takes effect."""
        return self.after or (self.status is None and not self.drop)

    def replaced(self, response: Response) -> Response:
        """The answer with this fault in it."""
        if self.status is None:
            return Response(response.status, response.body, {**response.headers, **self.headers})
        body = self.body
        if body is None and self.status != 204:
            body = {"message": f"Fault {self.status}", "documentation_url": DOCS}
        return Response(self.status, body, dict(self.headers))


Weather = Callable[[str, str], Fault | None]
"""What a request, by its method and path, meets by chance; None for nothing."""


@dataclass(frozen=True)
class Hook:
    """Something to do around a request: see ``Faults.before``."""

    method: str | None
    path: str
    nth: int | None
    do: Callable[[], object]
    after: bool

    @property
    def times(self) -> int | None:
        """Once, when it waits for the n-th; else each time."""
        return None if self.nth is None else 1


@dataclass
class _Armed:
    rule: Fault | Hook
    seen: int = 0
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Counts a request; whether the rule applies to it."""
        rule = self.rule
        if rule.method not in (None, method) or not re.search(rule.path, path):
            return False
        self.seen += 1
        return rule.nth in (None, self.seen) and self.hits != rule.times


@dataclass(frozen=True)
class Strike:
    """What one request meets: at most one fault (the oldest that matches), any hooks."""

    fault: Fault | None
    before: tuple[Callable[[], object], ...]
    after: tuple[Callable[[], object], ...]


class Faults:
    """The faults and hooks that wait for requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._weather: Weather | None = None

    def weather(self, weather: Weather) -> None:
        """Lets every request that no armed fault hits meet what this makes of it."""
        with self._lock:
            self._weather = weather

    def add(self, fault: Fault) -> None:
        """Arms a fault."""
        self._arm(fault)

    def before(
        self, method: str | None, path: str, do: Callable[[], object], *, nth: int | None = 1
    ) -> None:
        """Calls ``do`` before the n-th matching request (None: each) takes effect.

        The server holds no lock meanwhile, so that ``do`` may push, comment, or kill the client.
        The request still takes effect afterwards, as one does that was sent before its sender died;
        to have it lost on the way, add a ``Fault`` with ``drop``.
        """
        self._arm(Hook(method, path, nth, do, after=False))

    def after(
        self, method: str | None, path: str, do: Callable[[], object], *, nth: int | None = 1
    ) -> None:
        """Calls ``do`` when the request took effect and before it is answered."""
        self._arm(Hook(method, path, nth, do, after=True))

    def secondary_limit(
        self,
        method: str | None = None,
        path: str = "",
        *,
        retry_after: int | None = None,
        **more: Any,
    ) -> None:
        """Refuses as GitHub does clients that write too fast, with ``retry-after`` or without."""
        body = {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before "
            "you try again.",
            "documentation_url": f"{DOCS}/overview/rate-limits-for-the-rest-api#about-secondary-"
            "rate-limits",
        }
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.add(Fault(method, path, status=403, body=body, headers=headers, **more))

    def bad_gateway(self, method: str | None = None, path: str = "", **more: Any) -> None:
        """502, as from GitHub's front; with ``after=True`` the write has happened."""
        self.add(Fault(method, path, status=502, body={"message": "Server Error"}, **more))

    def clear(self) -> None:
        """Disarms everything."""
        with self._lock:
            self._armed.clear()
            self._weather = None

    def strike(self, method: str, path: str) -> Strike:
        """What the next request meets; counts it."""
        fault: Fault | None = None
        hooks: list[Hook] = []
        with self._lock:
            for armed in self._armed:
                rule = armed.rule
                if not armed.matches(method, path) or (fault and isinstance(rule, Fault)):
                    continue
                armed.hits += 1
                if isinstance(rule, Fault):
                    fault = rule
                else:
                    hooks.append(rule)
            weather = self._weather
        if fault is None and weather is not None:
            fault = weather(method, path)
        return Strike(
            fault,
            tuple(hook.do for hook in hooks if not hook.after),
            tuple(hook.do for hook in hooks if hook.after),
        )

    def _arm(self, rule: Fault | Hook) -> None:
        with self._lock:
            self._armed.append(_Armed(rule))


def encode(body: Any) -> bytes:
    """A body as it goes over the wire."""
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
