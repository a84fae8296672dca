"""Our session with the local Beaker, in this process, and plans to submit by it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import grpc
from beaker import Beaker
from beaker.beaker_pb2_grpc import BeakerStub
from beaker.config import Config

from beaker_ci.beaker import Session, Source
from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.patience import PATIENCE
from beaker_ci.plan import Plan
from beaker_ci.policy import Price
from beaker_ci.run import Mark, Run
from beaker_ci.sandbox.beaker import DEFAULT_TOKEN, ExperimentView, LocalBeaker

WIDGETS, GADGETS = 812, 813
"""Ids of two repositories."""

PLAN = Plan(
    key="",
    run_id="",
    name="",
    check_name="beaker / tests",
    repository="acme/widgets",
    pull_request=7,
    sha="9fceb02d0ae598e95dc970b74767f19372d61af8",
    asker="maria",
    preset="tests",
    modified=False,
    recipe=MappingProxyType(
        {
            "args": ("pytest", "-q"),
            "workspace": "ai2/widgets",
            "budget": "ai2/widgets-budget",
            "gpus": 2,
            "task_timeout": "30m",
            "retries": 1,
            "no_python": True,
        }
    ),
    environment=MappingProxyType({}),
    workspace="ai2/widgets",
    budget="ai2/widgets-budget",
    price=Price(2, 1, 1800, 2),
    config_commit=None,
    hash="0011223344556677",
    command_line="pytest -q",
)


QUICK = replace(PATIENCE, first_pause=0.02, longest_pause=0.1)
"""The true patience, in a hurry."""


class _Trusting(Beaker):
    """Trusts one server: gRPC reads the authorities that it trusts once per process."""

    authority: Path

    @property
    def service(self) -> BeakerStub:
        if self._service is None:
            credentials = grpc.ssl_channel_credentials(self.authority.read_bytes())
            self._channel = grpc.secure_channel(self.config.rpc_address, credentials)
            self._service = BeakerStub(self._channel)  # type: ignore[no-untyped-call]
        return self._service


class Room:
    """The local Beaker, whose jobs wait for us, and our session with it.

    Attributes:
        client: The client that the session uses; what it remembers is the session's.
    """

    def __init__(self, beaker: LocalBeaker) -> None:
        beaker.hold_jobs = True
        self.beaker = beaker
        self.client = self._connect(DEFAULT_TOKEN)
        self.session = Session(self.client)

    def _connect(self, token: str) -> BoundedBeaker:
        local = type("Local", (BoundedBeaker, _Trusting), {"authority": self.beaker.ca_file})
        client: BoundedBeaker = local(Config.from_path(self.beaker.config_file(token)))
        return client

    def another(self, token: str = DEFAULT_TOKEN) -> Session:
        """Another process's session, which remembers nothing yet; the caller closes it."""
        return Session(self._connect(token))

    def submit(
        self,
        number: int = 1,
        *,
        repository: int = WIDGETS,
        by: Session | None = None,
        **recipe: Any,
    ) -> Run:
        """Submits one more run.

        Args:
            number: Of the run; the pull request is always the same.
            repository: GitHub's id.
            by: Whose session; ours by default.
            recipe: Values that replace those of the plan.
        """
        key = f"{number:016x}"
        environment = {
            "BEAKER_CI_KEY": key,
            "BEAKER_CI_REPO": PLAN.repository,
            "BEAKER_CI_REPO_ID": str(repository),
            "BEAKER_CI_PR": str(PLAN.pull_request),
            "BEAKER_CI_ASKER_ID": "1001",
            "BEAKER_CI_PLAN": PLAN.hash,
        }
        plan = replace(
            PLAN,
            key=key,
            name=f"ci-widgets-pr7-tests-{key}",
            recipe=MappingProxyType({**PLAN.recipe, **recipe}),
            environment=MappingProxyType(environment),
        )
        mark = Mark(repository, 7, 1001, 2.0, "writer", int(datetime.now(UTC).timestamp()))
        source = Source("https://github.com", private=False, entries=frozenset())
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "read_binary is deprecated")
            return (by or self.session).submit(plan, mark, source, "Tests", lambda: None)

    def close(self, run: Run, used: float) -> Run:
        """Ends a run's report."""
        assert run.mark is not None
        return self.session.write_mark(run, replace(run.mark, used=used, settled=True))

    def describe(self, run: Run, description: str) -> None:
        """Somebody who may write to the workspace edits the description."""
        with self.beaker.client() as client:
            client.workload.update(client.workload.get(run.workload_id), description=description)

    def held(self, run: Run) -> ExperimentView:
        """The experiment as Beaker holds it."""
        return self.beaker.experiment(run.workload_id)


@contextmanager
def open_room(directory: Path) -> Iterator[Room]:
    """Opens Beaker and a session with it."""
    with LocalBeaker(directory / "beaker", {}) as beaker:
        room = Room(beaker)
        yield room
        room.session.close()
        assert not [left for left in beaker.leftovers() if not left.startswith("experiment")]
