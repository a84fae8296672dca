"""A stateful local GitHub over a real git repository, for tests and the demo."""

from __future__ import annotations

from beaker_ci.sandbox.github.application import Exchange
from beaker_ci.sandbox.github.clock import Clock
from beaker_ci.sandbox.github.faults import Fault, Faults
from beaker_ci.sandbox.github.local import LocalGitHub
from beaker_ci.sandbox.github.model import Account, CheckRun, Comment, Reaction, Status

__all__ = [
    "Account",
    "CheckRun",
    "Clock",
    "Comment",
    "Exchange",
    "Fault",
    "Faults",
    "LocalGitHub",
    "Reaction",
    "Status",
]
