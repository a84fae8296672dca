"""A new comment: heard, acknowledged at once, read up on, answered."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import THREADS, Asking, Place, Question
from beaker_ci.bot.reading import beaker_for, load, read
from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake, looks_like_command, parse_comment
from beaker_ci.events import CommentCreated
from beaker_ci.facts import Person

if TYPE_CHECKING:
    from beaker_ci.bot.answers import Answer


def handle_comment(
    event: CommentCreated, services: Services, rerun_by: str = ""
) -> tuple[Answer, ...]:
    """Answers every command of a new comment; nothing for a comment without commands.

    Args:
        event: The comment.
        services: Both services.
        rerun_by: Login of who re-runs the workflow, if it is a re-run: judged like the author.

    Raises:
        Problem: When the answer could not be given at all, since GitHub failed or refused.
    """
    if event.is_from_bot or not looks_like_command(event.body):
        return ()
    items = parse_comment(event.body)
    if not items:
        return ()
    with ThreadPoolExecutor(THREADS) as pool:
        session = beaker_for(services, event.repository.id, items, pool)
        me = github.acknowledge(services.hub, event.number, event.comment_id)
        pool.submit(load)
        asking = _asking(event, services, items, me, rerun_by)
        wanted = me is not None and event.is_pull_request and not asking.is_only_help
        reading = read(asking, pool) if wanted else None

        from beaker_ci.bot import answering

        if me is None:
            return answering.unanswerable(asking)
        return answering.answer(asking, reading, session, pool)


def _asking(
    event: CommentCreated,
    services: Services,
    items: Sequence[Command | Mistake],
    me: github.Reactor | None,
    rerun_by: str,
) -> Asking:
    return Asking(
        services=services,
        repository=event.repository,
        place=Place(event.number, me.id if me else None, event.created_at),
        asker=Person(event.author.id, event.author.login, event.author.type),
        by=f"comment:{event.comment_id}",
        items=items,
        comment=Question(event.comment_id, event.body, event.created_at),
        is_pull_request=event.is_pull_request,
        rerun_by="" if rerun_by.lower() == event.author.login.lower() else rerun_by,
    )
