"""A run as its jobs describe it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from beaker_ci.history.codes import AT_WORK, FAILED, TERMINAL, phase_of, stage_in
from beaker_ci.history.endings import decide
from beaker_ci.history.jobs import SUCCESSOR_PATIENCE, Job, Task
from beaker_ci.history.sentences import why
from beaker_ci.history.verdicts import Verdict

WORKLOAD_PATIENCE = 3600.0
"""Seconds after the end of its last job in which Beaker may end the workload, or go on with it.

Who waits for a successor that never comes would wait for ever. What is called over so is never
called a success, which takes Beaker's own word.
"""

START_TIMEOUT, INACTIVE_TIMEOUT = "start_timeout", "inactive_timeout"
"""Why beaker-ci itself stops a run that is to be called timed out."""


@dataclass(frozen=True)
class State:
    """A run as its jobs describe it.

    Attributes:
        stage: ``queued``, ``running`` or ``finished``.
        verdict: Once finished.
        why: A sentence for people; empty after a success, and before the end.
        exit_code: Of the job that decided the verdict, if it has one.
        seconds: From the first start to the last end.
        gpu_hours: Used so far, all attempts together.
        attempts: Of the task that has most.
        job: Whose log tells most: the one that decided, else the latest that ran.
        metrics: Of the first task that wrote any. Untrusted.
        phase: Finer than the stage: one of :data:`PHASES`. Of several tasks at work, that of the
            one furthest behind; the stage, where only that is known.
        queued_since: When the task that waits longest was queued the last time, in Unix seconds;
            None when none waits for its start, or Beaker does not tell.
        tasks: All tasks and replicas.
        infrastructure_failures: Attempts whose machine was lost or ill, of the task with most.
        preemptions: Attempts that were preempted, of the task with most.
    """

    stage: str
    verdict: Verdict | None = None
    why: str = ""
    exit_code: int | None = None
    seconds: float | None = None
    gpu_hours: float = 0.0
    attempts: int = 0
    job: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    phase: str = ""
    queued_since: float | None = None
    tasks: tuple[Task, ...] = ()
    infrastructure_failures: int = 0
    preemptions: int = 0

    def __post_init__(self) -> None:
        if not self.phase:
            object.__setattr__(self, "phase", self.stage)

    @property
    def conclusion(self) -> str | None:
        """The contract's word; None before the end."""
        return self.verdict.conclusion if self.verdict else None


def read_state(
    status: int,
    tasks: Sequence[Task],
    now: float,
    canceled_for: str = "",
    canceled: float | None = None,
    created: float | None = None,
    retries: int = 0,
) -> State:
    """What became of a run.

    Args:
        status: The workload's, raw.
        tasks: All tasks and replicas.
        now: Unix seconds.
        canceled_for: Beaker's words about the workload as a whole.
        canceled: When the workload as a whole was cancelled; None if it was not, or is not known.
        created: When the workload was made; None where that is not known.
        retries: How many failed attempts of a task Beaker repeats.
    """
    jobs = [job for task in tasks for job in task.jobs]
    latest = [task.latest for task in tasks if task.latest]
    finished = _is_over(status, tasks, now, _last_known(jobs, canceled), retries)
    until = canceled if finished and canceled is not None else now
    starts = [job.started for job in jobs if job.started is not None]
    ends = [job.ended or job.finalized or until for job in jobs if job.started is not None]
    decided = decide(status, tasks) if finished else None
    cause = decided[1] if decided else None
    phase = "finished" if finished else _phase(status, tasks)
    waits = [] if status in TERMINAL else [task.queued_since(created) for task in tasks]
    return State(
        stage=stage_in(phase),
        verdict=decided[0] if decided else None,
        why=why(*decided, status, canceled_for) if decided else "",
        exit_code=cause.exit_code if cause else None,
        seconds=max(max(ends) - min(starts), 0.0) if starts else None,
        gpu_hours=sum(job.gpu_hours(until) for job in jobs),
        attempts=max((len(task.jobs) for task in tasks), default=0),
        job=cause.id if cause and cause.started else _teller(latest, jobs),
        metrics=next((job.metrics for job in latest if job.metrics), MappingProxyType({})),
        phase=phase,
        queued_since=min((since for since in waits if since is not None), default=None),
        tasks=tuple(tasks),
        infrastructure_failures=max((task.infrastructure_failures for task in tasks), default=0),
        preemptions=max((task.preemptions for task in tasks), default=0),
    )


