"""How runs end, and what Beaker's cancelation codes say of it."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """How a run ended. The order is that of blame: the first one found decides."""

    FAILED = "failed"
    TIMED_OUT = "timed-out"
    IMPOSSIBLE = "impossible"
    INFRASTRUCTURE = "infrastructure"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"

    @property
    def conclusion(self) -> str:
        """The contract's word; never one that lets a check pass unless the run succeeded."""
        special = {"succeeded": "success", "timed-out": "timed_out", "cancelled": "cancelled"}
        return special.get(self, "failure")


IDLE = 3

# Cancelation codes of beaker-py's protocol, and 12 (node unhealthy), which it does not know yet.
CODES = {
    1: Verdict.PREEMPTED,
    2: Verdict.PREEMPTED,  # by a user
    IDLE: Verdict.FAILED,
    4: Verdict.CANCELLED,
    5: Verdict.TIMED_OUT,
    6: Verdict.INFRASTRUCTURE,  # node unavailable
    7: Verdict.IMPOSSIBLE,  # to schedule
    8: Verdict.CANCELLED,  # a sibling task failed: that one is to blame
    9: Verdict.PREEMPTED,  # a sibling task was
    10: Verdict.INFRASTRUCTURE,  # health check failed
    11: Verdict.INFRASTRUCTURE,  # a sibling task is repeated
    12: Verdict.INFRASTRUCTURE,  # node unhealthy
}

INTERRUPTED = frozenset({1, 2, 6, 9, 10, 11, 12})
"""Beaker ended the job for a reason of its own: another attempt may follow by itself."""

WITH_SIBLING = frozenset({8, 9, 11})
"""The job only went down with another one."""

LOST_MACHINE = frozenset({6, 10, 12})
PREEMPTED = frozenset({1, 2, 9})
