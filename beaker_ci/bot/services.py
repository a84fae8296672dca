"""What a handler may use: the two services, the clock, and what the surroundings say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from github.Repository import Repository as Hub

    from beaker_ci.beaker import Session


@dataclass(frozen=True)
class Clock:
    """Time as the handlers see it; tests hand in one that they step."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Services:
    """Everything outside that a handler may reach.

    Attributes:
        hub: The repository on GitHub; opening it sent nothing.
        open_beaker: Connects to Beaker; called once, in a thread, only when a run was asked for.
        server_url: Where people look at GitHub, such as ``https://github.com``.
        config_path: The configuration's path in the repository.
        writer: A random word that names this process in a run's mark.
    """

    hub: Hub
    open_beaker: Callable[[], Session]
    server_url: str
    config_path: str
    writer: str
    clock: Clock = field(default_factory=Clock)