def stopped_by_us(state: State, reason: str, seconds: float = 0.0) -> State:
    """A run that beaker-ci stopped, with its own words for why.

    What ended by itself before it was stopped keeps its verdict.

    Args:
        state: As its jobs describe it.
        reason: :data:`START_TIMEOUT`, :data:`INACTIVE_TIMEOUT`, or a sentence for people.
        seconds: The limit that it passed.
    """
    if state.verdict not in (Verdict.CANCELLED, Verdict.PREEMPTED, Verdict.INFRASTRUCTURE):
        return state
    if reason == START_TIMEOUT:
        told = f"It did not start within {_duration(seconds)}."
    elif reason == INACTIVE_TIMEOUT:
        told = f"It wrote nothing for {_duration(seconds)}."
    else:
        return replace(state, verdict=Verdict.CANCELLED, why=reason)
    return replace(state, verdict=Verdict.TIMED_OUT, why=told)


def failed_install(state: State, job: str, line: str) -> State:
    """A run that succeeded without what it was to install: no success.

    Args:
        state: As its jobs describe it.
        job: Id of the job whose log tells so.
        line: What it says.
    """
    told = f"The installation failed, and gantry ran the command all the same: {line}"
    return replace(state, verdict=Verdict.FAILED, why=told, job=job)


def _is_over(
    status: int, tasks: Sequence[Task], now: float, last_known: float | None, retries: int
) -> bool:
    """Whether nothing will change any more."""
    if status not in TERMINAL:
        ends = [task.latest.finalized if task.latest else None for task in tasks]
        return bool(ends) and all(end is not None and now - end > WORKLOAD_PATIENCE for end in ends)
    return all(
        task.latest.is_final(now, last_known)
        and not (status == FAILED and _is_repeated(task, now, retries))
        for task in tasks
        if task.latest
    )


def _is_repeated(task: Task, now: float, retries: int) -> bool:
    """Whether Beaker may yet repeat a failed attempt: it ends one job before it makes the next."""
    failed = sum(job.status == FAILED and not job.cancelation for job in task.jobs)
    latest = task.latest
    if latest is None or latest.status != FAILED or latest.finalized is None:
        return False
    return failed <= retries and now - latest.finalized <= SUCCESSOR_PATIENCE


def _last_known(jobs: Iterable[Job], canceled: float | None) -> float | None:
    """The last moment that Beaker noted of a run."""
    noted = [
        moment
        for job in jobs
        for moment in (job.created, job.scheduled, job.started, job.ended, job.finalized)
        if moment is not None
    ]
    return max([*noted, *([] if canceled is None else [canceled])], default=None)


def _phase(status: int, tasks: Sequence[Task]) -> str:
    """Where a run stands that is not over.

    One that holds any machine is at work. Otherwise it waits for what has not begun, if the
    workload itself has not ended; then all that is left is to see how.
    """
    phases = {task.phase for task in tasks}
    for phase in AT_WORK:
        if phase in phases:
            return phase
    if status in TERMINAL:
        return "stopping"
    if not any(task.jobs for task in tasks):
        return phase_of(status)
    return next((phase for phase in ("queued", "starting") if phase in phases), phase_of(status))


def _teller(latest: Iterable[Job], jobs: Iterable[Job]) -> str | None:
    ran = [job for job in latest if job.started is not None]
    ran = ran or [job for job in jobs if job.started is not None]
    return max(ran, key=lambda job: job.started or 0.0).id if ran else None


def _duration(seconds: float) -> str:
    """As it is written in a configuration: ``30m``."""
    whole = round(seconds)
    for size, letter in ((3600, "h"), (60, "m")):
        if whole and whole % size == 0:
            return f"{whole // size}{letter}"
    return f"{whole}s"
