"""What runs are at, shown while somebody watches them.

When a run was shown last, and what, is kept in memory alone: who comes after us begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.log_ends import read_updates
from beaker_ci.bot.reported import Reported
from beaker_ci.bot.reporting import READ_LINES, Reporter, place_of
from beaker_ci.bot.services import Services
from beaker_ci.bot.upkeep import long_silence
from beaker_ci.bot.views import activity_of
from beaker_ci.history import stage_of
from beaker_ci.progress import Progress, find_progress
from beaker_ci.report.views import Activity
from beaker_ci.run import OpenRun, Run

if TYPE_CHECKING:
    from beaker_ci.history import State
    from beaker_ci.queueing import Waiting

PAUSE = 60.0
"""Seconds between two looks at a run, and so between two edits of its report."""

PAUSE_PER_RUN = 15.0
"""Seconds for each run that is watched, where that is more: every edit is two requests, and GitHub
grants some 500 writes in an hour."""

QUIET = 300.0
"""Seconds after which a report is edited although only time has passed."""

WATCHED = 20
"""Runs of a repository that are watched at most, the newest."""


@dataclass(frozen=True)
class _Shown:
    """What is known of a run's report.

    Attributes:
        stage: Of the run.
        looked: When we looked at the run, in Unix seconds.
        edited: When its report was written, in Unix seconds.
        told: What the report tells, without what changes with time alone.
    """

    stage: str
    looked: float
    edited: float
    told: str = ""
    waiting: str = ""
    activity: Activity | None = None


class Watcher:
    """Keeps reports of unfinished runs up to date with what these are at; not thread-safe."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._shown: dict[str, _Shown] = {}

    def choose(self, listed: Iterable[OpenRun]) -> list[OpenRun]:
        """Those of the newest runs in a list that are to be looked at now. No request.

        Args:
            listed: All open runs of a repository, the newest first.
        """
        watched = [
            found
            for found in listed
            if found.mark and found.mark.is_reported() and found.mark.shown == _stage(found)
        ][:WATCHED]
        names = {found.workload_id for found in watched}
        self._shown = {name: shown for name, shown in self._shown.items() if name in names}
        return [
            found
            for found in watched
            if self._is_due(found.workload_id, _stage(found), len(watched))
        ]

    def show(self, reporter: Reporter, reported: Reported, among: int) -> Reported:
        """Shows what a run is at, if it goes on and that is due.

        Args:
            reporter: Writes.
            reported: The run as it was read just now; its report tells its stage.
            among: How many runs are watched.

        Returns:
            The run with what was seen last of what it is at.

        Raises:
            Problem: When its report could not be written.
        """
        run, state = reported.run, reported.state
        if state.verdict is not None or reported.waits:
            self._shown.pop(run.workload_id, None)
            return reported
        if self._is_due(run.workload_id, state.stage, among):
            now = self._services.clock.now().timestamp()
            before = self._shown[run.workload_id]
            # Also if it fails: the next try has time.
            self._shown[run.workload_id] = replace(before, looked=now)
            shown = self._look(reporter, run, state, now)
            if shown.told != before.told or now - before.edited >= QUIET:
                dressed = self._dressed(reported, shown)
                written = reporter.show_activity(dressed, place_of(run))
                self._shown[run.workload_id] = shown
                return written
        return self._dressed(reported, self._shown[run.workload_id])

    def _is_due(self, workload_id: str, stage: str, among: int) -> bool:
        """Whether to look at a run. One that we first hear of has just been reported."""
        now = self._services.clock.now().timestamp()
        shown = self._shown.get(workload_id)
        if shown is None or shown.stage != stage:
            self._shown[workload_id] = _Shown(stage, looked=now, edited=now)
            return False
        due = now - shown.looked >= max(PAUSE, PAUSE_PER_RUN * among)
        return due and not self._services.is_scarce()

    def _look(self, reporter: Reporter, run: Run, state: State, now: float) -> _Shown:
        waits = reporter.beaker.why_waiting(run, state, now)
        silent = long_silence(reporter.beaker, run, state, now)
        progress = self._progress(reporter, run, state)
        hide = self._services.hiding(run)
        activity = activity_of(run, state, progress, now, silent, hide=hide)
        return _Shown(
            state.stage,
            looked=now,
            edited=now,
            told=_without_time(waits, activity),
            waiting=waits.headline if waits else "",
            activity=activity,
        )

    def _progress(self, reporter: Reporter, run: Run, state: State) -> Progress | None:
        if state.job is None or state.stage != "running":
            return None
        progress = find_progress(
            read_updates(self._services, reporter.beaker, run, state.job, READ_LINES)
        )
        if progress is None or not progress.label:
            return progress
        rules = reporter.rules(run)
        published = rules is not None and rules.publish_logs != "none"
        return progress if published else replace(progress, label="")

    def _dressed(self, reported: Reported, shown: _Shown) -> Reported:
        view = replace(reported.view, waiting=shown.waiting, activity=shown.activity)
        return replace(reported, view=self._services.redactor.view(view))


def _without_time(waits: Waiting | None, activity: Activity) -> str:
    """All that may be news. As text: numbers that are none equal nothing, not even themselves."""
    progress = replace(activity.progress, remaining=None) if activity.progress else None
    cause = (waits.cause, waits.impossible) if waits else None
    silent = int(activity.silent > 0)
    calm = replace(activity, at=0.0, seconds=None, progress=progress, silent=silent)
    return repr((cause, calm))


def _stage(found: OpenRun) -> str:
    return stage_of(found.status)
