"""The command line: thin, and quick to start."""

from __future__ import annotations

import os
import sys

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
