"""The short words of the reports; whole sentences stand in the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.report.safe import number

if TYPE_CHECKING:
    from beaker_ci.report.views import RunView

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
    return _ENDED.get(view.conclusion or "", _UNKNOWN) if view.status == "finished" else _UNKNOWN


def icon(reason: str) -> str:
    """The emoji of an answer with this reason code."""
    return _FAMILY_ICONS.get(reason.split(".", 1)[0], "ℹ️")


def hardware(view: RunView) -> str:
    """``1 GPU``, ``2 × 8 GPUs``, ``CPU only``."""
    gpus = f"{number(view.gpus)} {'GPU' if view.gpus == 1 else 'GPUs'}"
    if view.gpus == 0:
        return "CPU only" if view.replicas == 1 else f"{number(view.replicas)} replicas, CPU only"
    return gpus if view.replicas == 1 else f"{number(view.replicas)} × {gpus}"


def price(view: RunView) -> str:
    """``0.25 GPU-hours``, ``1 GPU-hour``, ``no GPU-hours``."""
    if view.gpu_hours == 0:
        return "no GPU-hours"
    amount = number(view.gpu_hours)
    return f"{amount} {'GPU-hour' if amount == '1' else 'GPU-hours'}"


def title(view: RunView) -> str:
    """A check's title: ``Queued · 1 GPU · up to 0.25 GPU-hours``."""
    words = [verdict(view).word, hardware(view)]
    if view.gpu_hours:
        words.append(f"up to {price(view)}")
    return " · ".join(words)


def left_out(answers: int) -> str:
    """What ends a comment whose answers are too many for one."""
    return (
        f"_{number(answers)} more {'answer' if answers == 1 else 'answers'} did not fit here: "
        f"ask in several comments, please._"
    )
