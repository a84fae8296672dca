"""Where the demo is shown: redrawn in place on a terminal, line by line everywhere else."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from beaker_ci.sandbox.demo.drawing import ENDED, THEME, draw, emoji, how_it_stands, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    from beaker_ci.sandbox.demo.scene import Answer, Scene
    from beaker_ci.sandbox.github import CheckRun

LEAST_LOG = 3
"""Lines of a job's log for which there is room on any terminal."""


class Screen(Protocol):
    """Shows a story."""

    def say(self, line: Text | str = "") -> None:
        """Tells something for good."""

    def show(self, scene: Scene) -> None:
        """Shows how a comment and its consequences stand now; after the last one for good."""

    def close(self) -> None:
        """Leaves the terminal as it should be."""


def open_screen(console: Console) -> Screen:
    """The screen that suits a console."""
    if console.is_terminal and not console.is_dumb_terminal:
        return TerminalScreen(console)
    return PlainScreen(console)


class TerminalScreen:
    """Redraws the scene in place while it changes.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        console.push_theme(THEME)
        self._console = console
        self._spinner = Spinner("dots", style="yellow")
        self._live: Live | None = None

    def say(self, line: Text | str = "") -> None:
        """Tells something for good."""
        self._console.print(line, markup=False, highlight=False)

    def show(self, scene: Scene) -> None:
        """Redraws the scene; the last one stays."""
        if scene.over:
            self.close()
            self._console.print(draw(scene))
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_Bottom(self._fitted(scene)), refresh=True)

    def close(self) -> None:
        """Takes away what is not for good."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _fitted(self, scene: Scene) -> RenderableType:
        """The scene with as much of the logs as there is room for."""
        without = draw(scene, spinner=self._spinner, log_lines=1)
        taken = len(self._console.render_lines(without)) - len(scene.runs)
        room = (self._console.height - taken - 2) // max(1, len(scene.runs))
        return draw(scene, spinner=self._spinner, log_lines=max(LEAST_LOG, room))


class _Bottom:
    """The last lines of something, as many as the terminal has: there is where it changes."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._content, options.update(height=None), pad=False)
        for line in lines[-(console.height - 1) :]:
            yield from line
            yield Segment.line()


class PlainScreen:
    """Tells what is new, one line after the other, each with who says it.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: Scene | None = None

    def say(self, line: Text | str = "") -> None:
        """Writes a line."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def show(self, scene: Scene) -> None:
        """Writes what is new since the scene before."""
        before, self._last = self._last, None if scene.over else scene
        if before is None:
            self._write(scene.asker, scene.comment.splitlines())
        old_reactions = before.reactions if before else ()
        if new := scene.reactions[len(old_reactions) :]:
            self._write("bot", [emoji(new)])
        self._answers(before.answers if before else (), scene.answers)
        self._checks(before.checks if before else (), scene.checks)
        self._runs(before, scene)

    def close(self) -> None:
        """Nothing is held open."""

    def _answers(self, before: Sequence[Answer], now: Sequence[Answer]) -> None:
        known = {answer.id: answer for answer in before}
        for answer in now:
            old = known.get(answer.id)
            if old is None:
                self._write("bot", self._lines(answer.body))
            elif old.versions != answer.versions:
                said = self._lines(old.body)
                new = [line for line in self._lines(answer.body) if line and line not in said]
                self._write("bot", [f"(edited) {new[0]}", *new[1:]] if new else [])

    def _checks(self, before: Sequence[CheckRun], now: Sequence[CheckRun]) -> None:
        known = {check.id: (check.status, check.conclusion, check.title) for check in before}
        for check in now:
            if known.get(check.id) != (check.status, check.conclusion, check.title):
                state = check.conclusion or check.status
                self._write("check", [f"{check.name}: {state}  {check.title}"])

    def _runs(self, before: Scene | None, now: Scene) -> None:
        known = {run.id: run for run in before.runs} if before else {}
        for run in now.runs:
            old = known.get(run.id)
            if old is None:
                self._write("beaker", [run.name])
            changed = old is None or how_it_stands(old) != how_it_stands(run)
            news = [how_it_stands(run)] if changed else []
            has_ended = run.status in ENDED
            self._write("beaker", [] if has_ended else news)
            for number, job in enumerate(run.jobs):
                told = len(old.jobs[number].log) if old and number < len(old.jobs) else 0
                self._write("log", Text.from_ansi(job.log[told:].rstrip("\n")).plain.splitlines())
            self._write("beaker", news if has_ended else [])

    def _write(self, who: str, lines: Sequence[str]) -> None:
        for line in lines:
            self.say(f"{who:<7}│ {line}".rstrip())

    def _lines(self, markdown: str) -> list[str]:
        """A comment as lines of text."""
        wide = max(40, self._console.width - 9)
        paper = Console(file=StringIO(), width=wide, color_system=None, theme=THEME)
        with paper.capture() as captured:
            paper.print(readable(markdown))
        return [line.rstrip() for line in captured.get().splitlines()]
