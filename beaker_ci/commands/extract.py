"""Finding command lines in Markdown as GitHub reads it.

A line counts when it stands in a paragraph, a list's included, begins with ``/beaker`` after at
most three spaces, and no code, quote, link or HTML holds it. The raw line is taken, not what it
would be rendered to, so that quotes, stars and dashes stay as they were typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from beaker_ci.commands.characters import may_be_command_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

MAX_COMMENT: Final = 65_536
"""GitHub's own limit, in characters."""
MAX_LINES: Final = 5_000
MAX_BRACKETS: Final = 500

# Blanks of other kinds than Markdown's own, which Python would strip.
_STRANGE_BLANK: Final = re.compile(r"[^\S \t\n]|[\x00\ud800-\udfff]")
_ODD_BACKSLASHES: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[ \t]*\Z")


@dataclass(frozen=True)
class Block:
    """A fenced block directly under a line.

    Attributes:
        language: The first word behind the opening fence.
        text: Its lines, each with a line break.
        raw: The lines as they were written; blanks that Markdown does not know are in here only.
        closed: Whether the closing fence is there.
    """

    language: str
    text: str
    raw: tuple[str, ...]
    closed: bool


@dataclass(frozen=True)
class Line:
    """A logical line that may be a command: continuation lines joined.

    Attributes:
        text: The raw text.
        block: The fenced block directly under it.
        flaw: Why it cannot be read: what happened and what to do; None if it can.
    """

    text: str
    block: Block | None = None
    flaw: tuple[str, str] | None = None


def normalized(text: str) -> str:
    """The text with line feeds alone as line breaks, as Markdown reads them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def joined(lines: Sequence[str], start: int, end: int) -> tuple[str, int]:
    """Joins a line with those that continue it.

    Args:
        lines: All lines.
        start: The line's number.
        end: The number of the line before which it must end.

    Returns:
        The logical line, and the number of the line behind it. If the last line ends with a
        backslash, so does the logical line.
    """
    pieces, number = [lines[start]], start + 1
    while number < end and _ODD_BACKSLASHES.search(pieces[-1]):
        pieces[-1] = pieces[-1].rstrip(" \t")[:-1]
        pieces.append(lines[number])
        number += 1
    return "".join(pieces), number


def extract(comment: str) -> Iterator[Line]:
    """Yields the lines of a comment that are commands, or look like commands, in order."""
    text = normalized(comment)
    if not may_be_command_line(text):
        return
    lines = text.split("\n")
    if len(text) > MAX_COMMENT or len(lines) > MAX_LINES:
        yield Line(next(filter(may_be_command_line, lines)), flaw=_TOO_LONG)
        return
    wanted = {number for number, line in enumerate(lines) if may_be_command_line(line)}
    markdown = _markdown()
    environment: dict[str, Any] = {}
    tokens: list[Token] = []
    known = _STRANGE_BLANK.sub("\ufffd", text)
    markdown.block.parse(f"{known}\n", markdown, environment, tokens)
    for place, first, last in _paragraphs(tokens):
        here = wanted.intersection(range(first, last))
        if not here:
            continue
        heading = tokens[place - 1].type == "heading_open"
        block = None if heading else _block_under(tokens, place, last, lines)
        if tokens[place].content.count("[") > MAX_BRACKETS:
            yield Line(lines[min(here)], flaw=_TANGLED)
            continue
        content = tokens[place].content
        environment["starts"] = _starts(content, first, here)
        found = _in_running_text(markdown, content, environment)
        yield from _logical(lines, found, last, block, heading)


def _logical(
    lines: Sequence[str], found: Sequence[int], end: int, block: Block | None, heading: bool
) -> Iterator[Line]:
    behind = 0
    for number in found:
        if number < behind:  # it continues the line before
            continue
        if heading:
            yield Line(lines[number], flaw=_HEADING)
            continue
        text, behind = joined(lines, number, end)
        cut = behind == end and _ODD_BACKSLASHES.search(text)
        yield Line(text, block if behind == end else None, _CUT if cut else None)


def _paragraphs(tokens: Sequence[Token]) -> Iterator[tuple[int, int, int]]:
    """Place of the inline token, first line and line behind, of paragraphs outside quotes.

    Underlined headings are among them: a row of dashes below makes a heading of a line that was
    meant as a command, and its author should learn why nothing happened.
    """
    quotes = 0
    for place, token in enumerate(tokens):
        if token.type == "blockquote_open":
            quotes += 1
        elif token.type == "blockquote_close":
            quotes -= 1
        elif token.type == "inline" and not quotes and token.map:
            opening = tokens[place - 1]
            underlined = opening.type == "heading_open" and opening.markup in ("=", "-")
            if opening.type == "paragraph_open" or underlined:
                yield place, token.map[0], token.map[1]


def _block_under(
    tokens: Sequence[Token], place: int, line: int, lines: Sequence[str]
) -> Block | None:
    if place + 2 >= len(tokens):
        return None
    fence = tokens[place + 2]
    if fence.type != "fence" or not fence.map or fence.map[0] != line:
        return None
    rows = fence.content.count("\n")
    return Block(
        language=fence.info.strip().partition(" ")[0],
        text=fence.content,
        raw=tuple(lines[line + 1 : line + 1 + rows]),
        closed=fence.map[1] - line == rows + 2,
    )


def _starts(content: str, first: int, here: set[int]) -> dict[int, int]:
    """Where the wanted lines of a paragraph start in its content → their numbers."""
    starts, place = {}, 0
    for number, row in enumerate(content.split("\n"), first):
        if number in here:
            starts[place + len(row) - len(row.lstrip(" \t"))] = number
        place += len(row) + 1
    return starts


def _in_running_text(markdown: MarkdownIt, content: str, environment: dict[str, Any]) -> list[int]:
    """The numbers of those wanted lines whose start lies in no code, link or HTML."""
    tokens: list[Token] = []
    markdown.inline.parse(content, markdown, environment, tokens)
    return [token.meta["line"] for token in tokens if token.type == "line_start"]


def _line_start(state: StateInline, silent: bool) -> bool:
    """An inline rule: the start of a wanted line, met where nothing else has swallowed it."""
    line = state.env["starts"].get(state.pos)
    if line is None:
        return False
    if not silent and not state.linkLevel:
        state.push("line_start", "", 0).meta = {"line": line}
    state.pos += 1
    return True


def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Emphasis and entities hide no line; looking for them only takes time.
    markdown = MarkdownIt("commonmark").enable("table").disable(["emphasis", "entity"])
    markdown.inline.ruler.before("text", "line_start", _line_start)
    return markdown


_TOO_LONG: Final = (
    f"The comment has more than {MAX_COMMENT:,} characters or {MAX_LINES:,} lines: it is not read.",
    "Post the command in a comment of its own.",
)
_TANGLED: Final = (
    f"The paragraph has more than {MAX_BRACKETS} square brackets: it is not read.",
    "Put an empty line before the command, or post it in a comment of its own.",
)
_HEADING: Final = (
    "The row of `-` or `=` below makes this line a heading, and headings are never read.",
    "Put an empty line below the command and post it again.",
)
_CUT: Final = (
    "The line ends with a backslash, but what follows does not belong to its paragraph.",
    "Take the backslash away, or put the rest directly below, without an empty line or list mark.",
)
