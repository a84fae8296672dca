"""Scenes as a terminal shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from rich.box import ROUNDED
from rich.console import Group
from rich.markdown import CodeBlock, Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.segment import Segment
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from beaker_ci.sandbox.beaker import ExperimentView
    from beaker_ci.sandbox.demo.scene import Answer, Scene
    from beaker_ci.sandbox.github import CheckRun

BOT = "github-actions"
ENDED = {"succeeded": "green", "failed": "red", "canceled": "red"}
"""Colors of the ends of a run."""

LONGEST_LOG = 500
"""Last lines of a job's log that are kept on the screen."""

THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.item.bullet": "dim",
        "markdown.link": "blue",
        "markdown.link_url": "blue",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
        "markdown.block_quote": "yellow",
    }
)

_HIDDEN = re.compile(r"<!--.*?-->\n?|</?(?:details|summary|sub|span)>|\u2060", re.DOTALL)
_DETAILS = re.compile(r"<details>.*?</details>", re.DOTALL)
_ALERT = re.compile(r"(?m)^> \[!\w+\]\n")
_EMOJI = {"eyes": "👀", "+1": "👍", "-1": "👎", "confused": "😕", "rocket": "🚀"}
_CHECK_MARKS = {"success": ("✓", "bold green")}


class _Code(CodeBlock):
    """A fenced block: what to type or to read, without a box of its own."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Text(str(self.text).rstrip("\n"), style="cyan")
        yield Padding(code, (0, 0, 0, 2))


class _Markdown(Markdown):
    elements: ClassVar = {**Markdown.elements, "fence": _Code, "code_block": _Code}


class _Tight:
    """Without empty lines at the beginning, and with no more than one at a time."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        before = ""
        for line in console.render_lines(self._content, options, pad=False):
            text = "".join(part.text for part in line).strip()
            if text or before:
                yield from line
                yield Segment.line()
            before = text


def readable(markdown: str) -> RenderableType:
    """A comment as a terminal can show it: what is folded on GitHub is left out."""
    unfolded = _ALERT.sub("", _DETAILS.sub("", markdown))
    return _Tight(_Markdown(_HIDDEN.sub("", unfolded).strip()))


def emoji(reactions: tuple[str, ...]) -> str:
    """Reactions as GitHub shows them."""
    return " ".join(_EMOJI.get(reaction, reaction) for reaction in reactions)


def draw(scene: Scene, *, spinner: Spinner | None = None, log_lines: int = LONGEST_LOG) -> Group:
    """One comment and what came of it.

    Args:
        scene: What is to be seen.
        spinner: Turns where something is not finished yet.
        log_lines: Last lines of each job's log to show.
    """
    return Group(
        _asking(scene),
        *(_answer(answer) for answer in scene.answers),
        *(_check(check, spinner) for check in scene.checks),
        *(_run(run, log_lines) for run in scene.runs),
    )


def _asking(scene: Scene) -> Panel:
    title = Text.assemble((scene.asker, "bold magenta"), f" commented on #{scene.number}")
    reactions = emoji(scene.reactions)
    return _panel(Text(scene.comment), title, "magenta", f"{reactions} 1" if reactions else "")


def _answer(answer: Answer) -> Panel:
    edits = len(answer.versions) - 1
    edited = f" · edited {'once' if edits == 1 else f'{edits} times'}" if edits else ""
    title = Text.assemble((BOT, "bold blue"), " bot", (edited, "dim"))
    return _panel(readable(answer.body), title, "blue")


def _check(check: CheckRun, spinner: Spinner | None) -> RenderableType:
    words = Text.assemble(("check ", "dim"), (check.name, "bold"), f"  {check.title}")
    mark: RenderableType = Text("●", "yellow")
    if check.conclusion:
        mark = Text(*_CHECK_MARKS.get(check.conclusion, ("✗", "bold red")))
    elif spinner is not None:
        mark = spinner
    line = Table.grid(padding=(0, 1))
    line.add_row("", mark, words)
    return line


def _run(run: ExperimentView, log_lines: int) -> Panel:
    kept = [line for job in run.jobs for line in job.log.splitlines()]
    log = Text.from_ansi("\n".join(kept[-log_lines:]) or "…")
    if len(kept) > log_lines > 1:
        log = Text(f"… {len(kept) - log_lines} lines before\n", "dim").append_text(log)
    title = Text.assemble(("Beaker", "bold"), f" {run.name}")
    color = ENDED.get(run.status, "yellow")
    return _panel(log, title, color, how_it_stands(run))


def how_it_stands(run: ExperimentView) -> str:
    """A run's status and how its last job ended: ``failed, exit code 1``."""
    job = run.jobs[-1]
    code = f", exit code {job.exit_code}" if job.exit_code is not None else ""
    why = f" ({job.canceled_for})" if job.canceled_for else ""
    return f"{run.status}{code}{why}"


def _panel(content: RenderableType, title: Text, color: str, subtitle: str = "") -> Panel:
    return Panel(
        content,
        box=ROUNDED,
        title=title,
        title_align="left",
        subtitle=Text(subtitle) if subtitle else None,
        subtitle_align="left",
        border_style=color,
        padding=(0, 1),
    )
