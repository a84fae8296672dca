"""The nearest right word for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 40


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant; None if none is near.

    Near is: different only in case, or one or two edits away (one for words of up to three
    letters, dashes not counted), or, failing that, begun by the word and by no second one.
    """
    word = word.lower().replace("_", "-")[: _LONGEST + 1]
    names = [name for name in known if len(name) <= _LONGEST]
    letters = len(word.lstrip("-"))
    if not letters:
        return None
    most = 1 if letters <= 3 else 2
    scored = [(distance(word, name), place) for place, name in enumerate(names)]
    best = min(scored, default=(most + 1, 0))
    if best[0] <= most:
        return names[best[1]]
    begun = [name for name in names if name.startswith(word)]
    return begun[0] if len(begun) == 1 and letters >= 2 else None


def distance(one: str, other: str) -> int:
    """Edits between two words: insertions, deletions, replacements and swaps of neighbours."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                edits = min(edits, last[j - 2] + 1)
            row.append(edits)
    return row[-1]
