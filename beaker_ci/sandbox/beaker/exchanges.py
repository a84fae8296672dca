"""What every request passes on its way in: latency, faults, the log."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from beaker_ci.sandbox.beaker.errors import Dropped, Garbled, Refused
from beaker_ci.sandbox.beaker.faults import Faults

_T = TypeVar("_T")


@dataclass(frozen=True)
class Request:
    """One request that was answered, or deliberately not.

    Args:
        name: An RPC such as ``GetJob``, or an HTTP route such as ``POST experiments``.
        author: The user of its token; empty if nobody's.
        seconds: From arrival to answer, latency included.
        outcome: ``OK``, the error code of the answer, ``DROPPED`` or ``GARBLED``.
    """

    name: str
    author: str
    seconds: float
    outcome: str


class Requests:
    """The log of requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Request] = []

    def record(self, request: Request) -> None:
        """Add one."""
        with self._lock:
            self._all.append(request)

    def clear(self) -> None:
        """Forget all, to count anew."""
        with self._lock:
            self._all.clear()

    @property
    def all(self) -> tuple[Request, ...]:
        """Every request, in the order of the answers."""
        with self._lock:
            return tuple(self._all)

    def count(self, name: str | None = None) -> int:
        """How many there were: of that name, or all."""
        return sum(name in (None, request.name) for request in self.all)

    def table(self) -> dict[str, int]:
        """How many of each name, most frequent first."""
        return dict(Counter(request.name for request in self.all).most_common())


class Exchanges:
    """The way of every request.

    Attributes:
        latency: Seconds that every request waits before it takes effect.
        crashes: Tracebacks of requests that failed by a defect of this server.
    """

    def __init__(self, faults: Faults, requests: Requests) -> None:
        self.latency = 0.0
        self.crashes: list[str] = []
        self._faults = faults
        self._requests = requests
        self._closing = threading.Event()

    def close(self) -> None:
        """End every pause that is under way."""
        self._closing.set()

    def serve(self, name: str, author: str, answer: Callable[[], _T]) -> _T:
        """Answer one request and log it.

        Raises:
            Refused: The error answer, from the request itself or from a fault.
            Dropped: No answer at all.
            Garbled: An answer that nobody can read.
        """
        started = time.monotonic()
        outcome = "OK"
        try:
            if self.latency:
                self._pause(self.latency)
            met = self._faults.meeting(name)
            for fault in met:
                if not fault.after:
                    fault.strike(self._pause)
            result = answer()
            for fault in met:
                if fault.after:
                    fault.strike(self._pause)
        except Refused as refused:
            outcome = str(refused.code)
            raise
        except Dropped:
            outcome = "DROPPED"
            raise
        except Garbled:
            outcome = "GARBLED"
            raise
        except Exception as error:
            # Kept for the test to see; no code that clients would patiently retry.
            outcome = "UNKNOWN"
            self.crashes.append(f"{name}: {traceback.format_exc()}")
            raise Refused(outcome, f"the local Beaker has a defect: {error!r}") from error
        finally:
            self._requests.record(Request(name, author, time.monotonic() - started, outcome))
        return result

    def _pause(self, seconds: float) -> None:
        self._closing.wait(seconds)
