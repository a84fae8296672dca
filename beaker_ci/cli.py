"""The command line: thin, and quick to start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from beaker_ci import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Run GPU jobs on Ai2's Beaker from a GitHub pull request."""


@main.command()
def action() -> None:
    """Handle the event of a GitHub workflow (the container's entry)."""
    from beaker_ci.action import run_action

    sys.exit(run_action(os.environ))


@main.command()
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="A git repository whose HEAD is the pull request; this directory by default.",
)
@click.option("--comment", help="What to comment; a run of the repository's example by default.")
def demo(repo: Path, comment: str | None) -> None:
    """Show the whole way on this machine: no GitHub token, no Beaker account."""
    from rich.console import Console

    from beaker_ci.sandbox.demo import COMMENT, play
    from beaker_ci.sandbox.git import GitError

    try:
        story = play(repo, comment or COMMENT, Console())
    except GitError as error:
        raise click.ClickException(
            f"{repo.resolve()} has no commit to show: {error}\nName a git repository with --repo."
        ) from None
    failed = story.experiment is not None and story.experiment.status != "succeeded"
    sys.exit(1 if failed else story.step.exit_code)
