"""What was found of a run for its report: values that pass between those who see and who write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beaker_ci.history import State
    from beaker_ci.report.views import Compared, RunView
    from beaker_ci.run import Run

COMPARING = "comparing"
"""What a mark shows of a run that has ended, and whose report waits for the base's run."""


@dataclass(frozen=True)
class Judged:
    """What a run's metrics come to.

    Attributes:
        compared: None where nothing is to be compared.
        gate: For the mark: ``passed`` or ``failed``; empty where no rule could fail, and before.
        scores: For the mark: what it measured of metrics with a rule.
        waits_for: The base's run that goes on.
        branch: The default branch's name; empty where it was not read.
        merged: The pull request whose merge was pushed there as the run's commit.
    """

    compared: Compared | None = None
    gate: str = ""
    scores: tuple[tuple[str, float], ...] = ()
    waits_for: Run | None = None
    branch: str = ""
    merged: int | None = None


@dataclass(frozen=True)
class Reported:
    """A run whose report is in line with Beaker.

    Attributes:
        state: What its jobs say; of one that waits for the base's run, that it goes on.
        view: What comment and check show.
        judged: What its metrics come to.
    """

    run: Run
    state: State
    view: RunView
    judged: Judged = field(default_factory=Judged)

    @property
    def waits(self) -> bool:
        """Whether it has ended, and its report waits for the base's run."""
        return self.judged.compared is not None and self.judged.compared.waits

    @property
    def shown(self) -> str:
        """What its mark says that comment and check show."""
        return COMPARING if self.waits else self.state.stage
