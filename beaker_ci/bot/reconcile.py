"""What was left unfinished, finished: reports of runs, and commands that nobody heard.

Runs are found by the open mark in Beaker's list alone. Nothing is read of a run that stands where
its report says, and nothing is asked of GitHub for it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.bot.claims import is_stale
from beaker_ci.bot.lifecycle import stop_left_behind
from beaker_ci.bot.missed import answer_missed
from beaker_ci.bot.reported import Reported
from beaker_ci.bot.reporting import Reporter, place_of
from beaker_ci.bot.rules import SharedRules
from beaker_ci.bot.services import SHORT, Services
from beaker_ci.bot.settling import is_unsettled, settle
from beaker_ci.bot.upkeep import may_be_over
from beaker_ci.bot.watching import Watcher
from beaker_ci.events import Repository
from beaker_ci.history import State, is_known, stage_of
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.run import OpenRun, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

SHORT_CHANGES = 10
"""Changes that it reports at most; the whole pass does the others."""

AHEAD = 4
"""Runs that are looked at on Beaker while another is being reported."""

_AWAY = (Reason.BEAKER_UNAVAILABLE, Reason.GITHUB_UNAVAILABLE)

OUTAGES = 3
"""Runs in a row that fail since a service is away, before a pass gives up."""


@dataclass(frozen=True)
class Failure:
    """What could not be brought up to date: an experiment's name, or words."""

    name: str
    problem: Problem


@dataclass(frozen=True)
class Later:
    """What one reconcile left to the next one.

    Attributes:
        reports: Whose turn did not come.
        why: In words, to stand after a colon.
    """

    reports: int
    why: str

    def __str__(self) -> str:
        waiting = "1 report waits" if self.reports == 1 else f"{self.reports} reports wait"
        return f"{waiting}: {self.why}"


@dataclass(frozen=True)
class Pass:
    """What one reconcile did.

    Attributes:
        open: Runs with an open mark.
        changed: Those whose report was written.
        missed: Authors of unanswered commands who were told to repeat them.
        failures: What could not be done now; the next pass tries again.
        later: What was not begun, since requests to GitHub or time are short.
    """

    open: int
    changed: tuple[Reported, ...]
    missed: int
    failures: tuple[Failure, ...]
    later: Later | None = None


def reconcile(services: Services, repository: Repository, *, whole: bool) -> Pass:
    """Brings the reports of our open runs in line with Beaker.

    Args:
        services: Both services.
        repository: Whose runs.
        whole: All of them, in a time of its own; otherwise the newest :data:`SHORT`, as they were
            listed last, in what is left of the step's.

    Raises:
        Problem: When the list cannot be read. What goes wrong with one run stops no other.
    """
    beaker = services.beaker()
    if whole:
        services.deadline.renew(services.patience.whole_pass)
        beaker.forget_runs()
    listed = beaker.open_runs(repository.id, None if whole else SHORT)
    open_runs = [found for found in listed if found.mark is None or found.mark.is_open]
    # The whole pass begins with the oldest; the short one leaves those to it.
    due = [found for found in open_runs if _is_due(services, found)]
    due = due[::-1] if whole else due[:SHORT_CHANGES]
    changed: list[Reported] = []
    failures: list[Failure] = []
    outages = 0
    reporter = Reporter(services, beaker, SharedRules(services))
    later = _later(services, len(due))
    with closing(_looks(services, beaker, due if later is None else ())) as looks:
        for place, (found, look) in enumerate(looks):
            later = _later(services, len(due) - place)
            if later is not None:
                break
            try:
                changed += _bring_up_to_date(reporter, repository, look.result())
                outages = 0
            except Problem as problem:
                failures.append(Failure(found.name, problem))
                outages = outages + 1 if problem.reason in _AWAY else 0
                if outages == OUTAGES:
                    break
    missed = 0
    if whole and not later:
        _stop_left_behind(reporter, repository, open_runs, failures)
        missed = _answer_missed(services, repository, failures)
        changed += _settled(reporter, listed[::-1], failures)
    return Pass(len(open_runs), tuple(changed), missed, tuple(failures), later)


def _settled(
    reporter: Reporter, listed: Sequence[OpenRun], failures: list[Failure]
) -> Generator[Reported, None, None]:
    """Looks whether last reports still stand; those that had to be written again."""
    services = reporter.services
    for found in listed:
        if not is_unsettled(found, services.clock.now().timestamp()):
            continue
        if services.is_scarce() or services.deadline.left() <= 0:
            return  # that can wait
        try:
            again = settle(reporter, found)
        except Problem as problem:
            failures.append(Failure(found.name, problem))
            if problem.reason in _AWAY:
                return
        else:
            if again is not None:
                yield again


