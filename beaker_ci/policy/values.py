"""Reading recipe values without trusting their types: what is no number is None, not an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.quantities import Duration, Memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beaker_ci.recipe import RecipeValue


_LARGEST = 10**9


def whole_number(values: Mapping[str, RecipeValue], name: str, default: int) -> int | None:
    """The whole number, the default where it is absent, None where it is none or beyond reason."""
    value = values.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        return None
    return value


def number(values: Mapping[str, RecipeValue], name: str) -> float | None:
    """The number; None where it is absent, something else, or beyond reason."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _LARGEST else None  # NaN compares as False


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
