"""What is done to a run by itself: stopped at a limit, started again after a lost machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.bot.views import why_stopped
from beaker_ci.history import INACTIVE_TIMEOUT, START_TIMEOUT, State, Verdict, stopped_by_us
from beaker_ci.problem import Problem
from beaker_ci.run import ABANDONED, CLOSED, SUPERSEDED, Mark, OpenRun, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.config import Configuration

OVERRUN = 120
"""Seconds by which all attempts together may pass what was reserved: stopping takes a while."""

RESERVATION = "reservation"
"""Why a run is stopped whose attempts together cost more than was reserved."""


def reason_to_stop(beaker: Session, run: Run, mark: Mark, state: State, now: float) -> str | None:
    """Why a run is to be stopped as it stands, by its own limits; None if it may go on.

    Args:
        beaker: Where its log is.
        run: Whose spec names the limits.
        mark: What was reserved for it.
        state: What its jobs say.
        now: Unix seconds.
    """
    if state.verdict is not None:
        return None
    over = OVERRUN * run.gpus * run.replicas / 3600
    if mark.reserved and state.gpu_hours > mark.reserved + over:
        # Preemption adds attempts that no limit has seen.
        return RESERVATION
    waited = now - state.queued_since if state.queued_since is not None else 0.0
    if run.start_timeout and waited > run.start_timeout:
        return START_TIMEOUT
    if run.inactive_timeout and silence(beaker, state, now) > run.inactive_timeout:
        return INACTIVE_TIMEOUT
    return None


def silence(beaker: Session, state: State, now: float) -> float:
    """Seconds since a job of the run wrote its last line; 0 where none runs, or nobody knows.

    Args:
        beaker: Where the logs are. A request for each running job.
        state: What the jobs say.
        now: Unix seconds.
    """
    latest = [task.latest for task in state.tasks if task.latest is not None]
    running = [job for job in latest if job.phase == "running"]
    heard: list[float] = []
    for job in running:
        try:
            moment = beaker.last_word(job.id)
        except Problem:
            return 0.0  # what cannot be read is not silent
        heard.append(max(moment or 0.0, job.started or now))
    return max(now - max(heard), 0.0) if heard else 0.0


def long_silence(beaker: Session, run: Run, state: State, now: float) -> float:
    """Seconds of silence that its asker wanted to hear of; 0 for none. See :func:`silence`."""
    if not run.inactive_soft_timeout:
        return 0.0
    seconds = silence(beaker, state, now)
    return seconds if seconds > run.inactive_soft_timeout else 0.0


def may_start_again(mark: Mark, state: State, configuration: Configuration | None) -> bool:
    """Whether a run that lost its machine gets a new attempt.

    How often is counted by the attempts that Beaker shows, those included that it repeated by
    itself: no state of ours can be wrong about it.

    Args:
        mark: What was reserved for the run: all its attempts are paid from that.
        state: What its jobs say.
        configuration: The rules; None when there are none that can be read.
    """
    if configuration is None or state.verdict is not Verdict.INFRASTRUCTURE or mark.stopped:
        return False
    left = not mark.reserved or state.gpu_hours < mark.reserved
    return left and 0 < state.infrastructure_failures <= configuration.retry.infrastructure


def in_our_words(run: Run, mark: Mark, state: State) -> State:
    """What became of a run, with our own reason where we stopped it at one of its times.

    So too where somebody stopped it, or its pull request had no more use for it.
    """
    seconds = {START_TIMEOUT: run.start_timeout, INACTIVE_TIMEOUT: run.inactive_timeout}
    if mark.stopped in (SUPERSEDED, CLOSED, ABANDONED) or mark.stopped.startswith("by "):
        return stopped_by_us(state, why_stopped(mark))
    if mark.stopped not in seconds:
        return state
    return stopped_by_us(state, mark.stopped, seconds[mark.stopped])


def may_be_over(found: OpenRun, mark: Mark, stage: str, now: float) -> bool:
    """Whether a listed run may have passed one of its limits, by what the list says.

    Args:
        found: The run.
        mark: Its mark.
        stage: Where Beaker says that it stands.
        now: Unix seconds.
    """
    age = now - found.created
    if stage == "queued":
        return 0 < mark.start_timeout < age
    # Preemption adds attempts: only a run older than that can have passed what was reserved.
    dear = 0 < mark.reserved < mark.gpus * (age - OVERRUN) / 3600
    return stage == "running" and (dear or 0 < mark.inactive_timeout < age)


def stopped(mark: Mark, why: str) -> Mark:
    """The mark of a run that is being stopped; the first reason stays."""
    return mark if mark.stopped else replace(mark, stopped=why)
