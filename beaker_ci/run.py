"""A run: one experiment of ours on Beaker, and the mark that it carries about its report.

What a run is never changes and stands in its spec, which Beaker keeps as it was posted. How far
its report is stands in the experiment's description, in the mark. Whoever may write to the
workspace can edit a description, so the mark is sealed: with the Beaker token that all processes
of the bot share and nobody else has.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shlex
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from beaker_ci.history import stage_of
from beaker_ci.report.views import TreeLine

OPEN_MARK = "beaker-ci:open"
"""Stands in the description of every run whose report is not settled; Beaker's list can be searched
for it."""

CLOSED_MARK = "beaker-ci:closed"
"""Stands there once the report is settled."""

LONGEST_RECEIPT = 16_384
"""Characters: far below what one environment variable may have."""

NO_COMMENT = 0
"""Stands for a comment's id where there is no pull request to comment on."""

SUPERSEDED, CLOSED, ABANDONED = "superseded", "closed", "abandoned"
"""Why a run is stopped that nobody stops by name: see :attr:`Mark.stopped`."""

_LINE = re.compile(rf"({OPEN_MARK}|{CLOSED_MARK}) ([0-9]{{1,20}}) (\{{.*\}})")
_SEAL = "seal"


@dataclass(frozen=True)
class Mark:
    """What a later process must know of a run's report and cost.

    Attributes:
        repository: GitHub's numeric id.
        number: Of the pull request; 0 outside of one.
        asker: Numeric id of who asked.
        reserved: GPU-hours that the run may cost at most.
        writer: Random word of the process that reports the run at present.
        since: Unix time, seconds, when that process took the run.
        comment_id: Our comment, once written; NO_COMMENT outside of a pull request.
        check_id: Our check run, once written.
        shown: The stage that comment and check show; empty before they are written.
        used: GPU-hours that the run did cost; None before its end.
        stopped: Why we stopped it ourselves: the configuration's key of the limit that it broke
            together with others that were submitted at the same moment; ``reservation`` when its
            attempts together cost more than was reserved; ``start_timeout``, ``inactive_timeout``;
            ``superseded`` by a new head, ``closed`` with the pull request; ``abandoned`` with the
            workflow that waited for it; ``by <login>`` who asked for it. Empty if we did not.
        gpus: Of all replicas together.
        verdict: How it ended: :class:`beaker_ci.history.Verdict`; empty before its end.
        start_timeout: Seconds that it may wait in the queue; 0 for ever.
        inactive_timeout: Seconds for which its log may be silent; 0 for ever.
        retried: What asked to repeat what failed of it, with spaces between, the latest last: the
            asking's key, how many attempts there were, and the login. Empty if nothing did.
        told: Of the comment's text, as :func:`told_hash` has it, once the run has ended.
        closed: When its last report was written, in Unix seconds; 0 before.
        looks: How often comment and check were read again after that.
        settled: Whether they still told the end, when nobody could write any more who had not
            heard of it.
        asked: When the comment that asked for it was written, in Unix seconds; 0 if none did.
        head: The commit's first 12 digits: enough to see that a pull request's head moved.
    """

    repository: int
    number: int
    asker: int
    reserved: float
    writer: str
    since: int
    comment_id: int | None = None
    check_id: int | None = None
    shown: str = ""
    used: float | None = None
    stopped: str = ""
    gpus: int = 0
    verdict: str = ""
    start_timeout: int = 0
    inactive_timeout: int = 0
    retried: str = ""
    told: str = ""
    closed: int = 0
    looks: int = 0
    settled: bool = False
    asked: int = 0
    head: str = ""

    @property
    def is_open(self) -> bool:
        """Whether something is left to report."""
        return self.used is None

    def awaits_attempts(self, jobs: int) -> bool:
        """Whether it was opened for new attempts that Beaker does not show yet.

        Args:
            jobs: How many attempts Beaker shows, of all tasks.
        """
        noted = self.retried.rpartition(" ")[2].split(":")
        return self.is_open and len(noted) > 1 and noted[1].isdecimal() and jobs <= int(noted[1])

    def is_reported(self) -> bool:
        """Whether comment and check are both written."""
        return self.comment_id is not None and self.check_id is not None

    def taken_by(self, writer: str, now: datetime) -> Mark:
        """The same mark in another process's hands."""
        return replace(self, writer=writer, since=int(now.timestamp()))


