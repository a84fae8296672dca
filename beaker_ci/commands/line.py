"""The words of a command after its name: options, the one argument, and what follows ``--``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from beaker_ci.commands.definitions import COMMANDS, Definition
from beaker_ci.commands.model import OptionValue
from beaker_ci.commands.nearest import nearest
from beaker_ci.commands.options import Access, Kind, Option
from beaker_ci.commands.usage import UsageError, quoted
from beaker_ci.commands.values import example, identity, read_value
from beaker_ci.commands.words import Word, replaced, without
from beaker_ci.reasons import Reason

_FOR_A_SHELL: Final = re.compile(r"&&?|\|\|?|;|[12]?>>?(&[12])?|<|.*(\*|`|\$[A-Za-z_{(]).*")
_SHELLS: Final = ("bash", "sh", "zsh")
_NUMBER: Final = re.compile(r"-[0-9.]+")


@dataclass
class Read:
    """What the words said, so far."""

    argument: str | None = None
    argument_word: Word | None = None
    options: dict[str, OptionValue] = field(default_factory=dict)
    argv: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    wants_help: bool = False


@lru_cache
def spellings(name: str) -> Mapping[str, tuple[Option, bool]]:
    """Every spelling of a command's options → the option and the value that it has as a flag."""
    known: dict[str, tuple[Option, bool]] = {}
    for option in COMMANDS[name].options:
        known |= dict.fromkeys(option.spellings, (option, True))
        known |= dict.fromkeys(option.negative, (option, False))
    return known


def usual_spelling(field: str) -> str:
    """How an option of ``run`` is usually written, by its field: ``--uv-extra``."""
    names = (
        name
        for option in COMMANDS["run"].options
        if option.field == field
        for name in (*option.spellings, *option.negative)
    )
    return next(names, field)


def read_words(line: str, words: tuple[Word, ...], definition: Definition) -> Read:
    """Reads the words behind a command's name.

    Args:
        line: The logical line that the words are places of.
        words: The words behind the command's name.
        definition: The command.

    Raises:
        UsageError: ``usage.unknown-option``, ``usage.bad-value`` or ``refused.option``.
    """
    read = Read()
    place = 0
    while place < len(words):
        word = words[place]
        if word.text == "--":
            _read_job(line, word, words[place + 1 :], definition, read)
            break
        if word.text == "--help":
            read.wants_help = True
            place += 1
        elif word.text.startswith("-"):
            place = _read_option(line, words, place, definition, read)
        else:
            _read_argument(line, word, definition, read)
            place += 1
    return read


def _read_job(
    line: str, dashes: Word, words: tuple[Word, ...], definition: Definition, read: Read
) -> None:
    if not definition.takes_job:
        raise UsageError(
            f"`/beaker {definition.name}` takes no command after `--`.",
            next_step=f"Its usage is `{definition.usage}`.",
            paste=line[: dashes.start].strip(),
        )
    read.argv = tuple(word.text for word in words)
    program = read.argv[0].rpartition("/")[2] if read.argv else ""
    if program in _SHELLS or read.options.get("exec_method") == "bash":
        return
    word = next((word for word in words if word.bare and _FOR_A_SHELL.fullmatch(word.text)), None)
    if word:
        note = (
            f"{quoted(word.text)} is given to the program as it stands: no shell reads the command."
            " For a shell, put the lines into a fenced block directly under `/beaker run`."
        )
        read.notes += (note,)


def _read_argument(line: str, word: Word, definition: Definition, read: Read) -> None:
    argument = definition.argument
    if argument is None or read.argument_word is not None:
        extra = f"{quoted(word.text)} is one word too many for `/beaker {definition.name}`."
        if not definition.takes_job:
            raise UsageError(extra, next_step=f"Its usage is `{definition.usage}`.")
        start = (read.argument_word or word).start
        raise UsageError(
            extra,
            next_step="It takes one preset; a command stands after `--`.",
            paste=_as_command(line, start),
        )
    if not re.fullmatch(argument.pattern, word.text):
        raise UsageError(
            f"{quoted(word.text)} cannot be a {argument.name}: that is {argument.form}.",
            next_step="A command stands after `--`."
            if definition.takes_job
            else f"For example `{definition.example}`.",
            paste=_as_command(line, word.start) if definition.takes_job else "",
        )
    read.argument, read.argument_word = word.text, word


def _as_command(line: str, start: int) -> str:
    """The line with ``--`` before the word that begins the job's command."""
    head, tail = line[:start], line[start:]
    return f"{head}-- {tail.replace(' -- ', ' ', 1)}".strip()


