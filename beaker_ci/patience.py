"""How long we wait for others, and how often we ask again: one policy for GitHub and for Beaker.

Nothing here is interrupted: a client asks before every try and every pause whether there is time,
so that whatever we do ends at most one try after its time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason


@dataclass(frozen=True)
class Patience:
    """Every number of the policy; in seconds, where nothing else is said.

    Attributes:
        attempt: That one try may take: an RPC as a whole; HTTP to connect, and between two parts of
            an answer.
        tries: How often an operation is tried that may be repeated: reads, and writes that set what
            may be set twice, or that are looked up before they are repeated.
        first_pause: The longest that the first pause may be; it doubles with every further one.
        longest_pause: Where that ends.
        operation: After which no further try of an operation begins, unless the service asked us to
            wait.
        longest_wait: The longest that a service may ask us to wait.
        limit_wait: What we wait when GitHub limits us without saying for how long.
        step: For one event, from its beginning to its answer; ``wait`` aside.
        answer: What GitHub gets beyond that, so that somebody can be told.
        whole_pass: For one pass over all open runs; the next one does what is left.
        scarce: The share of an hour's requests to GitHub that is left to commands: below it, no
            report is written.
    """

    attempt: float = 10
    tries: int = 8
    first_pause: float = 0.5
    longest_pause: float = 8
    operation: float = 30
    longest_wait: float = 60
    limit_wait: float = 60
    step: float = 120
    answer: float = 30
    whole_pass: float = 600
    scarce: float = 0.2

    def pauses(self, chance: Callable[[], float] = random.random) -> Iterator[float]:
        """The pauses between the tries of one operation, with full jitter.

        Args:
            chance: A number from 0 up to 1.
        """
        highest = self.first_pause
        for _ in range(self.tries - 1):
            yield chance() * min(highest, self.longest_pause)
            highest *= 2


PATIENCE = Patience()
"""What holds wherever nothing else is given."""


class Deadline:
    """When the work at hand has to end; one for all threads."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.renew(seconds)

    def renew(self, seconds: float) -> None:
        """From now on, other work is at hand."""
        self.seconds = seconds
        self._end = self._clock() + seconds

    def left(self) -> float:
        """Seconds until then; negative after it."""
        return self._end - self._clock()


class Calls:
    """One service as this process meets it; one object for all threads.

    A service that let all tries of an operation fail is taken to be away: until it answers again,
    every operation is tried once. One that asks for a longer wait than we can bear is asked nothing
    before that is over: coming back earlier would prolong its limit.

    Args:
        service: Its name.
        reason: Of the problem when there is no time left for it.
        patience: The policy.
        deadline: Of the work at hand; by default, a step of its own.
        extra: Seconds that this service gets beyond the deadline.
        clock: Seconds that only go up.
        sleep: Waits so many seconds.
        chance: A number from 0 up to 1.
    """

    def __init__(
        self,
        service: str,
        reason: Reason,
        patience: Patience = PATIENCE,
        deadline: Deadline | None = None,
        *,
        extra: float = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.patience = patience
        self.clock = clock
        self.sleep = sleep
        self._service = service
        self._reason = reason
        self._deadline = deadline or Deadline(patience.step, clock)
        self._extra = extra
        self._chance = chance
        self._away = False
        self._shut_until = clock()

    def renew(self) -> None:
        """Gives a step's time once more: to those who wait for something that takes long."""
        self._deadline.renew(self.patience.step)

    def begin(self) -> Tries:
        """Begins an operation.

        Raises:
            Problem: When there is no time left for it.
        """
        self.check()
        return Tries(self, iter(()) if self._away else self.patience.pauses(self._chance))

    def check(self) -> None:
        """Lets one more request be sent.

        Raises:
            Problem: When there is no time left for it.
        """
        shut = self._shut_until - self.clock()
        if shut > 0:
            raise Problem(
                self._reason,
                f"{self._service} wants to be left alone for a while.",
                why=f"It serves us nothing before {moment(shut)}.",
                next_step=f"Ask again after {moment(shut)}; nothing is submitted twice.",
            )
        if self.left() <= 0:
            raise Problem(
                self._reason,
                f"There was no time left to ask {self._service}.",
                why=(
                    f"All of this may take {self._deadline.seconds:.0f} seconds; slow or failing "
                    "answers used them up."
                ),
                next_step="Ask again in a few minutes; nothing is submitted twice.",
            )

    def answered(self) -> None:
        """The service is there, whatever it answered."""
        self._away = False

    def failed(self, wanted: float = 0) -> None:
        """An operation ended without an answer.

        Args:
            wanted: Seconds that the service asked us to wait.
        """
        self._away = True
        self._shut_until = max(self._shut_until, self.clock() + wanted)

    def left(self) -> float:
        """Seconds that this service has left."""
        return self._deadline.left() + self._extra


class Tries:
    """The tries of one operation; made when the first one begins."""

    def __init__(self, calls: Calls, pauses: Iterator[float]) -> None:
        self._calls = calls
        self._pauses = pauses
        self._begun = calls.clock()

    def again(self, wanted: float | None = None) -> bool:
        """After a try that failed: pauses before the next one.

        Args:
            wanted: Seconds that the service asked us to wait, if it did.

        Returns:
            Whether there is a next one.
        """
        calls, pause = self._calls, next(self._pauses, None)
        if pause is None:
            calls.failed(wanted or 0)
            return False
        if wanted is not None:
            # All who were limited at the same moment would come back at the same moment.
            pause = wanted + min(pause, calls.patience.first_pause)
            fits = wanted <= calls.patience.longest_wait
        else:
            fits = calls.clock() + pause < self._begun + calls.patience.operation
        if not fits or pause >= calls.left():
            calls.failed(wanted or 0)
            return False
        calls.sleep(pause)
        return True


def wanted_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a service asks us to wait, by ``Retry-After``, else by its hour's end.

    Args:
        headers: Of its answer, in lower case or without regard to case.
        now: Unix seconds.

    Returns:
        None when it does not say, or says it in no known form.
    """
    after = str(headers.get("retry-after", "")).strip()
    if after.isascii() and after.isdecimal():
        return float(after)
    if after:
        return _until_date(after, now)
    reset = str(headers.get("x-ratelimit-reset", "")).strip()
    if str(headers.get("x-ratelimit-remaining", "")).strip() == "0" and reset.isdecimal():
        return max(0.0, float(reset) - now) + 1  # it ends somewhere within that second
    return None


def moment(seconds: float) -> str:
    """When so many seconds will be over, for people."""
    now = datetime.now(UTC)
    # Nobody waits longer than that, and later dates may be none.
    then = now + timedelta(seconds=min(seconds, 366 * 86400))
    return f"{then:%H:%M} UTC" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M} UTC"


def _until_date(text: str, now: float) -> float | None:
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now)
