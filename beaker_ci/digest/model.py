"""What a log's digest says: frozen values that the report and the command line read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beaker_ci.history import Verdict


class Confidence(StrEnum):
    """How far the named cause can be trusted. With ``none`` no cause is named."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, cleaned and with secrets hidden.

    Attributes:
        line: Its number, from 1; 0 if it comes from a structured file instead of the log.
        text: Without colours, time, level and stream prefix; cut if it is very long.
        stream: The process that wrote it as its prefix says: ``rank3``, ``pid91``, or nothing.
    """

    line: int
    text: str
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a Python traceback: where, in which function, and the source line shown."""

    file: str
    line: int
    function: str = ""
    source: str = ""
    installed: bool = False
    """It lies in an installed package or in Python itself, not in the user's own code."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that say the same but for their numbers.

    Attributes:
        text: The first of them.
        count: How many there are.
        streams: Who wrote them, in order of appearance; 64 at most.
        line: The number of the first.
        category: The key of what they stand for.
    """

    text: str
    count: int
    streams: tuple[str, ...]
    line: int
    category: str


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A test that failed, as pytest's summary, its ``E`` lines or a JUnit file say."""

    node: str
    file: str = ""
    line: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of the end without the log. It is trusted before the log's text.

    Attributes:
        exit_code: Of the process, as Beaker tells it; signals as 128 + number or negative.
        verdict: How the run ended.
        out_of_memory: Beaker says that the job ran out of memory.
        message: What Beaker says in words.
        error_files: Texts of torch elastic's ``error.json`` files.
        junit: JUnit XML files in the results.
    """

    exit_code: int | None = None
    verdict: Verdict | None = None
    out_of_memory: bool = False
    message: str = ""
    error_files: tuple[str, ...] = ()
    junit: tuple[bytes, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Nothing failed, whatever the log says."""
        if self.verdict is not None:
            return self.verdict is Verdict.SUCCEEDED
        return self.exit_code == 0


@dataclass(frozen=True, slots=True)
class Digest:
    """Why a job failed, as far as it can be told.

    Attributes:
        category: A key of the taxonomy; ``none`` if nothing failed, ``unknown`` without
            a clear cause.
        title: The category in words.
        headline: One line of the log, or an exception's bare name and the source line that
            raised it. Empty if no cause is named.
        root_cause: The deciding line, then the next best; 10 at most.
        frame: The last frame of the deciding traceback that is the user's own.
        frames: The first two and the last six of that traceback.
        excerpt: Lines around the cause, 10 at most, in the log's order.
        count: How many lines say the same as the headline.
        streams: Who said it.
        also_seen: What else looked like a cause, the weightiest first; 5 at most.
        tests: Failed tests, 200 at most.
        confidence: How far to trust the headline.
        infrastructure: Whose fault: the infrastructure's, the user's, or unknown.
        next_step: What to do, one sentence or two.
        paste: A comment that does it, where one exists.
        rule: The rule that decided.
        earlier_attempts: Attempts in the same log before the last one.
        tail: The last 60 lines that are not empty.
        lines: How many lines the log has.
        truncated: Something very long was cut while reading.
        rules_version: Of the rules that were applied.
    """

    category: str
    title: str
    headline: str = ""
    root_cause: tuple[Line, ...] = ()
    frame: Frame | None = None
    frames: tuple[Frame, ...] = ()
    excerpt: tuple[Line, ...] = ()
    count: int = 0
    streams: tuple[str, ...] = ()
    also_seen: tuple[Group, ...] = ()
    tests: tuple[FailedTest, ...] = ()
    confidence: Confidence = Confidence.NONE
    infrastructure: bool | None = None
    next_step: str = ""
    paste: str = ""
    rule: str = ""
    earlier_attempts: int = 0
    tail: tuple[str, ...] = ()
    lines: int = 0
    truncated: bool = False
    rules_version: str = ""
