"""Why a run did not succeed: its logs and result files, read once, as far as they may be told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.jobs import task_name
from beaker_ci.bot.pasting import line_to_paste
from beaker_ci.bot.services import Services
from beaker_ci.digest import Confidence, Digest, Digester, Ending
from beaker_ci.github import lengths_of_files
from beaker_ci.history import Verdict
from beaker_ci.policy.merge import RUNTIME_DIR
from beaker_ci.problem import Problem
from beaker_ci.redaction import Hiding
from beaker_ci.report import Cause

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.history import Job, State, Task
    from beaker_ci.run import Run

JOBS = 4
"""Logs of one run that are read at most."""

LOG_BYTES = 256 << 20
"""Of a log that is longer, only the end is looked at."""

LOG_SECONDS = 60.0
"""For all logs of a run; a quarter of the time at hand, where that is less."""

END_LINES = 5000
"""Lines of its end, then."""

FILES, FILE_BYTES = 8, 5 << 20
"""Result files of a job that are read, and how large each may be."""

LISTED = 200
"""Files of its results among which they are looked for."""

_PATHS = 100
"""Paths that GitHub is asked for."""

_DEEPEST = 10
_POINTS_AT_THE_LOG = ("exception", "tests", "unknown")
_ELSEWHERE = "The log on Beaker says where; the configuration keeps it off GitHub."
_ERROR_FILE = re.compile(r"(?:\A|/)(?:torchelastic_)?error\.json\Z")
_JUNIT = re.compile(r"(?:\A|/)[^/]*(?:junit|test|report)[^/]*\.xml\Z", re.IGNORECASE)
_TRUST = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.NONE)


@dataclass(frozen=True)
class _Reading:
    """One job's log, digested; ``is_end`` if only its end was."""

    job: Job
    digest: Digest
    is_end: bool = False


def read_cause(
    services: Services,
    beaker: Session,
    run: Run,
    state: State,
    published: str,
    *,
    briefly: bool = False,
) -> Cause | None:
    """Why a run that has ended did not succeed. Never fails: a report must not for want of it.

    A request to Beaker for each log, one for each list of results; one to GitHub where code of the
    repository may be named.

    Args:
        services: GitHub, and what hides our tokens.
        beaker: Where logs and results are.
        run: The run.
        state: What its jobs say; finished.
        published: What of a log may reach GitHub, as ``publish_logs`` says.
        briefly: Whether to read no more of a log than its end.

    Returns:
        None after a success, where nothing ran, and where nothing can be read.
    """
    if state.verdict in (None, Verdict.SUCCEEDED) or state.job is None:
        return None
    try:
        found = _best(_readings(services, beaker, run, state, briefly=briefly))
        if found is None or _says_no_more(found.digest, state.verdict):
            return None
        digest = published_part(found.digest, published)
        return Cause(
            digest=replace(digest, paste=line_to_paste(digest, run)),
            tree_url=f"{services.server_url}/{run.repository}/blob/{run.sha}",
            paths=_paths(services, run, digest),
            task=_task_name(state.tasks, found.job),
            is_end=found.is_end,
        )
    except Exception:  # whatever a log does to its reader, the end of the run is told
        return None


def published_part(digest: Digest, published: str) -> Digest:
    """What of a digest may reach GitHub.

    Args:
        digest: The whole.
        published: ``none`` leaves what are our own words; the tail is never in it.
    """
    if published in ("digest", "tail"):
        return replace(digest, tail=())
    return Digest(
        category=digest.category,
        title=digest.title,
        confidence=digest.confidence,
        infrastructure=digest.infrastructure,
        next_step=_ELSEWHERE if digest.category in _POINTS_AT_THE_LOG else digest.next_step,
        paste=digest.paste,
        lines=digest.lines,
    )


def _says_no_more(digest: Digest, verdict: Verdict | None) -> bool:
    """Whether how the run ended says all that its log does."""
    if verdict is Verdict.CANCELLED and digest.category == "stopped":
        return True
    return digest.category == "unknown" and verdict not in (Verdict.FAILED, Verdict.UNKNOWN)


def _readings(
    services: Services, beaker: Session, run: Run, state: State, *, briefly: bool
) -> Iterable[_Reading]:
    """The digests of the jobs that went wrong, the earliest first; none after one that is sure."""
    hide = services.hiding(run)
    left = services.deadline.left()
    stop = left - min(LOG_SECONDS, left / 4)
    for job in _to_blame(state):
        ending = _ending(beaker, job, state)
        if briefly:
            reading = _read_end(beaker, job, ending, hide)
        else:
            reading = _read(services, beaker, job, ending, hide, stop)
        if reading is not None:
            yield reading
            if reading.digest.confidence is Confidence.HIGH:
                return


def _to_blame(state: State) -> list[Job]:
    """The one that decided, then those that ended like it or failed, in order of their ends.

    A replica that was cancelled since another failed would only tell that it was stopped.
    """
    jobs = [job for task in state.tasks for job in task.jobs if job.started is not None]
    latest = {task.latest.id for task in state.tasks if task.latest}
    alike = (state.verdict, Verdict.FAILED)
    failed = [
        job for job in jobs if job.id == state.job or (job.id in latest and job.verdict in alike)
    ]
    failed.sort(key=lambda job: (job.id != state.job, job.ended or job.finalized or 0.0))
    return failed[:JOBS]


