"""Commands that somebody types one after the other, each a process of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warm import Printed, type_command

ALLOWED = ("PATH", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True)
class Shell:
    """A place where commands of ``beaker-ci`` are typed.

    Attributes:
        environment: Beside what every shell knows.
    """

    directory: Path
    environment: Mapping[str, str]

    def type(self, line: str, **environment: str | None) -> Printed:
        """Types what stands after ``beaker-ci``, without anything to quote.

        Args:
            line: The words.
            environment: Variables for this line alone; without those that are ``None``.
        """
        known = {name: os.environ[name] for name in ALLOWED if name in os.environ}
        told = known | dict(self.environment) | environment
        kept = {name: value for name, value in told.items() if value is not None}
        return type_command(line.split(), self.directory, kept)
