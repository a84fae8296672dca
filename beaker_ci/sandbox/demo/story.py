"""A longer story: what goes wrong on a day, and that each time it goes as told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from beaker_ci.sandbox.demo.playing import Outcome, Stop, play
from beaker_ci.sandbox.demo.rules import EXAMPLE

if TYPE_CHECKING:
    from beaker_ci.sandbox.demo.screens import Screen
    from beaker_ci.sandbox.demo.stage import Stage

_PASTE = re.compile(r"(?m)^(/beaker run .*)$")


@dataclass(frozen=True)
class Promise:
    """Something that a beat is told to show.

    Attributes:
        words: The sentence.
        holds: Whether it came out so.
    """

    words: str
    holds: Callable[[Outcome], bool]


@dataclass(frozen=True)
class Beat:
    """One comment of the story.

    Attributes:
        narration: One line that introduces it.
        comment: What is written; None for the line that the last answer offered to paste.
        deliveries: How often the event arrives.
    """

    narration: str
    comment: str | None
    promises: tuple[Promise, ...]
    deliveries: int = 1


def tell(stage: Stage, screen: Screen, stop: Stop) -> bool:
    """Plays every beat and checks it.

    Returns:
        Whether all of it came out as told.

    Raises:
        beaker_ci.sandbox.demo.playing.Stopped: Somebody asked to end.
    """
    kept, offered = True, ""
    for number, beat in enumerate(BEATS, start=1):
        screen.say(Text(f"{number}. {beat.narration}", "bold"))
        comment = offered if beat.comment is None else beat.comment
        outcome = play(stage, comment, screen, stop, deliveries=beat.deliveries)
        for promise in beat.promises:
            held = promise.holds(outcome)
            kept &= held
            screen.say(_mark(promise, held=held))
        screen.say()
        offered = _offer(outcome)
    return kept


def _mark(promise: Promise, *, held: bool) -> Text:
    mark = ("  ✓ ", "bold green") if held else ("  ✗ did not come out: ", "bold red")
    return Text.assemble(mark, promise.words)


def _said(outcome: Outcome) -> str:
    return "\n".join(answer.body for answer in outcome.scene.answers)


def _offer(outcome: Outcome) -> str:
    """The command that the bot's answer offers to paste; empty if there is none."""
    found = _PASTE.search(_said(outcome))
    return found[1] if found else ""


def _answered(reason: str) -> Callable[[Outcome], bool]:
    return lambda outcome: [step.reason for step in outcome.steps] == [reason]


def _has_no_run(outcome: Outcome) -> bool:
    return not outcome.scene.runs and not outcome.scene.checks


def _concluded(conclusion: str) -> Callable[[Outcome], bool]:
    return lambda outcome: [check.conclusion for check in outcome.scene.checks] == [conclusion]


def _is_one_of_each(outcome: Outcome) -> bool:
    scene = outcome.scene
    return [len(scene.runs), len(scene.checks), len(scene.answers)] == [1, 1, 1]


def _agree(outcome: Outcome) -> bool:
    return len({step.outputs["workload-id"] for step in outcome.steps}) == 1


def _shows_metrics(outcome: Outcome) -> bool:
    measured = [name for run in outcome.scene.runs for job in run.jobs for name in job.metrics]
    return bool(measured) and all(f"| {name} |" in _said(outcome) for name in measured)


NOTHING_SUBMITTED = Promise("nothing was submitted", _has_no_run)

BEATS = (
    Beat(
        "Ada mistypes a command.",
        f"/beaker rnu -- python {EXAMPLE}",
        (
            Promise("answered: usage.unknown-command", _answered("usage.unknown-command")),
            Promise(
                "the answer has the line that she meant",
                lambda outcome: _offer(outcome) == f"/beaker run -- python {EXAMPLE}",
            ),
            NOTHING_SUBMITTED,
        ),
    ),
    Beat(
        "She tries a bold learning rate, and the job fails.",
        f"/beaker run --gpus 1 -- python {EXAMPLE} --learning-rate 1.5",
        (
            Promise("the check failed", _concluded("failure")),
            Promise(
                "the answer shows the job's last words",
                lambda outcome: "it diverges" in _said(outcome),
            ),
            Promise(
                "the workflow that waited fails as well",
                lambda outcome: [step.exit_code for step in outcome.steps] == [1],
            ),
        ),
    ),
    Beat(
        "GitHub delivers one event twice, at the same time.",
        '/beaker run -- echo "once is enough"',
        (
            Promise("one experiment, one answer, one check", _is_one_of_each),
            Promise("both workflows name the same experiment", _agree),
        ),
        deliveries=2,
    ),
    Beat(
        "She tries to charge another team's budget.",
        f"/beaker run --gpus 1 --budget ai2/their-budget -- python {EXAMPLE}",
        (
            Promise("answered: refused.budget", _answered("refused.budget")),
            Promise(
                "the answer has a line to paste that the rules allow",
                lambda outcome: "--budget ai2/widgets-budget" in _offer(outcome),
            ),
            NOTHING_SUBMITTED,
        ),
    ),
    Beat(
        "She pastes that line.",
        None,
        (
            Promise("the check passed", _concluded("success")),
            Promise("the answer has the metrics that the job left", _shows_metrics),
        ),
    ),
)
"""The story."""
