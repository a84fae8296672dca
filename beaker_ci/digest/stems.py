"""Which lines of a block are looked at: those that hold one of a few words.

This is what nearly all the time goes into, so it is done a block at a time by searches in C. Most
words are in no line of a block: that is seen from the block's letters alone, a third of an ordinary
log, and only the others are searched for where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 6
"""Letters of a long word that are searched for at least; of a short one all but the first."""

_RARITY = "etanoisrldcumphgfywbvkxqjz"
"""Letters from common to rare."""

_LOWER = bytes(range(256)).lower()
_NO_LETTERS = bytes(byte for byte in range(256) if not bytes([byte]).isalpha())


class Stems:
    """Finds lines by words.

    Args:
        stems: Lower-case words.
    """

    def __init__(self, stems: Iterable[str]) -> None:
        self._searches = [(_letters(stem), _search(stem)) for stem in stems]

    def lines(self, data: bytes) -> list[int]:
        """Where the lines begin, or their parts between carriage returns, that hold a word."""
        letters = data.translate(_LOWER, _NO_LETTERS)
        searches = [search for probe, search in self._searches if probe.search(letters)]
        if not searches:
            return []
        low, parts = data.lower(), b"\r" in data
        starts: set[int] = set()
        for search in searches:
            _gather(low, search, starts, parts=parts)
        return sorted(starts)


def _gather(low: bytes, search: re.Pattern[bytes], starts: set[int], *, parts: bool) -> None:
    start, found = 0, search.search(low)
    while found:
        place = found.start()
        start = low.rfind(b"\n", start, place) + 1 or start
        end = low.find(b"\n", place)
        end = end if end >= 0 else len(low)
        if parts:
            start = low.rfind(b"\r", start, place) + 1 or start
            back = low.find(b"\r", place, end)
            end = back if back >= 0 else end
        starts.add(start)
        start = end + 1
        found = search.search(low, start)


def _letters(stem: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(stem.encode().translate(None, _NO_LETTERS)))


def _search(stem: str) -> re.Pattern[bytes]:
    """Searches from the rarest letter on: that passes over most of a text quickest."""
    spare = len(stem) - SHORTEST if len(stem) > SHORTEST else int(len(stem) == SHORTEST - 1)
    first = max(range(spare + 1), key=lambda place: _RARITY.find(stem[place]))
    return re.compile(re.escape(stem[first:].encode()))
