"""What was written over the API and no test has looked at yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from beaker_ci.sandbox.github.model import CheckRun, Comment, Reaction, Status

if TYPE_CHECKING:
    from collections.abc import Callable

Written = Comment | CheckRun | Reaction | Status
W = TypeVar("W", Comment, CheckRun, Reaction, Status)


class Unseen:
    """The newest version of everything written and not taken, in the order of its first write.

    A write to something that was taken makes it unseen again.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[type[Written], int], Written] = {}

    def add(self, written: Written) -> None:
        """Notes a write."""
        self._written[type(written), written.id] = written

    def drop(self, kind: type[Written], number: int) -> None:
        """Forgets what is gone without trace, such as a reaction that was taken back."""
        self._written.pop((kind, number), None)

    def take(self, kind: type[W], matches: Callable[[W], bool]) -> W | None:
        """The oldest one that matches, which then counts as seen."""
        for key, written in self._written.items():
            if isinstance(written, kind) and matches(written):
                del self._written[key]
                return written
        return None

    def describe(self) -> list[str]:
        """One line for each, for the message of a failed test."""
        return [_describe(written) for written in self._written.values()]


def _describe(written: Written) -> str:
    match written:
        case Comment():
            what = "deleted comment" if written.deleted else "comment"
            return f"{what} {written.id} on #{written.number}: {_short(written.body)}"
        case CheckRun():
            state = written.conclusion or written.status
            return f"check run {written.name!r} on {written.head_sha[:8]}: {state}"
        case Reaction():
            return f"reaction {written.content} on comment {written.comment_id}"
        case Status():
            return f"status {written.context!r} on {written.sha[:8]}: {written.state}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
