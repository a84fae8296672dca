"""Control of branches, issues and pull requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.sandbox.github.model import Pull
from beaker_ci.sandbox.github.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping


class Code(Part):
    """Pushes, issues and pull requests."""

    def push(
        self,
        target: str | int,
        files: Mapping[str, str | bytes | None],
        *,
        by: str = "writer",
        fork: str | None = None,
        message: str = "Change something",
        force_from: str | None = None,
    ) -> str:
        """Commits files on top of a branch, or of a pull request's branch, and answers the SHA.

        Args:
            target: A branch, made from the default branch if it is new; or a pull request's number.
            files: Path → content; None deletes.
            by: Author and committer.
            fork: The owner of the fork that has the branch.
            message: The commit's message.
            force_from: The commit or branch to start from instead of the tip: a force-push.
        """
        state = self._state
        with state.lock:
            if isinstance(target, int):
                pull = self._pull(target)
                target, fork = pull.branch, pull.fork
            if fork:
                self.user(fork)
                state.forks.setdefault(fork.lower(), state.repository_id + len(state.forks) + 1)
            sha = self.repository.commit(
                state.branch_ref(target, fork),
                files,
                message=message,
                author=f"{by} <{by}@example.org>",
                base=force_from,
                when=self.clock.now,
            )
            state.follow_heads()
            return sha

    def delete_fork(self, owner: str) -> None:
        """Deletes somebody's fork: pull requests from it stay, with ``head.repo`` null."""
        with self._state.lock:
            del self._state.forks[owner.lower()]
            for ref in self.repository.refs(f"refs/forks/{owner.lower()}"):
                self.repository.delete_ref(ref)

    # Issues and pull requests

    def open_issue(self, by: str = "writer", *, title: str = "A question", body: str = "") -> int:
        """Opens an issue and answers its number."""
        with self._state.lock:
            return self._state.open_issue(self.user(by), title, body).number

    def open_pull_request(
        self,
        branch: str,
        by: str = "writer",
        *,
        base: str | None = None,
        fork: str | None = None,
        files: Mapping[str, str | bytes | None] | None = None,
        title: str = "Improve the widget",
        body: str = "",
        draft: bool = False,
    ) -> int:
        """Opens a pull request and answers its number.

        Args:
            branch: The head branch; it must exist unless ``files`` are given.
            by: The author.
            base: The branch to merge into; the default branch when left out.
            fork: The owner of the fork that has the head branch.
            files: Committed to the head branch first.
            title: Of the pull request.
            body: Of the pull request.
            draft: Whether it is one.
        """
        state = self._state
        with state.lock:
            if files is not None:
                self.push(branch, files, by=by, fork=fork)
            head = self.repository.head(state.branch_ref(branch, fork))
            pull = Pull(branch, fork, head, base or self.repository.default_branch, draft=draft)
            issue = state.open_issue(self.user(by), title, body, pull=pull)
            self.repository.set_ref(f"refs/pull/{issue.number}/head", head)
            return issue.number

    def head(self, number: int) -> str:
        """The head SHA of a pull request."""
        with self._state.lock:
            self._state.follow_heads()
            return self._pull(number).head

    def close(self, number: int) -> None:
        """Closes an issue or a pull request."""
        with self._state.lock:
            self._state.touch(number, closed_at=self.clock.now)

    def reopen(self, number: int) -> None:
        """Opens it again."""
        with self._state.lock:
            self._state.touch(number, closed_at=None)
            self._state.follow_head(number)

    def merge(self, number: int, by: str = "maintainer") -> str:
        """Merges a pull request that has no conflicts; answers the merge commit."""
        with self._state.lock:
            pull = self._pull(number)
            sha = self.repository.merge(
                pull.base,
                pull.head,
                message=f"Merge pull request #{number}",
                author=f"{by} <{by}@example.org>",
                when=self.clock.now,
            )
            now = self.clock.now
            merged = replace(pull, merged_at=now, merge_commit=sha)
            self._state.touch(number, pull=merged, closed_at=now)
            return sha

    def _pull(self, number: int) -> Pull:
        issue = self._state.issues.get(number)
        if issue is None or issue.pull is None:
            raise LookupError(f"there is no pull request #{number}")
        return issue.pull
