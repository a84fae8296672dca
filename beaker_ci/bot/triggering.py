"""Presets that an event runs since the configuration's ``on:`` says so."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.answers import Answer
from beaker_ci.bot.asking import THREADS, Asking, Place
from beaker_ci.bot.case import Case, own_origin
from beaker_ci.bot.considering import Errand, prepare, recounted
from beaker_ci.bot.merge_queue import branch_of, stand_in
from beaker_ci.bot.people import with_teams
from beaker_ci.bot.refusals import tell_refusals
from beaker_ci.bot.rules import configuration_of
from beaker_ci.bot.runs import answer_run
from beaker_ci.bot.services import SHORT, Services
from beaker_ci.bot.strangers import stranger, stranger_who_reruns
from beaker_ci.commands import Command, parse_command_line
from beaker_ci.config import Configuration
from beaker_ci.events import (
    Labeled,
    MergeGroupRequested,
    PullRequestChanged,
    Pushed,
    Repository,
    Scheduled,
)
from beaker_ci.facts import Permission, Person, PullRequest
from beaker_ci.github import (
    read_labeling,
    read_pull_paths,
    read_pushed_paths,
    read_run_creation,
)
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView
from beaker_ci.triggers.matching import Lookups, wanted
from beaker_ci.triggers.model import CONFIGURED, Wanted

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

TriggerEvent = Pushed | MergeGroupRequested | Labeled | PullRequestChanged | Scheduled

_ALWAYS_ANEW = ("label", "schedule")
"""Triggers that say when to run: that the same files succeeded before is no answer to them."""

_NOBODY = Permission(None, None, "")
"""What the configuration's own authority needs of GitHub."""


@dataclass(frozen=True)
class Occasion:
    """What the runner says of an event besides its payload.

    Attributes:
        sha: The workflow's own commit.
        branch: Where that lies.
        run: Number of the workflow's run; the same for its re-runs.
        rerun_by: Login of who re-runs it; empty in the first attempt.
    """

    repository: Repository
    sha: str
    branch: str
    run: str
    rerun_by: str = ""


def handle_event(event: TriggerEvent, occasion: Occasion, services: Services) -> tuple[Answer, ...]:
    """Runs every preset that an event asks for, each once, however often the event comes.

    The configuration is read once; where no preset fits, nothing else is asked of anybody. What
    goes wrong with one preset stops no other.

    Args:
        event: What happened.
        occasion: Where and when.
        services: Both services.

    Returns:
        One answer for each preset, in the configuration's order.

    Raises:
        Problem: When the configuration cannot be read, or is none.
    """
    if not services.has_beaker and not isinstance(event, MergeGroupRequested):
        _say("No preset was run: there is no Beaker token. A fork's events have no secrets.")
        return ()
    sha = _commit(event, occasion)
    files = github.read_files(services.hub, config_path=services.config_path, head_sha=sha)
    configuration = configuration_of(files, services.config_path)
    found = wanted(event, configuration, _lookups(event, occasion, services))
    triggering = _Triggering(event, occasion, services, files, configuration)
    answers = triggering.answers(found) if found else ()
    if isinstance(event, PullRequestChanged):
        # What runs, or was refused, has a check of its own; a bot's pull request has none.
        answers += stand_in(services, event, configuration, found if answers else ())
    return answers


