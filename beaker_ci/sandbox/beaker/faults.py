"""Faults as states of the server, and hooks at exact requests."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from beaker_ci.sandbox.beaker.errors import Dropped, Garbled, Refused


@dataclass(frozen=True)
class Fault:
    """What goes wrong, at which requests.

    Args:
        name: A regular expression that the whole name of the request matches: an RPC such as
            ``ListJobs``, or an HTTP route: ``POST experiments``; ``GET``, ``PUT``, ``DELETE
            secrets``; ``POST``, ``GET``, ``PATCH datasets``; ``GET``, ``PUT files``; ``POST``,
            ``PATCH uploads``; ``GET link``, ``GET page``.
        nth: The first matching request to hit, counted from 1 when the fault is added.
        times: How many in a row; ``None`` for all that follow.
        code: A gRPC status name or an HTTP status number, valid for both protocols.
        message: What the answer says.
        drop: The connection breaks without an answer.
        after: The request takes effect first; only its answer is lost, late or replaced.
        garbled: The answer is nothing that a client can read; with ``after``.
        delay: Seconds before anything else happens.
        do: Called at that point, on the server's thread and without its lock.
    """

    name: str
    nth: int = 1
    times: int | None = 1
    code: str | int | None = None
    message: str = "injected fault"
    drop: bool = False
    after: bool = False
    garbled: bool = False
    delay: float = 0.0
    do: Callable[[], None] | None = None

    def strike(self, sleep: Callable[[float], None]) -> None:
        """Do what this fault is about.

        Raises:
            Refused: The error answer.
            Dropped: The broken connection.
            Garbled: The answer that nobody can read.
        """
        if self.delay:
            sleep(self.delay)
        if self.do is not None:
            self.do()
        if self.drop:
            raise Dropped(self.message)
        if self.garbled:
            raise Garbled(self.message)
        if self.code is not None:
            raise Refused(self.code, self.message)


Weather = Callable[[str], Fault | None]
"""What a request of that name meets by chance; None for nothing."""


class Faults:
    """The faults that are set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[tuple[Fault, Iterator[int]]] = []
        self._weather: Weather | None = None

    def weather(self, weather: Weather) -> None:
        """Let every request meet what this makes of it, besides the faults that are set."""
        with self._lock:
            self._weather = weather

    def add(self, fault: Fault) -> None:
        """Set a fault; it counts matching requests from now on."""
        with self._lock:
            self._set.append((fault, iter(range(1, 1 << 62))))

    def before(self, name: str, do: Callable[[], None], *, nth: int = 1) -> None:
        """Call ``do`` right before the nth request of that name takes effect."""
        self.add(Fault(name, nth=nth, do=do))

    def after(self, name: str, do: Callable[[], None], *, nth: int = 1) -> None:
        """Call ``do`` after the nth request of that name took effect, before its answer."""
        self.add(Fault(name, nth=nth, do=do, after=True))

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._set.clear()
            self._weather = None

    def meeting(self, name: str) -> list[Fault]:
        """The faults that this request meets; counts it."""
        met = []
        with self._lock:
            for fault, counter in self._set:
                if not re.fullmatch(fault.name, name):
                    continue
                count = next(counter)
                last = None if fault.times is None else fault.nth + fault.times - 1
                if fault.nth <= count and (last is None or count <= last):
                    met.append(fault)
            weather = self._weather
        chance = weather(name) if weather is not None else None
        return met if chance is None else [*met, chance]
