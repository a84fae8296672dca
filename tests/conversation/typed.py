"""Commands that somebody types one after the other, in one process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALLOWED = ("PATH", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True)
class Printed:
    """What a command printed.

    Attributes:
        error: What it printed to standard error.
    """

    code: int
    text: str
    error: str

    @property
    def json(self) -> Any:
        """Its output, read."""
        return json.loads(self.text)


class Shell:
    """Types commands of ``beaker-ci``; loaded once for all of them."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        own = {name: os.environ[name] for name in ALLOWED if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=directory,
            env={**own, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def type(self, line: str, **environment: str | None) -> Printed:
        """Types what stands after ``beaker-ci``, without anything to quote."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"words": line.split(), "environment": environment}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Printed(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@contextmanager
def open_shell(directory: Path, environment: Mapping[str, str]) -> Iterator[Shell]:
    """A shell that is closed at the end."""
    shell = Shell(directory, environment)
    try:
        yield shell
    finally:
        shell.close()


def serve() -> None:
    """Carries out each line of standard input."""
    from click.testing import CliRunner

    from beaker_ci.cli import main
    from beaker_ci.setup_commands.runs_commands import logs_command

    logs_command.PAUSE = 0.05
    runner, answers = CliRunner(), sys.stdout
    for line in sys.stdin:
        order = json.loads(line)
        ended = runner.invoke(main, order["words"], env=order["environment"])
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        answers.write(json.dumps([ended.exit_code, ended.stdout, ended.stderr]) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
