"""Draws docs/demo.svg: the conversation that ``make demo`` shows, as it really went."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from beaker_ci.sandbox.demo import play

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Plays the demo on this repository's HEAD and draws what it showed."""
    console = Console(record=True, width=86, file=io.StringIO(), color_system="truecolor")
    story = play(ROOT, None, console)
    if story.step.exit_code or not story.experiments:
        raise SystemExit(f"the demo did not work:\n{story.step.log}")
    picture = console.export_svg(title="make demo", theme=DIMMED_MONOKAI, unique_id="demo")
    (ROOT / "docs" / "demo.svg").write_text(picture)


if __name__ == "__main__":
    main()
