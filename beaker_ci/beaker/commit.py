"""The verified commit, as gantry wants to see a repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gantry.git_utils import GitRepoState


@dataclass
class VerifiedCommit(GitRepoState):
    """A commit that was proven elsewhere: gantry asks neither git, nor ``gh``, nor github.com.

    Attributes:
        is_public: Shadows gantry's property, which would ask github.com.
        entries: Names at the root of the commit's tree.
    """

    is_public: bool = False
    entries: frozenset[str] = field(default=frozenset(), repr=False)

    def is_in_tree(self, path: object) -> bool:
        """Whether a file is at the root of the commit; gantry asks for project files only."""
        return str(PurePosixPath(str(path))) in self.entries
