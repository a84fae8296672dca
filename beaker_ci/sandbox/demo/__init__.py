"""The whole way on this machine: a comment, the bot's answer, the job, its log and its metrics.

Nothing is acted: the local GitHub and the local Beaker are real servers, the bot is the action as
a workflow step would start it, and the job runs as a process in a fresh checkout.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from beaker_ci.sandbox.demo.playing import Outcome, Stop, Stopped, listening, play
from beaker_ci.sandbox.demo.rules import EXAMPLE, EXAMPLE_COMMENT, EXAMPLE_SAYS
from beaker_ci.sandbox.demo.screens import Screen, open_screen
from beaker_ci.sandbox.demo.stage import Stage, open_stage
from beaker_ci.sandbox.demo.story import tell

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["NoExample", "run"]

_KILLED = 128


class NoExample(Exception):  # noqa: N818 - the caller's words for it
    """The story needs the example, and the repository has none."""


def run(
    repository: Path, comment: str | None, console: Console, program: str, *, script: bool
) -> int:
    """Plays the demo; nothing of it is left afterwards, however it ends.

    Args:
        repository: A git repository; its HEAD is the pull request. Nothing is written to it.
        comment: What the researcher writes; by default a run of the repository's example, or the
            simplest that its rules allow.
        console: Where to show the conversation.
        program: How to start ``beaker-ci`` here, for the suggestions.
        script: Whether to play the longer story instead, by the demo's own rules.

    Returns:
        The exit code: 0 if all went well, 1 if a run failed or the story did not come out as told,
        128 and the signal's number if somebody ended it.

    Raises:
        beaker_ci.sandbox.git.GitError: ``repository`` is none, or has no commit.
        NoExample: The story needs one.
    """
    screen = open_screen(console)
    with listening() as stop:
        try:
            with open_stage(repository, own_rules=not script) as stage:
                code = _play(stage, comment, screen, stop, script=script)
        except Stopped:
            return _KILLED + (stop.signal or 0)
    for line in _suggestions(stage, program):
        screen.say(Text(line, "dim"))
    return code


def _play(stage: Stage, comment: str | None, screen: Screen, stop: Stop, *, script: bool) -> int:
    example = EXAMPLE_SAYS in (stage.file(EXAMPLE) or b"")
    if script and not example:
        raise NoExample
    for name, value in _introduction(stage):
        screen.say(Text.assemble((f"{name:<14} ", "dim"), value))
    screen.say()
    if script:
        return 0 if tell(stage, screen, stop) else 1
    if comment is None:
        is_ours = example and stage.rules.text is not None
        comment = EXAMPLE_COMMENT if is_ours else stage.rules.comment
    outcome = play(stage, comment, screen, stop)
    _explain(outcome, screen)
    screen.say()
    return outcome.exit_code


def _introduction(stage: Stage) -> list[tuple[str, Text | str]]:
    return [
        ("Local GitHub", Text(stage.hub.html_url, "cyan")),
        ("Local Beaker", Text(stage.beaker.address, "cyan")),
        ("Pull request", f"#{stage.number}, HEAD of {stage.hub.full_name} ({stage.head[:7]})"),
        ("Rules", stage.rules.told),
    ]


def _explain(outcome: Outcome, screen: Screen) -> None:
    """Says why there is no answer where there is none."""
    (step,) = outcome.steps
    if step.reason == "nothing-to-do":
        screen.say("The bot saw no command in that, and kept quiet.")
    elif not outcome.scene.answers:
        screen.say("The bot could not answer. Its log:")
        screen.say(step.log.rstrip())


def _suggestions(stage: Stage, program: str) -> list[str]:
    presets = sorted(stage.rules.configuration.presets)
    return [
        "It all ran on this machine, and nothing of it is left. More to try:",
        f"  {program} demo --script",
        f"  {program} demo --repo PATH/TO/YOURS --comment '/beaker run {presets[0]}'"
        if presets
        else f"  {program} demo --comment '/beaker run -- false'",
    ]
