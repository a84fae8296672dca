"""Metrics as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beaker_ci.redaction import HIDDEN, Hiding
from beaker_ci.report.hiding import hide_lines
from beaker_ci.report.safe import visible

MOST = 200
"""Metrics that are kept of one run."""

_DEEPEST = 8
_LONGEST_LIST = 8
_LONGEST_TEXT = 200
_LONGEST_READ = 2500  # half a secret has no shape: hidden before a text is cut


def flatten_metrics(
    metrics: Mapping[str, Any], hide: Hiding
) -> tuple[tuple[str, float | str], ...]:
    """Names and values of a metrics file, nested ones with dots between, sorted.

    Args:
        metrics: What JSON made of the file. Untrusted, of any size.
        hide: Knows the run's own secrets.

    Returns:
        At most :data:`MOST`, without secrets; lists and what is deeper than people nest come as
        short text.
    """
    found: list[tuple[str, float | str]] = []
    for name, value in _leaves("", metrics, _DEEPEST):
        found.append(tell_metric(name, value, hide))
        if len(found) == MOST:
            break
    return tuple(found)


def tell_metric(name: str, value: float | str, hide: Hiding) -> tuple[str, float | str]:
    """A metric's name and value without secrets, and then no longer than people read.

    What has the name of one of the run's own secrets is hidden, also a number.
    """
    name = name[:_LONGEST_READ]
    told = _hidden(name, hide)[:_LONGEST_TEXT]
    if hide.names_secret(visible(name).replace("\n", "")):
        return told, HIDDEN
    if not isinstance(value, str):
        return told, value
    value = value[:_LONGEST_READ]
    shown = _hidden(value, hide)
    is_hidden = not _hidden(f"{name}={value}", hide).endswith(shown)
    return told, HIDDEN if is_hidden else shown[:_LONGEST_TEXT]


def _hidden(text: str, hide: Hiding) -> str:
    (parts,) = hide_lines([text], hide)
    return " ".join(parts)


def _leaves(name: str, value: object, deeper: int) -> Iterator[tuple[str, float | str]]:
    if isinstance(value, Mapping) and deeper:
        for key, inner in sorted(value.items(), key=lambda item: str(item[0])):
            yield from _leaves(f"{name}.{key}" if name else str(key), inner, deeper - 1)
    else:
        yield name, _leaf(value)


def _leaf(value: object) -> float | str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(value)
    return "…" if isinstance(value, Mapping) else str(value)


def _listed(values: Sequence[object]) -> str:
    plain = all(isinstance(value, int | float | str | None) for value in values[:_LONGEST_LIST])
    if len(values) > _LONGEST_LIST or not plain:
        return f"{len(values)} values"
    return ", ".join(format_metric(_leaf(value)) for value in values)


def format_metric(value: float | str) -> str:
    """A value as short as it can be read: ``0.5``, ``1.25e-05``, ``12,345``, ``NaN``."""
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.6g}"
