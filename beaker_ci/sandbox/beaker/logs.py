"""The log of one job: lines with strictly increasing timestamps."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MICROSECOND = 1_000


@dataclass(frozen=True)
class Line:
    """One line, without its end.

    Args:
        time: Nanoseconds since 1970.
        text: Bytes as the job wrote them, not necessarily UTF-8.
    """

    time: int
    text: bytes


class Log:
    """Lines of one job, and their readers.

    Args:
        monitor: The server's lock; readers wait on it.
        now: Nanoseconds since 1970.
    """

    def __init__(self, monitor: threading.Condition, now: Callable[[], int]) -> None:
        self._monitor = monitor
        self._now = now
        self._lines: list[Line] = []
        self._closed = False

    def write(self, text: bytes) -> None:
        """Add one line."""
        with self._monitor:
            # Clients resume one nanosecond after the last stamp: equal stamps would be skipped.
            earliest = self._lines[-1].time + _MICROSECOND if self._lines else 0
            self._lines.append(Line(max(self._now(), earliest), text))
            self._monitor.notify_all()

    def close(self) -> None:
        """No more lines will come."""
        with self._monitor:
            self._closed = True
            self._monitor.notify_all()

    @property
    def text(self) -> str:
        """All lines so far, undecodable bytes replaced."""
        with self._monitor:
            return "".join(f"{line.text.decode(errors='replace')}\n" for line in self._lines)

    def read(
        self, *, since: int, tail: int, follow: bool, wanted: Callable[[], bool]
    ) -> Iterator[Line]:
        """Read lines.

        Args:
            since: Only lines at or after this time, in nanoseconds since 1970.
            tail: Only that many last ones of those already there; 0 for all.
            follow: Wait for more until the job has ended.
            wanted: False once the reader is gone.

        Yields:
            Lines in order.
        """
        with self._monitor:
            present = (line for line in self._lines if line.time >= since)
            batch = list(deque(present, tail) if tail else present)
            seen = len(self._lines)
        while True:
            yield from batch
            if not follow:
                return
            with self._monitor:
                while len(self._lines) == seen and not self._closed and wanted():
                    self._monitor.wait()
                batch = [line for line in self._lines[seen:] if line.time >= since]
                seen = len(self._lines)
                if not wanted() or (self._closed and not batch):
                    return
