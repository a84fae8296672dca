"""What a report shows: plain values, ready for a template.

All text is untrusted and shown without any markup; only in sentences (notes, facts, what, why, next
step) does what stands between two backticks become code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.problem import Problem
from beaker_ci.progress import Progress

if TYPE_CHECKING:
    from beaker_ci.digest.model import Digest
    from beaker_ci.metrics.model import Comparison


@dataclass(frozen=True)
class TreeLine:
    """One rule of the decision, flattened for display.

    Attributes:
        depth: 0 for the root.
        outcome: ``allow``, ``wait`` or ``refuse``.
    """

    depth: int
    rule: str
    outcome: str
    evidence: str


@dataclass(frozen=True)
class Cause:
    """Why a run did not succeed, as far as it may be told.

    Attributes:
        digest: Of the log that tells most; without what may not be published. Its category, title
            and next step are our own words, all else is untrusted.
        tree_url: The repository's files at the run's commit; a path below it is a file.
        paths: For files as the log names them, their paths in the repository at that commit;
            nothing for what is not there.
        task: Whose log it is, where a run has several.
        is_end: Whether only the log's end was looked at: it was too long, or too slow to come.
    """

    digest: Digest
    tree_url: str = ""
    paths: tuple[tuple[str, str], ...] = ()
    task: str = ""
    is_end: bool = False

    def path_of(self, file: str) -> str:
        """Where a file is in the repository; empty if it is not there."""
        return dict(self.paths).get(file, "")


@dataclass(frozen=True)
class Compared:
    """What a run's metrics are beside those of the base commit's run.

    Attributes:
        comparison: None where there is nothing to compare with.
        passed: Whether the gate lets it through; true where no rule could fail.
        base_run_id: The short id of the base's run; empty without one, as are the next four.
        base_url: Its page on Beaker.
        base_sha: The commit that it ran at.
        base_commit_url: That commit on GitHub.
        base_is: Where that commit lies, in words: ``the merge base``, ``3 commits before it``.
        missing: Why there is nothing to compare with, a sentence; empty where there is.
        next_step: What would make it so.
        paste: A line to paste for that.
        waits: Whether the base's run still goes on: then nothing is decided yet.
        history: Of metrics with a rule, on the default branch, the oldest first: the metric's
            name, the commits' first seven digits, and the values. Names are untrusted.
        head_run_id: The short id of the run itself, where the report is of more than that run;
            empty otherwise, as are the next four.
        head_url: Its page on Beaker.
        head_sha: The commit that it ran at.
        head_commit_url: That commit on GitHub.
        head_is: Where that commit lies, in words, or what else was compared, such as a file.
    """

    comparison: Comparison | None = None
    passed: bool = True
    base_run_id: str = ""
    base_url: str = ""
    base_sha: str = ""
    base_commit_url: str = ""
    base_is: str = ""
    missing: str = ""
    next_step: str = ""
    paste: str = ""
    waits: bool = False
    history: tuple[tuple[str, tuple[str, ...], tuple[float, ...]], ...] = ()
    head_run_id: str = ""
    head_url: str = ""
    head_sha: str = ""
    head_commit_url: str = ""
    head_is: str = ""


@dataclass(frozen=True)
class Ending:
    """How a run ended, as its report shows it.

    Attributes:
        why: A sentence about an end that is no success; may hold untrusted words of Beaker.
        exit_code: None where there is none.
        seconds: From the first start to the last end; None if it never started.
        gpu_hours: Used by all attempts together.
        attempts: How often the task was started; 0 if never.
        metrics: Names and values of what ``metrics.json`` held, flattened, sorted. Untrusted.
        log: The last lines of the log, the oldest first, some more than are shown: they tell
            whether a private key began before. Empty where none may be published. Untrusted.
        log_lines: The most of its last lines that are shown.
        log_url: Where the whole log can be read; empty if nothing ran.
        log_characters: The most characters of it that are shown.
        cause: Why, by its log; None after a success, and where that is not known.
    """

    why: str
    exit_code: int | None
    seconds: float | None
    gpu_hours: float
    attempts: int
    metrics: tuple[tuple[str, float | str], ...] = ()
    log: tuple[str, ...] = ()
    log_lines: int = 60
    log_url: str = ""
    log_characters: int = 5000
    cause: Cause | None = None


@dataclass(frozen=True)
class Activity:
    """What an unfinished run is at, as who watches it saw it last.

    Attributes:
        phase: ``queued``, ``starting``, ``running``, ``stopping`` or ``uploading``.
        at: When that was seen, in Unix seconds.
        attempt: 1 for the first.
        after: Why there is a later attempt, as a noun; empty where that is not known.
        seconds: Since this attempt began to run; None before.
        allowed: Seconds that one attempt may take; 0 for any.
        progress: What its log says of how far it is. The label is untrusted; without one where
            nothing of a log may be published.
        metrics: Like those of :class:`Ending`, so far.
        silent: Minutes without a line in its log, where that is longer than was to be borne.
    """

    phase: str
    at: float
    attempt: int = 1
    after: str = ""
    seconds: float | None = None
    allowed: int = 0
    progress: Progress | None = None
    metrics: tuple[tuple[str, float | str], ...] = ()
    silent: int = 0


@dataclass(frozen=True)
class RunView:
    """A submitted run, as comment, check and step summary show it.

    Attributes:
        marker: The key by which the comment is found again; hidden in it.
        status: ``queued``, ``running`` or ``finished``.
        conclusion: ``success``, ``failure``, ``cancelled``, ``timed_out`` or None while unfinished.
        where: Clusters or GPU types asked for, for people: ``h100, a100 on ai2/jupiter``.
        gpu_hours: The highest price of the run.
        limits: Pairs of a limit's name and its value: ``("timeout", "24h")``.
        notes: Things the asker should know, a sentence each.
        config_source: ``.github/beaker-ci.yml at 1a2b3c4`` or ``no configuration file``.
        plan_hash: Of the plan that was submitted; empty where it is not known.
        spec_hash: SHA-256 of the spec that was posted, in hex; empty where it is not known.
        left: GPU-hours that may still be asked for in 24 hours, in words: at the start and after
            the end; empty where that was not read.
        adopted: True when the run was already there and this event only found it again.
        ending: Set exactly when finished.
        waiting: Why it waits, a sentence; may hold untrusted words. Empty where that was not asked.
        activity: What it is at, while somebody watches it.
        spent: GPU-hours of the pull request's runs within 24 hours, in order: when each was
            submitted, and how many; empty where that was not read.
        compared: Beside the base commit's run; None where nothing is to be compared.
    """

    marker: str
    run_id: str
    check_name: str
    status: str
    conclusion: str | None
    command_line: str
    preset: str | None
    asker: str
    repository: str
    pull_request: int | None
    sha: str
    commit_url: str
    workspace: str
    budget: str
    priority: str
    where: str
    gpus: int
    replicas: int
    gpu_hours: float
    limits: tuple[tuple[str, str], ...]
    experiment_name: str
    experiment_url: str
    notes: tuple[str, ...]
    config_source: str
    decision: tuple[TreeLine, ...]
    plan_hash: str = ""
    spec_hash: str = ""
    left: str = ""
    adopted: bool = False
    ending: Ending | None = None
    waiting: str = ""
    activity: Activity | None = None
    spent: tuple[tuple[str, float], ...] = ()
    compared: Compared | None = None

    @property
    def metrics(self) -> tuple[tuple[str, float | str], ...]:
        """What it measured in the end, or so far. Untrusted.

        Of an evaluation harness, which writes no ``metrics.json``: what was to be compared.
        """
        told = self.ending or self.activity
        if told and told.metrics:
            return told.metrics
        comparison = self.compared.comparison if self.compared and self.compared.missing else None
        rows = comparison.rows if comparison else ()
        return tuple((row.name, row.head.value) for row in rows if row.head)


@dataclass(frozen=True)
class Table:
    """Rows of short texts. All untrusted.

    Attributes:
        columns: The titles.
        rows: As many texts each.
        links: The address that a row's first text leads to, row by row; empty for none.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Excerpt:
    """The end of a log.

    Attributes:
        log: Its last lines, the oldest first, some more than are shown: they tell whether a
            private key began before. Untrusted.
        log_lines: The most of its last lines that are shown.
        log_characters: The most characters that are shown.
    """

    log: tuple[str, ...]
    log_lines: int
    log_characters: int = 5000


