"""Commands and mistakes as one short line each, for tables."""

from __future__ import annotations

import json
import shlex
import textwrap

from beaker_ci.commands import Command, Mistake, parse_comment


def told(parsed: Command | Mistake) -> str:
    """``run gpu-tests {"gpus": 2} -- pytest -v``, or a mistake's reason code."""
    if isinstance(parsed, Mistake):
        return parsed.reason.value
    words = [parsed.name, *filter(None, (parsed.preset, parsed.target))]
    if parsed.options:
        words.append(json.dumps(dict(parsed.options)))
    if parsed.argv is not None:
        words += ["--", shlex.join(parsed.argv)]
    if parsed.script is not None:
        words.append(f"script {parsed.script!r}")
    return " ".join(words)


def read(comment: str) -> list[str]:
    """What a comment asks for, a short line for each command and mistake."""
    return [told(parsed) for parsed in parse_comment(comment)]


def the_mistake(comment: str) -> Mistake:
    """The only answer to a comment, which is a mistake."""
    (parsed,) = parse_comment(comment)
    assert isinstance(parsed, Mistake), parsed
    return parsed


def the_command(comment: str) -> Command:
    """The only answer to a comment, which is a command."""
    (parsed,) = parse_comment(comment)
    assert isinstance(parsed, Command), parsed
    return parsed


def wrapped(text: str) -> str:
    """A text in indented lines of a readable length."""
    return textwrap.fill(text, 90, initial_indent="    ", subsequent_indent="    ")
