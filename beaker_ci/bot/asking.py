"""An asking: commands that came together, who gave them, and what was read for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake
from beaker_ci.events import Repository
from beaker_ci.facts import Permission, Person, PullRequest
from beaker_ci.github import RepositoryFiles
from beaker_ci.problem import Problem
from beaker_ci.triggers.model import Wanted

RUN_COMMANDS = ("run", "plan")
"""Commands that say what to run."""

AGREEMENTS = ("go", "approve")
"""Commands that agree to what a former one said."""

CONTROLS = ("status", "list", "logs", "stop", "retry", "compare", "gpus")
"""Commands about runs that there are."""

THREADS = 8
"""Enough for what is asked of Beaker at the same time."""


@dataclass(frozen=True)
class Place:
    """Where comments go: one pull request or issue, seen by one process.

    Attributes:
        me: Our account's id, so that comments of others are never taken for ours; None when it
            is not known, and any bot's comment may be ours.
        since: Nothing of ours about this asking is older.
    """

    number: int
    me: int | None
    since: datetime


@dataclass(frozen=True)
class Question:
    """The comment that asked.

    Attributes:
        body: As the event carried it.
    """

    id: int
    body: str
    at: datetime


@dataclass(frozen=True)
class Asking:
    """Commands that came together.

    Attributes:
        by: What asked, as the key of its runs sees it: ``comment:<id>``.
        items: What was asked, in order.
        place: None for what is asked outside of a pull request: then there are only checks.
        comment: The comment that asked; None when a workflow was started by hand.
        is_pull_request: Whether the place is one, rather than an issue.
        sha: The workflow's own commit, for what is asked outside of a pull request; the event's,
            where the configuration makes it ask.
        branch: Where that commit lies.
        rerun_by: Login of somebody else who re-runs the workflow; empty if nobody does.
        trigger: What of the configuration makes an event ask; None where somebody wrote a command.
    """

    services: Services
    repository: Repository
    place: Place | None
    asker: Person
    by: str
    items: Sequence[Command | Mistake]
    comment: Question | None = None
    is_pull_request: bool = True
    sha: str = ""
    branch: str = ""
    rerun_by: str = ""
    trigger: Wanted | None = None

    @property
    def number(self) -> int | None:
        """Of the pull request or issue, if there is one."""
        return self.place.number if self.place else None

    @property
    def marker(self) -> str:
        """The key of the one reply to this asking, such as ``comment-123``."""
        return self.by.replace(":", "-")

    @property
    def is_only_help(self) -> bool:
        """Whether nothing but help was asked for: that needs no role, and no reading."""
        return all(name_of(item) == "help" for item in self.items)


@dataclass(frozen=True)
class Reading:
    """What decides who may ask, read from GitHub.

    Attributes:
        pull: None for what is asked outside of a pull request.
        files: The configuration and the head's files, or the problem with them.
    """

    pull: PullRequest | None
    files: RepositoryFiles | Problem
    permission: Permission


def name_of(item: Command | Mistake) -> str:
    """A command's verb; empty for a mistake."""
    return item.name if isinstance(item, Command) else ""
