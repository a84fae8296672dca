"""What the jobs of a run say happened to it: stage, verdict, cost.

Beaker keeps the status of a workload and, for every task, a chain of jobs: preemption, retries and
restarts each add one. Nothing here trusts a single status: a run has succeeded only if the latest
job of every task did, and what is not understood is never a success. Statuses and codes are raw
numbers, since Beaker knows more of them than any client.
"""

from beaker_ci.history.codes import PHASES, SUCCEEDED, is_known, phase_of, stage_in, stage_of
from beaker_ci.history.jobs import FINALIZE_PATIENCE, SUCCESSOR_PATIENCE, Job, Task, replicas
from beaker_ci.history.picking import pick_job
from beaker_ci.history.state import (
    INACTIVE_TIMEOUT,
    START_TIMEOUT,
    WORKLOAD_PATIENCE,
    State,
    failed_install,
    read_state,
    stopped_by_us,
)
from beaker_ci.history.verdicts import Verdict

__all__ = [
    "FINALIZE_PATIENCE",
    "INACTIVE_TIMEOUT",
    "PHASES",
    "START_TIMEOUT",
    "SUCCEEDED",
    "SUCCESSOR_PATIENCE",
    "WORKLOAD_PATIENCE",
    "Job",
    "State",
    "Task",
    "Verdict",
    "failed_install",
    "is_known",
    "phase_of",
    "pick_job",
    "read_state",
    "replicas",
    "stage_in",
    "stage_of",
    "stopped_by_us",
]
