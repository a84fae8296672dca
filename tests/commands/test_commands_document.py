"""Every example of docs/commands.md does what the page says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from told import the_mistake

from beaker_ci.commands import COMMANDS, Command, parse_command_line, parse_comment
from beaker_ci.commands.extract import MAX_COMMENT, MAX_LINES
from beaker_ci.commands.parser import MAX_LINE
from beaker_ci.commands.script import MAX_SCRIPT

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
TOKENS = MarkdownIt("commonmark").enable("table").parse(TEXT)
BLOCKS = [token for token in TOKENS if token.type == "fence" and token.info != "yaml"]


def code_of(token: Token) -> list[str]:
    return [child.content for child in token.children or [] if child.type == "code_inline"]


def rows(heading: str) -> Iterator[list[Token]]:
    """The cells of the table whose first heading this is, row by row."""
    start = next(place for place, token in enumerate(TOKENS) if token.content == heading)
    row: list[Token] = []
    for before, token in zip(TOKENS[start:], TOKENS[start + 1 :], strict=False):
        if token.type == "table_close":
            return
        if before.type == "td_open":
            row.append(token)
        elif token.type == "tr_close" and row:
            yield row
            row = []


COMMENTS = [tuple(cells) for cells in rows("Comment")]
LINES = [tuple(code_of(cell) for cell in cells) for cells in rows("Line")]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.content.split("\n")[0])
def test_every_block_holds_commands_only(block: Token) -> None:
    parsed = parse_comment(block.content)
    starts = [line for line in block.content.split("\n") if line.startswith("/beaker")]
    assert [type(one) for one in parsed] == [Command] * len(starts) != []


def test_the_script_is_one() -> None:
    (parsed,) = parse_comment(next(block.content for block in BLOCKS if "```bash" in block.content))
    assert isinstance(parsed, Command)
    assert parsed.script
    assert parsed.script.startswith("python prepare.py")


@pytest.mark.parametrize("cells", COMMENTS, ids=lambda cells: cells[0].content)
def test_what_is_no_command_gets_no_answer(cells: tuple[Token, Token]) -> None:
    comment = code_of(cells[0])[0]
    if cells[1].content.startswith("nothing:"):
        assert parse_comment(comment) == ()
    else:
        assert [the_mistake(comment).reason.value] == code_of(cells[1])


@pytest.mark.parametrize("cells", LINES, ids=lambda cells: cells[0][0])
def test_mistakes_are_answered_as_written(cells: tuple[list[str], ...]) -> None:
    (line,), (reason,), paste = cells
    mistake = the_mistake(line)
    assert mistake.reason.value == reason
    assert [mistake.paste] == (paste or [""])


def test_the_tables_were_found() -> None:
    assert len(COMMENTS) == 8
    assert len(LINES) == 14


def test_every_command_is_shown() -> None:
    shown = {
        parsed.name
        for block in BLOCKS
        for parsed in parse_comment(block.content)
        if isinstance(parsed, Command)
    }
    assert shown == set(COMMANDS)


def test_inline_commands_are_understood_too() -> None:
    for token in TOKENS:
        for code in code_of(token) if token.type == "inline" else []:
            if code.startswith("/beaker help"):
                assert isinstance(parse_comment(code)[0], Command)


def test_the_limits_are_the_real_ones() -> None:
    assert (
        f"A comment may have {MAX_COMMENT:,} characters in {MAX_LINES:,} lines, a command "
        f"{MAX_LINE:,} characters, a script {MAX_SCRIPT:,}."
    ) in TEXT


def test_the_workflow_input_is_understood() -> None:
    (example,) = (token.content for token in TOKENS if token.info == "yaml")
    (parsed,) = parse_command_line(yaml.safe_load(example)["with"]["command"])
    assert isinstance(parsed, Command)
