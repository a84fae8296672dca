"""Hide tokens by their value: those of this process must not come back in a server's words."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

from beaker_ci.report.redact import HIDDEN
from beaker_ci.report.safe import visible

Shown = TypeVar("Shown")

SHORTEST = 8
"""Characters below which a word is no token, and may stand in any text."""


class Redactor:
    """Hides some tokens wherever they stand: plain, as base64, hexadecimal or in a URL."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = tuple(dict.fromkeys(each for each in tokens if len(each) >= SHORTEST))
        coded = {form for token in self.tokens for form in _forms(token)}
        # The longest first: one may begin another.
        words = "|".join(re.escape(form) for form in sorted(coded, key=len, reverse=True))
        self._pattern = re.compile(words, re.IGNORECASE) if words else None

    def text(self, text: str) -> str:
        """The text with :data:`.redact.HIDDEN` for each token; as it was if it holds none.

        Invisible characters hide no token: where they stood in one, all are gone from the text.
        """
        if self._pattern is None:
            return text
        hidden = self._pattern.sub(HIDDEN, text)
        shown = visible(hidden)
        return self._pattern.sub(HIDDEN, shown) if self._pattern.search(shown) else hidden

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


def _forms(token: str) -> Iterator[str]:
    raw = token.encode()
    yield token
    yield binascii.hexlify(raw).decode()
    yield quote(token, safe="")
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw).decode()
        # Only what no neighbour has a part in: a digit holds six bits.
        whole = coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")
