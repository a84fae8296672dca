"""What the job's record says of its end, which no text may overrule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from beaker_ci.digest.candidates import Candidate
from beaker_ci.digest.model import Ending
from beaker_ci.digest.rules import Rule, Rules
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
_INSIDE = frozenset({"timeout", "stopped", "crash", "missing", "command"})
"""Categories for ends that an exception of the program may have brought about."""

_CODES = {124: "timeout", 126: "command", 127: "missing"}

_NOT_EXECUTED = 126
_REFUSED = frozenset({"read-only", "missing-command-file", "docker"})
"""Rules for the lines with which a shell says that it found a program and could not run it."""


class Agreed(NamedTuple):
    """What the record and the log say together.

    Attributes:
        category: A key of the taxonomy.
        causes: The candidates that may be named, the best first.
        others: Those that the record overrules.
    """

    category: str
    causes: list[Candidate]
    others: list[Candidate]


def category_of(ending: Ending) -> str:
    """The category that the record alone proves; empty if it leaves that to the log."""
    if ending.verdict in _VERDICTS:
        return _VERDICTS[ending.verdict]
    if ending.out_of_memory:
        return "host-out-of-memory"
    code = ending.exit_code or 0
    signal = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    return _SIGNALS.get(signal, "") or _CODES.get(code, "")


def rule_of(ending: Ending, rules: Rules) -> Rule | None:
    """The rule that the record alone proves; None if it leaves that to the log."""
    return rules.named["cannot-execute"] if ending.exit_code == _NOT_EXECUTED else None


def reread(rule: Rule | None, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates in the light of the rule that the record proves, if it proves one.

    A shell says "Permission denied" of a program and of its data alike.
    """
    return [
        replace(each, rule=rule)
        if rule and each.rule.name in _REFUSED and not each.exception
        else each
        for each in ranked
    ]


def agree(category: str, ranked: Sequence[Candidate]) -> Agreed:
    """The category and the candidates that the record leaves standing.

    A job that hung and was then ended by the clock or a person failed where its exception says;
    one that was ended from outside did not.

    Args:
        category: What the record proves; empty for nothing.
        ranked: From the log, the best first.
    """
    best = ranked[0] if ranked else None
    if not category:
        return Agreed(best.rule.category if best else "unknown", list(ranked), [])
    if category in _INSIDE and best and _explains(best):
        return Agreed(best.rule.category, list(ranked), [])
    same = [each for each in ranked if each.rule.category == category]
    return Agreed(category, same, [each for each in ranked if each.rule.category != category])


def _explains(best: Candidate) -> bool:
    """It is a failure of the program itself, and no echo of its being stopped."""
    return (
        best.exception
        and best.rule.kind == "cause"
        and best.rule.category not in ("stopped", "timeout")
    )
