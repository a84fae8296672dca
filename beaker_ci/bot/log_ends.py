"""The end of a run's log, as far as it may leave Beaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.report import hide_lines

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.services import Services
    from beaker_ci.run import Run


def read_end(
    services: Services, beaker: Session, run: Run, job_id: str, lines: int
) -> tuple[str, ...]:
    """The last lines of a job's log, the oldest first; none if it cannot be read now.

    Args:
        services: What hides our tokens.
        beaker: Where it is.
        run: Whose job it is: what it assigns to its own secrets is hidden.
        job_id: The job.
        lines: How many are read at most; some more than are shown, since a secret may begin above.

    Returns:
        As many lines, without secrets.
    """
    found = hide_lines(beaker.read_tail(job_id, lines), services.hiding(run))
    return tuple(" ".join(parts) for parts in found)


def read_updates(
    services: Services, beaker: Session, run: Run, job_id: str, lines: int
) -> tuple[str, ...]:
    """The same as it was on the screen one after the other: each part that was overwritten, too."""
    found = hide_lines(beaker.read_tail(job_id, lines), services.hiding(run))
    return tuple(part for parts in found for part in parts if part.strip())
