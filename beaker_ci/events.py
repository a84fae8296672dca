"""Runner event files and webhook bodies → typed events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Account:
    """A GitHub account as an event names it. ``type`` is ``User``, ``Bot``, ``Organization``…"""

    id: int
    login: str
    type: str


@dataclass(frozen=True)
class Repository:
    """The repository that an event belongs to."""

    id: int
    full_name: str
    default_branch: str
    private: bool


@dataclass(frozen=True)
class CommentCreated:
    """A new comment on an issue or pull request.

    Attributes:
        number: Of the issue or pull request.
        state: ``open`` or ``closed``, as of the event.
        by_app: True when a GitHub App wrote the comment in somebody's name.
    """

    repository: Repository
    number: int
    is_pull_request: bool
    state: str
    comment_id: int
    body: str
    author: Account
    sender: Account
    created_at: datetime
    by_app: bool

    @property
    def is_from_bot(self) -> bool:
        """Whether a bot or an app wrote it: such comments are never commands."""
        return self.by_app or self.author.type != "User" or self.sender.type != "User"


@dataclass(frozen=True)
class Dispatched:
    """A ``workflow_dispatch``: somebody pressed the button or called the API."""

    repository: Repository
    sender: Account


@dataclass(frozen=True)
class PullRequestChanged:
    """A pull request was closed, or its head moved. How it stands by now is GitHub's to say.

    Attributes:
        action: ``closed`` or ``synchronize``.
    """

    repository: Repository
    number: int
    action: str


@dataclass(frozen=True)
class Scheduled:
    """A ``schedule``: the clock started the workflow.

    Attributes:
        repository: None where the payload does not say, as is common: the runner's environment
            names it.
    """

    repository: Repository | None


@dataclass(frozen=True)
class Ignored:
    """An event that asks nothing of us.

    Attributes:
        why: A sentence for the log.
        repository: Where it happened, if the payload says.
    """

    name: str
    why: str
    repository: Repository | None = None


Event = CommentCreated | Dispatched | PullRequestChanged | Scheduled | Ignored


def parse_event(name: str, body: bytes) -> Event:
    """Turns an event's JSON into a typed event.

    Args:
        name: The event's name, as in ``GITHUB_EVENT_NAME`` or ``X-GitHub-Event``.
        body: The payload, UTF-8 JSON.

    Raises:
        Problem: ``event.invalid`` when the payload is no JSON, cut short, or lacks a field that
            the event must have.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid(name, f"it is not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise _invalid(name, "it is not a JSON object")
    fields = _Fields(name, payload)
    if name == "issue_comment":
        action = fields.text("action")
        if action != "created":
            why = f"Only new comments are read; this one was {action}."
            return Ignored(name, why, _repository_if_told(fields))
        return _comment_created(fields)
    if name == "workflow_dispatch":
        return Dispatched(_repository(fields), _account(fields.object("sender")))
    if name in ("pull_request_target", "pull_request"):
        return _pull_request(fields)
    if name == "schedule":
        return Scheduled(_repository_if_told(fields))
    return Ignored(name, f"Nothing is set up for {name} events.", _repository_if_told(fields))


def _comment_created(fields: _Fields) -> CommentCreated:
    issue, comment = fields.object("issue"), fields.object("comment")
    return CommentCreated(
        repository=_repository(fields),
        number=issue.number("number"),
        is_pull_request=isinstance(issue.values.get("pull_request"), dict),
        state=issue.text("state"),
        comment_id=comment.number("id"),
        body=comment.text("body", default=""),
        author=_account(comment.object("user")),
        sender=_account(fields.object("sender")),
        created_at=comment.time("created_at"),
        by_app=comment.values.get("performed_via_github_app") is not None,
    )


def _pull_request(fields: _Fields) -> PullRequestChanged | Ignored:
    action = fields.text("action")
    if action not in ("closed", "synchronize"):
        why = f"Only closed pull requests and moved heads matter; this one was {action}."
        return Ignored(fields.path, why, _repository_if_told(fields))
    number = fields.object("pull_request").number("number")
    return PullRequestChanged(_repository(fields), number, action)


def _repository(fields: _Fields) -> Repository:
    repository = fields.object("repository")
    return Repository(
        id=repository.number("id"),
        full_name=repository.text("full_name"),
        default_branch=repository.text("default_branch"),
        private=repository.values.get("private") is not False,
    )


def _repository_if_told(fields: _Fields) -> Repository | None:
    """The repository of an event that means something without it too."""
    try:
        return _repository(fields)
    except Problem:
        return None


def _account(fields: _Fields) -> Account:
    return Account(fields.number("id"), fields.text("login"), fields.text("type"))


@dataclass(frozen=True)
class _Fields:
    """Typed access to a JSON object; says where it was when something is missing."""

    path: str
    values: Mapping[str, Any]

    def object(self, key: str) -> _Fields:
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self._missing(key, "an object")
        return _Fields(f"{self.path}.{key}", value)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self._missing(key, "a text")
        return value

    def number(self, key: str) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._missing(key, "a number")
        return value

    def time(self, key: str) -> datetime:
        try:
            return datetime.fromisoformat(self.text(key)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._missing(key, "a time") from None

    def _missing(self, key: str, kind: str) -> Problem:
        return _invalid(self.path, f"`{self.path}.{key}` is not {kind}")


def _invalid(name: str, why: str) -> Problem:
    return Problem(
        Reason.EVENT_INVALID,
        f"The payload of the {name.split('.')[0]} event cannot be read.",
        why=why,
        next_step="Deliver the event again; if it came from a file, check that it is whole.",
    )
