"""Fresh checkouts of exact commits, without copying a repository."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{40}")


class CheckoutError(Exception):
    """There is no such repository or commit; the message is for the job's log."""


class Checkouts:
    """Makes work trees that borrow their objects.

    Args:
        repositories: From ``owner/name`` to a git directory or work tree on this machine.
    """

    def __init__(self, repositories: Mapping[str, Path]) -> None:
        self._repositories = repositories

    def make(self, repository: str, ref: str, target: Path) -> None:
        """Check out a commit.

        Args:
            repository: Its ``owner/name``.
            ref: 40 hex digits, or another name for a commit in the repository.
            target: A directory that does not exist yet.

        Raises:
            CheckoutError: The repository or commit is not there.
        """
        source = self._repositories.get(repository)
        if source is None:
            raise CheckoutError(f"fatal: repository 'https://github.com/{repository}/' not found")
        commit = self._git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", cwd=source)
        if not _SHA.fullmatch(commit):
            raise CheckoutError(f"fatal: remote error: upload-pack: not our ref {ref}")
        objects = source / self._git("rev-parse", "--git-path", "objects", cwd=source)
        target.mkdir(parents=True)
        self._git("init", "--quiet", "--template=", cwd=target)
        (target / ".git/objects/info").mkdir(parents=True, exist_ok=True)
        (target / ".git/objects/info/alternates").write_text(f"{objects.resolve()}\n")
        self._git("checkout", "--quiet", "--detach", commit, cwd=target)

    @staticmethod
    def _git(*arguments: str, cwd: Path) -> str:
        # Neither the user's nor the machine's git configuration may have a say.
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and arguments[0] != "rev-parse":
            raise CheckoutError(done.stderr.strip() or f"git {arguments[0]} failed")
        return done.stdout.strip()
