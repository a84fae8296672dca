"""POSIX shell quoting: a line → its words, each with its place in the line.

``shlex`` tells no places, which a corrected line to paste needs, and keeps the backslash of ``\\$``
inside double quotes, which a shell removes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from beaker_ci.commands.characters import (
    plain_dashes,
    plain_quotes,
    typographic_quote,
)
from beaker_ci.commands.usage import UsageError, quoted

_PIECE: Final = re.compile(
    r"""
    (?P<blank>[ \t]+)
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^ \t'"\\]+)
    """,
    re.VERBOSE,
)
_ESCAPED_IN_DOUBLE: Final = re.compile(r'\\([$`"\\])')


@dataclass(frozen=True)
class Word:
    """One word of a line.

    Attributes:
        text: The word after the quotes are taken away.
        start: Its first character's place in the line.
        end: The place behind its last character.
        bare: Whether no part of it was quoted or escaped.
    """

    text: str
    start: int
    end: int
    bare: bool


def split_words(line: str) -> tuple[Word, ...]:
    """Splits a line as a POSIX shell does, expanding nothing.

    Raises:
        UsageError: ``usage.bad-value`` for a quote that is not closed, a backslash at the end, or
            a typographic quote outside quotes.
    """
    words: list[Word] = []
    text, start, bare, place = "", -1, True, 0
    while place < len(line):
        piece = _PIECE.match(line, place)
        if piece is None:
            raise _unfinished(line, place)
        if piece.lastgroup == "blank":
            if start >= 0:
                words.append(Word(text, start, place, bare))
            text, start, bare = "", -1, True
        else:
            start = place if start < 0 else start
            text += _plain(line, piece)
            bare = bare and piece.lastgroup == "plain"
        place = piece.end()
    if start >= 0:
        words.append(Word(text, start, place, bare))
    return tuple(words)


def replaced(line: str, start: int, end: int, text: str) -> str:
    """The line with other text between two places."""
    return f"{line[:start]}{text}{line[end:]}".strip()


def without(line: str, first: Word, last: Word) -> str:
    """The line without the words from ``first`` to ``last``."""
    return f"{line[: first.start].rstrip()} {line[last.end :].lstrip()}".strip()


def refuse_dashes(line: str, words: tuple[Word, ...]) -> None:
    """Refuses words that begin with a typographic dash, which programs do not take for options.

    Raises:
        UsageError: ``usage.bad-value`` with the line in ASCII dashes.
    """
    fixed = line
    for word in reversed(words):
        plain = plain_dashes(word.text) if word.bare else None
        if plain is not None:
            wrong = word
            fixed = replaced(fixed, word.start, word.end, plain)
    if fixed != line:
        raise UsageError(
            f"{quoted(wrong.text)} begins with a typographic dash, not with `-`.",
            next_step="Options are written with one or two plain `-`.",
            paste=fixed,
        )


def _plain(line: str, piece: re.Match[str]) -> str:
    kind = piece.lastgroup
    if kind == "double":
        return _ESCAPED_IN_DOUBLE.sub(r"\1", piece["double"])
    if kind == "plain":
        quote = typographic_quote(piece["plain"])
        if quote:
            raise UsageError(
                f"Character {piece.start() + quote.start() + 1} of the line, {quoted(quote[0])}, "
                "is a typographic quote, which quotes nothing.",
                next_step="Use a straight ' or \", or put the word into straight quotes.",
                paste=plain_quotes(line).strip(),
            )
    return piece[kind or 0]


def _unfinished(line: str, place: int) -> UsageError:
    if line[place] == "\\":
        return UsageError(
            "The line ends with a backslash and nothing follows.",
            next_step="Take it away, or put the rest of the command directly below.",
            paste=line[:place].strip(),
        )
    return UsageError(
        f"The quote {line[place]} at character {place + 1} of the line is never closed.",
        next_step="A quoted text ends on its own line. Several lines of shell go into a fenced "
        "block directly under a `/beaker run` without `--`.",
    )
