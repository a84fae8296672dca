"""The run that a command is about: one of its own pull request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci.problem import Problem, quoted
from beaker_ci.reasons import Reason
from beaker_ci.run import OpenRun

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case

MOST = 500
"""Runs of one pull request that are looked through, the newest first: ten requests."""

SKEW = 60.0
"""Seconds by which Beaker's clock may be ahead of GitHub's."""

SHORTEST = 4
"""Digits of a short id that are enough, where no other run has them."""


def runs_here(case: Case, beaker: Session) -> Iterator[OpenRun]:
    """The runs of the pull request that a command came from, the newest first.

    Without those that were asked for after it: a command that is delivered again, or late, means
    what it meant when it was written.

    Raises:
        Problem: When Beaker does not answer.
    """
    runs = beaker.runs_of(case.asking.repository.id, case.asking.number or 0)
    comment = case.asking.comment
    if comment is None:
        return runs
    latest = comment.at.timestamp()
    return (run for run in runs if run.asked <= latest + _skew(run))


def _skew(run: OpenRun) -> float:
    """Seconds by which clocks may differ: what no comment asked for has its moment by Beaker's."""
    return 0.0 if run.mark is not None and run.mark.asked else SKEW


def find_run(runs: Iterator[OpenRun], run_id: str | None) -> OpenRun:
    """The run of that short id, or the latest one.

    Args:
        runs: Those that it may be, the newest first.
        run_id: As somebody typed it: the short id, its beginning, or the whole key; None for the
            latest run.

    Raises:
        Problem: ``usage.unknown-run`` when there is none, or more than one.
    """
    seen = list(islice(runs, 1 if run_id is None else MOST))
    if not seen:
        raise Problem(
            Reason.USAGE_UNKNOWN_RUN,
            "There is no run here yet.",
            why="Only runs of this pull request are looked for.",
            next_step="Submit one:",
            paste="/beaker run gpu-tests",
        )
    if run_id is None:
        return seen[0]
    wanted = run_id.lower()
    found = [run for run in seen if len(wanted) >= SHORTEST and run.key.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"`{run.run_id}`" for run in (found or seen)[:5])
    whose = "They" if found else "The latest runs of this pull request"
    short = f"It takes at least {SHORTEST} digits. " if len(wanted) < SHORTEST else ""
    raise Problem(
        Reason.USAGE_UNKNOWN_RUN,
        f"{'More than one' if found else 'No'} run here is called {quoted(run_id, 64)}.",
        why=f"{short}{whose} are {there}.",
        next_step="All of them:",
        paste="/beaker list",
    )
