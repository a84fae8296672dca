"""Beaker's numbers for statuses, and the words that they stand for."""

from __future__ import annotations

# WorkloadStatus in beaker-py's protocol; jobs use the same numbers.
RUNNING, STOPPING, UPLOADING, CANCELED, SUCCEEDED, FAILED = 4, 5, 6, 7, 8, 9
TERMINAL = frozenset({CANCELED, SUCCEEDED, FAILED})

PHASES = ("queued", "starting", "running", "stopping", "uploading", "finished")
"""What a job goes through, in this order."""

AT_WORK = ("running", "stopping", "uploading")
"""The phases in which a job holds its machine."""

_PHASES = {
    1: "queued",  # submitted
    2: "queued",
    3: "starting",  # initializing: the image is fetched
    RUNNING: "running",
    STOPPING: "stopping",
    UPLOADING: "uploading",
    **dict.fromkeys(TERMINAL, "finished"),
    10: "starting",  # ready to start: it waits for the other replicas
}


def known_phase(status: int) -> str | None:
    """The phase that a number stands for; None for numbers of a later Beaker."""
    return _PHASES.get(status)


def is_known(status: int) -> bool:
    """Whether a number is not one of a later Beaker."""
    return status in _PHASES


def phase_of(status: int) -> str:
    """What a workload's status alone says; a number of a later Beaker says nothing: queued."""
    return _PHASES.get(status, "queued")


def stage_of(status: int) -> str:
    """What a workload's status alone says: enough to see that something changed."""
    return stage_in(phase_of(status))


def stage_in(phase: str) -> str:
    """The contract's word for a phase: ``queued``, ``running`` or ``finished``."""
    if phase in AT_WORK:
        return "running"
    return "finished" if phase == "finished" else "queued"
