"""The base of a comparison: our own run of the same preset, where the head comes from.

Checks on commits only say where to look: any workflow of the repository can write one with any
external id. What is believed is a run of our own account on Beaker, by its spec and its jobs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci.bot.measuring import measured
from beaker_ci.github import Ancestor
from beaker_ci.history import Verdict, stage_of
from beaker_ci.plan import is_named_after
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.history import State
    from beaker_ci.metrics.model import Metrics
    from beaker_ci.run import Run

FEW = 3
"""Runs of one commit that are looked at. Where more checks than that name one, our own account's
list says which of them are ours: however many others write, it costs one request."""

LOOKS = 24
"""Requests that begin a look at a run, or at such a list, in one search."""

_LISTED = 50
WORKLOAD_ID = re.compile("[0-9A-HJKMNP-TV-Z]{26}")
"""What Beaker calls a workload, and so the external id of a run's check."""

_AWAY = (Reason.BEAKER_UNAVAILABLE, Reason.BEAKER_UNAUTHORIZED)


@dataclass(frozen=True)
class Base:
    """A run to compare with.

    Attributes:
        run: Of the same preset, unmodified, and a success by its jobs.
        metrics: What it measured: at least one.
        commit: Where it ran: at that commit, or at another with the same files.
    """

    run: Run
    metrics: Metrics
    commit: Ancestor


class Search:
    """Looks for bases of one run; all its looks together are bounded.

    Args:
        beaker: Where runs are.
        head: The run that is to be compared.
        now: Unix seconds.
    """

    def __init__(self, beaker: Session, head: Run, now: float) -> None:
        self._beaker = beaker
        self._head = head
        self._now = now
        self._left = LOOKS

    @property
    def is_exhausted(self) -> bool:
        """Whether it may not look any further: there may be a base that it did not come to."""
        return self._left <= 0

    def first(self, commits: Iterable[Ancestor]) -> Base | None:
        """The newest base at the first of some commits that has one.

        Raises:
            Problem: When Beaker does not answer.
        """
        for commit in commits:
            for workload_id in self._named(commit):
                if self.is_exhausted:
                    return None
                self._left -= 1
                found = self.at(commit, workload_id)
                if found is not None:
                    return found
        return None

    def at(self, commit: Ancestor, workload_id: str) -> Base | None:
        """The base that a run is at a commit; None if it is none.

        Raises:
            Problem: When Beaker does not answer.
        """
        looked = self._beaker.look_at_own(
            workload_id, lambda run: _is_of(run, commit, self._head), self._now
        )
        return None if looked is None else base_of(self._beaker, *looked, commit)

    def _named(self, commit: Ancestor) -> Iterator[str]:
        """Runs that may be at a commit, the newest first."""
        named = [each for each in dict.fromkeys(commit.checks) if WORKLOAD_ID.fullmatch(each)]
        if len(named) <= FEW and not commit.has_more:
            yield from named
        elif self._left > 0:
            self._left -= 1
            yield from islice(self._ours(commit), FEW)

    def _ours(self, commit: Ancestor) -> Iterator[str]:
        """Our runs of the preset with a commit's files, but those that cannot do."""
        listed = self._beaker.runs_at(self._head.repository_id, commit.tree)
        for run in islice(listed, _LISTED):
            said = run.mark.verdict if run.mark else ""
            fits = is_named_after(run.name, self._head.preset or "")
            ended = stage_of(run.status) == "finished"
            if fits and ended and said in ("", Verdict.SUCCEEDED):
                yield run.workload_id


def base_of(beaker: Session, run: Run, state: State, commit: Ancestor) -> Base | None:
    """What a run is worth as a base; None if it did not succeed, or measured nothing.

    Raises:
        Problem: When Beaker does not answer.
    """
    if state.verdict is not Verdict.SUCCEEDED:
        return None
    try:
        metrics = measured(beaker, run, state)
    except Problem as problem:
        if problem.reason in _AWAY:
            raise
        return None  # its results are gone
    return Base(run, metrics, commit) if metrics.metrics else None


def _is_of(run: Run, commit: Ancestor, head: Run) -> bool:
    """Whether a run of ours is one of the head's preset, unmodified, at a commit or its files."""
    same_files = run.sha == commit.sha or (bool(run.tree) and run.tree == commit.tree)
    return (
        same_files
        and run.is_unmodified
        and run.preset == head.preset
        and run.repository_id == head.repository_id
        and run.workload_id != head.workload_id
    )
