"""Ids and timestamps."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

Clock = Callable[[], datetime]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class Ids:
    """ULIDs that sort in the order of their making, also within a millisecond.

    Not thread-safe: callers hold the server's monitor.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def new(self) -> str:
        """Make an id of 26 characters."""
        milliseconds = int(self._clock().timestamp() * 1000)
        fresh = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        if fresh >> _RANDOM_BITS <= self._last >> _RANDOM_BITS:
            fresh = self._last + 1
        self._last = fresh
        return "".join(_CROCKFORD[fresh >> shift & 31] for shift in range(125, -1, -5))


def utc_now() -> datetime:
    """The wall clock, with its time zone."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> Timestamp:
    """The protocol's form of a moment."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def nanoseconds(message: Timestamp) -> int:
    """Nanoseconds since 1970; out-of-range ``nanos``, as beaker-py sends them, are carried over."""
    return message.seconds * 1_000_000_000 + message.nanos
