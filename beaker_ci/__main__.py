"""``beaker-ci`` and ``python -m beaker_ci``."""

from __future__ import annotations

import errno
import os
import sys

_UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What a stream fails with; a connection, or a process that cannot be started, has others."""


def main() -> None:
    """Runs the command line; the container's entry goes the short way.

    A step must acknowledge a comment at once, and takes no options: it does without loading what
    reads them.
    """
    if sys.argv[1:] == ["action"]:
        from beaker_ci.action import main as step

        step()
    from beaker_ci.cli import main as command_line

    try:
        command_line()
    except OSError as error:
        if error.filename is not None or error.errno not in _UNWRITTEN:
            raise
        # Standard output is full or gone; nothing more can be written there, at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"Error: the output cannot be written: {error.strerror}. Write it elsewhere.")


def post() -> None:
    """The action's post step; takes no arguments, whatever the runner hands over."""
    from beaker_ci.action import post as post_step

    post_step()


if __name__ == "__main__":
    main()
