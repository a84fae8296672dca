"""The comment language: Markdown → commands, options, help, suggestions."""

from __future__ import annotations

from beaker_ci.commands.characters import may_be_command_line
from beaker_ci.commands.definitions import COMMANDS
from beaker_ci.commands.extract import normalized
from beaker_ci.commands.help import help_text
from beaker_ci.commands.model import Command, Mistake, OptionValue
from beaker_ci.commands.options import OPTIONS, Access, Kind, Option, Origin
from beaker_ci.commands.parser import parse_command_line, parse_comment


def looks_like_command(text: str) -> bool:
    """Whether a comment can hold a command at all.

    Cheap: neither Markdown nor words are read. True does not mean that there is one; False means
    that :func:`parse_comment` finds nothing.
    """
    return may_be_command_line(normalized(text))


__all__ = [
    "COMMANDS",
    "OPTIONS",
    "Access",
    "Command",
    "Kind",
    "Mistake",
    "Option",
    "OptionValue",
    "Origin",
    "help_text",
    "looks_like_command",
    "parse_command_line",
    "parse_comment",
]
