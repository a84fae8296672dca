"""Writes into action.yml which image a release runs, so that no job of a user builds it.

python scripts/pin_action.py ghcr.io/OWNER/NAME@sha256:DIGEST [action.yml]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ACTION = Path(__file__).resolve().parent.parent / "action.yml"
FROM_SOURCE = re.compile(r"(?m)^(  image: )Dockerfile$")
NAME = r"[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+"
REFERENCE = re.compile(NAME + r"@sha256:[0-9a-f]{64}")


class PinError(Exception):
    """What happened, why, and what to do next, in one text."""


def pin(action: str, reference: str) -> str:
    """Names an image by digest in an ``action.yml`` that names the Dockerfile.

    Args:
        action: The file's content.
        reference: Registry, name and digest; a tag can be moved, so none is taken.

    Raises:
        PinError: When the reference is no digest, or the file does not build from source.
    """
    if not REFERENCE.fullmatch(reference):
        raise PinError(
            f"{reference!r} names no image by digest.\n"
            "Give it as REGISTRY/NAME@sha256:DIGEST, in lower case and without a tag."
        )
    pinned, count = FROM_SOURCE.subn(rf"\g<1>docker://{reference}", action)
    if count != 1:
        raise PinError(
            f"The action has {count} lines `image: Dockerfile`; exactly one is expected.\n"
            "Start from the action.yml of the main branch."
        )
    return pinned


def main(arguments: list[str]) -> int:
    """Runs as a script."""
    if len(arguments) not in (1, 2):
        sys.stderr.write((__doc__ or "").split("\n\n")[1] + "\n")
        return 2
    path = Path(arguments[1]) if arguments[1:] else ACTION
    try:
        path.write_text(pin(path.read_text("utf-8"), arguments[0]), "utf-8")
    except (PinError, OSError) as error:
        sys.stderr.write(f"pin_action: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
