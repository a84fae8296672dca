"""A new comment: heard, acknowledged at once, read up on, answered.

What judges and renders costs tenths of a second to load. It is loaded while GitHub is asked, after
the reaction is on its way.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import Asking, Reading
from beaker_ci.bot.services import Services
from beaker_ci.commands import looks_like_command, parse_comment
from beaker_ci.events import CommentCreated
from beaker_ci.problem import Problem

if TYPE_CHECKING:
    from beaker_ci.bot.answers import Answer

THREADS = 8
"""Enough for what is asked of Beaker at the same time."""


def handle_comment(event: CommentCreated, services: Services) -> tuple[Answer, ...]:
    """Answers every command of a new comment; nothing for a comment without commands.

    Raises:
        Problem: When the answer could not be given at all, since GitHub failed or refused.
    """
    if event.is_from_bot or not looks_like_command(event.body):
        return ()
    items = parse_comment(event.body)
    if not items:
        return ()
    asking = Asking.of(event, services, items, me=0)
    with ThreadPoolExecutor(THREADS) as pool:
        session = pool.submit(services.open_beaker) if asking.needs_beaker else None
        if session is not None:
            pool.submit(lambda: session.result().load_gantry())
        me = github.acknowledge(services.hub, event.number, event.comment_id)
        asking = Asking.of(event, services, items, me=me.id if me else 0)
        pool.submit(_load)
        reading: Reading | Problem | None = None
        if me is not None and event.is_pull_request and not asking.is_only_help:
            try:
                reading = _read(asking)
            except Problem as problem:
                reading = problem

        from beaker_ci.bot import answering

        if me is None:
            return answering.unanswerable(asking)
        if isinstance(reading, Problem):
            return answering.answer_problem(asking, reading)
        return answering.answer(asking, reading, session, pool)


def _read(asking: Asking) -> Reading:
    hub = asking.services.hub
    pull = github.read_pull(hub, asking.place.number)
    files: github.RepositoryFiles | Problem
    try:
        files = github.read_files(
            hub,
            default_branch=asking.repository.default_branch,
            config_path=asking.services.config_path,
            head_sha=pull.head_sha,
        )
    except Problem as problem:
        if problem.reason.family != "config":
            raise
        files = problem
    return Reading(pull, files, github.read_permission(hub, asking.asker))


def _load() -> None:
    """Loads what judges and what renders, so that it is there once GitHub has answered."""
    from beaker_ci.bot import answering
    from beaker_ci.report import warm_up

    del answering
    warm_up()
