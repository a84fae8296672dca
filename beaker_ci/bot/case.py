"""What is known of one asking, read once and shared by its commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from beaker_ci.bot.reporting import Place
from beaker_ci.bot.services import Services
from beaker_ci.config import Configuration
from beaker_ci.events import Repository
from beaker_ci.facts import CommentNow, Permission, Person, PullRequest
from beaker_ci.github import PostedComment, RepositoryFiles


@dataclass(frozen=True)
class Case:
    """One asking in one pull request: who, where, under which configuration.

    Attributes:
        asked_by: What asked, as the key of its runs sees it: ``comment:<id>``.
        asked_body: The comment as the event carried it.
        comments: Those written or edited since the asking.
        comment: The asking comment as it is now.
    """

    services: Services
    repository: Repository
    place: Place
    asker: Person
    asked_by: str
    asked_body: str
    asked_at: datetime
    pull: PullRequest
    files: RepositoryFiles
    configuration: Configuration
    permission: Permission
    comments: list[PostedComment]
    comment: CommentNow

    @property
    def reply_marker(self) -> str:
        """The key of the one reply to this asking."""
        return reply_marker(self.asked_by)


def reply_marker(asked_by: str) -> str:
    """The key of the one reply to an asking, such as ``comment-123``."""
    return asked_by.replace(":", "-")
