"""Reading recipe values without trusting their types: what is no number is None, not an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from beaker_ci.quantities import Duration, Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beaker_ci.recipe import RecipeValue


def whole_number(values: Mapping[str, RecipeValue], name: str, default: int) -> int | None:
    """The whole number, the default where it is absent, None where it is something else."""
    value = values.get(name)
    if value is None:
        return default
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(values: Mapping[str, RecipeValue], name: str) -> float | None:
    """The finite number; None where it is absent or something else."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def duration(values: Mapping[str, RecipeValue], name: str) -> Duration | None:
    """The duration; None where it is absent or something else."""
    value = values.get(name)
    try:
        return Duration.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def memory(values: Mapping[str, RecipeValue], name: str) -> Memory | None:
    """The memory size; None where it is absent or something else."""
    value = values.get(name)
    try:
        return Memory.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def texts(values: Mapping[str, RecipeValue], name: str) -> tuple[str, ...]:
    """The texts of a repeatable value; a single value as the only one; none where it is absent."""
    value = values.get(name)
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
