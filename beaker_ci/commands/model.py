"""What a comment asked for, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from beaker_ci.reasons import Reason

OptionValue = str | int | float | bool | tuple[str, ...]
"""A single value, a flag, or the values of a repeatable option in the order given."""


@dataclass(frozen=True)
class Command:
    """One understood command.

    Attributes:
        name: The verb, such as ``run``.
        place: Its place among the commands and mistakes of the comment, from 0.
        source: The logical line as it was written, continuation lines joined. Untrusted text.
        preset: ``run`` and ``plan``: the preset named, if any.
        target: The word after a command that takes a RUN, PLAN or COMMAND.
        options: By gantry's Recipe field name (``gpus``, ``env_vars``); ours by their own names
            (``sha``, ``fresh``, ``tail``, ``all``).
        argv: What stands after ``--``; None if there was none.
        script: The fenced block directly under a ``run`` without ``--``; None if there was none.
        notes: What was translated on the way, to be said in the answer.
    """

    name: str
    place: int
    source: str
    preset: str | None = None
    target: str | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    argv: tuple[str, ...] | None = None
    script: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mistake:
    """One line that starts like a command and is none, or is none that may be asked.

    Attributes:
        reason: ``usage.*`` or ``refused.option``.
        place: Its place among the commands and mistakes of the comment, from 0.
        source: The logical line as it was written. Untrusted text.
        what: One sentence: what is wrong. May quote the user's words: untrusted text.
        next_step: What to do next.
        paste: The nearest right line, if there is one.
    """

    reason: Reason
    place: int
    source: str
    what: str
    next_step: str = ""
    paste: str = ""
