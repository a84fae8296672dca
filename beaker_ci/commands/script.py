"""The fenced block under a ``run``: its script."""

from __future__ import annotations

from typing import Final

from beaker_ci.commands.characters import HIDDEN, describe
from beaker_ci.commands.extract import Block
from beaker_ci.commands.usage import UsageError, quoted

MAX_SCRIPT: Final = 32_768
"""Characters of a script."""

_SHELLS: Final = ("", "bash", "sh", "shell")


def read_script(block: Block) -> str:
    """The block's text, if it can be given to ``bash -euo pipefail``.

    Raises:
        UsageError: ``usage.bad-value`` for a block of another language, without its closing fence,
            without a line to run, too long, or with characters that cannot be seen.
    """
    if block.language.lower() not in _SHELLS:
        raise UsageError(
            f"The block under the command is marked as {quoted(block.language)}, but a script is "
            "run by bash.",
            next_step="Mark it as `bash`; or leave an empty line above it if it is no script.",
        )
    if not block.closed:
        raise UsageError(
            "The block under the command has no closing fence, so where the script ends is open.",
            next_step="End the block with a fence of its own.",
        )
    if len(block.text) > MAX_SCRIPT:
        raise UsageError(
            f"The script has {len(block.text):,} characters; {MAX_SCRIPT:,} are the most.",
            next_step="Commit it to the pull request and run the file.",
        )
    for row, text in enumerate(block.raw, 1):
        hidden = HIDDEN.search(text)
        if hidden:
            raise UsageError(
                f"Line {row} of the script has a character that cannot be seen: "
                f"{describe(hidden[0])}.",
                next_step="Such characters come along when text is copied. Post it without.",
            )
    if not any(row.strip() and not row.lstrip().startswith("#") for row in block.text.split("\n")):
        raise UsageError(
            "The block under the command has no line to run.",
            next_step="Write the script's lines into it, or leave an empty line above it.",
        )
    return block.text
