"""Commands that nobody heard: a workflow that never started, or died before it answered.

They are never executed late. Who wrote one is told to repeat it. Where somebody's eyes are on it,
it may have been answered, and the answer deleted: then nothing is called missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import Place
from beaker_ci.bot.people import read_permission
from beaker_ci.bot.replies import reply, take_back_reply, written
from beaker_ci.bot.rules import read_configuration
from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake, looks_like_command, parse_comment
from beaker_ci.config import Configuration
from beaker_ci.events import Repository
from beaker_ci.facts import Person, PullRequest
from beaker_ci.plan import experiment_name, run_key
from beaker_ci.policy import as_written, judge_person
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report import find_marker
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.github import RepositoryComment

WINDOW = timedelta(hours=1)
"""An older command is obeyed by nobody: telling so would only disturb."""

QUIET = timedelta(minutes=10)
"""A younger one may still be on its way: runners can be scarce."""

_AWAY = (Reason.BEAKER_UNAVAILABLE, Reason.GITHUB_UNAVAILABLE)

MOST = 20
"""People, and pull requests, that one pass asks GitHub about: a flood of comments costs no more."""

MOST_RUNS = 200
"""Runs of one pull request, the newest, among which that of a retry is looked for."""

OUTAGES = 3
"""Pull requests that meet a service that is away, before a pass gives up."""


def answer_missed(
    services: Services, repository: Repository, fail: Callable[[str, Problem], None]
) -> int:
    """Tells the authors of unanswered commands to repeat them. One request, if there are none.

    Args:
        services: Both services.
        repository: Whose comments.
        fail: Hears of every comment that could not be answered, in words, and why. It stops no
            comment on another pull request.

    Returns:
        How many were told.

    Raises:
        Problem: When the comments cannot be read.
    """
    comments = github.recent_comments(services.hub, services.clock.now() - WINDOW)
    heard = frozenset(_answered(comments))
    room = _Room(services)
    told = outages = 0
    for comment in comments:
        items = _unheard(repository, comment, _asked(comment, services.clock.now()), heard)
        try:
            if items and room.may_ask(comment):
                told += _tell_of(services, repository, comment, items)
        except Problem as problem:
            fail(f"unanswered comment {comment.id} on #{comment.number}", problem)
            room.close(comment.number)
            outages += problem.reason in _AWAY
            # Rules that cannot be read are the same for all.
            if outages == OUTAGES or problem.reason.family == "config":
                break
    return told


def _asked(comment: RepositoryComment, now: datetime) -> Sequence[Command | Mistake]:
    """What a comment asks, if it is one that should have been heard by now."""
    unedited = comment.updated_at == comment.created_at
    in_time = now - WINDOW < comment.created_at <= now - QUIET
    if comment.is_from_bot or not (comment.is_pull_request and unedited and in_time):
        return ()
    return parse_comment(comment.body) if looks_like_command(comment.body) else ()


class _Room:
    """Who may ask where, each read once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rules: Configuration | None = None
        self._pulls: dict[int, PullRequest] = {}
        self._people: dict[int, bool] = {}
        self._closed: set[int] = set()

    def close(self, number: int) -> None:
        """Nobody is told anything on this pull request any more."""
        self._closed.add(number)

    def may_ask(self, comment: RepositoryComment) -> bool:
        """Whether the author has a role, and the pull request is open. Strangers are not chased."""
        if comment.author is None or comment.number in self._closed:
            return False
        person = Person(comment.author.id, comment.author.login, comment.author.type)
        number = comment.number
        pulls = {*self._pulls, *self._closed, number}
        if len(self._people.keys() | {person.id}) > MOST or len(pulls) > MOST:
            return False
        if number not in self._pulls:
            self._pulls[number] = github.read_pull(self._services.hub, number)
        pull = self._pulls[number]
        if person.id not in self._people:
            self._people[person.id] = self._has_role(person, pull)
        return pull.state == "open" and self._people[person.id]

    def _has_role(self, person: Person, pull: PullRequest) -> bool:
        if self._rules is None:
            self._rules = read_configuration(self._services, pull.head_sha)
        permission = read_permission(self._services, person, self._rules)
        return judge_person(person, permission, self._rules).outcome is Outcome.ALLOW


