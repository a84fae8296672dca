"""What a handler may use: the two services, the clock, and what the surroundings say."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from beaker_ci.events import Repository
from beaker_ci.github import Allowance, Hub, connect, read_repository, requests_left
from beaker_ci.patience import PATIENCE, Calls, Deadline, Patience
from beaker_ci.reasons import Reason
from beaker_ci.redaction import Hiding
from beaker_ci.report import Redactor

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.run import Run


SHORT = 50
"""Runs that the short pass after an event looks at: one page of Beaker's list."""


@dataclass(frozen=True)
class Clock:
    """Time as the handlers see it; tests hand in one that they step."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


class SharedBeaker:
    """Beaker, connected when somebody first asks for it; one session for all threads."""

    def __init__(self, connect: Callable[[], Session]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._session: Session | None = None

    def __call__(self) -> Session:
        """The session.

        Raises:
            Problem: When there is nothing to connect with.
        """
        with self._lock:
            if self._session is None:
                self._session = self._connect()
            return self._session

    def close(self) -> None:
        """Ends the session, if there is one."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None


def _nobody(name: str) -> None:
    """Nobody waits for a run."""


@dataclass(frozen=True)
class Services:
    """Everything outside that a handler may reach.

    Attributes:
        hub: The repository on GitHub; opening it sent nothing.
        other_hub: The same over a connection of its own, for a second thread: PyGithub does not
            promise that one connection serves two.
        organization: GitHub by a token that may read team membership; None without one.
        beaker: Beaker; loading what reaches it takes half a second, so only where it is needed.
        has_beaker: Whether there is anything to connect to Beaker with.
        server_url: Where people look at GitHub, such as ``https://github.com``.
        config_path: The configuration's path in the repository.
        writer: A random word that names this process in a run's mark.
        redactor: Hides our own tokens in whatever we write.
        patience: How long and how often both services are asked.
        deadline: When the work at hand has to end; both services are asked nothing after it.
        expect: Told the name of every experiment right before it may come to be.
    """

    hub: Hub
    other_hub: Hub
    organization: Hub | None
    beaker: SharedBeaker
    has_beaker: bool
    server_url: str
    config_path: str
    writer: str
    redactor: Redactor
    clock: Clock = field(default_factory=Clock)
    patience: Patience = PATIENCE
    deadline: Deadline = field(default_factory=lambda: Deadline(PATIENCE.step))
    expect: Callable[[str], None] = _nobody

    def allowance(self) -> Allowance | None:
        """What is left of this hour's requests to GitHub, which all workflows here share."""
        told = (requests_left(hub) for hub in (self.hub, self.other_hub))
        now = self.clock.now()
        valid = (left for left in told if left is not None and now < left.resets_at)
        return min(valid, key=lambda left: left.remaining, default=None)

    def is_scarce(self) -> bool:
        """Whether so little of them is left that it belongs to commands alone."""
        left = self.allowance()
        return left is not None and left.remaining < self.patience.scarce * left.limit

    def hiding(self, run: Run) -> Hiding:
        """What a run's jobs wrote goes through this before it is cut or shown.

        Nobody here knows the values that Beaker fills the run's own secrets with: what is assigned
        to their names is hidden. Our own tokens are hidden by value.
        """
        return Hiding(names=run.secrets, values=self.redactor.tokens)

    def read_repository(self) -> Repository:
        """The repository, for who only knows its name. One request.

        Raises:
            Problem: When GitHub does not answer, or does not let us ask.
        """
        return read_repository(self.hub)

    @classmethod
    def connect(
        cls,
        *,
        repository: str,
        github_token: str,
        org_token: str | None = None,
        api_url: str,
        server_url: str,
        config_path: str,
        beaker_token: str | None,
        environment: Mapping[str, str],
        redactor: Redactor,
        clock: Clock | None = None,
        expect: Callable[[str], None] = _nobody,
        patience: Patience = PATIENCE,
    ) -> Services:
        """Makes the services of one process; no request is sent yet.

        Args:
            repository: ``owner/name``.
            github_token: Reads the pull request, writes comment and check.
            org_token: Reads team membership.
            api_url: GitHub's REST root.
            server_url: GitHub for people.
            config_path: The configuration's path in the repository.
            beaker_token: Takes precedence over what the environment names.
            environment: Where beaker-py looks for ``BEAKER_CONFIG`` and ``BEAKER_TOKEN``.
            redactor: Knows all those tokens.
            clock: The system's, unless given.
            expect: See the attribute.
            patience: See the attribute.
        """
        deadline = Deadline(patience.step)

        def github() -> Calls:
            return Calls(
                "GitHub", Reason.GITHUB_UNAVAILABLE, patience, deadline, extra=patience.answer
            )

        def open_beaker() -> Session:
            # beaker-py, gRPC and gantry cost half a second: loaded once a run was asked for.
            from beaker_ci.beaker import Session

            calls = Calls("Beaker", Reason.BEAKER_UNAVAILABLE, patience, deadline)
            return Session.open(beaker_token, environment, calls)

        ours = github()
        return cls(
            hub=connect(github_token, api_url, repository, ours),
            other_hub=connect(github_token, api_url, repository, ours),
            organization=connect(org_token, api_url, repository, github()) if org_token else None,
            beaker=SharedBeaker(open_beaker),
            has_beaker=bool(beaker_token)
            or any(environment.get(name) for name in ("BEAKER_TOKEN", "BEAKER_CONFIG")),
            server_url=server_url,
            config_path=config_path,
            writer=secrets.token_hex(4),
            redactor=redactor,
            clock=clock or Clock(),
            patience=patience,
            deadline=deadline,
            expect=expect,
        )
