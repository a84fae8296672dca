"""What a report shows of a run: how it stands, why it ended so, and what its metrics come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.comparing import judge_metrics, remembered, still_waits
from beaker_ci.bot.digesting import read_cause
from beaker_ci.bot.log_ends import read_end
from beaker_ci.bot.reported import Judged, Reported
from beaker_ci.bot.services import Services
from beaker_ci.bot.spending import Books
from beaker_ci.bot.views import run_view, with_compared
from beaker_ci.config import Configuration
from beaker_ci.history import State, Verdict
from beaker_ci.problem import Problem
from beaker_ci.report import Cause
from beaker_ci.report.views import Compared
from beaker_ci.run import Mark, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

LOG_LINES = {"digest": 20, "tail": 60}
"""Last lines of a log that are shown, by what may be published."""

READ_LINES = 200
"""Last lines that are read: what hides a secret may stand above what is shown."""


@dataclass(frozen=True)
class Eyes:
    """Sees runs for their reports.

    Attributes:
        rules: See :class:`beaker_ci.bot.reporting.Reporter`.
        books: What all runs cost.
        published: See there.
    """

    services: Services
    beaker: Session
    rules: Callable[[Run], Configuration | None]
    books: Books
    published: str
    _waiting: dict[str, Judged] = field(default_factory=dict)

    def see(self, run: Run, mark: Mark, state: State, *, again: bool = False) -> Reported:
        """What a report shows of a run.

        Args:
            run: The run.
            mark: How far its report is.
            state: What its jobs say.
            again: Whether a report that is written is to be written again.

        Raises:
            Problem: When its metrics cannot be judged now; see :func:`.comparing.judge_metrics`.
        """
        judged = self._judged(run, state) if mark.is_open or again else remembered(mark)
        return self._shown(run, mark, state, judged)

    def see_briefly(self, run: Run, mark: Mark, state: State, *, at_once: bool) -> Reported:
        """The same for who writes nothing, from the end of the log alone.

        Args:
            run: The run.
            mark: How far its report is.
            state: What its jobs say.
            at_once: Whether metrics are to be judged now; otherwise they are yet to be, where the
                rules say so.
        """
        if not mark.is_open:
            judged = remembered(mark)
        elif at_once:
            judged = judge_metrics(self.services, self.beaker, run, state, self.rules, at_once=True)
        else:
            judged = Judged(Compared(waits=True)) if self._is_to_be_judged(run, state) else Judged()
        return self._shown(run, mark, state, judged, briefly=True)

    def _judged(self, run: Run, state: State) -> Judged:
        before = self._waiting.pop(run.workload_id, None)
        if before is None or not still_waits(self.services, self.beaker, before, state):
            before = judge_metrics(self.services, self.beaker, run, state, self.rules)
        if before.waits_for is not None:
            self._waiting[run.workload_id] = before
        return before

    def _is_to_be_judged(self, run: Run, state: State) -> bool:
        if state.verdict is not Verdict.SUCCEEDED or not run.is_unmodified:
            return False
        rules = self.rules(run)
        preset = rules.presets.get(run.preset or "") if rules else None
        return preset is not None and preset.compare is not None

    def _shown(
        self, run: Run, mark: Mark, state: State, judged: Judged, *, briefly: bool = False
    ) -> Reported:
        log: tuple[str, ...] = ()
        lines, cause = 0, None
        if state.verdict is not None and state.job is not None:
            published = self._published(run)
            cause = read_cause(self.services, self.beaker, run, state, published, briefly=briefly)
            lines = 0 if briefly else _tail_lines(published, state.verdict, cause)
            if lines:
                log = read_end(self.services, self.beaker, run, state.job, READ_LINES)
        view = run_view(
            run,
            mark,
            state,
            server_url=self.services.server_url,
            config_path=self.services.config_path,
            log=log,
            log_lines=lines,
            log_url=self.beaker.job_url(state.job) if state.job else "",
            left=self._left(run, mark, state),
            cause=cause,
            hide=self.services.hiding(run),
        )
        if view.left and view.ending:
            view = replace(view, spent=self.books.hours(run))
        view = self.services.redactor.view(with_compared(view, judged.compared))
        seen = Reported(run, state, view, judged)
        return replace(seen, state=_undecided(state)) if seen.waits else seen

    def _left(self, run: Run, mark: Mark, state: State) -> str:
        """What may still be asked for, in words: where the first report or the last is due."""
        ended = state.verdict is not None
        if not (mark.reserved and mark.is_open and (ended or not mark.is_reported())):
            return ""
        try:
            return self.books.left(run, self.rules(run), state.gpu_hours if ended else None)
        except Problem:
            return ""  # a report without it is better than none

    def _published(self, run: Run) -> str:
        """What of a log may be shown."""
        if self.published:
            return self.published
        rules = self.rules(run)
        return rules.publish_logs if rules else "none"


def _undecided(state: State) -> State:
    """An end that nobody may take for one yet."""
    return State("running", gpu_hours=state.gpu_hours, attempts=state.attempts, tasks=state.tasks)


def _tail_lines(published: str, verdict: Verdict, cause: Cause | None) -> int:
    """How many of a log's last lines are shown: those of a digest only where no cause is clear."""
    named = cause is not None and bool(cause.digest.headline)
    if published == "digest" and (named or verdict is Verdict.SUCCEEDED):
        return 0
    return LOG_LINES.get(published, 0)
