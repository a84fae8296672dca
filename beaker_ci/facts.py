"""What was read from GitHub and Beaker before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DAY = 86_400
"""Seconds for which a closed run counts against the limits."""


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
        teams_problem: Why not, if somebody tried.
        evidence: How it was established, in words for the receipt.
    """

    level: str | None
    teams: frozenset[str] | None
    evidence: str
    role: str | None = None
    teams_problem: str = ""


@dataclass(frozen=True)
class CommentNow:
    """The asking comment, fetched again: None fields mean that it is gone."""

    body: str | None
    created_at: datetime | None
    updated_at: datetime | None
    author_id: int | None = None


@dataclass(frozen=True)
class Cluster:
    """A cluster that takes batch jobs.

    Attributes:
        name: Full name, such as ``ai2/jupiter``.
        aliases: Other full names that Beaker takes for it.
        gpus_per_node: Of its largest node; None where Beaker does not say.
    """

    name: str
    aliases: tuple[str, ...] = ()
    gpus_per_node: int | None = None


@dataclass(frozen=True)
class LedgerEntry:
    """What one run of ours costs, by its mark on Beaker.

    Attributes:
        number: Of the pull request; 0 outside of one.
        asker: Numeric id of who asked.
        gpu_hours: Reserved while the run is open, used after its end.
        created: Unix seconds.
        is_settled: Whether it was counted after it was submitted; until then it may give way.
    """

    workload_id: str
    number: int
    asker: int
    gpu_hours: float
    is_open: bool
    created: float
    is_settled: bool = True

    def counts(self, now: float) -> bool:
        """Whether it counts against the limits: while it is open, and for 24 hours."""
        return self.is_open or self.created > now - DAY


@dataclass(frozen=True)
class BeakerAccounts:
    """What Beaker says of the accounts that a run would use.

    Attributes:
        workspace: Full name, None when unknown.
        budget: Full name, None when unknown.
        budget_deprecated: True when the budget exists and is retired.
        max_priority: The workspace's own cap, None when it has none.
        clusters: Those that there are; None when Beaker was not asked for them.
    """

    workspace: str | None
    budget: str | None
    budget_deprecated: bool = False
    max_priority: str | None = None
    clusters: tuple[Cluster, ...] | None = None


@dataclass(frozen=True)
class Agreement:
    """Somebody who said ``go`` or ``approve`` to a plan whose hash still holds.

    Attributes:
        word: ``go`` or ``approve``.
        permission: What GitHub says that person may do; None when it did not say.
        authors: Accounts that made the head commit, by GitHub's account; empty where GitHub knows
            none of them. None when not read.
    """

    word: Literal["go", "approve"]
    who: Person
    permission: Permission | None
    authors: frozenset[int] | None = None


@dataclass(frozen=True)
class Facts:
    """Everything the evaluator may rest on. None is "not established": a refusal, never a yes.

    Attributes:
        ledger: Our runs of this repository that are open or were asked for in the last 24 hours.
        entries: Names at the root of the commit's tree.
        agreement: None where nobody said ``go`` or ``approve``.
    """

    now: datetime
    permission: Permission | None
    pull: PullRequest | None
    comment: CommentNow | None
    accounts: BeakerAccounts | None
    ledger: tuple[LedgerEntry, ...] | None = None
    entries: frozenset[str] | None = None
    agreement: Agreement | None = None
