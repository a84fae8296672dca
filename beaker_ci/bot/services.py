"""What a handler may use: the two services, the clock, and what the surroundings say."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from beaker_ci.github import Hub, connect

if TYPE_CHECKING:
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
        other_hub: The same over a connection of its own, for a second thread: PyGithub does not
            promise that one connection serves two.
        open_beaker: Connects to Beaker; called once, in a thread, only when a run was asked for.
        server_url: Where people look at GitHub, such as ``https://github.com``.
        config_path: The configuration's path in the repository.
        writer: A random word that names this process in a run's mark.
    """

    hub: Hub
    other_hub: Hub
    open_beaker: Callable[[], Session]
    server_url: str
    config_path: str
    writer: str
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def connect(
        cls,
        *,
        repository: str,
        github_token: str,
        api_url: str,
        server_url: str,
        config_path: str,
        beaker_token: str | None,
        environment: Mapping[str, str],
    ) -> Services:
        """Makes the services of one process; no request is sent yet.

        Args:
            repository: ``owner/name``.
            github_token: Reads the pull request, writes comment and check.
            api_url: GitHub's REST root.
            server_url: GitHub for people.
            config_path: The configuration's path in the repository.
            beaker_token: Takes precedence over what the environment names.
            environment: Where beaker-py looks for ``BEAKER_CONFIG`` and ``BEAKER_TOKEN``.
        """

        def open_beaker() -> Session:
            # beaker-py, gRPC and gantry cost half a second: loaded once a run was asked for.
            from beaker_ci.beaker import Session

            return Session.open(beaker_token, environment)

        return cls(
            hub=connect(github_token, api_url, repository),
            other_hub=connect(github_token, api_url, repository),
            open_beaker=open_beaker,
            server_url=server_url,
            config_path=config_path,
            writer=secrets.token_hex(4),
        )
