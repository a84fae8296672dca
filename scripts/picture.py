"""Draws docs/demo.svg: the conversation that ``make demo`` shows, moving as it really went.

The picture stands still, at the end of the story, where nothing moves: in viewers without
animations, and for whoever asked for less motion.
"""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass, field
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from beaker_ci.sandbox.demo.drawing import THEME, draw
from beaker_ci.sandbox.demo.playing import Stop, play
from beaker_ci.sandbox.demo.rules import EXAMPLE_COMMENT
from beaker_ci.sandbox.demo.stage import open_stage

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

    from beaker_ci.sandbox.demo.scene import Scene

ROOT = Path(__file__).parents[1]
COLUMNS = 80
CELL, LINE, SIZE = 8.4, 18.0, 14  # pixels: a cell's width, a line's height, the font's size
MARGIN, BAR = 16.0, 38.0  # around the text; the window's title bar
REST = 9.0  # seconds that the end stays before it all begins again

COLORS = TerminalTheme(
    background=(22, 27, 34),
    foreground=(230, 237, 243),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)

FRAMES = {
    "─": "M{left:.1f} {y:.1f}H{right:.1f}",
    "│": "M{x:.1f} {top:.1f}V{bottom:.1f}",
    "╭": "M{x:.1f} {bottom:.1f}Q{x:.1f} {y:.1f} {right:.1f} {y:.1f}",
    "╮": "M{left:.1f} {y:.1f}Q{x:.1f} {y:.1f} {x:.1f} {bottom:.1f}",
    "╰": "M{x:.1f} {top:.1f}Q{x:.1f} {y:.1f} {right:.1f} {y:.1f}",
    "╯": "M{left:.1f} {y:.1f}Q{x:.1f} {y:.1f} {x:.1f} {top:.1f}",
}

Row = tuple[Segment, ...]


@dataclass
class Recorder:
    """A screen that keeps what it is shown, and when.

    Attributes:
        scenes: Each different one with the seconds since the first.
    """

    scenes: list[tuple[float, Scene]] = field(default_factory=list)
    began: float = 0.0

    def say(self, line: Text | str = "") -> None:
        """The picture has no words of its own."""

    def show(self, scene: Scene) -> None:
        """Keeps a scene that differs from the one before."""
        if not self.scenes or self.scenes[-1][1] != scene:
            self.began = self.began or time.monotonic()
            self.scenes.append((time.monotonic() - self.began, scene))

    def close(self) -> None:
        """Nothing is held open."""


def main() -> None:
    """Plays the demo on this repository's HEAD and draws what it showed."""
    recorder = Recorder()
    with tempfile.TemporaryDirectory() as directory:
        checkout = Path(directory) / "beaker-ci"
        checkout.symlink_to(ROOT)
        with open_stage(checkout, own_rules=False) as stage:
            outcome = play(stage, EXAMPLE_COMMENT, recorder, Stop())
    if outcome.exit_code or not outcome.scene.runs:
        raise SystemExit(f"the demo did not work:\n{outcome.steps[0].log}")
    (ROOT / "docs" / "demo.svg").write_text(picture(recorder.scenes))


def picture(scenes: list[tuple[float, Scene]]) -> str:
    """The whole picture.

    Args:
        scenes: Each with the second in which it began.
    """
    end = scenes[-1][0] + REST
    shown: dict[tuple[int, Row], list[tuple[float, float]]] = {}
    for number, (start, scene) in enumerate(scenes):
        until = scenes[number + 1][0] if number + 1 < len(scenes) else end
        for place, row in enumerate(rows(scene)):
            times = shown.setdefault((place, row), [])
            if times and times[-1][1] == start:
                start_before, _ = times.pop()
                times.append((start_before, until))
            else:
                times.append((start, until))
    names: dict[tuple[tuple[float, float], ...], str] = {}
    lines = []
    for (place, row), times in shown.items():
        name = names.setdefault(tuple(times), f"t{len(names)}")
        hidden = "" if times[-1][1] == end else ' visibility="hidden"'
        lines.append(f'<g class="{name}"{hidden}>{_drawn(place, row)}</g>')
    height = max(place for place, _ in shown) + 1
    motion = "".join(_motion(name, times, end) for times, name in names.items())
    return _window(height, motion, "\n".join(lines))


