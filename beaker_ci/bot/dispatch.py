"""A workflow that somebody started by hand, with a command as its input."""

from __future__ import annotations

import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from beaker_ci.bot.asking import THREADS, Asking, Place
from beaker_ci.bot.reading import beaker_for, load, read
from beaker_ci.bot.services import Services
from beaker_ci.commands import parse_command_line
from beaker_ci.events import Dispatched
from beaker_ci.facts import Person
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.bot.answers import Answer
    from beaker_ci.triggers.model import Wanted


@dataclass(frozen=True)
class Order:
    """What the workflow hands over.

    Attributes:
        command: What stands after ``/beaker``.
        number: Of the pull request; None for the workflow's own commit.
        sha: The workflow's own commit.
        branch: Where that lies.
        run: The workflow run and its attempt: ``7:1``.
        actor: Login of who started this attempt.
    """

    command: str
    number: int | None
    sha: str
    branch: str
    run: str
    actor: str


def handle_dispatch(event: Dispatched, order: Order, services: Services) -> tuple[Answer, ...]:
    """Answers the commands of a workflow that was started by hand.

    Raises:
        Problem: When there is no command, or somebody else re-runs what was started.
    """
    by_hand = None if order.command else _wanted(event, order, services)
    items = parse_command_line(_line(by_hand) if by_hand else order.command)
    if not items:
        raise Problem(
            Reason.USAGE_MISSING_COMMAND,
            "There is no command.",
            why="The inputs `command` and `preset` are empty.",
            next_step="Give `command` what stands after `/beaker` in a comment, for example:",
            paste="run gpu-tests",
        )
    if order.actor and order.actor.lower() != event.sender.login.lower():
        raise Problem(
            Reason.REFUSED_STALE,
            "A workflow that somebody else started is not obeyed again.",
            why=f"{event.sender.login} started it, {order.actor} re-runs it.",
            next_step="Start the workflow anew in your own name.",
        )
    if not re.fullmatch("[0-9a-f]{40}", order.sha) or order.run.startswith(":"):
        raise Problem(
            Reason.EVENT_INVALID,
            "The workflow's own commit or run is not known.",
            why="GITHUB_SHA must have 40 hex digits, and GITHUB_RUN_ID must be set.",
            next_step="Run this as a step of a GitHub workflow.",
        )
    since = services.clock.now() - timedelta(hours=1)
    place = None if order.number is None else Place(order.number, None, since)
    asking = Asking(
        services=services,
        repository=event.repository,
        place=place,
        asker=Person(event.sender.id, event.sender.login, event.sender.type),
        by=f"dispatch:{order.run}",
        items=items,
        is_pull_request=order.number is not None,
        sha=order.sha,
        branch=order.branch,
        trigger=by_hand,
    )
    with ThreadPoolExecutor(THREADS) as pool:
        session = beaker_for(services, event.repository.id, items, pool)
        pool.submit(load)
        reading = None if asking.is_only_help else read(asking, pool)

        from beaker_ci.bot import answering

        return answering.answer(asking, reading, session, pool)


def _wanted(event: Dispatched, order: Order, services: Services) -> Wanted | None:
    """The preset that the workflow's input ``preset`` names; one request, if it names any.

    Raises:
        Problem: When there is no such preset, it is not for that, or an input does not fit.
    """
    if not event.inputs.get("preset"):
        return None
    from beaker_ci.bot.rules import read_configuration
    from beaker_ci.triggers.by_hand import wanted_by_hand

    return wanted_by_hand(event.inputs, read_configuration(services, order.sha), order.run)


def _line(one: Wanted) -> str:
    """What a comment would say for the same run."""
    variables = [word for name, value in one.values for word in ("--env", f"{name}={value}")]
    return shlex.join(["run", one.preset, *variables])
