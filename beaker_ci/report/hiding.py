"""Hide tokens by their value, and secrets in lines that a carriage return cuts.

The tokens of this process must not come back in a server's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from beaker_ci.redaction import HIDDEN, Known
from beaker_ci.report.safe import visible

Shown = TypeVar("Shown")


class Redactor:
    """Hides some tokens wherever they stand: plain, as base64, hexadecimal or in a URL."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._known = Known(tokens)
        self.tokens = self._known.values

    def text(self, text: str) -> str:
        """The text with ``***`` for each token; as it was if it holds none.

        Invisible characters hide no token: where they stood in one, all are gone from the text.
        """
        hidden = self._known.hide(text)
        shown = visible(hidden)
        return self._known.hide(shown) if self._known.are_in(shown.casefold()) else hidden

    def view(self, shown: Shown) -> Shown:
        """The same view (or other frozen dataclass) with every text in it redacted."""
        hidden: Shown = self._within(shown)
        return hidden

    def _within(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(self._within(each) for each in value)
        if is_dataclass(value) and not isinstance(value, type):
            values = {each.name: self._within(getattr(value, each.name)) for each in fields(value)}
            return replace(value, **values)
        return value


def hide_lines(lines: Sequence[str], hide: Callable[[str], str]) -> list[list[str]]:
    """What each line showed one after the other, between carriage returns, with secrets hidden.

    Hidden before they are split: half a secret has no shape. Where one goes on behind a carriage
    return, or may, nothing of its line is shown.

    Args:
        lines: As a job wrote them. Untrusted, of any form.
        hide: Takes clean lines at once, since a secret may have several, and gives back as many.

    Returns:
        For each line its parts, without control or invisible characters.
    """
    if not lines:
        return []
    parts = [visible(line).split("\n") for line in lines]
    apart = iter(hide("\n".join(part for each in parts for part in each)).split("\n"))
    whole = hide("\n".join(map("".join, parts))).split("\n")
    hidden = [list(islice(apart, len(each))) for each in parts]
    return [
        each if "".join(each) == line else [HIDDEN]
        for each, line in zip(hidden, whole, strict=True)
    ]
