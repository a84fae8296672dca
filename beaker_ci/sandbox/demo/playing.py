"""One comment, heard by the bot as a workflow step, and watched to its end."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.sandbox.demo.scene import Scene, Watcher
from beaker_ci.sandbox.demo.stage import ASKER, Stage

if TYPE_CHECKING:
    import subprocess
    from types import FrameType

    from beaker_ci.sandbox.demo.screens import Screen
    from beaker_ci.sandbox.runner import StepResult

TICK = 0.08
"""Seconds between two looks."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Somebody asked the demo to end."""


class Stop:
    """Remembers the first signal that asks the demo to end.

    A flag alone: an exception out of a handler could hit the moment in which a process was
    started and nobody knows of it yet.

    Attributes:
        signal: Its number; None if nobody asked.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def check(self) -> None:
        """Ends the demo if somebody asked for it.

        Raises:
            Stopped: Somebody did.
        """
        if self.signal is not None:
            raise Stopped


@contextmanager
def listening() -> Iterator[Stop]:
    """Within it, Ctrl-C, SIGTERM and SIGHUP ask the demo to end."""
    stop = Stop()

    def hear(number: int, _frame: FrameType | None) -> None:
        stop.signal = stop.signal or number

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, hear) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class Outcome:
    """What came of one comment.

    Attributes:
        scene: What was to be seen at the end.
        steps: What each step that heard it left.
    """

    scene: Scene
    steps: tuple[StepResult, ...]

    @property
    def exit_code(self) -> int:
        """0 if it was handled and every run succeeded."""
        failed = any(run.status != "succeeded" for run in self.scene.runs)
        codes = [step.exit_code if step.exit_code >= 0 else 1 for step in self.steps]
        return max([*codes, int(failed)])


def play(
    stage: Stage,
    comment: str,
    screen: Screen,
    stop: Stop,
    *,
    asker: str = ASKER,
    deliveries: int = 1,
) -> Outcome:
    """Posts a comment, lets the bot hear it, and shows what comes of it as it happens.

    Args:
        stage: The servers.
        comment: Markdown.
        screen: Where to show it.
        stop: Whether somebody asked to end.
        asker: Who comments.
        deliveries: How many steps hear the same event, all at once.

    Raises:
        Stopped: Somebody asked to end; no step is left.
    """
    watcher = Watcher(stage, asker)
    event = stage.hub.comment(stage.number, by=asker, body=comment)
    comment_id = event["comment"]["id"]
    steps = [stage.step(event) for _ in range(deliveries)]
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.extend(step.start() for step in steps)
        while any(process.poll() is None for process in started):
            stop.check()
            screen.show(watcher.look(comment_id))
            time.sleep(TICK)
        stop.check()  # Ctrl-C ends the steps as well.
    finally:
        screen.close()
        for process in started:
            process.kill()
            process.wait()
    scene = watcher.look(comment_id, over=True)
    screen.show(scene)
    ended = zip(steps, started, strict=True)
    return Outcome(scene, tuple(step.result(process.returncode) for step, process in ended))
