"""Which job decided a run that is over, and what it makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beaker_ci.history.codes import CANCELED, SUCCEEDED, TERMINAL
from beaker_ci.history.jobs import Job, Task
from beaker_ci.history.verdicts import WITH_SIBLING, Verdict


def decide(status: int, tasks: Sequence[Task]) -> tuple[Verdict, Job | None]:
    """The verdict on a run that is over, and the job that brought it about.

    Args:
        status: The workload's, raw.
        tasks: All tasks and replicas.
    """
    latest = [task.latest for task in tasks if task.latest]
    for verdict in Verdict:
        guilty = [job for job in _blamed(latest) if _ended_as(job, status) is verdict]
        if not guilty:
            continue
        cause = min(guilty, key=lambda job: job.ended or job.finalized or 0.0)
        if verdict is not Verdict.SUCCEEDED or (status == SUCCEEDED and len(latest) == len(tasks)):
            return verdict, cause
        if len(latest) == len(tasks):
            return Verdict.UNKNOWN, cause  # the jobs and the workload contradict each other
    # No job failed, and some task never got one: cancelled before, or told in a way we do not know.
    return (Verdict.CANCELLED if status == CANCELED else Verdict.UNKNOWN), None


def _ended_as(job: Job, status: int) -> Verdict:
    """The job's verdict; the workload's where it was cancelled and the job never heard of it."""
    unheard = status == CANCELED and job.status not in TERMINAL
    return Verdict.CANCELLED if unheard else job.verdict


def _blamed(latest: Sequence[Job]) -> Iterator[Job]:
    """The jobs that went wrong by themselves; all, if none did.

    Those that only went down with a sibling are not to blame, unless nobody else is: what the
    others achieved does not make a success of them.
    """
    own = [
        job
        for job in latest
        if job.verdict is not Verdict.SUCCEEDED and job.cancelation not in WITH_SIBLING
    ]
    yield from own or latest
