"""Why a job failed, from the bytes of its log: one pass, little memory, no guess where none is due.

:class:`Digester` takes bytes and gives a :class:`Digest`. The rules are data: ``rules.toml``.
"""

from beaker_ci.digest.digester import Digester
from beaker_ci.digest.model import (
    Confidence,
    Digest,
    Ending,
    FailedTest,
    Frame,
    Group,
    Line,
)
from beaker_ci.digest.rules import Category, Rule, Rules, RulesError, load

__all__ = [
    "Category",
    "Confidence",
    "Digest",
    "Digester",
    "Ending",
    "FailedTest",
    "Frame",
    "Group",
    "Line",
    "Rule",
    "Rules",
    "RulesError",
    "load",
]
