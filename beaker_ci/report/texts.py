"""The short words of the reports; whole sentences stand in the templates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.report.safe import number

if TYPE_CHECKING:
    from beaker_ci.report.views import Ending, RunView

CUT = "_The rest did not fit here._"


@dataclass(frozen=True)
class Verdict:
    """How a run stands.

    Attributes:
        icon: One emoji, for a comment's first line.
        word: For the title of a check.
        headline: For a comment.
    """

    icon: str
    word: str
    headline: str


_QUEUED = Verdict("⏳", "Queued", "Queued on Beaker")
_RUNNING = Verdict("🏃", "Running", "Running on Beaker")
_UNKNOWN = Verdict(
    "❔", "State unknown", "State unknown: what Beaker says of it was not understood"
)
_ENDED = {
    "success": Verdict("✅", "Passed", "Passed on Beaker"),
    "failure": Verdict("❌", "Failed", "Failed on Beaker"),
    "cancelled": Verdict("🛑", "Stopped", "Stopped on Beaker"),
    "timed_out": Verdict("⌛", "Timed out", "Timed out on Beaker"),
}

_FAMILY_ICONS = {
    "accepted": "✅",
    "answered": "💡",
    "stopped": "🛑",
    "usage": "🤔",
    "refused": "⛔",
    "needs-approval": "✋",
    "config": "🔧",
    "beaker": "🔌",
    "github": "🔌",
}


def verdict(view: RunView) -> Verdict:
    """How the run stands; whatever is not understood is unknown, never a success."""
    if view.status == "queued":
        return _QUEUED
    if view.status == "running":
        return _RUNNING
    known = _ENDED.get(view.conclusion or "") if view.status == "finished" else None
    if known is None or view.ending is None:
        return known or _UNKNOWN
    return replace(known, headline=_headline(known, view.ending))


def _headline(known: Verdict, ending: Ending) -> str:
    """``Failed on Beaker with exit code 3 after 12 min``."""
    words = [known.headline]
    if ending.exit_code:
        words.append(f"with exit code {ending.exit_code}")
    if ending.seconds is not None:
        words.append(f"{'in' if known.word == 'Passed' else 'after'} {duration(ending.seconds)}")
    return " ".join(words)


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 5 min``: the two largest units that say something."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{number(hours)} h {minutes} min" if minutes else f"{number(hours)} h"


def icon(reason: str) -> str:
    """The emoji of an answer with this reason code."""
    return _FAMILY_ICONS.get(reason.split(".", 1)[0], "ℹ️")


def hardware(view: RunView) -> str:
    """``1 GPU``, ``2 × 8 GPUs``, ``CPU only``."""
    gpus = f"{number(view.gpus)} {'GPU' if view.gpus == 1 else 'GPUs'}"
    if view.gpus == 0:
        return "CPU only" if view.replicas == 1 else f"{number(view.replicas)} replicas, CPU only"
    return gpus if view.replicas == 1 else f"{number(view.replicas)} × {gpus}"


def price(gpu_hours: float) -> str:
    """``0.25 GPU-hours``, ``1 GPU-hour``, ``no GPU-hours``."""
    if gpu_hours == 0:
        return "no GPU-hours"
    amount = number(gpu_hours)
    return f"{amount} {'GPU-hour' if amount == '1' else 'GPU-hours'}"


def cost(view: RunView) -> str:
    """What it used of what it might have: ``0.2 of at most 0.25 GPU-hours in 2 attempts``."""
    if view.ending is None or not (view.gpu_hours or view.ending.gpu_hours):
        return price(view.gpu_hours)
    attempts = view.ending.attempts
    times = f" in {attempts} attempts" if attempts > 1 else ""
    return f"{number(view.ending.gpu_hours)} of at most {price(view.gpu_hours)}{times}"


def title(view: RunView) -> str:
    """A check's title.

    ``Queued · 1 GPU · up to 0.25 GPU-hours``, ``Failed · exit code 3 · 12 min · 0.2 of 0.25
    GPU-hours``.
    """
    words = [verdict(view).word]
    if view.ending is None:
        words.append(hardware(view))
        return " · ".join([*words, *([f"up to {price(view.gpu_hours)}"] if view.gpu_hours else [])])
    if view.ending.exit_code:
        words.append(f"exit code {view.ending.exit_code}")
    if view.ending.seconds is not None:
        words.append(duration(view.ending.seconds))
    used = f"{number(view.ending.gpu_hours)} of {price(view.gpu_hours)}"
    return " · ".join([*words, *([used] if view.gpu_hours else [])])


def left_out(answers: int) -> str:
    """What ends a comment whose answers are too many for one."""
    return (
        f"_{number(answers)} more {'answer' if answers == 1 else 'answers'} did not fit here: "
        f"ask in several comments, please._"
    )
