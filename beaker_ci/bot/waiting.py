"""Following runs to their end, for workflows that wait."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from beaker_ci.bot.answers import Answer, run_answer
from beaker_ci.bot.reported import Reported
from beaker_ci.bot.reporting import Reporter, place_of
from beaker_ci.bot.rules import SharedRules
from beaker_ci.bot.services import Services
from beaker_ci.bot.stopping import goes_on, stop_run
from beaker_ci.bot.watching import Watcher
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.run import ABANDONED, Run

FIRST_PAUSE = 1.0
"""Seconds between two looks at the beginning."""

LONGEST_PAUSE = 15.0
"""Seconds between two looks later on."""

OUTAGE = 600.0
"""Seconds for which Beaker or GitHub may stay away while we wait."""

LAST_LOOK = 3.0
"""Seconds that a run which we stopped gets to end before we leave; a runner kills us after ten."""


_AWAY = (Reason.BEAKER_UNAVAILABLE, Reason.GITHUB_UNAVAILABLE)


@dataclass(frozen=True)
class Followed:
    """A run as it was seen last.

    Attributes:
        reason: Why its report could not be written, if it could not.
    """

    reported: Reported
    reason: Reason | None = None


def wait_for(
    services: Services,
    reporter: Reporter,
    runs: Sequence[Run],
    *,
    until: float,
    stopping: threading.Event,
) -> tuple[Followed, ...]:
    """Follows runs by asking for their jobs, and reports each change and what they are at.

    Args:
        services: The clock.
        reporter: Brings comments and checks up to date.
        runs: What to follow.
        until: Unix seconds after which it gives up waiting.
        stopping: Set when somebody asks us to end.

    Returns:
        Each run as it was seen last, in order; not all have ended if time ran out.

    Raises:
        Problem: When a service stays away for :data:`OUTAGE`.
    """
    seen: dict[str, Followed] = {}
    watcher = Watcher(services)
    heard, pause = services.clock.now().timestamp(), FIRST_PAUSE
    while True:
        services.deadline.renew(services.patience.step)
        reporter.books.forget()
        try:
            for run in runs:
                before = seen.get(run.workload_id)
                if before is None or before.reported.state.verdict is None:
                    last_seen = before.reported.run if before else run
                    seen[run.workload_id] = _follow(reporter, watcher, last_seen, len(runs))
            heard = services.clock.now().timestamp()
        except Problem as problem:
            gone = services.clock.now().timestamp() - heard > OUTAGE
            if problem.reason not in _AWAY or gone or stopping.is_set():
                raise
        last = [seen[run.workload_id] for run in runs if run.workload_id in seen]
        ended = len(last) == len(runs) and all(one.reported.state.verdict for one in last)
        if ended or stopping.is_set() or services.clock.now().timestamp() >= until:
            return tuple(last)
        stopping.wait(pause)
        pause = min(pause * 1.2, LONGEST_PAUSE)


def _follow(reporter: Reporter, watcher: Watcher, run: Run, among: int) -> Followed:
    run, state = reporter.look(run)
    try:
        reported = reporter.report(run, place_of(run), state)
        return Followed(watcher.show(reporter, reported, among))
    except Problem as problem:
        if problem.reason in _AWAY:
            raise
        # What GitHub does not let us write does not change what becomes of the run.
        return Followed(reporter.show(run, state, at_once=True), problem.reason)


def await_runs(
    services: Services, answers: Sequence[Answer], until: float, stopping: threading.Event
) -> tuple[Answer, ...]:
    """Follows the runs among some answers to their end.

    When it is told to stop, it stops or keeps the runs as ``on_cancel`` says.

    Args:
        services: Both services.
        answers: What was answered; those without a run stay as they are.
        until: Unix seconds after which it gives up waiting.
        stopping: Set when somebody asks us to end.

    Returns:
        The answers as they stand now.

    Raises:
        Problem: When a service stays away.
    """
    asked_for = [run for answer in answers if (run := answer.submitted) is not None]
    followed = tuple({run.workload_id: run for run in asked_for}.values())
    rules = SharedRules(services)
    reporter = Reporter(services, services.beaker(), rules)
    try:
        seen = wait_for(services, reporter, followed, until=until, stopping=stopping)
    except Problem:
        if not stopping.is_set():
            raise
        seen = ()
    ended = {one.reported.run.name for one in seen if one.reported.state.verdict is not None}
    left = [run.name for run in followed if run.name not in ended]
    if stopping.is_set() and _stops(rules, followed[0]) and stop(services, left):
        soon = services.clock.now().timestamp() + LAST_LOOK
        seen = wait_for(services, reporter, followed, until=soon, stopping=threading.Event())
    last = {one.reported.run.workload_id: one for one in seen}
    return tuple(_answer(answer, last) for answer in answers)


def _answer(answer: Answer, last: Mapping[str, Followed]) -> Answer:
    run = answer.submitted
    followed = last.get(run.workload_id) if run else None
    if followed is None:
        return answer
    now = run_answer(answer.command, followed.reported)
    return replace(now, reason=followed.reason) if followed.reason else now


def _stops(rules: SharedRules, run: Run) -> bool:
    """Whether ``on_cancel`` says stop. What it says must be known: a stopped job is lost."""
    try:
        configuration = rules(run)
    except Problem:
        return False
    return configuration is not None and configuration.on_cancel == "stop"


def stop_orphans(services: Services, names: Sequence[str]) -> tuple[Run, ...]:
    """Stops what a step waited for that is gone, if ``on_cancel`` says so.

    Args:
        services: Both services.
        names: Of the experiments that it waited for, or was about to submit.

    Returns:
        The runs that were stopped.

    Raises:
        Problem: When Beaker does not answer.
    """
    beaker = services.beaker()
    found = [run for name in names if (run := beaker.find(name, name.rpartition("-")[2]))]
    left = [run for run in found if goes_on(run.status, run.mark)]
    if not left or not _stops(SharedRules(services), left[0]):
        return ()
    return stop(services, [run.name for run in left])


def stop(services: Services, names: Sequence[str]) -> tuple[Run, ...]:
    """Stops our experiments of these names that Beaker holds and that go on, or may.

    Raises:
        Problem: When Beaker does not answer; those before are stopped.
    """
    beaker = services.beaker()
    found = (beaker.find(name, name.rpartition("-")[2]) for name in names)
    stopped = (stop_run(services, beaker, run, ABANDONED) for run in found if run)
    return tuple(run for run in stopped if run)
