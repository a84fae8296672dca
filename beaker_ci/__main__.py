"""``beaker-ci`` and ``python -m beaker_ci``."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; the container's entry goes the short way.

    A step must acknowledge a comment at once, and takes no options: it does without loading what
    reads them.
    """
    if sys.argv[1:] == ["action"]:
        from beaker_ci.action import main as step

        step()
    from beaker_ci.cli import main as command_line

    command_line()


def post() -> None:
    """The action's post step; takes no arguments, whatever the runner hands over."""
    from beaker_ci.action import post as post_step

    post_step()


if __name__ == "__main__":
    main()
