"""What a command came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.bot.case import Case
    from beaker_ci.bot.reported import Reported
    from beaker_ci.commands import Command
    from beaker_ci.history import State
    from beaker_ci.report.views import RunView
    from beaker_ci.run import Run


_TELLING = (Reason.ANSWERED, Reason.REUSED, Reason.STOPPED, Reason.NOTHING_TO_DO)


@dataclass(frozen=True)
class Answer:
    """The end of one command.

    Attributes:
        command: Its verb, or what stood in its place.
        view: What the report shows.
        run: The run, if there is one.
        status: ``planned``, ``waiting-approval``, ``queued``, ``running`` or ``finished``; empty
            when there is no run.
        conclusion: Once finished.
        plan_id: Of the plan that waits to be agreed to, if the command came to one.
    """

    command: str
    reason: Reason
    view: ReplyView | RunView
    run: Run | None = None
    status: str = ""
    conclusion: str = ""
    plan_id: str = ""

    @property
    def submitted(self) -> Run | None:
        """The run, if the command asked for it: what it only tells of, nobody waits for."""
        return self.run if self.reason not in _TELLING else None


UNSIGNED = ReplyView(marker="", reason=Reason.ANSWERED, asker="", source="", what="")
"""What an answer begins with that has yet to learn whose it is: a comment's, or a terminal's."""


def signed(view: ReplyView, case: Case, command: Command) -> ReplyView:
    """The answer to a command in a comment."""
    asking = case.asking
    return replace(view, marker=asking.marker, asker=asking.asker.login, source=command.source)


def run_answer(command: str, reported: Reported) -> Answer:
    """The answer that a reported run is."""
    return Answer(
        command=command,
        reason=Reason.REFUSED_LIMIT if _passed_a_limit(reported) else Reason.ACCEPTED,
        view=reported.view,
        run=reported.run,
        status=reported.state.stage,
        conclusion=reported.view.conclusion or "",
    )


def conclusion_of(run: Run, state: State) -> str:
    """What a run that was only looked at came to, its gate included; empty before the end."""
    broken = run.mark is not None and run.mark.gate == "failed"
    return "failure" if broken and state.conclusion == "success" else state.conclusion or ""


def _passed_a_limit(reported: Reported) -> bool:
    """Whether it was stopped as one of several that passed a limit together."""
    mark = reported.run.mark
    return mark is not None and mark.stopped.startswith("limits.")
