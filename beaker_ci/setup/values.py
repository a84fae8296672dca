"""Values of GitHub's expressions: how they compare, read as text, and count as true."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

Value = Any
"""None, bool, float, str, a mapping or a sequence."""

COMPOUND = (Mapping, list, tuple)
"""What has parts."""


class Unknowable(Exception):  # noqa: N818 - an answer, not an error
    """The value depends on something that is not known here, or the text is no expression."""


class Partial(dict[str, Value]):
    """A mapping of which only some keys are known: any other key may be there."""


class OnlyTruth:
    """A value of which only is known whether it counts as true."""

    def __init__(self, why: Unknowable, *, true: bool) -> None:
        self.why = why
        self.true = true


def is_true(value: Value) -> bool:
    """Whether a value counts as true: everything but false, 0, NaN, null and the empty string."""
    if isinstance(value, OnlyTruth):
        return value.true
    if isinstance(value, COMPOUND):
        return True
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def known(value: Value) -> Value:
    """The value itself, which must be known."""
    if isinstance(value, OnlyTruth):
        raise value.why
    return value


def compare(mark: str, a: Value, b: Value) -> bool:
    """Compares loosely: strings without regard to case, anything else as numbers."""
    if isinstance(a, str) and isinstance(b, str):
        a, b = a.upper(), b.upper()
    elif not (isinstance(a, COMPOUND) and isinstance(b, COMPOUND)):
        a, b = _as_number(a), _as_number(b)
    if mark in ("==", "!="):
        return bool(a == b) is (mark == "==")
    if not isinstance(a, str | float):
        raise Unknowable("an order of objects is not followed here")
    return bool({"<": lt, "<=": le, ">": gt, ">=": ge}[mark](a, b))


def number(text: str) -> float:
    """A number as it is written, hexadecimal included."""
    try:
        return float(int(text, 16)) if "x" in text.lower() else float(text)
    except OverflowError:
        return math.inf


def _as_number(value: Value) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return number(value.strip()) if value.strip() else 0.0
        except ValueError:
            return math.nan
    return math.nan


def text_of(value: Value) -> str:
    """A value inside a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return "Object"
    return "Array" if isinstance(value, list | tuple) else str(value)


def _contains(holder: Value, item: Value) -> bool:
    if isinstance(holder, list | tuple):
        return any(text_of(each).upper() == text_of(item).upper() for each in holder)
    return text_of(item).upper() in text_of(holder).upper()


def _format(template: Value, *values: Value) -> str:
    text = text_of(template)
    for place, value in enumerate(values):
        text = text.replace(f"{{{place}}}", text_of(value))
    return text


LITERALS: Mapping[str, Value] = {
    "true": True,
    "false": False,
    "null": None,
    "nan": math.nan,
    "infinity": math.inf,
}
FUNCTIONS: Mapping[tuple[str, int], Callable[..., Value]] = {
    ("always", 0): lambda: True,
    ("success", 0): lambda: True,
    ("failure", 0): lambda: False,
    ("cancelled", 0): lambda: False,
    ("contains", 2): _contains,
    ("startswith", 2): lambda text, start: text_of(text).upper().startswith(text_of(start).upper()),
    ("endswith", 2): lambda text, end: text_of(text).upper().endswith(text_of(end).upper()),
    **{("format", count): _format for count in range(1, 8)},
}
