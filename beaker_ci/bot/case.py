"""An asking with the rules that hold for it."""

from __future__ import annotations

from dataclasses import dataclass

from beaker_ci.bot.asking import Asking
from beaker_ci.config import Configuration
from beaker_ci.facts import Permission, PullRequest
from beaker_ci.github import RepositoryFiles


@dataclass(frozen=True)
class Case:
    """One asking by somebody who may ask.

    Attributes:
        pull: None for what is asked outside of a pull request.
    """

    asking: Asking
    pull: PullRequest | None
    files: RepositoryFiles
    configuration: Configuration
    permission: Permission

    @property
    def sha(self) -> str:
        """The commit that is asked about: the pull request's head, or the workflow's own."""
        return self.pull.head_sha if self.pull else self.asking.sha

    @property
    def is_private(self) -> bool:
        """Whether a job needs a token to clone the repository."""
        return self.pull.private if self.pull else self.asking.repository.private

    @property
    def where(self) -> str:
        """The place as an experiment's name says it."""
        return f"pr{self.pull.number}" if self.pull else self.asking.branch or self.sha[:12]
