"""All state of one server, wired together."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.checkouts import Checkouts
from beaker_ci.sandbox.beaker.containers import Containers
from beaker_ci.sandbox.beaker.datasets import Datasets
from beaker_ci.sandbox.beaker.errors import Refused
from beaker_ci.sandbox.beaker.exchanges import Exchanges, Requests
from beaker_ci.sandbox.beaker.experiments import Experiments
from beaker_ci.sandbox.beaker.faults import Faults
from beaker_ci.sandbox.beaker.life import Life
from beaker_ci.sandbox.beaker.moments import Clock, Ids
from beaker_ci.sandbox.beaker.runner import Runner
from beaker_ci.sandbox.beaker.world import World


class Backend:
    """What both protocols work on.

    Args:
        root: Where datasets and jobs live.
        repositories: What jobs can check out.
        clock: Where timestamps come from.
        entrypoint: Whether gantry's own entry point shall run, where the machine allows it.

    Attributes:
        monitor: The one lock over all state; notified on every change.
        unknown: Names of requests that the server does not know, as they came.
        caller: Whose call holds the monitor.
        address: Of the REST interface; set once it listens.
    """

    def __init__(
        self, root: Path, repositories: Mapping[str, Path], clock: Clock, *, entrypoint: bool
    ) -> None:
        self.root = root
        self.address = ""
        self.caller = pb2.User()
        self.unknown: list[str] = []
        self.monitor = threading.Condition(threading.RLock())
        self.faults = Faults()
        self.requests = Requests()
        self.exchanges = Exchanges(self.faults, self.requests)
        ids = Ids(clock)
        self.clock = clock
        self.world = World(self.monitor, clock, ids)
        self.datasets = Datasets(root / "datasets", self.monitor, clock, ids)
        self.containers = Containers(
            root, self.world, self.datasets, repositories if entrypoint else None
        )
        self.runner = Runner(self.containers, Checkouts(repositories))
        self.life = Life(
            self.monitor, self.world, self.datasets, lambda job: self.runner.launch(job, self.life)
        )
        self.experiments = Experiments(self.monitor, self.world, self.datasets, self.life)

    def author_of(self, authorization: str) -> pb2.User:
        """The user whose token a request carries.

        Raises:
            Refused: No user has this token.
        """
        scheme, _, token = authorization.partition(" ")
        user_id = self.world.tokens.get(token)
        if scheme.lower() != "bearer" or user_id is None:
            raise Refused("UNAUTHENTICATED", "invalid user token")
        return self.world.users[user_id]
