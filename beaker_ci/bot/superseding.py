"""Collapses the comment of a run that a later one of the same kind has taken the place of.

GitHub hides it as outdated, with its text untouched, where people can open it again.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci.bot.services import Services
from beaker_ci.github import hide_comment
from beaker_ci.problem import Problem

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.run import OpenRun, Run

LOOKED_AT = 50
"""Runs of the pull request among which the former one is looked for: one request."""


def collapse_former(services: Services, beaker: Session, run: Run) -> None:
    """Collapses the report before a run's last one; or the run's own, if a later one has ended.

    Of the same preset, or the same command, and the same pull request. Best effort: nobody is told
    if it fails. One request to Beaker; two to GitHub where there is something to collapse, one of
    them to GraphQL.

    Args:
        services: GitHub.
        beaker: Where the runs are.
        run: Whose last report was just written.
    """
    if run.number is None or services.is_scarce():
        return
    with suppress(Problem):
        outdated = _outdated(beaker, run)
        if outdated:
            hide_comment(services.hub, outdated)


def _outdated(beaker: Session, run: Run) -> int | None:
    """The comment that tells nothing new any more."""
    is_former = False
    for found in islice(beaker.runs_of(run.repository_id, run.number or 0), LOOKED_AT):
        if found.workload_id == run.workload_id:
            is_former = True
        elif _is_same(found, run):
            mark = found.mark
            has_ended = mark is not None and not mark.is_open
            if is_former:
                return mark.comment_id if mark is not None and has_ended else None
            if has_ended:
                return run.mark.comment_id if run.mark else None
    return None


def _is_same(found: OpenRun, run: Run) -> bool:
    """Whether two runs do the same: a preset, as it is, or one command."""
    kind = run.name.rpartition("-")[0]
    if found.name.rpartition("-")[0] != kind:
        return False
    return found.summary.partition("\nfor ")[0] == run.summary.partition("\nfor ")[0]
