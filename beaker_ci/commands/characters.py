"""Characters that a reader cannot see, or would take for another: never accepted in silence.

What a reviewer reads must be what runs. So no command line and no script may hold control, format
(zero-width, bidirectional) or blank characters other than space, tab and line break, wherever they
stand; and no typographic dash or quote may stand where it would be taken for `-` or a quote.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from beaker_ci.commands.usage import UsageError

# Unicode's controls, formats, separators, surrogates and private characters, and what is invisible
# though counted among letters, marks and symbols: joiners, fillers, variation selectors, the empty
# Braille cell. Written out because the categories grow with Python's Unicode tables.
_HIDDEN: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800"
    r"\u3000\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    r"\U000f0000-\U0010ffff"
)
HIDDEN: Final = re.compile(f"[{_HIDDEN}]")

_DASHES: Final = "‐‑‒–—―−﹘﹣－"
_QUOTES: Final = {**dict.fromkeys("‘’‚‛＇", "'"), **dict.fromkeys("“”„‟«»＂", '"')}
_ANY_QUOTE: Final = f"[{''.join(_QUOTES)}]"
_MEANT_TO_QUOTE: Final = re.compile(rf"(?:^|(?<==)){_ANY_QUOTE}|{_ANY_QUOTE}$")

_EXACT: Final = re.compile(r"^ {0,3}/beaker(?=[ \t]|$)", re.MULTILINE)
_SLASHES: Final = "/⁄∕╱⧸／"
# Of "beaker", so many letters must be the right ones before a look-alike is worth an answer.
_RIGHT_LETTERS: Final = 3


@cache
def _candidate() -> re.Pattern[str]:
    """The start of a line that is, or could be taken for, "/beaker".

    In any case, with letters of other scripts, with hidden characters in between. The classes are
    disjoint, so matching is linear. Compiled when needed: it takes longer than reading a comment.
    """
    gap = f"[{_HIDDEN}]{{0,8}}"
    letters = (rf"(?:[{c}{c.upper()}]|[^\x00-\x7f{_HIDDEN}])" for c in "beaker")
    word = gap.join([f"[{_SLASHES}]", *letters])
    return re.compile(rf"^ {{0,3}}{gap}(?P<word>{word})(?=[^\x21-\x7e]|$)", re.MULTILINE)


def is_command_line(line: str) -> bool:
    """Whether a line starts with ``/beaker`` as it must be written."""
    return _EXACT.match(line) is not None


def may_be_command_line(text: str) -> bool:
    """Whether any line of the text starts with ``/beaker`` or what could be taken for it."""
    if _EXACT.search(text):
        return True
    return any(slash in text for slash in _SLASHES) and any(
        sum(map(str.isascii, HIDDEN.sub("", match["word"])[1:])) >= _RIGHT_LETTERS
        for match in _candidate().finditer(text)
    )


def refuse_hidden(line: str) -> None:
    """Refuses a line with a character that cannot be seen.

    Raises:
        UsageError: ``usage.bad-value`` with the character's name and place, and the line without.
    """
    found = HIDDEN.search(line)
    if found:
        mended = visible(line).strip()
        raise UsageError(
            f"Character {found.start() + 1} of the line cannot be seen: {describe(found[0])}.",
            next_step="Such characters come along when text is copied. Post the line without it.",
            paste=mended if is_command_line(mended) else "",
        )


def describe(character: str) -> str:
    """A character by number and name: ``U+200B ZERO WIDTH SPACE``."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


def visible(text: str) -> str:
    """The text without hidden characters; strange blanks become spaces."""
    return HIDDEN.sub(lambda match: " " if match[0].isspace() else "", text)


def plain_dashes(word: str) -> str | None:
    """The word with ASCII dashes if it begins with a typographic one; else None."""
    if not word.startswith(tuple(_DASHES)):
        return None
    rest = word.lstrip(_DASHES + "-")
    return ("-" if len(rest) == 1 else "--") + rest


def typographic_quote(text: str) -> re.Match[str] | None:
    """The first typographic quote at either end of a text, where it was meant to quote."""
    return _MEANT_TO_QUOTE.search(text)


def plain_quotes(text: str) -> str:
    """The text with ASCII quotes in place of typographic ones."""
    return re.sub(_ANY_QUOTE, lambda match: _QUOTES[match[0]], text)
