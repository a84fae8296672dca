"""Which process reports a run: one, until it is taken for dead.

A run's experiment is the lock: its name exists once, and the mark in its description names the
process that reports it. Whoever comes second waits for the first one's comment and check; if they
do not appear within the lease, the first one is taken for dead and the run is taken over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.bot.services import Services
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.run import Mark, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

LEASE = 30
"""Seconds for which a mark must stay as it is, under our eyes, before its writer is taken for
dead."""

STALE = 180
"""Age of a mark, in seconds by two processes' clocks, at which its writer is taken for dead at
once. Clocks differ: this bears a minute or two."""

SETTLE = 1.0
"""Seconds after taking over before we look whether somebody else did the same."""

PATIENCE = 3 * LEASE
"""Seconds after which we stop waiting for others, or for Beaker to keep what we write."""


def is_ours(services: Services, run: Run) -> bool:
    """Whether this process took the run, and nobody can have taken us for dead since."""
    mark = run.mark
    if mark is None or mark.writer != services.writer:
        return False
    return services.clock.now().timestamp() <= mark.since + LEASE / 2


def is_stale(mark: Mark, services: Services) -> bool:
    """Whether a mark is so old that its writer must be dead.

    A time far in the future is nobody's: a clock was wrong.
    """
    return abs(services.clock.now().timestamp() - mark.since) >= STALE


def claim(services: Services, beaker: Session, run: Run) -> Run:
    """Waits until the run is reported by its writer, or ours to report.

    Returns:
        The run as it is now: reported, or with our mark.

    Raises:
        Problem: When neither came about.
    """
    run = beaker.refresh(run)
    begun = services.clock.now().timestamp()
    watched, since = run.mark, begun
    is_slow = False
    while run.mark is None or not run.mark.is_reported():
        now = services.clock.now()
        if run.mark != watched:
            watched, since = run.mark, now.timestamp()
        if now.timestamp() > begun + PATIENCE:
            raise _unclaimed(run)
        claimed = _is_free(services, run.mark, now.timestamp() - since, is_slow=is_slow)
        if claimed:
            held = run.mark or run.new_mark(services.writer, now)
            beaker.write_mark(run, held.taken_by(services.writer, now))
            # Whoever takes a run looks a moment later whether it is still theirs. What was written
            # after that moment may have hidden from us somebody who is at work already.
            is_slow = services.clock.now().timestamp() - now.timestamp() > SETTLE / 2
        services.clock.sleep(SETTLE)
        run = beaker.refresh(run)
        ours = run.mark is not None and run.mark.writer == services.writer
        if claimed and ours and not is_slow:
            break
    return run


def _is_free(services: Services, mark: Mark | None, unchanged: float, *, is_slow: bool) -> bool:
    """Whether a run is ours to take.

    Args:
        services: Who we are.
        mark: The run's.
        unchanged: Seconds for which we have seen it as it is.
        is_slow: Whether we took it, but so slowly that somebody else may be at work.
    """
    if mark is None or (mark.writer == services.writer and not is_slow):
        return True
    return unchanged >= LEASE or is_stale(mark, services)


def _unclaimed(run: Run) -> Problem:
    return Problem(
        Reason.BEAKER_UNAVAILABLE,
        "The run's mark could not be taken.",
        why=f"Another process holds it, or Beaker does not keep what we write to {run.name}.",
    )
