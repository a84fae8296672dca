"""Running git: once per question, or once for many objects."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from typing import TYPE_CHECKING

from beaker_ci.sandbox.git_objects import GitObject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHA = re.compile(rb"[0-9a-f]{40}")


class GitError(RuntimeError):
    """git refused; the text is git's own."""


def run_git(command: list[str], *, env: Mapping[str, str], stdin: bytes = b"") -> bytes:
    """What a git command printed.

    Raises:
        GitError: When it fails.
    """
    done = subprocess.run(command, input=stdin, env=env, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise GitError(words or f"{' '.join(command)} failed")
    return done.stdout


def git_environment() -> dict[str, str]:
    """The user's git configuration must not change what the sandbox does."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {
        **inherited,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_LITERAL_PATHSPECS": "1",
    }


class ObjectReader:
    """Reads objects of one repository through one long-lived ``git cat-file``; thread-safe."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command, "cat-file", "--batch"]
        self._batch: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def read(self, name: str) -> GitObject | None:
        """The object of a name in git's own language; None if missing."""
        if "\n" in name or "\0" in name:
            return None
        with self._lock:
            if self._batch is None:
                self._batch = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=git_environment(),
                )
            stdin, stdout = self._batch.stdin, self._batch.stdout
            if stdin is None or stdout is None:
                raise GitError("git cat-file has no pipes")
            stdin.write(name.encode(errors="surrogateescape") + b"\n")
            stdin.flush()
            fields = stdout.readline().split()
            if len(fields) != 3 or not _SHA.fullmatch(fields[0]):
                return None
            data = stdout.read(int(fields[2]))
            stdout.read(1)
        return GitObject(fields[0].decode(), fields[1].decode(), data)

    def close(self) -> None:
        """Ends the process; a later read starts another one."""
        with self._lock:
            batch, self._batch = self._batch, None
        if batch is not None:
            batch.communicate()
