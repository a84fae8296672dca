"""The log of one job: lines in the order of their timestamps."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from beaker_ci.sandbox.beaker.errors import Refused

_MICROSECOND = 1_000
_CHUNK = 1_000  # lines


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its end.

    Args:
        time: Nanoseconds since 1970.
        text: Bytes as the job wrote them, not necessarily UTF-8.
    """

    time: int
    text: bytes


@dataclass(frozen=True)
class Break:
    """How a stream breaks.

    Args:
        lines: After so many of them; not at all if the log ends before.
        code: A gRPC status name; ``OK`` for a stream that ends as if that were all.
        message: What goes with it.
    """

    lines: int
    code: str
    message: str = "injected fault"


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
        self._served: Sequence[Line] = self._lines
        self._breaks: Iterator[Break] = iter(())
        self._closed = False

    def write(self, text: bytes, time: int | None = None) -> None:
        """Add one line.

        Args:
            text: The line.
            time: Its timestamp, not before the last line's. By default now, and never the last
                line's own: clients that resume one nanosecond after it would skip this one.
        """
        with self._monitor:
            if time is None:
                earliest = self._lines[-1].time + _MICROSECOND if self._lines else 0
                time = max(self._now(), earliest)
            self._lines.append(Line(time, text))
            self._monitor.notify_all()

    def serve(self, lines: Sequence[Line]) -> None:
        """Let the log consist of these lines from now on; they may be made as they are read."""
        with self._monitor:
            self._served = lines
            self._monitor.notify_all()

    def break_streams(self, breaks: Iterable[Break]) -> None:
        """Break the streams that begin from now on: one after the other, until none is left."""
        with self._monitor:
            self._breaks = iter(breaks)

    def close(self) -> None:
        """No more lines will come."""
        with self._monitor:
            self._closed = True
            self._monitor.notify_all()

    @property
    def text(self) -> str:
        """All written lines so far, undecodable bytes replaced."""
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

        Raises:
            Refused: The stream breaks.
        """
        with self._monitor:
            broken = next(self._breaks, None)
        lines = self._read(since, tail, wanted, follow=follow)
        if broken is None:
            yield from lines
            return
        sent = 0
        while sent < broken.lines:
            line = next(lines, None)
            if line is None:
                return
            yield line
            sent += 1
        if broken.code != "OK":
            raise Refused(broken.code, broken.message)

    def _read(
        self, since: int, tail: int, wanted: Callable[[], bool], *, follow: bool
    ) -> Iterator[Line]:
        with self._monitor:
            end = len(self._served)
            place = bisect_left(self._served, since, key=lambda line: line.time)
        if tail:
            place = max(place, end - tail)
        while True:
            with self._monitor:
                while follow and len(self._served) <= place and not self._closed and wanted():
                    self._monitor.wait()
                if follow:
                    end = len(self._served)
                batch = self._served[place : min(place + _CHUNK, end)]
            if not batch or not wanted():
                return
            yield from (line for line in batch if line.time >= since)
            place += len(batch)
