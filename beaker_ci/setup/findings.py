"""What a look at a set-up finds: one value for each thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How one thing stands. What cannot be known is never well."""

    WELL = "well"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        code: What was looked at, such as ``workflow.permissions``; never renamed.
        verdict: How it stands.
        what: One line, for whoever reads only that.
        evidence: What it rests on. Untrusted text; never a secret's value.
        remedy: What to type or click next; empty where nothing is to be done.
        away: Whether it is unknown because a service did not answer.
    """

    code: str
    verdict: Verdict
    what: str
    evidence: str = ""
    remedy: str = ""
    away: bool = False


def well(code: str, what: str, evidence: str = "") -> Finding:
    """Something that is as it should be."""
    return Finding(code, Verdict.WELL, what, evidence)


def broken(code: str, what: str, evidence: str = "", *, remedy: str) -> Finding:
    """Something that must be mended."""
    return Finding(code, Verdict.BROKEN, what, evidence, remedy)


def unknown(
    code: str, what: str, evidence: str = "", *, remedy: str = "", away: bool = False
) -> Finding:
    """Something that could not be established."""
    return Finding(code, Verdict.UNKNOWN, what, evidence, remedy, away)
