"""The values of gantry's Recipe fields, without gantry."""

from __future__ import annotations

from collections.abc import Mapping

RecipeValue = str | int | float | bool | tuple[str, ...] | None
"""A value of one field of gantry's Recipe, immutable."""

Recipe = Mapping[str, RecipeValue]
"""Field name → value; an absent field keeps gantry's default."""