@dataclass(frozen=True)
class ReplyView:
    """An answer without a run: a refusal, a mistake, a help text, an outage.

    Attributes:
        marker: The key by which the comment is found again; hidden in it.
        reason: The reason code.
        asker: Login of who asked.
        source: The command line as it was written; empty when no single line is meant.
        what: One sentence: what happened.
        why: The evidence, a sentence, or a block when it has several lines; may be empty.
        facts: More of it, a sentence or less each.
        next_step: What to do next; may be empty.
        paste: A line or block to paste; may be empty.
        help_text: Markdown made by us alone (the help page); empty for others.
        decision: The tree of rules where there was one.
        table: What there is to list.
        excerpt: What there is to read of a log.
        page: Where people look at all of it; empty for none.
        report: Where the report is that says more; empty for none.
        compared: Two runs beside each other.
    """

    marker: str
    reason: str
    asker: str
    source: str
    what: str
    why: str = ""
    next_step: str = ""
    paste: str = ""
    help_text: str = ""
    decision: tuple[TreeLine, ...] = ()
    table: Table | None = None
    excerpt: Excerpt | None = None
    page: str = ""
    report: str = ""
    facts: tuple[str, ...] = ()
    compared: Compared | None = None

    @classmethod
    def of_problem(
        cls, problem: Problem, *, marker: str = "", asker: str = "", source: str = ""
    ) -> ReplyView:
        """A problem as a reply shows it."""
        return cls(
            marker=marker,
            reason=problem.reason,
            asker=asker,
            source=source,
            what=problem.what,
            why=problem.why,
            next_step=problem.next_step,
            paste=problem.paste,
        )


@dataclass(frozen=True)
class MergedView:
    """What a merged pull request is told when its commit on the branch moved a metric.

    Attributes:
        marker: The key by which the comment is found again; hidden in it.
        preset: Whose metrics they are.
        sha: The commit on the branch.
        branch: The branch; empty where that is not known.
        run_id: The short id of the commit's run.
        check_url: The run's check on GitHub; empty for none.
    """

    marker: str
    preset: str
    sha: str
    commit_url: str
    run_id: str
    experiment_url: str
    compared: Compared
    branch: str = ""
    check_url: str = ""


@dataclass(frozen=True)
class CheckOutput:
    """The output block of a check run."""

    title: str
    summary: str
    text: str


@dataclass(frozen=True)
class Note:
    """What a check says of one line of the repository.

    Attributes:
        path: In the repository.
        level: ``failure`` or ``notice``.
        title: One line of plain text.
        message: Plain text.
    """

    path: str
    line: int
    level: str
    title: str
    message: str
