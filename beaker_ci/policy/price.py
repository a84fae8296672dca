"""The highest price of a run, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.policy.values import duration, whole_number

if TYPE_CHECKING:
    from beaker_ci.config.schema import Configuration
    from beaker_ci.recipe import Recipe


@dataclass(frozen=True)
class Price:
    """The most that a run can cost, in GPU-hours: gpus × replicas × timeout × (retries + 1)."""

    gpus: int
    replicas: int
    timeout_seconds: int
    attempts: int

    @property
    def gpu_hours(self) -> float:
        """GPU-hours if every attempt of every replica runs into its timeout."""
        return self.gpus * self.replicas * self.timeout_seconds * self.attempts / 3600

    def __str__(self) -> str:
        factors = (
            _counted(self.gpus, "GPU"),
            _counted(self.replicas, "replica"),
            f"{self.timeout_seconds / 3600:g} h",
            _counted(self.attempts, "attempt"),
        )
        return f"{self.gpu_hours:g} GPU-hours ({' × '.join(factors)})"


def price_of(recipe: Recipe, configuration: Configuration) -> Price:
    """The price of a merged recipe; of a run without GPUs it is 0.

    Args:
        recipe: The values of the job. Without a task timeout it is priced at the limit.
        configuration: The rules, for that limit.

    Raises:
        ValueError: A value that the price rests on is no number or no duration.
    """
    gpus = whole_number(recipe, "gpus", default=0)
    replicas = whole_number(recipe, "replicas", default=1)
    retries = whole_number(recipe, "retries", default=0)
    timeout = (
        duration(recipe, "task_timeout")
        if recipe.get("task_timeout") is not None
        else configuration.limits.timeout
    )
    if gpus is None or replicas is None or retries is None or timeout is None:
        raise ValueError("the recipe cannot be priced")
    return Price(gpus, replicas, timeout.seconds, retries + 1)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
