"""What was spent, read from Beaker: whether a run that was just submitted may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.facts import LedgerEntry
from beaker_ci.policy import is_overdrawn

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.services import Services
    from beaker_ci.config import Configuration
    from beaker_ci.run import Run


def overdrawn(
    services: Services,
    beaker: Session,
    run: Run,
    configuration: Configuration | None,
) -> str | None:
    """Which limit a run broke together with those submitted before it; None if none.

    Lists all runs anew: those that were judged at the same moment did not see each other. Without
    rules that can be read there is nothing to hold it to.

    Raises:
        Problem: When Beaker does not answer.
    """
    if configuration is None:
        return None
    beaker.forget_runs()
    ledger = beaker.ledger(run.repository_id, services.clock.now().timestamp())
    own = LedgerEntry(
        workload_id=run.workload_id,
        number=run.number or 0,
        asker=run.asker_id,
        gpu_hours=run.reserved,
        is_open=True,
        created=run.created,
    )
    return is_overdrawn(own, ledger, configuration)
