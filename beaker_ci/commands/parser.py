"""One logical line → a command or a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from beaker_ci.commands.characters import is_command_line, refuse_hidden, visible
from beaker_ci.commands.definitions import COMMANDS, Argument, Definition
from beaker_ci.commands.exclusions import exclusions
from beaker_ci.commands.extract import Block, Line, extract, joined, normalized
from beaker_ci.commands.line import read_words, usual_spelling
from beaker_ci.commands.model import Command, Mistake, OptionValue
from beaker_ci.commands.nearest import nearest
from beaker_ci.commands.script import read_script
from beaker_ci.commands.usage import UsageError, quoted
from beaker_ci.commands.words import Word, refuse_dashes, replaced, split_words
from beaker_ci.reasons import Reason

MAX_LINE: Final = 8_192
"""Characters of one logical line."""
MAX_COMMANDS: Final = 10
"""Commands of one comment."""


def parse_comment(text: str) -> tuple[Command | Mistake, ...]:
    """Reads all commands of a comment.

    Args:
        text: The comment's Markdown.

    Returns:
        Commands and mistakes in order of appearance; empty if no line starts with ``/beaker``.
    """
    return _parse_all(extract(text))


def parse_command_line(text: str) -> tuple[Command | Mistake, ...]:
    """Reads the ``command`` input of a workflow: what stands after ``/beaker``, without Markdown.

    Args:
        text: One command a line; a line that ends with a backslash goes on. A leading ``/beaker``
            is allowed.

    Returns:
        Commands and mistakes in order; empty for a blank text.
    """
    return _parse_all(_plain_lines(normalized(text).split("\n")))


def _plain_lines(lines: list[str]) -> Iterable[Line]:
    number = 0
    while number < len(lines):
        text, number = joined(lines, number, len(lines))
        text = text.strip(" \t")
        if text:
            yield Line(text if is_command_line(text) else f"/beaker {text}")


def _parse_all(lines: Iterable[Line]) -> tuple[Command | Mistake, ...]:
    parsed: list[Command | Mistake] = []
    for place, line in enumerate(lines):
        if place == MAX_COMMANDS:
            what = f"Only the first {MAX_COMMANDS} commands of a comment are read."
            parsed.append(_mistake(place, line.text, UsageError(what, next_step=_OWN_COMMENT)))
            break
        parsed.append(_parse(line, place))
    return tuple(parsed)


def _parse(line: Line, place: int) -> Command | Mistake:
    text = line.text.strip(" \t")
    try:
        if line.flaw:
            raise UsageError(line.flaw[0], next_step=line.flaw[1])
        _check_line(text)
        words = split_words(text)
        refuse_dashes(text, words)
        return _command(text, words, line.block, place)
    except UsageError as error:
        return _mistake(place, text, error)


def _mistake(place: int, text: str, error: UsageError) -> Mistake:
    source = text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}…"
    return Mistake(error.reason, place, source, error.what, error.next_step, error.paste)


def _check_line(text: str) -> None:
    if len(text) > MAX_LINE:
        raise UsageError(
            f"The command has {len(text):,} characters; {MAX_LINE:,} are the most.",
            next_step="Put a long command into a fenced block directly under `/beaker run`, or "
            "into a file of the repository.",
        )
    refuse_hidden(text)
    if not is_command_line(text):
        word = text.split(None, 1)[0]
        raise UsageError(
            f"{quoted(word)} looks like `/beaker` but is written with other letters.",
            next_step="Commands begin with `/beaker`, in plain lower-case letters.",
            paste=replaced(text, 0, len(word), "/beaker"),
            reason=Reason.USAGE_UNKNOWN_COMMAND,
        )


def _command(line: str, words: tuple[Word, ...], block: Block | None, place: int) -> Command:
    if len(words) == 1 or words[1].text in ("--help", "-h"):
        return Command("help", place, line)
    definition = COMMANDS.get(words[1].text)
    if definition is None:
        raise _unknown_command(line, words[1])
    read = read_words(line, words[2:], definition)
    if read.wants_help:
        return Command("help", place, line, target=definition.name)
    if definition.takes_job:
        script = read_script(block) if block and read.argv is None else None
        if not (read.argument or read.argv or script):
            raise _missing_command(definition, has_dashes=read.argv is not None)
        if read.argv is not None and not (read.argv and read.argv[0]):
            raise _missing_command(definition, has_dashes=True)
        _check_together(read.options)
        return Command(
            definition.name,
            place,
            line,
            preset=read.argument,
            options=read.options,
            argv=read.argv,
            script=script,
            notes=read.notes,
        )
    if definition.argument:
        _check_argument(line, words, definition, definition.argument, read.argument)
    if definition.either and read.argument and read.options:
        raise UsageError(
            f"{quoted(read.argument)} and `--{next(iter(read.options))}` exclude each other.",
            next_step=f"Give one of them: `{definition.usage}`.",
        )
    return Command(
        definition.name, place, line, target=read.argument, options=read.options, notes=read.notes
    )


def _check_together(options: Mapping[str, OptionValue]) -> None:
    found = next(exclusions(options, called=lambda field: f"`{usual_spelling(field)}`"), None)
    if found is not None:
        raise UsageError(f"{found[0].upper()}{found[1:]}.", next_step="Leave one of them out.")


def _check_argument(
    line: str,
    words: tuple[Word, ...],
    definition: Definition,
    argument: Argument,
    given: str | None,
) -> None:
    if given is None and argument.required:
        raise UsageError(
            f"`/beaker {definition.name}` needs a {argument.name}: {argument.form}.",
            next_step=f"For example `{definition.example}`.",
        )
    if definition.name == "help" and given is not None and given not in COMMANDS:
        raise _unknown_command(line, next(word for word in words[2:] if word.text == given))


def _unknown_command(line: str, word: Word) -> UsageError:
    right = _meant(word.text)
    return UsageError(
        f"There is no command {quoted(word.text)}.",
        next_step=f"Did you mean `/beaker {right}`?"
        if right
        else "`/beaker help` lists the commands; a preset is started with `/beaker run PRESET`.",
        paste=replaced(line, word.start, word.end, right) if right else "/beaker help",
        reason=Reason.USAGE_UNKNOWN_COMMAND,
    )


def _meant(word: str) -> str | None:
    lower = visible(word).lower()
    for definition in COMMANDS.values():
        if lower in definition.synonyms:
            return definition.name
    return nearest(lower, COMMANDS)


def _missing_command(definition: Definition, *, has_dashes: bool) -> UsageError:
    return UsageError(
        "Nothing follows `--`: there is no command to run."
        if has_dashes
        else f"`/beaker {definition.name}` was given neither a preset, nor a command after `--`, "
        "nor a script in a fenced block directly under it.",
        next_step="For example:",
        paste=f"/beaker {definition.name} --gpus 1 -- python train.py",
        reason=Reason.USAGE_MISSING_COMMAND,
    )


_OWN_COMMENT: Final = "Post the others in another comment."
