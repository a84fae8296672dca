"""A stateful local GitHub over a real git repository, for tests and the demo.

with SandboxRepository.create(path, {"train.py": "…"}) as repository:
    with LocalGitHub(repository) as github:
        number = github.open_pull_request("feature", files={"train.py": "…"})
        event = github.comment(number, by="writer", body="/beaker run")
        ...  # Whatever answers the event, with github.api_url and github.add_token().
        assert "Queued" in github.take_comment(number).body
        assert github.leftovers() == []
"""

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
