"""Values that are known to be secret, in every coding that a program prints them in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "***"
"""What stands in a credential's place, as on GitHub's own log pages."""

SHORTEST = 8
"""Characters below which a word is no secret, and may stand in any text."""


class Known:
    """Hides some values wherever they stand: plain, escaped, as base64, hexadecimal or in a URL.

    Args:
        values: The secrets. Of one that has several lines, each line is one too.
    """

    def __init__(self, values: Iterable[str]) -> None:
        lines = [line for value in values for line in (value, *value.splitlines())]
        self.values = tuple(dict.fromkeys(each for each in lines if len(each) >= SHORTEST))
        coded = {form for value in self.values for form in _forms(value)}
        self._folded = tuple({form.casefold() for form in coded})
        # The longest first: one may begin another.
        words = "|".join(re.escape(form) for form in sorted(coded, key=len, reverse=True))
        self._pattern = re.compile(words, re.IGNORECASE) if words else None

    def are_in(self, folded: str) -> bool:
        """Whether one of them stands in a text, given as ``text.casefold()``."""
        return any(form in folded for form in self._folded)

    def hide(self, text: str) -> str:
        """The text with :data:`HIDDEN` for each of them."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield raw.hex()
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw).decode()
        # Only what no neighbour has a part in: a digit holds six bits.
        whole = coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")
        yield quote(whole, safe="")
