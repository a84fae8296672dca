"""An asking: the commands of one comment, who wrote it, and what was read for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake
from beaker_ci.events import CommentCreated, Repository
from beaker_ci.facts import Permission, Person, PullRequest
from beaker_ci.github import RepositoryFiles
from beaker_ci.problem import Problem

RUN_COMMANDS = ("run", "plan")
"""Commands that need Beaker and the whole of the policy."""


@dataclass(frozen=True)
class Place:
    """Where answers go: one pull request, seen by one process.

    Attributes:
        me: Our account's id: comments of others are never taken for ours.
        since: Nothing of ours about this asking is older.
    """

    number: int
    me: int
    since: datetime


@dataclass(frozen=True)
class Asking:
    """The commands of one comment.

    Attributes:
        by: What asked, as the key of its runs sees it: ``comment:<id>``.
        marker: The key of the one reply to it.
        body: The comment as the event carried it.
    """

    services: Services
    repository: Repository
    place: Place
    asker: Person
    by: str
    body: str
    at: datetime
    comment_id: int
    is_pull_request: bool
    items: Sequence[Command | Mistake]

    @property
    def marker(self) -> str:
        """The key of the one reply to this asking, such as ``comment-123``."""
        return self.by.replace(":", "-")

    @property
    def needs_beaker(self) -> bool:
        """Whether any command needs Beaker."""
        return any(name_of(item) in RUN_COMMANDS for item in self.items)

    @property
    def is_only_help(self) -> bool:
        """Whether nothing but help was asked for: that needs no role, and no reading."""
        return all(name_of(item) == "help" for item in self.items)

    @classmethod
    def of(
        cls,
        event: CommentCreated,
        services: Services,
        items: Sequence[Command | Mistake],
        me: int,
    ) -> Asking:
        """The asking of a new comment."""
        return cls(
            services=services,
            repository=event.repository,
            place=Place(event.number, me, event.created_at),
            asker=Person(event.author.id, event.author.login, event.author.type),
            by=f"comment:{event.comment_id}",
            body=event.body,
            at=event.created_at,
            comment_id=event.comment_id,
            is_pull_request=event.is_pull_request,
            items=items,
        )


@dataclass(frozen=True)
class Reading:
    """What decides who may ask, read from GitHub.

    Attributes:
        files: The configuration and the head's files, or the problem with them.
    """

    pull: PullRequest
    files: RepositoryFiles | Problem
    permission: Permission


def name_of(item: Command | Mistake) -> str:
    """A command's verb; empty for a mistake."""
    return item.name if isinstance(item, Command) else ""
