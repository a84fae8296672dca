"""One comment and one check for every run, brought in line with what Beaker says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from beaker_ci.bot.asking import Place
from beaker_ci.bot.claims import claim, is_ours
from beaker_ci.bot.merged import tell_merged
from beaker_ci.bot.publishing import publish
from beaker_ci.bot.reported import Reported
from beaker_ci.bot.seeing import LOG_LINES, READ_LINES, Eyes
from beaker_ci.bot.services import Services
from beaker_ci.bot.spending import Books
from beaker_ci.bot.superseding import collapse_former
from beaker_ci.bot.upkeep import in_our_words, may_start_again, reason_to_stop
from beaker_ci.config import Configuration
from beaker_ci.facts import LedgerEntry
from beaker_ci.history import State, Verdict, stage_of
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report import run_comment
from beaker_ci.run import Mark, Run, told_hash

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

__all__ = ["LOG_LINES", "READ_LINES", "Reported", "Reporter", "place_of"]

OVERLAPS = 3
"""Times that a report is written anew since somebody else wrote it at the same moment."""

RESTART_PATIENCE = 3600
"""Seconds after a lost machine in which a run is started again; then it has ended for good."""


@dataclass(frozen=True)
class Reporter:
    """Writes reports of runs, and stops those that cost more than they may.

    Attributes:
        rules: The rules that hold for a run; None when they are none that can be read. Asked
            before the first report, for the limits, and after the end, for what of a log may
            reach GitHub.
        ledger: What the decision on our own run counted, if there is one.
        published: What of a log is shown, as ``publish_logs`` names it; empty for what the rules
            say.
    """

    services: Services
    beaker: Session
    rules: Callable[[Run], Configuration | None]
    ledger: Sequence[LedgerEntry] | None = None
    published: str = ""

    @cached_property
    def books(self) -> Books:
        """What all runs cost, for every report that this one writes."""
        return Books(self.services, self.beaker, self.ledger)

    @cached_property
    def _eyes(self) -> Eyes:
        return Eyes(self.services, self.beaker, self.rules, self.books, self.published)

    def report(self, run: Run, place: Place | None, state: State | None = None) -> Reported:
        """Brings comment and check in line with what Beaker says; writes nothing twice.

        The first report is written by one process alone: see :mod:`beaker_ci.bot.claims`. After
        the last one the mark is closed: GitHub first, then Beaker.

        Args:
            run: As it was submitted or found.
            place: Where its comment belongs; None outside of a pull request.
            state: What its jobs say, if that was read just now.

        Raises:
            Problem: When a part could not be written. The run goes on all the same, and whoever
                comes next finishes the report.
        """
        ours = is_ours(self.services, run)
        adopted = run.mark is None or run.mark.writer != self.services.writer
        if not (ours or (run.mark is not None and run.mark.is_reported())):
            run, state = claim(self.services, self.beaker, run), None
        mark = run.mark or run.new_mark(self.services.writer, self.services.clock.now())
        fresh = ours and not mark.is_reported()
        if state is None:
            run, state = (run, State(stage_of(run.status))) if fresh else self.look(run)
        if fresh:
            return self._report_own(run, mark, state, place)
        run, state = self._started_again(run, mark, in_our_words(run, mark, state))
        broken = self._broken_limit(run, mark, state)
        if broken is not None:
            mark = replace(mark, stopped=broken)
            # Whoever comes after us, should we die now, stops the run and knows why.
            run = self.beaker.write_mark(run, mark)
        if mark.stopped and mark.is_open and state.verdict is None:
            self.beaker.cancel(run.workload_id)
            run, state = self.look(run)
        reported = self._eyes.see(run, mark, state)
        if mark.is_open and not (mark.is_reported() and mark.shown == reported.shown):
            reported = self._write_all(reported, mark, place, look_first=not ours)
        return replace(reported, view=replace(reported.view, adopted=adopted))

    def _report_own(self, run: Run, mark: Mark, state: State, place: Place | None) -> Reported:
        """The first report of a run that this process submitted; it is counted meanwhile."""
        seen = self._eyes.see(run, mark, state)
        with ThreadPoolExecutor(1) as pool:
            counted = pool.submit(self._broken_limit, run, mark, state)
            mark = publish(self.services, run, mark, place, seen.view, look_first=False)
        held = self.beaker.refresh(run).mark
        # Somebody may have stopped it meanwhile: what we write would take the reason away.
        stopped = (held.stopped if held else "") or counted.result()
        if not stopped:
            return replace(seen, run=self.beaker.write_mark(run, replace(mark, shown=state.stage)))
        run = self.beaker.write_mark(run, replace(mark, stopped=stopped))
        return self.report(run, place)

    def look(self, run: Run) -> tuple[Run, State]:
        """Reads a run again, with what its jobs say."""
        run, state = self.beaker.watch(run, self._now())
        return run, in_our_words(run, run.mark, state) if run.mark else state

    def show(self, run: Run, state: State, *, at_once: bool = False) -> Reported:
        """What a report of the run would show, from the end of its log alone; writes nothing.

        Args:
            run: The run.
            state: What its jobs say.
            at_once: Whether its metrics are to be judged now, though nothing can be written.
        """
        mark = run.mark or run.new_mark(self.services.writer, self.services.clock.now())
        return self._eyes.see_briefly(run, mark, state, at_once=at_once)

    def show_activity(self, seen: Reported, place: Place | None) -> Reported:
        """Writes what a run that goes on is at, unless something else is to be told of it by now.

        Who wrote of a later stage before us had seen it on Beaker, or had closed the mark: our
        look afterwards sees that too, and the report is written anew.
        """
        mark = seen.run.mark
        if mark is None or not (mark.is_open and mark.is_reported()):
            return seen
        publish(self.services, seen.run, mark, place, seen.view, look_first=True)
        run, state = self.look(seen.run)
        if run.mark == mark and state.stage == seen.state.stage:
            return seen
        mark = run.mark or mark
        return self._write_all(self._eyes.see(run, mark, state), mark, place, look_first=True)

    def _broken_limit(self, run: Run, mark: Mark, state: State) -> str | None:
        """Which limit a run passes, if it is to be stopped for that from now on.

        Before its first report a run is counted once more, since others may have been submitted at
        the same moment.
        """
        if mark.stopped or not mark.is_open or state.verdict is not None:
            return None
        why = reason_to_stop(self.beaker, run, mark, state, self._now())
        if why is not None or mark.is_reported():
            return why
        return self.books.overdrawn(run, self.rules(run))

    def _started_again(self, run: Run, mark: Mark, state: State) -> tuple[Run, State]:
        """The run with a new attempt, if it lost its machine and the rules give it one."""
        lost = state.verdict is Verdict.INFRASTRUCTURE and mark.is_open
        ends = [task.latest.finalized or 0.0 for task in state.tasks if task.latest]
        recent = max(ends, default=0.0) > self._now() - RESTART_PATIENCE
        if not (lost and recent and may_start_again(mark, state, self.rules(run))):
            return run, state
        try:
            self.beaker.restart(run.workload_id)
        except Problem as problem:
            if problem.reason is Reason.BEAKER_UNAVAILABLE:
                raise
            return run, state  # Beaker refuses it: then the run has ended
        run, seen = self.look(run)
        # Beaker may take a while to show the new attempt.
        return run, State("queued", tasks=seen.tasks) if seen.verdict is not None else seen

    def _now(self) -> float:
        return self.services.clock.now().timestamp()

    def _write_all(
        self, seen: Reported, mark: Mark, place: Place | None, *, look_first: bool
    ) -> Reported:
        """Writes GitHub, then the mark. Who finds that another wrote meanwhile looks again."""
        for _ in range(OVERLAPS):
            mark = publish(self.services, seen.run, mark, place, seen.view, look_first=look_first)
            if self.beaker.refresh(seen.run).mark == seen.run.mark:
                break
            run, state = self.look(seen.run)
            if run.mark is not None and run.mark.stopped:
                mark = replace(mark, stopped=run.mark.stopped)
            seen = self._eyes.see(run, mark, state)
        mark = replace(mark, shown=seen.shown)
        if seen.state.verdict is not None:
            tell_merged(self.services, seen.run, seen.judged, seen.view.compared, mark.check_id)
            mark = replace(
                mark,
                used=round(seen.state.gpu_hours, 4),
                verdict=seen.state.verdict.value,
                told=told_hash(run_comment(seen.view)),
                closed=int(self._now()),
                gate=seen.judged.gate,
                scores=seen.judged.scores,
            )
        run = self.beaker.write_mark(seen.run, mark)
        if seen.state.verdict is not None and mark.comment_id:
            collapse_former(self.services, self.beaker, run)
        return replace(seen, run=run)

    def write_again(self, run: Run, state: State) -> Reported:
        """Writes the report of a run that has ended once more, whatever stands there."""
        mark = run.mark or run.new_mark(self.services.writer, self.services.clock.now())
        return self._write_all(
            self._eyes.see(run, mark, state, again=True), mark, place_of(run), look_first=True
        )


def place_of(run: Run) -> Place | None:
    """Where a run's comment belongs, for a process that did not hear who asked for it."""
    if run.number is None:
        return None
    return Place(run.number, None, datetime.fromtimestamp(int(run.created) - 3600, UTC))