@dataclass(frozen=True)
class _Triggering:
    """One event, with the rules that hold for it."""

    event: TriggerEvent
    occasion: Occasion
    services: Services
    files: github.RepositoryFiles
    configuration: Configuration

    def answers(self, found: Sequence[Wanted]) -> tuple[Answer, ...]:
        """Runs what is wanted, tells what was refused."""
        askings = [self._asking(one) for one in found]
        first = askings[0]
        if first.asker.type != "User" and not _is_configured(first):
            _say(f"{first.asker.login} is a {first.asker.type}: bots and apps are never obeyed.")
            return ()
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                answers = self._judged(askings, pool)
            except Problem as problem:
                answers = [_problem(asking, problem) for asking in askings]
            return tell_refusals(self.event, askings, answers, again=bool(self.occasion.rerun_by))

    def _asking(self, one: Wanted) -> Asking:
        event, services = self.event, self.services
        number = event.number if isinstance(event, Labeled | PullRequestChanged) else None
        since = services.clock.now() - timedelta(hours=1)
        asker = _asker(event, one)
        rerun_by = self.occasion.rerun_by
        is_own = bool(asker.id) and rerun_by.lower() == asker.login.lower()
        return Asking(
            services=services,
            repository=self.occasion.repository,
            place=None if number is None else Place(number, None, since),
            asker=asker,
            by=one.by,
            items=(_command(one),),
            is_pull_request=number is not None,
            sha=_commit(event, self.occasion),
            branch=_branch(event, self.occasion),
            rerun_by="" if is_own else rerun_by,
            trigger=one,
        )

    def _judged(self, askings: Sequence[Asking], pool: Executor) -> list[Answer]:
        first, rules = askings[0], self.configuration
        if _is_configured(first):
            # The configuration speaks for an event when it happens, not for its repetitions.
            barred = stranger_who_reruns(first, rules)
            return self._run_all([self._case(one, None, _NOBODY) for one in askings], pool, barred)
        permission, pull = self._read(first, pool)
        if isinstance(self.event, PullRequestChanged) and (
            pull.state != "open" or pull.head_sha != first.sha
        ):
            _say(f"{first.sha} is no open pull request's head any more: nothing is run for it.")
            return []
        no_role = stranger(first, permission, rules) or stranger_who_reruns(first, rules)
        if no_role is not None and isinstance(self.event, Labeled):
            return [Answer("run", Reason(no_role.reason), no_role) for _ in askings]
        # A head that ran keeps its check, whoever opens the pull request once more.
        cases = [self._case(one, pull, permission) for one in askings]
        return self._run_all(cases, pool, no_role)

    def _read(self, asking: Asking, pool: Executor) -> tuple[Permission, PullRequest]:
        services = self.services
        permission = pool.submit(github.read_permission, services.other_hub, asking.asker)
        pull = github.read_pull(services.hub, asking.number or 0)
        return (
            with_teams(services, asking.asker, permission.result(), self.configuration),
            pull,
        )

    def _case(self, asking: Asking, pull: PullRequest | None, permission: Permission) -> Case:
        return Case(
            asking=asking,
            pull=pull,
            files=self.files,
            configuration=self.configuration,
            permission=permission,
            origin=own_origin(asking, permission),
        )

    def _run_all(
        self, cases: Sequence[Case], pool: Executor, barred: ReplyView | None = None
    ) -> list[Answer]:
        """Runs what is wanted; for who is barred, finds only what was run before."""
        session = pool.submit(self.services.beaker)
        repository = self.occasion.repository.id
        pool.submit(lambda: session.result().open_runs(repository, SHORT))
        errands = [(case, prepare(case, _own(case), session, pool)) for case in cases]
        answers: list[Answer] = []
        for case, errand in errands:
            if any(one.run for one in answers):
                errand = recounted(case, errand, session, pool)
            answers.append(_run(case, errand, session, barred))
        return answers


def _run(case: Case, errand: Errand, session: Future[Session], barred: ReplyView | None) -> Answer:
    try:
        if barred is not None and errand.found.result() is None:
            return Answer("run", Reason(barred.reason), barred)
        return answer_run(case, None, errand, session)
    except Problem as problem:
        return _problem(case.asking, problem)


def _own(case: Case) -> Command:
    (command,) = case.asking.items
    assert isinstance(command, Command)  # noqa: S101 - made by _command
    return command


def _command(one: Wanted) -> Command:
    """What a comment would say for the same run."""
    (command,) = parse_command_line(shlex.join(["run", one.preset]))
    assert isinstance(command, Command)  # noqa: S101 - a preset's name needs no quoting
    return replace(command, options={"fresh": True}) if one.trigger in _ALWAYS_ANEW else command


def _is_configured(asking: Asking) -> bool:
    return asking.trigger is not None and asking.trigger.trigger in CONFIGURED


def _asker(event: TriggerEvent, one: Wanted) -> Person:
    """Who asks; with the id 0, nobody's GPU-hours are used where the configuration does."""
    if isinstance(event, Scheduled):
        return Person(0, "")
    sender = event.sender
    return Person(0 if one.trigger in CONFIGURED else sender.id, sender.login, sender.type)


def _commit(event: TriggerEvent, occasion: Occasion) -> str:
    if isinstance(event, Scheduled):
        return occasion.sha
    return event.head_sha if isinstance(event, Labeled | PullRequestChanged) else event.sha


def _branch(event: TriggerEvent, occasion: Occasion) -> str:
    """Where that lies, as an experiment's name says it."""
    if isinstance(event, MergeGroupRequested):
        return branch_of(event)
    return event.branch if isinstance(event, Pushed) else occasion.branch


def _lookups(event: TriggerEvent, occasion: Occasion, services: Services) -> Lookups:
    """What the payload does not say, read where it decides."""
    hub = services.hub

    def changed() -> frozenset[str] | None:
        if isinstance(event, Pushed):
            before, main = event.before, event.repository.default_branch
            known = event.changed
            return known if known is not None else read_pushed_paths(hub, before, event.sha, main)
        if isinstance(event, PullRequestChanged):
            return read_pull_paths(hub, event.base_branch, event.head_sha)
        return None

    def labeling() -> str:
        found = (
            read_labeling(hub, event.number, event.label) if isinstance(event, Labeled) else None
        )
        return found.id if found is not None else f"run-{occasion.run}"

    def started() -> datetime:
        if occasion.rerun_by and occasion.run.isdecimal():
            return read_run_creation(hub, int(occasion.run))
        return services.clock.now()

    return Lookups(changed, labeling, started)


def _problem(asking: Asking, problem: Problem) -> Answer:
    view = ReplyView.of_problem(problem, asker=asking.asker.login)
    return Answer("run", problem.reason, view)


def _say(sentence: str) -> None:
    """A line of the step's log; only words of ours and logins."""
    print(sentence)  # noqa: T201 - the step's log