def _read_option(
    line: str, words: tuple[Word, ...], place: int, definition: Definition, read: Read
) -> int:
    """Reads the option at a place; returns the place behind it and its value."""
    word = words[place]
    spelling, value = _split(word, definition)
    known = spellings(definition.name).get(spelling)
    if known is None:
        raise _unknown(line, word, spelling, definition, read)
    option, positive = known
    following = words[place + 1] if place + 1 < len(words) else None
    last = word
    takes_next = value is None and option.kind is not Kind.FLAG
    if takes_next and following is not None and _is_value(following, option):
        value, last = following.text, following
    if option.access is Access.REFUSED:
        raise _refused(line, word, last, option, spelling)
    if value is not None and word.text.startswith(f"{spelling}=") and len(spelling) == 2:
        raise _equals_sign(line, word, spelling)
    behind = place + 1 + (last is not word)
    if option.kind is Kind.FLAG:
        _set_flag(option, spelling, positive, value, read)
    elif value is None:
        raise UsageError(
            f"`{spelling}` needs a value.",
            next_step=f"For example `{example(option, spelling)}`.",
        )
    else:
        _set_value(option, spelling, value, read)
    return behind


def _split(word: Word, definition: Definition) -> tuple[str, str | None]:
    """Splits ``--option=value`` and ``-ovalue``; the value is None if it is another word."""
    text = word.text
    if text.startswith("--"):
        spelling, equals, value = text.partition("=")
        return spelling, value if equals else None
    if len(text) == 1 or f"-{text.partition('=')[0]}" in spellings(definition.name):
        return text.partition("=")[0], None  # a long option with one dash is no -o with a value
    return text[:2], text[2:] or None


def _is_value(word: Word, option: Option) -> bool:
    if word.text == "--":
        return False
    numeric = option.kind in (Kind.INTEGER, Kind.NUMBER, Kind.DURATION, Kind.SIZE)
    return not word.text.startswith("-") or (numeric and _NUMBER.match(word.text) is not None)


def _set_flag(option: Option, spelling: str, positive: bool, value: str | None, read: Read) -> None:
    if value is not None:
        raise UsageError(
            f"`{spelling}` is a switch and takes no value.",
            next_step=f"Write `{spelling}` alone.",
        )
    if option.note:
        read.notes += (option.note,) if option.note not in read.notes else ()
    if option.dropped:
        return
    name = option.becomes or option.field
    if name in read.options:
        raise _twice(spelling)
    read.options[name] = positive


def _set_value(option: Option, spelling: str, text: str, read: Read) -> None:
    value = read_value(option, text, spelling)
    if not option.repeatable:
        if option.field in read.options:
            raise _twice(spelling)
        read.options[option.field] = value
        return
    before = read.options.get(option.field, ())
    assert isinstance(before, tuple)  # noqa: S101 - only this function writes repeatable fields
    name = identity(option, text)
    if name in (identity(option, other) for other in before):
        raise UsageError(
            f"`{spelling}` names {quoted(name)} twice.",
            next_step="Give it once.",
        )
    read.options[option.field] = (*before, text)


def _equals_sign(line: str, word: Word, spelling: str) -> UsageError:
    """A short option with ``=``, which gantry takes for the value's first character."""
    written = line[word.start : word.end].replace("=", " ", 1)
    return UsageError(
        f"{quoted(word.text)} would give `{spelling}` a value that begins with `=`.",
        next_step="Write a space after a short option.",
        paste=replaced(line, word.start, word.end, written),
    )


def _twice(spelling: str) -> UsageError:
    return UsageError(
        f"`{spelling}` is given twice, or against another spelling of itself.",
        next_step="Which one is meant cannot be known; keep one.",
    )


def _refused(line: str, word: Word, last: Word, option: Option, spelling: str) -> UsageError:
    bundled = option.kind is Kind.FLAG and word.text != spelling
    paste = without(line, word, last) if option.dropped and not bundled else ""
    if option.field == "dry_run":
        paste = paste.replace("/beaker run", "/beaker plan", 1)
    return UsageError(
        f"`{spelling}` is not taken from a comment. {option.refusal}",
        next_step=option.instead,
        paste=paste,
        reason=Reason.REFUSED_OPTION,
    )


def _unknown(
    line: str, word: Word, spelling: str, definition: Definition, read: Read
) -> UsageError:
    takeable = [
        name
        for name, (option, _) in spellings(definition.name).items()
        if option.access is not Access.REFUSED and name.startswith("--")
    ]
    wanted = spelling if spelling.startswith("--") else f"-{spelling}"
    right = nearest(wanted, takeable)
    what = f"`/beaker {definition.name}` has no option {quoted(spelling)}."
    if not spelling.isascii():
        what = f"{quoted(spelling)} is no option: it has letters that are not plain ASCII."
    next_step = f"`/beaker help {definition.name}` lists its options."
    paste = ""
    if right:
        next_step = f"Did you mean `{right}`?"
        if word.bare:
            paste = replaced(line, word.start, word.start + len(spelling), right)
    elif definition.takes_job and read.argument_word is not None:
        next_step = f"Is it meant for the job? A command stands after `--`. {next_step}"
        paste = _as_command(line, read.argument_word.start)
    return UsageError(what, next_step=next_step, paste=paste, reason=Reason.USAGE_UNKNOWN_OPTION)