def _later(services: Services, reports: int) -> Later | None:
    """Why so many reports are left to the next pass; None if they are not, or there are none."""
    if not reports:
        return None
    left = services.allowance()
    if left is not None and services.is_scarce():
        why = "little is left of this hour's requests to GitHub"
        return Later(reports, f"{why}, until {left.resets_at:%H:%M} UTC.")
    if services.deadline.left() <= 0:
        return Later(reports, f"{services.deadline.seconds:.0f} seconds were not enough for them.")
    return None


def _stop_left_behind(
    reporter: Reporter,
    repository: Repository,
    open_runs: Sequence[OpenRun],
    failures: list[Failure],
) -> None:
    def stops_superseded() -> bool:
        run = next(found for found in open_runs if found.mark is not None)
        rules = reporter.rules(reporter.beaker.read(run.workload_id))
        return rules is not None and rules.on_new_push == "stop"

    try:
        stop_left_behind(reporter.services, repository, open_runs, stops_superseded)
    except Problem as problem:
        failures.append(Failure("runs of pull requests that closed", problem))


def _answer_missed(services: Services, repository: Repository, failures: list[Failure]) -> int:
    def fail(name: str, problem: Problem) -> None:
        failures.append(Failure(name, problem))

    try:
        return answer_missed(services, repository, fail)
    except Problem as problem:
        fail("unanswered commands", problem)
        return 0


def _is_due(services: Services, found: OpenRun) -> bool:
    """Whether a run's report may be behind, by what the list says."""
    if found.mark is None:
        return True
    if not found.mark.is_reported():
        return is_stale(found.mark, services)
    if not is_known(found.status):
        return True  # of a later Beaker: only its jobs tell whether it has ended
    stage = stage_of(found.status)
    if stage == "finished" or stage != found.mark.shown:
        return stage != found.mark.shown
    if found.mark.stopped:
        return True  # until it has ended: whoever meant to stop it may have died before
    return may_be_over(found, found.mark, stage, services.clock.now().timestamp())


def _looks(
    services: Services, beaker: Session, due: Sequence[OpenRun]
) -> Generator[tuple[OpenRun, Future[tuple[Run, State]]], None, None]:
    """What became of the runs: read a few ahead, while those before are being reported."""
    with ThreadPoolExecutor(AHEAD) as pool:
        ahead: deque[tuple[OpenRun, Future[tuple[Run, State]]]] = deque()
        for found in due:
            now = services.clock.now().timestamp()
            ahead.append((found, pool.submit(beaker.look, found.workload_id, now)))
            if len(ahead) > AHEAD:
                yield ahead.popleft()
        yield from ahead


def _bring_up_to_date(
    reporter: Reporter, repository: Repository, look: tuple[Run, State]
) -> Generator[Reported, None, None]:
    run, state = look
    if not _is_ours(run, repository):
        return
    before = run.mark
    reported = reporter.report(run, place_of(run), state)
    if reported.run.mark != before:
        yield reported


def _is_ours(run: Run, repository: Repository) -> bool:
    """Whether the spec agrees with the name, and names this repository."""
    return run.repository_id == repository.id and run.name.endswith(f"-{run.key}")


def keep_up(
    services: Services,
    repository: Repository,
    every: float,
    tell: Callable[[Pass | Problem], None],
    stopping: threading.Event,
) -> None:
    """Reconciles again and again until it is told to stop; shows meanwhile what runs are at.

    Args:
        services: Both services.
        repository: Whose runs.
        every: Seconds between the ends of two passes.
        tell: Hears of every pass, and of every one that could not be made.
        stopping: Set when somebody asks us to end.
    """
    watcher = Watcher(services)
    while not stopping.is_set():
        try:
            tell(reconcile(services, repository, whole=True))
            _watch(services, repository, watcher, tell)
        except Problem as problem:
            tell(problem)
        stopping.wait(every)


def _watch(
    services: Services, repository: Repository, watcher: Watcher, tell: Callable[[Problem], None]
) -> None:
    """Shows what the newest open runs are at. What goes wrong with one run stops no other."""
    services.deadline.renew(services.patience.step)
    beaker = services.beaker()
    reporter = Reporter(services, beaker, SharedRules(services))
    due = watcher.choose(beaker.open_runs(repository.id, SHORT))
    for found in due:
        try:
            run, state = beaker.look(found.workload_id, services.clock.now().timestamp())
            if _is_ours(run, repository):
                watcher.show(reporter, reporter.report(run, place_of(run), state), len(due))
        except Problem as problem:
            if problem.reason in _AWAY:
                raise
            tell(problem)