def _answered(comments: Sequence[RepositoryComment]) -> Iterator[str]:
    """The keys of all answers and runs that bots reported; only ours carry our markers."""
    for comment in comments:
        marker = find_marker(comment.body) if comment.is_from_bot else None
        if marker is not None:
            yield marker[1]


def _unheard(
    repository: Repository,
    comment: RepositoryComment,
    items: Sequence[Command | Mistake],
    heard: frozenset[str],
) -> Sequence[Command | Mistake]:
    """What of a comment has no answer. One reply, written last, answers all that became no run.

    What was seen has most likely had one that somebody deleted: there, a word is worth only where
    something was to be done.
    """
    if _marker(comment) in heard:
        return ()
    unanswered = [item for item in items if _key(repository, comment, item) not in heard]
    worth = not _was_seen(comment) or any(_acts(item) for item in unanswered)
    return unanswered if worth else ()


def _was_seen(comment: RepositoryComment) -> bool:
    """Whether somebody's eyes are on it; also when GitHub does not say."""
    return comment.eyes != 0


def _acts(item: Command | Mistake) -> bool:
    """Whether it was to do something, and would have left an answer or a run of its own."""
    in_place = isinstance(item, Command) and bool(item.options.get("failed"))
    return isinstance(item, Command) and item.name in ("run", "stop", "retry") and not in_place


def _tell_of(
    services: Services,
    repository: Repository,
    comment: RepositoryComment,
    items: Sequence[Command | Mistake],
) -> bool:
    """Tells the author what was not obeyed of these; whether there was any.

    A late workflow may answer at this very moment. Both sides write first and look then, so that
    one of them sees the other: it looks for our word once it has submitted, and we for its run.
    """

    def unobeyed(of: Sequence[Command | Mistake]) -> Sequence[Command | Mistake]:
        return [item for item in of if not _is_on_beaker(services, repository, comment, item)]

    place, marker = _place(comment), _marker(comment)
    left = unobeyed(items)
    if not left or written(services, place, "reply", marker):
        return False
    _tell(services, comment, left)
    still = unobeyed(left)
    if not still:
        take_back_reply(services, place, marker, written(services, place, "reply", marker))
    elif still != left:
        _tell(services, comment, still)
    return bool(still)


def _is_on_beaker(
    services: Services,
    repository: Repository,
    comment: RepositoryComment,
    item: Command | Mistake,
) -> bool:
    """Whether it was obeyed: somebody may have deleted our answer, or it is being written."""
    if not isinstance(item, Command) or item.name not in ("run", "retry"):
        return False
    key = _key(repository, comment, item)
    if item.name == "retry":  # its name tells what it repeats
        runs = services.beaker().runs_of(repository.id, comment.number)
        return any(run.key == key for run in islice(runs, MOST_RUNS))
    label = str(item.options.get("name") or "")
    name = experiment_name(repository.full_name, f"pr{comment.number}", item.preset, key, label)
    return services.beaker().find(name, key) is not None


def _key(repository: Repository, comment: RepositoryComment, item: Command | Mistake) -> str:
    return run_key(repository.id, f"comment:{comment.id}", item.place)


def _tell(
    services: Services, comment: RepositoryComment, items: Sequence[Command | Mistake]
) -> None:
    if _was_seen(comment):
        what = "It is not certain that this was answered: it was seen, but no answer is here."
        next_step = "If you had no answer, please repeat it in a new comment:"
    else:
        what = "This was missed: the workflow that should have answered did not."
        next_step = "Please repeat it in a new comment:"
    view = ReplyView(
        marker=_marker(comment),
        reason=Reason.REFUSED_STALE,
        asker=comment.author.login if comment.author else "",
        source=items[0].source,
        what=what,
        why=(
            f"It was asked at {comment.created_at:%H:%M} UTC. Nothing was submitted, and it will "
            "not be done late: too much may have changed since."
        ),
        next_step=next_step,
        paste="\n\n".join(_again(item) for item in items),
    )
    reply(services, _place(comment), (view,), None)


def _place(comment: RepositoryComment) -> Place:
    return Place(comment.number, None, comment.created_at)


def _marker(comment: RepositoryComment) -> str:
    return f"comment-{comment.id}"


def _again(item: Command | Mistake) -> str:
    return as_written(item) if isinstance(item, Command) else item.source