def rows(scene: Scene) -> list[Row]:
    """The lines of a scene as a terminal shows them, without empty ends."""
    console = Console(file=StringIO(), width=COLUMNS, color_system="truecolor", theme=THEME)
    drawn = console.render_lines(draw(scene), pad=False)
    return [tuple(Segment.simplify(line)) for line in drawn]


def _drawn(place: int, row: Row) -> str:
    """A line: each part begins in its own cell, whatever the font's widths are."""
    top, words, frames, cell = BAR + place * LINE, "", "", 0
    for segment in row:
        for part in re.findall(r"[─╭╮╰╯│]+|[^─╭╮╰╯│]+", segment.text):
            x = MARGIN + cell * CELL
            cell += cell_len(part)
            if part[0] in FRAMES:
                frames += _frame(part, x, top, segment.style)
            elif part.strip():
                words += _words(part, x, segment.style)
    text = f'<text y="{top + 0.72 * LINE:.1f}">{words}</text>' if words else ""
    return frames + text


def _frame(characters: str, x: float, top: float, style: Style | None) -> str:
    """Characters of a frame as lines, which meet in every font."""
    middle = top + LINE / 2
    path = f"M{x:.1f} {middle:.1f}h{len(characters) * CELL:.1f}"
    if not set(characters) <= {"─"}:
        path = "".join(
            FRAMES[character].format(
                left=x + number * CELL,
                x=x + (number + 0.5) * CELL,
                right=x + (number + 1) * CELL,
                top=top,
                y=middle,
                bottom=top + LINE,
            )
            for number, character in enumerate(characters)
        )
    return f'<path d="{path}" stroke="{_color(style)}"/>'


def _words(part: str, x: float, style: Style | None) -> str:
    words = part.strip()
    x += (len(part) - len(part.lstrip())) * CELL
    spaced = escape(words).replace(" ", "\N{NO-BREAK SPACE}")
    said = f' fill="{_color(style)}"'
    if style is not None and style.bold:
        said += ' font-weight="bold"'
    if style is not None and style.dim:
        said += ' fill-opacity=".6"'
    return f'<tspan x="{x:.1f}" textLength="{cell_len(words) * CELL:.1f}"{said}>{spaced}</tspan>'


def _color(style: Style | None) -> str:
    color = style.color if style is not None else None
    return (color.get_truecolor(COLORS) if color else COLORS.foreground_color).hex


def _motion(name: str, times: tuple[tuple[float, float], ...], end: float) -> str:
    """When a line is to be seen, again and again; nothing for one that always is."""
    if times == ((0.0, end),):
        return ""
    steps = {0.0: "hidden"}
    for start, until in times:
        steps[start] = "visible"
        if until < end:
            steps[until] = "hidden"
    frames = "".join(f"{at / end:.2%}{{visibility:{how}}}" for at, how in sorted(steps.items()))
    return (
        f"@keyframes {name}{{{frames}}}.{name}{{animation:{name} {end:.1f}s step-end infinite}}\n"
    )


def _window(lines: int, motion: str, content: str) -> str:
    width, height = COLUMNS * CELL + 2 * MARGIN, BAR + lines * LINE + MARGIN
    dots = "".join(
        f'<circle cx="{22 + 20 * number}" cy="{BAR / 2:.0f}" r="6" fill="{color}"/>'
        for number, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    font = "ui-monospace,SFMono-Regular,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">
<title>make demo: a comment becomes a job, and its answer follows it</title>
<style>
text{{font:{SIZE}px {font};fill:{COLORS.foreground_color.hex}}}
path{{fill:none;stroke-width:1.2}}
@media (prefers-reduced-motion:no-preference){{
{motion}}}
</style>
<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="10"
 fill="{COLORS.background_color.hex}" stroke="#30363d"/>
{dots}
<text x="{width / 2:.0f}" y="{BAR / 2 + 5:.0f}" text-anchor="middle" opacity=".7">make demo</text>
{content}
</svg>
"""


if __name__ == "__main__":
    main()
