"""What is read before anything is judged, and what is loaded meanwhile.

What judges, renders and reaches Beaker costs tenths of a second to load. It is loaded in threads
while GitHub is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import (
    AGREEMENTS,
    CONTROLS,
    RUN_COMMANDS,
    Asking,
    Reading,
    name_of,
)
from beaker_ci.bot.services import SHORT, Services
from beaker_ci.commands import Command, Mistake
from beaker_ci.facts import Permission
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.beaker import Session


def beaker_for(
    services: Services,
    repository: int,
    items: Sequence[Command | Mistake],
    pool: Executor,
) -> Future[Session] | None:
    """Connects to Beaker in the background if a command needs it.

    Args:
        services: Where Beaker is.
        repository: GitHub's id; which of its runs are open is listed ahead.
        items: What was asked.
        pool: Threads.
    """
    if not any(name_of(item) in RUN_COMMANDS + AGREEMENTS + CONTROLS for item in items):
        return None
    session = pool.submit(services.beaker)
    pool.submit(lambda: session.result().open_runs(repository, SHORT))
    return session


def read(asking: Asking, pool: Executor) -> Reading | Problem:
    """Reads what decides who may ask, and at which commit. Three requests, two of them in turn.

    When requests are scarce, who can only read costs one: that their account may be listed among
    those who may run is not looked up then.
    """
    services, number = asking.services, asking.number
    permission = pool.submit(github.read_permission, services.other_hub, asking.asker)
    try:
        if services.is_scarce() and permission.result().level in ("none", "read"):
            return Reading(None, _scarce(), permission.result())
        pull = None if number is None else github.read_pull(services.hub, number)
        files = _files(asking, pull.head_sha if pull else asking.sha)
        return Reading(pull, files, permission.result())
    except Problem as problem:
        return _unread(problem, permission)


def _unread(problem: Problem, permission: Future[Permission]) -> Reading | Problem:
    """What is left when something could not be read: who asks, so that strangers stay strangers."""
    try:
        return Reading(None, problem, permission.result())
    except Problem:
        return problem


def _scarce() -> Problem:
    return Problem(
        Reason.GITHUB_UNAVAILABLE,
        "Little is left of the requests that GitHub grants this repository's workflows in an hour.",
        next_step="Comment again later.",
    )


def _files(asking: Asking, head_sha: str) -> github.RepositoryFiles | Problem:
    try:
        return github.read_files(
            asking.services.hub,
            config_path=asking.services.config_path,
            head_sha=head_sha,
        )
    except Problem as problem:
        if problem.reason.family != "config":
            raise
        return problem


def load() -> None:
    """Loads what judges, so that it is there once GitHub has answered."""
    from beaker_ci.bot import answering

    del answering
