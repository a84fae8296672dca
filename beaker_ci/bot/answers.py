"""What a command came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.report.views import ReplyView, RunView


@dataclass(frozen=True)
class Answer:
    """The end of one command.

    Attributes:
        command: Its verb, or what stood in its place.
        view: What the report shows.
        run_id: The short id of the run, if there is one.
        workload_id: The experiment's id on Beaker, if there is one.
        url: The experiment's page, if there is one.
        status: ``planned``, ``waiting-approval``, ``queued``, ``running`` or ``finished``; empty
            when there is no run.
        conclusion: Once finished.
    """

    command: str
    reason: Reason
    view: ReplyView | RunView
    run_id: str = ""
    workload_id: str = ""
    url: str = ""
    status: str = ""
    conclusion: str = ""
