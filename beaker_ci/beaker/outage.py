"""How long something may go without progress while Beaker stays away."""

from __future__ import annotations

import random
import time

from beaker_ci.problem import Problem

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 4.0


class Outage:
    """Pauses between tries that bring nothing, until there were too many of them.

    Args:
        limit: Seconds without progress, counted from the first try that failed.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._give_up: float | None = None
        self._pause = _FIRST_PAUSE

    def over(self) -> None:
        """There was progress."""
        self._give_up, self._pause = None, _FIRST_PAUSE

    def wait(self, failure: Problem) -> None:
        """Waits before the next try.

        Raises:
            Problem: The failure, when it has lasted too long.
        """
        now = time.monotonic()
        self._give_up = self._give_up or now + self._limit
        # Somewhere in the second half: many may have lost Beaker at the same moment.
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311
        if now + pause > self._give_up:
            raise failure
        time.sleep(pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
