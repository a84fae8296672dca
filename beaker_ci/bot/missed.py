"""Commands that nobody heard: a workflow that never started, or died before it answered.

They are never executed late. Who wrote one is told to repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import RUN_COMMANDS, Place
from beaker_ci.bot.replies import reply
from beaker_ci.bot.rules import read_configuration
from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake, looks_like_command, parse_comment
from beaker_ci.events import Repository
from beaker_ci.facts import Person
from beaker_ci.plan import experiment_name, run_key
from beaker_ci.policy import judge_person
from beaker_ci.policy.model import Outcome
from beaker_ci.reasons import Reason
from beaker_ci.report import find_marker
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.github import RepositoryComment

WINDOW = timedelta(hours=1)
"""An older command is obeyed by nobody: telling so would only disturb."""

QUIET = timedelta(minutes=10)
"""A younger one may still be on its way: runners can be scarce."""


def answer_missed(services: Services, repository: Repository) -> int:
    """Tells the authors of unanswered commands to repeat them. One request, if there are none.

    Returns:
        How many were told.

    Raises:
        Problem: When GitHub or Beaker does not answer.
    """
    now = services.clock.now()
    comments = github.recent_comments(services.hub, now - WINDOW)
    heard = frozenset(_answered(comments))
    told = 0
    for comment in comments:
        unedited = comment.updated_at == comment.created_at
        in_time = now - WINDOW < comment.created_at <= now - QUIET
        if comment.is_from_bot or not (comment.is_pull_request and unedited and in_time):
            continue
        items = parse_comment(comment.body) if looks_like_command(comment.body) else ()
        if items and not _is_answered(services, repository, comment, items, heard):
            told += _tell(services, comment, items)
    return told


def _answered(comments: Sequence[RepositoryComment]) -> Iterator[str]:
    """The keys of all answers and runs that bots reported; only ours carry our markers."""
    for comment in comments:
        marker = find_marker(comment.body) if comment.is_from_bot else None
        if marker is not None:
            yield marker[1]


def _is_answered(
    services: Services,
    repository: Repository,
    comment: RepositoryComment,
    items: Sequence[Command | Mistake],
    heard: frozenset[str],
) -> bool:
    asked = f"comment:{comment.id}"
    if asked.replace(":", "-") in heard:
        return True
    keys = {item.place: run_key(repository.id, asked, item.place) for item in items}
    if not heard.isdisjoint(keys.values()):
        return True
    # Somebody may have deleted our answer, or its writing is under way: Beaker knows.
    beaker = services.beaker()
    return any(
        _is_on_beaker(beaker, repository, comment.number, item, keys[item.place])
        for item in items
        if isinstance(item, Command) and item.name in RUN_COMMANDS
    )


def _is_on_beaker(
    beaker: Session, repository: Repository, number: int, command: Command, key: str
) -> bool:
    name = experiment_name(repository.full_name, f"pr{number}", command.preset, key)
    return beaker.find(name, key) is not None


def _tell(
    services: Services, comment: RepositoryComment, items: Sequence[Command | Mistake]
) -> int:
    """Answers one comment, if its author has a role here; strangers are not chased."""
    pull = github.read_pull(services.hub, comment.number)
    if pull.state != "open" or comment.author is None:
        return 0
    asker = Person(comment.author.id, comment.author.login, comment.author.type)
    rules = read_configuration(services, pull.head_sha)
    permission = github.read_permission(services.hub, asker)
    if judge_person(asker, permission, rules).outcome is not Outcome.ALLOW:
        return 0
    view = ReplyView(
        marker=f"comment-{comment.id}",
        reason=Reason.REFUSED_STALE,
        asker=asker.login,
        source=items[0].source,
        what="This was missed: the workflow that should have answered did not.",
        why=(
            f"It was asked at {comment.created_at:%H:%M} UTC. Nothing was submitted, and it will "
            "not be done late: too much may have changed since."
        ),
        next_step="Please repeat it in a new comment:",
        paste="\n\n".join(_again(item) for item in items),
    )
    place = Place(comment.number, None, comment.created_at)
    reply(services, place, (view,), None)
    return 1


def _again(item: Command | Mistake) -> str:
    """The line, with its script if it has one."""
    script = item.script if isinstance(item, Command) and item.argv is None else None
    return item.source if script is None else f"{item.source}\n```bash\n{script.rstrip()}\n```"
