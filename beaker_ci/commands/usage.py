"""The one exception inside this room: why a line cannot be read as a command."""

from __future__ import annotations

from beaker_ci.reasons import Reason


class UsageError(Exception):
    """A line, option or value that is not right, in words for its author.

    Args:
        what: One sentence: what is wrong. May quote the user: untrusted text.
        next_step: What to do next.
        paste: The nearest right line; empty if there is none.
        reason: The stable code.
    """

    def __init__(
        self,
        what: str,
        *,
        next_step: str = "",
        paste: str = "",
        reason: Reason = Reason.USAGE_BAD_VALUE,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.paste = paste
        self.reason = reason


def quoted(text: str) -> str:
    """The user's words as inline code: shortened, never empty, no backtick in them to end it."""
    short = text if len(text) <= 80 else f"{text[:79]}…"
    return f"`{short.replace('`', 'ˋ')}`" if short else "`''`"
