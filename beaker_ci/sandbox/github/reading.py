"""What is to be seen on the local GitHub, and what nobody has looked at yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from beaker_ci.sandbox.github.model import CheckRun, Comment, Reaction, Status
from beaker_ci.sandbox.github.part import Part

if TYPE_CHECKING:
    from beaker_ci.sandbox.github.application import Exchange

T = TypeVar("T")


class Reading(Part):
    """Looks, which cost no request; ``take_…`` also marks what it answers as expected."""

    @property
    def exchanges(self) -> list[Exchange]:
        """Every API request so far; a list of its own each time."""
        return list(self._application.exchanges)

    @property
    def violations(self) -> list[str]:
        """What broke GitHub's description of its API, in readable lines."""
        return list(self._application.violations)

    def comments(self, number: int) -> list[Comment]:
        """The comments on an issue or pull request, oldest first."""
        with self._state.lock:
            return self._state.comments_of(number)

    def check_runs(self, sha: str | None = None) -> list[CheckRun]:
        """The check runs of a commit, or all; oldest first."""
        with self._state.lock:
            runs = self._state.check_runs.values()
            return [run for run in runs if sha in (None, run.head_sha)]

    def reactions(self, comment_id: int) -> list[Reaction]:
        """The reactions on a comment, oldest first."""
        with self._state.lock:
            return self._state.reactions_of(comment_id)

    def statuses(self, sha: str | None = None) -> list[Status]:
        """The commit statuses of a commit, or all; oldest first."""
        with self._state.lock:
            return [s for s in self._state.statuses.values() if sha in (None, s.sha)]

    def take_comment(self, number: int) -> Comment:
        """The oldest comment on ``number`` that was written, edited or deleted over the API since
        it was last taken, as it now is.

        Raises:
            AssertionError: When there is none.
        """
        with self._state.lock:
            found = self._state.unseen.take(Comment, lambda comment: comment.number == number)
        return self._expected(found, f"comment on #{number}")

    def take_check(self, name: str | None = None, sha: str | None = None) -> CheckRun:
        """The oldest check run that was written since it was last taken, as it now is.

        Args:
            name: Only of this name.
            sha: Only on this commit.

        Raises:
            AssertionError: When there is none.
        """
        with self._state.lock:
            found = self._state.unseen.take(
                CheckRun, lambda run: name in (None, run.name) and sha in (None, run.head_sha)
            )
        return self._expected(found, f"check run {name or ''} on {sha or 'any commit'}")

    def take_status(self, context: str | None = None, sha: str | None = None) -> Status:
        """The oldest commit status that was not taken yet.

        Raises:
            AssertionError: When there is none.
        """
        with self._state.lock:
            found = self._state.unseen.take(
                Status, lambda s: context in (None, s.context) and sha in (None, s.sha)
            )
        return self._expected(found, f"status {context or ''} on {sha or 'any commit'}")

    def take_reactions(self, comment_id: int) -> list[str]:
        """The contents of the reactions that a comment got over the API and nobody took."""
        taken: list[str] = []
        with self._state.lock:
            while found := self._state.unseen.take(
                Reaction, lambda reaction: reaction.comment_id == comment_id
            ):
                taken.append(found.content)
        return taken

    def take_violations(self) -> list[str]:
        """The violations so far, for a test that provoked them."""
        taken = self.violations
        del self._application.violations[: len(taken)]
        return taken

    def leftovers(self) -> list[str]:
        """Everything written over the API that was not taken, and every violation."""
        with self._state.lock:
            written = self._state.unseen.describe()
        return [*written, *(f"violation: {line}" for line in self.violations)]

    def _expected(self, found: T | None, what: str) -> T:
        if found is None:
            rest = "".join(f"\n- {line}" for line in self.leftovers()) or " nothing"
            raise AssertionError(f"there is no new {what}; there is:{rest}")
        return found
