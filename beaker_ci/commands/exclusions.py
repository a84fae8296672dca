"""Values of a job that exclude each other, as gantry sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def conflicts(values: Mapping[str, object]) -> Iterator[str]:
    """Sentences about values that do not go together.

    Args:
        values: Fields of gantry's Recipe.
    """
    if values.get("beaker_image") is not None and values.get("docker_image") is not None:
        yield "`beaker_image` and `docker_image` exclude each other"
