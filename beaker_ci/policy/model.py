"""What is judged, what it is judged by, and the judgement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from beaker_ci.commands.model import Command
from beaker_ci.reasons import Reason


@dataclass(frozen=True)
class Person:
    """A GitHub account: the numeric id is who it is, the login only how it is called today."""

    id: int
    login: str
    type: str = "User"


@dataclass(frozen=True)
class PullRequest:
    """A pull request as it was read from GitHub.

    Attributes:
        head_repository: ``owner/name`` of the head; None when the fork is gone.
        is_fork: True unless the head is known to lie in the base repository.
        private: Whether the base repository is private (or internal).
    """

    number: int
    state: str
    head_sha: str
    head_ref: str
    head_repository: str | None
    is_fork: bool
    author: Person
    private: bool
    title: str = ""


@dataclass(frozen=True)
class Permission:
    """What GitHub says one person may do in the repository.

    Attributes:
        level: ``admin``, ``maintain``, ``write``, ``triage``, ``read``, ``none``; None when GitHub
            did not say, which is never a yes.
        role: The name of the repository role, custom ones included; None when not read.
        teams: ``org/slug`` of the configured teams of which the person is an active member; None
            when membership could not be read.
        evidence: How it was established, in words for the receipt.
    """

    level: str | None
    teams: frozenset[str] | None
    evidence: str
    role: str | None = None


@dataclass(frozen=True)
class CommentNow:
    """The asking comment, fetched again: None fields mean that it is gone."""

    body: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class BeakerAccounts:
    """What Beaker says of the accounts that a run would use.

    Attributes:
        workspace: Full name, None when unknown.
        budget: Full name, None when unknown.
        budget_deprecated: True when the budget exists and is retired.
        max_priority: The workspace's own cap, None when it has none.
    """

    workspace: str | None
    budget: str | None
    budget_deprecated: bool = False
    max_priority: str | None = None


@dataclass(frozen=True)
class Facts:
    """Everything the evaluator may rest on. None is "not established": a refusal, never a yes."""

    now: datetime
    permission: Permission | None
    pull: PullRequest | None
    comment: CommentNow | None
    accounts: BeakerAccounts | None


@dataclass(frozen=True)
class Request:
    """Who asked what, where, by which comment.

    Attributes:
        asked_body: The comment's body as the event carried it; None for events without comment.
        asked_at: When the comment was created, UTC.
    """

    who: Person
    command: Command
    repository: str
    number: int | None
    is_pull_request: bool
    asked_body: str | None
    asked_at: datetime | None


class Outcome(StrEnum):
    """How one rule, or the whole, came out. The worse one wins: refuse, wait, allow."""

    ALLOW = "allow"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Finding:
    """One node of the decision tree.

    Attributes:
        rule: The rule's stable name, such as ``gpus``.
        outcome: Its judgement; of a node with children, the worst of theirs.
        evidence: The values that it rests on, for people. May quote the user: untrusted text.
        reason: Set exactly when the outcome is not ALLOW.
        next_step: What would let it through.
        paste: A line to paste, if there is one.
    """

    rule: str
    outcome: Outcome
    evidence: str
    reason: Reason | None = None
    next_step: str = ""
    paste: str = ""
    children: tuple[Finding, ...] = ()

    def walk(self) -> Iterator[Finding]:
        """This node and everything below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Decision:
    """The judgement of one request: its outcome, the reason code, and the tree that led there."""

    outcome: Outcome
    reason: Reason
    tree: Finding

    @property
    def cause(self) -> Finding:
        """The leaf that decided: the first refusal, else the first wait, else the root."""
        for outcome in (Outcome.REFUSE, Outcome.WAIT):
            for finding in self.tree.walk():
                if finding.outcome is outcome and not finding.children:
                    return finding
        return self.tree
