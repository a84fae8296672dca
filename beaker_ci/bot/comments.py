"""A new comment: from the event to its answers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.answers import Answer
from beaker_ci.bot.case import Case, reply_marker
from beaker_ci.bot.reporting import Place, reply, reply_to_stranger
from beaker_ci.bot.runs import answer_plan, answer_run, prepare
from beaker_ci.bot.services import Services
from beaker_ci.commands import Command, Mistake, help_text, looks_like_command, parse_comment
from beaker_ci.config import Configuration, configuration_from_pyproject, parse_configuration
from beaker_ci.events import CommentCreated
from beaker_ci.facts import CommentNow, Permission, Person
from beaker_ci.policy import judge_person
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

RUN_COMMANDS = ("run", "plan")
"""Commands that need Beaker and the whole of the policy."""


def handle_comment(event: CommentCreated, services: Services) -> tuple[Answer, ...]:
    """Answers every command of a new comment; nothing for a comment without commands.

    Raises:
        Problem: When the answer could not be given at all, since GitHub failed or refused.
    """
    if event.is_from_bot or not looks_like_command(event.body):
        return ()
    asked = parse_comment(event.body)
    if not asked:
        return ()
    me = github.acknowledge(services.hub, event.number, event.comment_id)
    asking = _Asking(
        event=event,
        services=services,
        asked=asked,
        place=Place(event.number, me.id if me else 0, event.created_at),
        asker=Person(event.author.id, event.author.login, event.author.type),
    )
    if me is None:
        gone = Problem(Reason.REFUSED_EDITED, "The comment was deleted before it was obeyed.")
        return tuple(asking.problem(item, gone) for item in asked)
    try:
        return _answer(asking)
    except Problem as problem:
        answers = tuple(asking.problem(item, problem) for item in asked)
        try:
            asking.reply(answers, None)
        except Problem:
            raise problem from None
        return answers


@dataclass(frozen=True)
class _Asking:
    event: CommentCreated
    services: Services
    asked: Sequence[Command | Mistake]
    place: Place
    asker: Person

    @property
    def by(self) -> str:
        return f"comment:{self.event.comment_id}"

    def problem(self, item: Command | Mistake, problem: Problem) -> Answer:
        """A problem as the answer to one command."""
        view = ReplyView.of_problem(
            problem,
            marker=reply_marker(self.by),
            asker=self.asker.login,
            source=item.source,
        )
        return Answer(command=_name(item), reason=problem.reason, view=view)

    def text(self, item: Command, text: str) -> Answer:
        """A help page as the answer to one command."""
        view = ReplyView(
            marker=reply_marker(self.by),
            reason=Reason.ANSWERED,
            asker=self.asker.login,
            source=item.source,
            what="",
            help_text=text,
        )
        return Answer(command=item.name, reason=Reason.ANSWERED, view=view)

    def reply(self, answers: Sequence[Answer], known: list[github.PostedComment] | None) -> None:
        """Posts what has no comment of its own."""
        views = tuple(a.view for a in answers if isinstance(a.view, ReplyView))
        if views:
            reply(self.services, self.place, views, known)


def _answer(asking: _Asking) -> tuple[Answer, ...]:
    if all(_name(item) == "help" for item in asking.asked):
        answers = tuple(_answer_simple(asking, item) for item in asking.asked)
        asking.reply(answers, None)
        return answers
    if not asking.event.is_pull_request:
        return _answer_on_issue(asking)
    with ThreadPoolExecutor(max_workers=4) as pool:
        session = (
            pool.submit(asking.services.open_beaker)
            if any(_name(item) in RUN_COMMANDS for item in asking.asked)
            else None
        )
        return _answer_on_pull(asking, session, pool)


def _answer_on_pull(
    asking: _Asking, session: Future[Session] | None, pool: ThreadPoolExecutor
) -> tuple[Answer, ...]:
    event, services = asking.event, asking.services
    pull = github.read_pull(services.hub, event.number)
    configuration: Configuration | Problem
    try:
        files = github.read_files(
            services.hub,
            default_branch=event.repository.default_branch,
            config_path=services.config_path,
            head_sha=pull.head_sha,
        )
        configuration = _configuration(files, services.config_path)
    except Problem as problem:
        if problem.reason.family != "config":
            raise
        configuration = problem
    permission = github.read_permission(services.hub, asking.asker)
    roles = Configuration(version=1) if isinstance(configuration, Problem) else configuration
    stranger = _stranger(asking, permission, roles)
    if stranger is not None:
        reply_to_stranger(services, asking.place, stranger)
        return tuple(Answer(_name(item), Reason.REFUSED_ROLE, stranger) for item in asking.asked)
    if isinstance(configuration, Problem):
        raise configuration
    comments = github.comments_since(services.hub, event.number, event.created_at)
    case = Case(
        services=services,
        repository=event.repository,
        place=asking.place,
        asker=asking.asker,
        asked_by=asking.by,
        asked_body=event.body,
        asked_at=event.created_at,
        pull=pull,
        files=files,
        configuration=configuration,
        permission=permission,
        comments=comments,
        comment=_as_it_is_now(event, comments),
    )
    errands = {
        item.place: prepare(case, item, session, pool)
        for item in asking.asked
        if isinstance(item, Command) and item.name in RUN_COMMANDS and session is not None
    }
    answers = []
    for item in asking.asked:
        try:
            errand = errands.get(item.place)
            if errand is None or session is None:
                answers.append(_answer_simple(asking, item))
            elif errand.command.name == "plan":
                answers.append(answer_plan(case, errand))
            else:
                answers.append(answer_run(case, errand, session))
        except Problem as problem:
            answers.append(asking.problem(item, problem))
    asking.reply(answers, comments)
    return tuple(answers)


def _answer_on_issue(asking: _Asking) -> tuple[Answer, ...]:
    permission = github.read_permission(asking.services.hub, asking.asker)
    if _stranger(asking, permission, Configuration(version=1)) is not None:
        problem = Problem(Reason.REFUSED_ROLE, "Runs are for people who may write here.")
        return tuple(asking.problem(item, problem) for item in asking.asked)
    problem = Problem(
        Reason.REFUSED_NOT_A_PULL_REQUEST,
        "Runs belong to pull requests, and this is an issue.",
        next_step="Comment on the pull request whose commit should run.",
    )
    answers = tuple(asking.problem(item, problem) for item in asking.asked)
    asking.reply(answers, None)
    return answers


def _answer_simple(asking: _Asking, item: Command | Mistake) -> Answer:
    """The answer to what needs nobody's data: help, mistakes, what this version lacks."""
    if isinstance(item, Mistake):
        return asking.problem(
            item,
            Problem(item.reason, item.what, next_step=item.next_step, paste=item.paste),
        )
    if item.name == "help":
        return asking.text(item, help_text(item.target))
    return asking.problem(
        item,
        Problem(
            Reason.USAGE_UNKNOWN_COMMAND,
            f"`/beaker {item.name}` is not part of this version yet.",
            next_step="This version knows:",
            paste="/beaker help",
        ),
    )


def _stranger(
    asking: _Asking, permission: Permission, configuration: Configuration
) -> ReplyView | None:
    """The refusal of somebody without the role; None for those who have it."""
    finding = judge_person(asking.asker, permission, configuration)
    if finding.outcome is Outcome.ALLOW:
        return None
    return ReplyView(
        marker="stranger",
        reason=Reason.REFUSED_ROLE,
        asker=asking.asker.login,
        source="",
        what="Runs are for people who may write here.",
        why=finding.evidence,
        next_step=finding.next_step,
    )


def _configuration(files: github.RepositoryFiles, path: str) -> Configuration:
    if files.config is not None:
        return parse_configuration(files.config, path)
    if files.pyproject is not None:
        return configuration_from_pyproject(files.pyproject)
    return Configuration(version=1)


def _as_it_is_now(event: CommentCreated, comments: list[github.PostedComment]) -> CommentNow:
    """The asking comment among those read just now; gone if it is not among them."""
    for comment in comments:
        if comment.id == event.comment_id:
            return CommentNow(comment.body, comment.created_at, comment.updated_at)
    return CommentNow(None, None, None)


def _name(item: Command | Mistake) -> str:
    return item.name if isinstance(item, Command) else ""
