"""A clock that tests can step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time in UTC, whole seconds as GitHub's API does.

    Args:
        start: Where the clock stands still until ``advance``; when left out it is the real time
            plus whatever ``advance`` added.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._added = timedelta()

    @property
    def now(self) -> datetime:
        """The present second."""
        return ((self._start or datetime.now(UTC)) + self._added).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Moves the clock on (or back, if negative)."""
        self._added += timedelta(seconds=seconds)


def stamp(moment: datetime) -> str:
    """A time as GitHub writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