@dataclass(frozen=True)
class Described:
    """A description, read.

    Attributes:
        human: What stands there for people.
        mark: None if there is none, or none that we sealed for this run.
        is_open: Whether Beaker's list finds it among the open ones.
    """

    human: str
    mark: Mark | None
    is_open: bool


def told_hash(body: str) -> str:
    """48 bits, in hex, over a comment's text; white space at its ends does not count."""
    text = body.replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def search_text(repository: int) -> str:
    """What the description of every open run of a repository holds, and of no other."""
    return f"{OPEN_MARK} {repository} "


def search_text_of(repository: int, number: int) -> str:
    """What the description of every run of one pull request holds, and of no other.

    Args:
        repository: GitHub's numeric id.
        number: Of the pull request; 0 for runs outside of one.
    """
    return f' {repository} {{"repository":{repository},"number":{number},'


def describe(human: str, mark: Mark, key: str, secret: str) -> str:
    """The description of an experiment: text for people, and a last line for us.

    Args:
        human: Untrusted text.
        mark: How far the report is.
        key: The run's key: the seal holds for that run alone.
        secret: What seals.
    """
    harmless = human.replace("beaker-ci:", "beaker-ci ")
    values = asdict(mark)
    word = CLOSED_MARK if mark.settled else OPEN_MARK
    sealed = values | {_SEAL: _seal(values, key, secret)}
    return f"{harmless}\n{word} {mark.repository} {json.dumps(sealed, separators=(',', ':'))}"


def read_description(description: str, key: str, secret: str) -> Described:
    """Splits a description; a mark that is not ours for this run counts as none.

    Args:
        description: Untrusted text.
        key: The run's key.
        secret: What sealed.
    """
    human, _, last = description.rpartition("\n")
    line = _LINE.fullmatch(last)
    if line is None:
        return Described(description, None, OPEN_MARK in description)
    return Described(human, _read_mark(line[3], key, secret), line[1] == OPEN_MARK)


