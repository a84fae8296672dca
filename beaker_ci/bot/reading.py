"""What is read before anything is judged, and what is loaded meanwhile.

What judges, renders and reaches Beaker costs tenths of a second to load. It is loaded in threads
while GitHub is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import RUN_COMMANDS, Asking, Reading, name_of
from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake
from beaker_ci.problem import Problem

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

THREADS = 8
"""Enough for what is asked of Beaker at the same time."""


@contextmanager
def beaker_for(
    services: Services, items: Sequence[Command | Mistake], pool: Executor
) -> Iterator[Future[Session] | None]:
    """Connects to Beaker in the background if a command needs it; closes it at the end.

    No request is sent to Beaker before somebody asks.
    """
    if not any(name_of(item) in RUN_COMMANDS for item in items):
        yield None
        return
    session = pool.submit(services.open_beaker)
    pool.submit(lambda: session.result().load_gantry())
    try:
        yield session
    finally:
        if session.exception() is None:
            session.result().close()


def read(asking: Asking) -> Reading | Problem:
    """Reads what decides who may ask, and at which commit. Three requests."""
    try:
        hub, number = asking.services.hub, asking.number
        pull = None if number is None else github.read_pull(hub, number)
        files = _files(asking, pull.head_sha if pull else asking.sha)
        return Reading(pull, files, github.read_permission(hub, asking.asker))
    except Problem as problem:
        return problem


def _files(asking: Asking, head_sha: str) -> github.RepositoryFiles | Problem:
    try:
        return github.read_files(
            asking.services.hub,
            default_branch=asking.repository.default_branch,
            config_path=asking.services.config_path,
            head_sha=head_sha,
        )
    except Problem as problem:
        if problem.reason.family != "config":
            raise
        return problem


def load() -> None:
    """Loads what judges and what renders, so that it is there once GitHub has answered."""
    from beaker_ci.bot import answering
    from beaker_ci.report import warm_up

    del answering
    warm_up()
