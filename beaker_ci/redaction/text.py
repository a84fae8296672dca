"""Hides all that may be a credential in a text of one or more lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from beaker_ci.redaction import assignments
from beaker_ci.redaction.assignments import Names, hide_named
from beaker_ci.redaction.coded import hide_coded, may_be_coded
from beaker_ci.redaction.private_keys import STEM, hide_bodies, hide_keys, is_key_line
from beaker_ci.redaction.shapes import SHAPES
from beaker_ci.redaction.values import HIDDEN, Known

_ALL_STEMS = {STEM, *assignments.STEMS, *(stem for shape in SHAPES for stem in shape.stems)}
_STEMS = tuple(
    stem for stem in sorted(_ALL_STEMS) if not any(one in stem for one in _ALL_STEMS - {stem})
)


class Hiding:
    """Hides credentials in what is about to be kept: by shape, by name, and by value.

    The text has as many lines afterwards as before.

    Args:
        names: Of the run's own secrets, as its environment has them: what is assigned to one of
            them is hidden whatever it looks like.
        values: Secrets that are known, hidden in every coding.
    """

    def __init__(self, names: Iterable[str] = (), values: Iterable[str] = ()) -> None:
        self._names = Names(names)
        self._known = Known(values)

    def __call__(self, text: str) -> str:
        """The text with :data:`.HIDDEN` in the place of each."""
        folded = text.casefold()
        if self._known.are_in(folded):
            text = self._known.hide(text)
        if any(name in folded for name in self._names.folded):
            text = self._names.hide(text)
        return _redacted(text, folded, hide_bodies) if _may_hold(folded, text) else text

    def names_secret(self, name: str) -> bool:
        """Whether a name has that of one of the run's own secrets in it, as a word of its own."""
        return self._names.are_in(name)

    def may_hold_secret(self, text: str | bytes) -> bool:
        """Whether :meth:`__call__` might change it; quick, and never wrongly no."""
        plain = text if isinstance(text, str) else text.decode("utf-8", "replace")
        folded = plain.casefold()
        named = any(name in folded for name in self._names.folded)
        return named or _may_hold(folded, plain) or self._known.are_in(folded)


def redact(text: str) -> str:
    """The text with everything that looks like a credential replaced by :data:`.HIDDEN`.

    Cut a text only after this: half a token has no shape any more. Remove control and invisible
    characters before: they can hide one.
    """
    folded = text.casefold()
    return _redacted(text, folded, hide_keys) if _may_hold(folded, text) else text


def may_hold_secret(text: str | bytes) -> bool:
    """Whether :func:`redact` might change it; quick, and never wrongly no."""
    plain = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return _may_hold(plain.casefold(), plain)


def _may_hold(folded: str, text: str) -> bool:
    for stem in _STEMS:  # no any(): this loop is the hot path
        if stem in folded:
            return True
    return may_be_coded(text) or (len(text) >= 64 and any(map(is_key_line, text.split("\n"))))


def _redacted(text: str, folded: str, hide_private: Callable[[str], str]) -> str:
    if STEM in folded:
        text = hide_private(text)
    text = hide_coded(_without_shapes(text, folded), _has_shape)
    text = hide_named(text)
    if len(text) >= 64:
        text = "\n".join(HIDDEN if is_key_line(line) else line for line in text.split("\n"))
    return text


def _without_shapes(text: str, folded: str) -> str:
    for shape in SHAPES:
        for stem in shape.stems:
            if stem in folded:
                text = shape.pattern.sub(_by_group, text)
                break
    return text


def _has_shape(text: str) -> bool:
    return _without_shapes(text, text.casefold()) != text


def _by_group(match: re.Match[str]) -> str:
    return (match.group(1) if match.re.groups else "") + HIDDEN
