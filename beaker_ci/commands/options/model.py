"""What one option is: how it is written, what it sets, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value looks like; decides how it is read and checked."""

    TEXT = "TEXT"
    INTEGER = "N"
    NUMBER = "NUMBER"
    SIZE = "SIZE"
    DURATION = "DURATION"
    CHOICE = "CHOICE"
    FLAG = "FLAG"
    VARIABLE = "NAME=VALUE"
    SECRET_VARIABLE = "NAME=SECRET"  # noqa: S105 - the shape of a value
    MOUNT = "NAME:/PATH"
    SECRET_FILE = "SECRET:/PATH"  # noqa: S105 - the shape of a value
    DIRECTORY = "/PATH"
    COMMIT = "SHA"


class Access(StrEnum):
    """How far a comment may go.

    ``OPEN`` is harmless inside the job; ``LIMITED`` is judged by a rule of the policy; ``REFUSED``
    is never taken from a comment.
    """

    OPEN = "open"
    LIMITED = "limited"
    REFUSED = "refused"


class Origin(StrEnum):
    """Where a field lives.

    ``RECIPE`` is a field of gantry's Recipe, ``LAUNCH`` a parameter of its launch, ``GLOBAL``
    stands before gantry's command names, ``OWN`` is an option of beaker-ci.
    """

    RECIPE = "recipe"
    LAUNCH = "launch"
    GLOBAL = "global"
    OWN = "own"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a command.

    Attributes:
        field: The key in :attr:`Command.options`: gantry's Recipe field, or our own name.
        spellings: How it is written, the usual one first; empty if no command line has it.
        negative: Spellings that set a flag to False.
        kind: What its value looks like.
        help: What it does, in a few words.
        group: Its heading on the help page.
        origin: Where the field lives.
        repeatable: Whether it may be given several times; its value is then a tuple.
        access: How far a comment may go.
        rule: Limited options: the rule that judges the value. ``form`` means that
            the pattern below is all there is to judge.
        refusal: Refused options: why, a sentence.
        instead: Refused options: what to do instead, a sentence.
        policy_only: Refused options: whether a preset on the default branch may set the field.
        dropped: Refused or superseded flags: whether the line means the same without it.
        choices: The values allowed, for ``CHOICE``.
        pattern: What the whole value must match, for ``TEXT``.
        form: The pattern in words.
        minimum: The least value, for ``INTEGER``.
        longest: The most characters of a value.
        becomes: Superseded options: the field that is set instead.
        note: Superseded options: the sentence that says what was made of it.
    """

    field: str
    help: str
    group: str
    spellings: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    kind: Kind = Kind.TEXT
    origin: Origin = Origin.RECIPE
    repeatable: bool = False
    access: Access = Access.OPEN
    rule: str = ""
    refusal: str = ""
    instead: str = ""
    policy_only: bool = False
    dropped: bool = False
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""
    minimum: int = 0
    longest: int = 512
    becomes: str = ""
    note: str = ""

    @property
    def in_preset(self) -> bool:
        """Whether a preset of the configuration may set the field."""
        return self.policy_only or (self.access is not Access.REFUSED and not self.note)

    @property
    def metavar(self) -> str:
        """How the value is shown in usage texts; empty for flags."""
        if self.kind is Kind.FLAG:
            return ""
        return "|".join(self.choices) if self.choices else self.kind.value
