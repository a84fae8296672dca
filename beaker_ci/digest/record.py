"""What the job's record says of its end, which no text may overrule."""

from __future__ import annotations

from collections.abc import Sequence

from beaker_ci.digest.candidates import Candidate
from beaker_ci.digest.model import Ending
from beaker_ci.history import Verdict

_VERDICTS = {
    Verdict.TIMED_OUT: "timeout",
    Verdict.IMPOSSIBLE: "unschedulable",
    Verdict.INFRASTRUCTURE: "node",
    Verdict.PREEMPTED: "preempted",
    Verdict.CANCELLED: "stopped",
}
_SIGNALS = {2: "stopped", 4: "crash", 6: "crash", 7: "crash", 8: "crash", 9: "host-out-of-memory"}
_SIGNALS |= {11: "crash", 15: "stopped"}
_CODES = {124: "timeout", 126: "missing", 127: "missing"}


def category_of(ending: Ending) -> str:
    """The category that the record alone proves; empty if it leaves that to the log."""
    if ending.verdict in _VERDICTS:
        return _VERDICTS[ending.verdict]
    if ending.out_of_memory:
        return "host-out-of-memory"
    code = ending.exit_code or 0
    signal = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    return _SIGNALS.get(signal, "") or _CODES.get(code, "")


def agree(category: str, ranked: Sequence[Candidate]) -> tuple[str, list[Candidate]]:
    """The category and the candidates that the record leaves standing.

    A job that hung and was then ended by the clock or a person failed where its exception says;
    one that was ended from outside did not.

    Args:
        category: What the record proves; empty for nothing.
        ranked: From the log, the best first.
    """
    if not category:
        return (ranked[0].rule.category if ranked else "unknown"), list(ranked)
    same = [each for each in ranked if each.rule.category == category]
    best = ranked[0] if ranked else None
    if category in ("timeout", "stopped", "crash", "missing") and best and _explains(best):
        return best.rule.category, list(ranked)
    return category, same


def _explains(best: Candidate) -> bool:
    """It is a failure of the program itself, and no echo of its being stopped."""
    return (
        best.exception
        and best.rule.kind == "cause"
        and best.rule.category not in ("stopped", "timeout")
    )
