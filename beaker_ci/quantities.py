"""Durations and memory sizes as Beaker reads them: compared as numbers, sent as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"([0-9]{1,9})([smh])", re.ASCII)
_MEMORY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(B|[KMGT]B|[KMGT]iB)", re.ASCII)
_POWERS = {"B": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_LONGEST_SECONDS = 366 * 24 * 3600


@dataclass(frozen=True, order=True)
class Duration:
    """A length of time. Equal durations are equal however they were written.

    Attributes:
        seconds: At least 0, at most a year.
        text: As it was written, such as ``24h``: the one form that gantry and Beaker agree on.
    """

    seconds: int
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Reads a whole number with ``s``, ``m`` or ``h``.

        Days, fractions, signs and bare numbers are refused: gantry and Beaker disagree about
        them (a bare number would be nanoseconds).

        Raises:
            ValueError: With a sentence for the user.
        """
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValueError("a duration is a whole number with s, m or h, such as 30s, 15m or 24h")
        seconds = int(match[1]) * _SECONDS[match[2]]
        if seconds > _LONGEST_SECONDS:
            raise ValueError("a duration is at most a year")
        return cls(seconds, text)


@dataclass(frozen=True, order=True)
class Memory:
    """An amount of memory. Equal sizes are equal however they were written.

    Attributes:
        bytes: At least 0.
        text: As it was written, such as ``2.5GiB``.
    """

    bytes: int
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Memory:
        """Reads a number with a unit: ``B``, ``KB`` … ``TB`` (1000s) or ``KiB`` … ``TiB`` (1024s).

        Raises:
            ValueError: With a sentence for the user.
        """
        match = _MEMORY.fullmatch(text)
        if match is None:
            raise ValueError("a memory size is a number with a unit, such as 512MiB or 1TiB")
        base = 1024 if match[2].endswith("iB") else 1000
        return cls(int(Fraction(match[1]) * base ** _POWERS[match[2][0]]), text)


def spoken(seconds: float) -> str:
    """A length of time for a sentence: ``45 s``, ``12 min``, ``3 h 5 min``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
