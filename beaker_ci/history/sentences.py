"""What people are told of how a run ended."""

from __future__ import annotations

import re

from beaker_ci.history.codes import CANCELED, FAILED, SUCCEEDED, TERMINAL
from beaker_ci.history.jobs import Job
from beaker_ci.history.verdicts import IDLE, Verdict

_WORDS = {
    Verdict.TIMED_OUT: "It ran into its time limit.",
    Verdict.IMPOSSIBLE: "Beaker cannot place it: no cluster that it may use can ever hold it.",
    Verdict.INFRASTRUCTURE: "Beaker lost the machine; the job itself is not to blame.",
    Verdict.PREEMPTED: "It was preempted and did not come back.",
    Verdict.CANCELLED: "It was cancelled.",
}

_BY_CODE = {
    2: "It was preempted by a user and did not come back.",
    6: "Its machine became unavailable; the job itself is not to blame.",
    8: "It was stopped since a sibling task failed.",
    9: "It was preempted with a sibling task and did not come back.",
    10: "Its machine failed a health check; the job itself is not to blame.",
    11: "It was stopped since a sibling task was repeated, and did not come back.",
    12: "Its machine was unhealthy; the job itself is not to blame.",
}

_CALLS_IT = {CANCELED: "cancelled", SUCCEEDED: "succeeded", FAILED: "failed"}


def why(verdict: Verdict, job: Job | None, status: int, canceled_for: str) -> str:
    """Why it ended so; empty after a success, and where the exit code says all.

    Args:
        verdict: How the run ended.
        job: That decided it.
        status: The workload's, raw.
        canceled_for: Beaker's words about the workload as a whole.
    """
    if verdict is Verdict.SUCCEEDED:
        return ""
    if verdict is Verdict.FAILED and job is not None:
        return _failure(job)
    told = _BY_CODE.get(job.cancelation) if job else None
    if verdict is Verdict.UNKNOWN:
        told = f"{_unknown(job, status)} That is no success."
    said = canceled_for
    if job is not None:
        said = job.canceled_for or canceled_for or job.failed_scheduling or job.message
    told = told or _WORDS[verdict]
    return f"{told} Beaker says: {said}" if said else told


def _failure(job: Job) -> str:
    if job.cancelation == IDLE:
        return "It sat idle and was stopped."
    said = f"Beaker says: {job.message}" if job.message else ""
    if not job.exit_code:
        how = "without an exit code" if job.exit_code is None else "although its exit code is 0"
        return f"It failed {how}. {said}".rstrip()
    # What only repeats the exit code says nothing.
    return "" if re.fullmatch(rf"[\w ]*\b{job.exit_code}\.?", job.message) else said


def _unknown(job: Job | None, status: int) -> str:
    """What of its end was not understood."""
    if job is None:
        return "Beaker ended it, although not every task of it ever had a job."
    if job.status == SUCCEEDED:
        return _half_success(job, status)
    if job.status == CANCELED:
        return f"It was cancelled with code {job.canceled_code}, which beaker-ci does not know."
    if job.phase == "finished":
        return f"Its job ended with status {job.status}, which beaker-ci does not know."
    return "Beaker ended it, but knows no end of its job."


def _half_success(job: Job, status: int) -> str:
    calls = "Beaker calls its job succeeded, but"
    if job.verdict is not Verdict.SUCCEEDED:
        if job.canceled_code:
            return f"{calls} cancelled it with code {job.canceled_code}."
        if job.exit_code is None:
            return f"{calls} knows no exit code."
        if job.exit_code:
            return f"{calls} with exit code {job.exit_code}."
        return f"{calls} knows no end of it."
    if status in TERMINAL:
        return f"Its jobs succeeded, but Beaker calls it {_CALLS_IT[status]}."
    return "Its jobs succeeded, but Beaker never ended it."