def _read(
    services: Services, beaker: Session, job: Job, ending: Ending, hide: Hiding, stop: float
) -> _Reading | None:
    digester, size = Digester(hide), 0
    try:
        with closing(beaker.read_log(job.id)) as lines:
            for line in lines:
                size += len(line)
                if size > LOG_BYTES or services.deadline.left() < stop:
                    return _read_end(beaker, job, ending, hide)
                digester.feed(line)
    except Problem:
        return _read_end(beaker, job, ending, hide)
    return _Reading(job, digester.finish(ending))


def _read_end(beaker: Session, job: Job, ending: Ending, hide: Hiding) -> _Reading | None:
    lines = beaker.read_tail(job.id, END_LINES)
    if not lines:
        return None
    digester = Digester(hide)
    for line in lines:
        digester.feed(f"{line}\n".encode())
    digest = digester.finish(ending)
    # Where its lines stand in the whole log is not known.
    return _Reading(
        job,
        replace(
            digest,
            root_cause=tuple(replace(line, line=0) for line in digest.root_cause),
            excerpt=tuple(replace(line, line=0) for line in digest.excerpt),
            also_seen=tuple(replace(group, line=0) for group in digest.also_seen),
            lines=0,
        ),
        is_end=True,
    )


def _ending(beaker: Session, job: Job, state: State) -> Ending:
    """What is known of a job's end without its log."""
    errors: list[str] = []
    junit: list[bytes] = []
    try:
        listed = beaker.list_results(job.results, LISTED).files if job.results else ()
        wanted = [
            file
            for file in listed
            if file.size <= FILE_BYTES
            and (_ERROR_FILE.search(file.path) or _JUNIT.search(file.path))
        ]
        for file in wanted[:FILES]:
            content = beaker.read_result(job.results, file.path, FILE_BYTES)
            if _ERROR_FILE.search(file.path):
                errors.append(content.decode("utf-8", "replace"))
            else:
                junit.append(content)
    except Problem:
        pass  # what cannot be read tells nothing
    return Ending(
        exit_code=job.exit_code,
        verdict=state.verdict if job.id == state.job else job.verdict,
        message=job.message or job.canceled_for,
        error_files=tuple(errors),
        junit=tuple(junit),
    )


def _best(readings: Iterable[_Reading]) -> _Reading | None:
    """The one that is most sure; of several the first."""
    return min(readings, key=lambda each: _TRUST.index(each.digest.confidence), default=None)


def _task_name(tasks: Sequence[Task], job: Job) -> str:
    whose = (task for task in tasks if any(each.id == job.id for each in task.jobs))
    return next((task_name(task) for task in whose if len(tasks) > 1), "")


def _paths(services: Services, run: Run, digest: Digest) -> tuple[tuple[str, str], ...]:
    """For the files that a digest names, their paths in the repository at the run's commit."""
    places = _places(digest)
    wanted: dict[str, tuple[str, ...]] = {}
    asked: dict[str, None] = {}
    for file in places:
        candidates = paths_of(file, run.repository)
        if len(asked) + len(candidates) <= _PATHS:
            wanted[file] = candidates
            asked |= dict.fromkeys(candidates)
    if not asked:
        return ()
    there = lengths_of_files(services.hub, run.sha, tuple(asked))
    found = ((file, next((c for c in each if c in there), "")) for file, each in wanted.items())
    # One that is too short is not the one that ran.
    return tuple(
        (file, path) for file, path in found if path and _is_long(there[path], places[file])
    )


def _is_long(lines: int | None, line: int) -> bool:
    """Whether a file has that line; also where nobody counted them."""
    return lines is None or line <= lines


def _places(digest: Digest) -> dict[str, int]:
    """The files that a digest names outside of packages, each with the last line that it names."""
    frames = [each for each in (digest.frame, *digest.frames) if each and not each.installed]
    named = [(frame.file, frame.line) for frame in frames]
    named += [(test.file, test.line) for test in digest.tests]
    last: dict[str, int] = {}
    for file, line in named:
        last[file] = max(line, last.get(file, 0))
    return last


def paths_of(file: str, repository: str) -> tuple[str, ...]:
    """Paths in a repository that a file of a log may be, the likeliest first.

    Args:
        file: As a log names it. Untrusted. What lies in the job's checkout, or is relative, has one
            path; of another directory, every end of its path may be one. A name alone may not:
            too many directories have a ``utils.py``.
        repository: ``owner/name``; in a directory of that name a name alone is enough.
    """
    if len(file) > 400 or not file.isprintable() or "\\" in file:
        return ()
    in_checkout = file.startswith(f"{RUNTIME_DIR}/")
    plain = file.removeprefix(f"{RUNTIME_DIR}/")
    absolute = plain.startswith("/") and not in_checkout
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or "<" in parts[0]:
        return ()
    if not absolute:
        return ("/".join(parts),)
    is_root = parts[-2:-1] == [repository.rpartition("/")[2]]
    starts = range(max(len(parts) - _DEEPEST, 0), len(parts) - (not is_root))
    return tuple("/".join(parts[start:]) for start in starts)
