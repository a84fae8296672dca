"""One kind of exception between the rooms: a problem that a user can act on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beaker_ci.reasons import Reason


class Problem(Exception):  # noqa: N818 - it is reported, not always an error of ours
    """Something that ends a command, with all that its author needs to mend it.

    Args:
        reason: The stable code.
        what: One sentence: what happened.
        why: What it rests on: the value read, the limit, the server's own words. Untrusted text.
        next_step: What to do or type next.
        paste: A line (or block) to paste, shown as code.
    """

    def __init__(
        self,
        reason: Reason,
        what: str,
        *,
        why: str = "",
        next_step: str = "",
        paste: str = "",
    ) -> None:
        super().__init__(f"{reason.value}: {what}")
        self.reason = reason
        self.what = what
        self.why = why
        self.next_step = next_step
        self.paste = paste


def quoted(said: object, limit: int = 300) -> str:
    """What a server said, as one line of at most that many characters.

    It is cut between two words: it may hold a token, and half of one would not be recognised where
    tokens are hidden.
    """
    text = " ".join(re.split(r"[ \t\r\n]+", str(said).strip()))
    if len(text) <= limit:
        return text
    return f"{text[: limit - 1].rpartition(' ')[0]} …"
