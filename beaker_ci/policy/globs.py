"""Allow-lists: names and patterns that the maintainer wrote, against what a command asks for."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")


def allows(globs: Iterable[str], asked: str) -> bool:
    """Whether a list lets a name through.

    A pattern may be asked for too (``ai2/*-cirrascale``). It passes only where nothing that it
    could match would be refused: where it is on the list itself, or a pattern of the list that has
    no other wildcard than ``*`` covers its text.
    """
    if _WILD & set(asked):
        return any(
            asked == glob or (_stars_only(glob) and fnmatchcase(asked, glob)) for glob in globs
        )
    return any(fnmatchcase(asked, glob) for glob in globs)


def listed(words: Iterable[str]) -> str:
    """The words for a sentence: ``ai2/a, ai2/b``."""
    return ", ".join(words)


def _stars_only(glob: str) -> bool:
    return not set(glob) & {"?", "["}