def _read_mark(text: str, key: str, secret: str) -> Mark | None:
    try:
        values = json.loads(text)
        seal = values.pop(_SEAL)
        if not hmac.compare_digest(str(seal).encode(), _seal(values, key, secret).encode()):
            return None
        return Mark(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _seal(values: dict[str, Any], key: str, secret: str) -> str:
    told = json.dumps([key, values], separators=(",", ":"), sort_keys=True)
    return hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class OpenRun:
    """An experiment of our account with a mark, as Beaker's list shows it.

    Attributes:
        status: Beaker's raw number for the workload's status.
        created: Unix seconds.
        mark: None if it cannot be believed.
        summary: The human part of the description.
    """

    workload_id: str
    name: str
    status: int
    created: float
    mark: Mark | None
    summary: str = ""

    @property
    def key(self) -> str:
        """The run's key, as its name says."""
        return self.name.rpartition("-")[2]

    @property
    def run_id(self) -> str:
        """The short id that people type."""
        return self.key[:8]

    @property
    def asked(self) -> float:
        """When it was asked for, in Unix seconds."""
        return (self.mark.asked if self.mark else 0) or self.created


@dataclass(frozen=True)
class Receipt:
    """Why a run was allowed, and what its asker should know; written once, into the spec.

    Attributes:
        decision: The rules with their outcomes.
        notes: A sentence each.
    """

    decision: tuple[TreeLine, ...] = ()
    notes: tuple[str, ...] = ()

    def dump(self) -> str:
        """As text of ASCII, at most :data:`LONGEST_RECEIPT` characters; empty if it were more."""
        rows = [[line.depth, line.rule, line.outcome, line.evidence] for line in self.decision]
        text = json.dumps([rows, self.notes], separators=(",", ":"))
        return text if len(text) <= LONGEST_RECEIPT else ""

    @classmethod
    def load(cls, text: str) -> Receipt:
        """Reads it back; an empty one if it is none."""
        try:
            rows, notes = json.loads(text)
            lines = (TreeLine(int(row[0]), *(str(word) for word in row[1:])) for row in rows)
            return cls(tuple(lines), tuple(str(note) for note in notes))
        except (ValueError, TypeError, IndexError, RecursionError):
            return cls()


@dataclass(frozen=True)
class Run:
    """An experiment of ours, as Beaker holds it.

    Attributes:
        repository: ``owner/name`` when it was submitted.
        asker: Login of who asked.
        asker_id: Their numeric id.
        check_name: Of the check run that reports it.
        preset: The preset that runs, if one does.
        config_commit: The commit that last changed the configuration; None without a file.
        spec_hash: SHA-256, in hex, of the spec that was posted, without this variable; empty for
            runs of former versions.
        status: Beaker's raw number for the workload's status.
        created: Unix seconds.
        command: What the job runs.
        gpus: Per replica.
        timeout_seconds: Of one attempt; 0 when the spec names none.
        retries: Repetitions that Beaker grants by itself.
        clusters: Full names; empty means anywhere.
        summary: The human part of the description.
        mark: How far the report is; None if that is not known.
        plan_hash: Of the plan that was submitted; empty for runs of former versions.
        request: The command that asked for it, as it was written, its script below it; empty where
            that is not known, or too long to be kept.
        recipe_hash: Of the values that gantry was given; empty for runs of former versions.
        start_timeout: Seconds that it may wait in the queue; 0 for ever.
        inactive_timeout: Seconds for which its log may be silent; 0 for ever.
        inactive_soft_timeout: Seconds of silence after which its report warns; 0 for never.
        secrets: Names of the environment variables that Beaker fills with secrets.
    """

    workload_id: str
    name: str
    url: str
    key: str
    repository: str
    repository_id: int
    number: int | None
    sha: str
    asker: str
    asker_id: int
    check_name: str
    preset: str | None
    config_commit: str | None
    workspace: str
    budget: str
    status: int
    created: float
    receipt: Receipt
    command: tuple[str, ...]
    gpus: int
    replicas: int
    priority: str
    timeout_seconds: int
    retries: int
    clusters: tuple[str, ...]
    summary: str
    mark: Mark | None
    spec_hash: str = ""
    plan_hash: str = ""
    request: str = ""
    recipe_hash: str = ""
    start_timeout: int = 0
    inactive_timeout: int = 0
    inactive_soft_timeout: int = 0
    secrets: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        """The short id that people type."""
        return self.key[:8]

    @property
    def command_line(self) -> str:
        """What the job runs, as one would type it."""
        return shlex.join(self.command)

    @property
    def has_ended(self) -> bool:
        """Whether Beaker counts it as ended."""
        return stage_of(self.status) == "finished"

    @property
    def reserved(self) -> float:
        """GPU-hours that it may cost at most."""
        attempts = self.retries + 1
        return self.gpus * self.replicas * self.timeout_seconds * attempts / 3600

    def new_mark(self, writer: str, now: datetime) -> Mark:
        """The mark of a run that nobody has reported, in that process's hands."""
        return Mark(
            repository=self.repository_id,
            number=self.number or 0,
            asker=self.asker_id,
            reserved=self.reserved,
            writer=writer,
            since=int(now.timestamp()),
            gpus=self.gpus * self.replicas,
            start_timeout=self.start_timeout,
            inactive_timeout=self.inactive_timeout,
            head=self.sha[:12],
        )
