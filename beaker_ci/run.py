"""A run: one experiment of ours on Beaker, and the mark that it carries about itself."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, replace
from datetime import datetime

OPEN_MARK = "beaker-ci:open"
"""Stands in the description of every run whose report is not finished; Beaker's list can be
searched for it."""


NO_COMMENT = 0
"""Stands for a comment's id where there is no pull request to comment on."""


@dataclass(frozen=True)
class Mark:
    """What a later process must know of a run, kept in the experiment's description.

    Attributes:
        key: The asking's key, as in the name.
        asker: Login of who asked.
        check: Name of the check run.
        preset: The preset that runs, if one does.
        config: Where the configuration was read: a commit, or None without a file.
        reserved: GPU-hours that the run may cost at most.
        writer: Random word of the process that reports the run at present.
        since: Unix time, seconds, when that process took the run.
        comment_id: Our comment, once written; NO_COMMENT outside of a pull request.
        check_id: Our check run, once written.
    """

    key: str
    asker: str
    check: str
    preset: str | None
    config: str | None
    reserved: float
    writer: str
    since: int
    comment_id: int | None = None
    check_id: int | None = None

    def is_reported(self) -> bool:
        """Whether comment and check are both written."""
        return self.comment_id is not None and self.check_id is not None

    def taken_by(self, writer: str, now: datetime) -> Mark:
        """The same mark in another process's hands."""
        return replace(self, writer=writer, since=int(now.timestamp()))


def describe(human: str, mark: Mark) -> str:
    """The description of an experiment: a line for people, a line for us."""
    return f"{human}\n{OPEN_MARK} {json.dumps(asdict(mark), separators=(',', ':'))}"


def read_description(description: str) -> tuple[str, Mark | None]:
    """Splits a description into its human text and the mark; None if there is no readable one."""
    human, separator, tail = description.rpartition(f"\n{OPEN_MARK} ")
    if not separator:
        return description, None
    try:
        mark = Mark(**json.loads(tail))
        whole = all(isinstance(value, int | None) for value in (mark.comment_id, mark.check_id))
        whole = whole and isinstance(mark.since, int) and isinstance(mark.reserved, int | float)
        texts = (mark.key, mark.asker, mark.check, mark.writer)
        whole = whole and all(isinstance(text, str) for text in texts)
        whole = whole and all(isinstance(text, str | None) for text in (mark.config, mark.preset))
    except (ValueError, TypeError, RecursionError):
        return human, None
    return human, mark if whole else None


@dataclass(frozen=True)
class Run:
    """An experiment of ours, as Beaker holds it.

    Attributes:
        status: Beaker's own word for the workload's status: ``queued``, ``running``…
        command: What the job runs.
        gpus: Per replica.
        timeout_seconds: Of one attempt; 0 when the spec names none.
        retries: Repetitions that Beaker grants by itself.
        clusters: Full names; empty means anywhere.
        summary: The human part of the description.
    """

    workload_id: str
    name: str
    url: str
    key: str
    repository: str
    number: int | None
    sha: str
    workspace: str
    budget: str
    status: str
    command: tuple[str, ...]
    gpus: int
    replicas: int
    priority: str
    timeout_seconds: int
    retries: int
    clusters: tuple[str, ...]
    summary: str
    mark: Mark | None

    @property
    def run_id(self) -> str:
        """The short id that people type."""
        return self.key[:8]

    @property
    def command_line(self) -> str:
        """What the job runs, as one would type it."""
        return shlex.join(self.command)
