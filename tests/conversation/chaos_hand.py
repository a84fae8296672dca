"""What happens to runs on the local Beaker by hand, as their endings say."""

from __future__ import annotations

import re
import time

from chaos_plan import ENDINGS, PASS, Act, dice

from beaker_ci.sandbox.beaker import ExperimentView, LocalBeaker

_OVER = ("succeeded", "failed", "canceled")


class Hand:
    """Moves runs on, one act at a time; whatever is left in the end, passes.

    Attributes:
        last_end: When something happened last, by the monotonic clock.
    """

    def __init__(self, beaker: LocalBeaker, seed: int) -> None:
        self.last_end = time.monotonic()
        self._beaker = beaker
        self._chance = dice(seed, "act")
        self._acts: dict[str, list[Act]] = {}

    def expect(self, key: str, ending: str) -> None:
        """The run with that key, if it comes to be, is to end so."""
        self._acts[key] = list(ENDINGS[ending][1])

    def move(self, likely: float) -> None:
        """Lets the next thing happen to some runs."""
        for held in self._beaker.experiments("ci-bot"):
            if self._chance.random() < likely:
                self._next(held)

    def end_all(self) -> int:
        """Lets everything happen that is left; how much that was."""
        acts = 0
        while moved := sum(self._next(held) for held in self._beaker.experiments("ci-bot")):
            acts += moved
        return acts

    def _next(self, held: ExperimentView) -> bool:
        if not _unfinished(held, None):
            return False
        acts = self._acts.get(held.env["BEAKER_CI_KEY"], [])
        act = acts.pop(0) if acts else PASS
        if act.what == "cancel":
            self._beaker.cancel(held.id, by="mallory")
        for job in _unfinished(held, act.rank):
            if act.what == "start":
                self._beaker.start(job)
            elif act.what == "finish":
                self._beaker.finish(job, act.number)
            elif act.what == "interrupt":
                self._beaker.preempt(job, act.number, "The machine says so")
        self.last_end = time.monotonic()
        return True


def _unfinished(held: ExperimentView, rank: int | None) -> list[str]:
    """The jobs of a run that may go on: all, or those of one replica."""
    last = {job.task: job for job in held.jobs}
    return [
        job.id
        for job in last.values()
        if job.status not in _OVER and (rank is None or re.search(rf"-{rank}$", job.task))
    ]
