"""What this machine knows: the checkout at hand, and the terminal."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from beaker_ci import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from beaker_ci.setup import Remote

_LOOK_UP_SECONDS = 20


def run_git(directory: Path, *arguments: str) -> str | None:
    """What git prints; None when it fails, is not there, or takes too long."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"}
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(directory), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_LOOK_UP_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def read_remote(directory: Path) -> Remote | None:
    """The remote called ``origin``, or else the first one."""
    from beaker_ci.setup import parse_remote

    names = (run_git(directory, "remote") or "").split()
    for name in sorted(names, key=lambda name: name != "origin"):
        return parse_remote(run_git(directory, "remote", "get-url", name) or "")
    return None


def repository_of(given: str | None) -> str:
    """The repository that a command is about: the one that was named, else this checkout's.

    Raises:
        click.UsageError: When there is none, or none that a token may be sent to.
    """
    if given is not None:
        if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", given):
            raise click.UsageError(f"--repo takes OWNER/NAME, not {given!r}.")
        return given
    remote = read_remote(Path())
    if remote is None:
        raise click.UsageError(
            "This directory has no git remote on GitHub.\nName the repository, as in: "
            f"beaker-ci {click.get_current_context().info_name} --repo octo/widget"
        )
    # A token is sent only where its owner said, or to GitHub itself.
    if remote.host != "github.com" and not os.environ.get("GITHUB_API_URL"):
        raise click.UsageError(
            f"The remote is on {remote.host}, and GITHUB_API_URL does not say where its API is.\n"
            f"Type, for a GitHub Enterprise Server: export GITHUB_API_URL=https://{remote.host}/api/v3"
        )
    return remote.full_name


def github_token() -> str:
    """The token that people give by hand; empty if there is none."""
    return os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""


def api_url() -> str:
    """GitHub's REST root.

    Raises:
        click.UsageError: When what is set is no address.
    """
    address = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(
            f"GITHUB_API_URL is no address: {address!r}.\n"
            "Type, for github.com: unset GITHUB_API_URL"
        )
    return address


def released_commit() -> str | None:
    """The commit of this version's release; None when GitHub does not tell."""
    from beaker_ci.setup import ACTION

    tag = f"refs/tags/v{__version__}"
    listed = run_git(Path(), "ls-remote", f"https://github.com/{ACTION}", tag, f"{tag}^{{}}")
    # An annotated tag is listed twice; the second line names its commit.
    found = re.findall(r"(?m)^([0-9a-f]{40})\t", listed or "")
    return found[-1] if found else None


def open_console() -> Console:
    """A console that takes texts as they are, and breaks no address at the edge of the screen."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
