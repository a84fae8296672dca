"""``/beaker retry --failed``: new attempts of what failed, in the same experiment.

Its spec, its check and its comment stay; its mark is opened again, with what the new attempts may
cost added to what the run did cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import Answer, run_answer
from beaker_ci.bot.considering import consider
from beaker_ci.bot.reported import Reported
from beaker_ci.bot.reporting import Reporter, place_of
from beaker_ci.bot.runs import refusal
from beaker_ci.facts import DAY
from beaker_ci.history import State, Task, Verdict
from beaker_ci.plan import recipe_hash
from beaker_ci.policy import exhausted
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView
from beaker_ci.run import Mark, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.bot.considering import Errand
    from beaker_ci.commands import Command
    from beaker_ci.facts import CommentNow

REMEMBERED = 20
"""Commands of which a run remembers that they repeated what failed of it: within the hour in which
one may be delivered again, nobody asks for more."""


@dataclass(frozen=True)
class Repetition:
    """What failed of one run, started again.

    Attributes:
        case: Who asks for it.
        now: Their comment as it is now.
        command: The ``retry``.
        errand: The run's own command, as they would give it now.
        run: The run.
    """

    case: Case
    now: CommentNow | None
    command: Command
    beaker: Session
    errand: Errand
    run: Run

    def answer(self, state: State) -> Answer:
        """Starts it again, if that may be; a second delivery finds that it was.

        Args:
            state: What the run's jobs say.

        Raises:
            Problem: Whatever stands in the way, to be told to the asker.
        """
        self.case.asking.services.expect(self.run.name)
        if self._had_its_effect(state):
            return run_answer("retry", self._reported(self.run))
        if state.verdict is None:
            return self._nothing_to_do("it has not ended yet.")
        if state.verdict is Verdict.SUCCEEDED:
            return self._nothing_to_do("nothing of it failed.")
        self._require_the_same_commit()
        considered = consider(self.case, self.now, self.errand)
        if considered.decision.outcome is not Outcome.ALLOW:
            return self._refused(refusal(self.case, self.command, considered))
        if recipe_hash(considered.plan.recipe) != self.run.recipe_hash:
            raise self._rather_anew(
                Reason.REFUSED_PLAN_CHANGED, "by today's rules its command would run something else"
            )
        closed = self._reported(self.run)
        if closed.state.verdict is None:
            return run_answer("retry", closed)  # the rules gave it a new attempt by themselves
        return run_answer("retry", self._reported(self._start(closed.run, closed.state)))

    def _start(self, run: Run, state: State) -> Run:
        """Opens the run's mark, looks whether there is room for it, and starts what failed."""
        services, before = self.case.asking.services, run.mark
        now = services.clock.now()
        mark = before or run.new_mark(services.writer, now)
        reopened = replace(
            mark.taken_by(services.writer, now),
            used=None,
            verdict="",
            told="",
            closed=0,
            looks=0,
            settled=False,
            stopped="",
            shown="",
            reserved=round((mark.used or state.gpu_hours) + self._price(state), 4),
            # All that it costs counts for who asks for more of it: theirs was the limit that held.
            asker=self.case.asking.asker.id,
            retried=self._noted(mark, state),
        )
        run = self.beaker.write_mark(run, reopened)
        # Others may have been judged at the same moment: by now each of us sees the other's mark.
        self.beaker.forget_runs()
        ledger = self.beaker.ledger(run.repository_id, now.timestamp())
        over = exhausted(
            ledger, self.case.configuration, number=mark.number, asker=self.case.asking.asker.id
        )
        if over is not None:
            self.beaker.write_mark(run, mark)
            raise Problem(
                Reason.REFUSED_LIMIT,
                "Nothing was started again.",
                why=f"With what it may cost, `{over}` would be passed.",
                next_step="Ask again once other runs have ended.",
            )
        self.beaker.restart(run.workload_id)
        return run

    def _price(self, state: State) -> float:
        """GPU-hours that the new attempts may cost at most."""
        again = [task for task in state.tasks if _failed(task)]
        return len(again) * self.run.gpus * self.run.timeout_seconds / 3600 * (self.run.retries + 1)

    def _reported(self, run: Run) -> Reported:
        asking = self.case.asking
        reporter = Reporter(asking.services, self.beaker, lambda _: self.case.configuration)
        return reporter.report(run, asking.place or place_of(run))

    def _had_its_effect(self, state: State) -> bool:
        """Whether an earlier delivery of this very command started new attempts."""
        if self.run.mark is None:
            return False
        noted = (entry.split(":") for entry in self.run.mark.retried.split())
        before = [entry[1] for entry in noted if entry[0] == self.errand.key and len(entry) > 1]
        return any(jobs.isdecimal() and _jobs(state) > int(jobs) for jobs in before)

    def _noted(self, mark: Mark, state: State) -> str:
        """What asked for new attempts, and how many jobs there were before; this command last."""
        entry = f"{self.errand.key}:{_jobs(state)}:{self.case.asking.asker.login}"
        return " ".join([*mark.retried.split()[1 - REMEMBERED :], entry])

    def _require_the_same_commit(self) -> None:
        services = self.case.asking.services
        if self.run.sha != self.case.sha:
            raise self._rather_anew(
                Reason.REFUSED_HEAD_MOVED, f"it ran {self.run.sha}, and the head is {self.case.sha}"
            )
        if services.clock.now().timestamp() - self.run.created > DAY:
            raise self._rather_anew(Reason.REFUSED_STALE, "it was submitted more than 24 hours ago")

    def _rather_anew(self, reason: Reason, why: str) -> Problem:
        return Problem(
            reason,
            f"Nothing was started again of run `{self.run.run_id}`: {why}.",
            next_step="A new run at the head, judged afresh:",
            paste=f"/beaker retry {self.run.run_id}",
        )

    def _nothing_to_do(self, why: str) -> Answer:
        view = ReplyView(
            marker=self.case.asking.marker,
            reason=Reason.NOTHING_TO_DO,
            asker=self.case.asking.asker.login,
            source=self.command.source,
            what=f"Nothing was started again of run `{self.run.run_id}`: {why}",
            page=self.run.url,
        )
        return Answer("retry", Reason.NOTHING_TO_DO, view, run=self.run)

    def _refused(self, answer: Answer) -> Answer:
        """The refusal, without the id of a plan: nobody can agree to a repetition in place."""
        if not isinstance(answer.view, ReplyView) or not answer.plan_id:
            return answer
        view = replace(
            answer.view,
            what="Nothing was started again: it needs an approval, which a retry cannot get.",
            next_step="Ask for a new run by its own command, which can be approved:",
            paste=self.run.request,
        )
        return replace(answer, view=view, status="", plan_id="")


def _jobs(state: State) -> int:
    return sum(len(task.jobs) for task in state.tasks)


def _failed(task: Task) -> bool:
    return task.latest is None or task.latest.verdict is not Verdict.SUCCEEDED
