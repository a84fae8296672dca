"""A base that is run for a comparison: the same preset at the merge base, once.

It is judged as if who asked for the head's run had asked for it outside of a pull request. Its
name is made of the commit and the preset alone: however many heads want it, it runs once.
"""

from __future__ import annotations

import shlex
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.asking import THREADS, Asking
from beaker_ci.bot.case import Case, own_origin
from beaker_ci.bot.people import with_teams
from beaker_ci.bot.rules import configuration_of
from beaker_ci.commands import Command, parse_command_line
from beaker_ci.facts import Permission, Person
from beaker_ci.github import Ancestor, Ancestry
from beaker_ci.plan import experiment_name, run_key
from beaker_ci.problem import Problem
from beaker_ci.report.views import ReplyView
from beaker_ci.triggers.model import CONFIGURED, Wanted

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.answers import Answer
    from beaker_ci.bot.services import Services
    from beaker_ci.history import State
    from beaker_ci.run import Run

_NOBODYS = Permission(None, None, "")
"""What the configuration needs, which asks by its own authority."""


@dataclass(frozen=True)
class BaseRun:
    """The base's run as it stands.

    Attributes:
        run: None where it may not be submitted.
        state: What its jobs say; None without the run.
        why: Why it may not be; a sentence.
        next_step: What would let it through.
        paste: A line to paste for that.
    """

    run: Run | None = None
    state: State | None = None
    why: str = ""
    next_step: str = ""
    paste: str = ""


def is_base(run: Run) -> bool:
    """Whether a run was submitted for a comparison alone: then it is not compared itself."""
    return run.key == _key(run.repository_id, run.sha, run.preset or "")


def asks_for_base(case: Case, preset: str) -> bool:
    """Whether a run is asked for by a comparison alone."""
    return case.asking.by == _by(case.sha, preset)


def ensure_base(services: Services, beaker: Session, head: Run, ancestry: Ancestry) -> BaseRun:
    """The base's run: found, or submitted now.

    Args:
        services: Both services.
        beaker: Where it runs.
        head: The run that wants it; of an unmodified preset.
        ancestry: Where that comes from; it has an ancestor.

    Raises:
        Problem: When a service does not answer: nothing is submitted twice.
    """
    commit, preset = ancestry.ancestors[0], head.preset or ""
    key = _key(head.repository_id, commit.sha, preset)
    found = beaker.find(experiment_name(head.repository, ancestry.branch, preset, key), key)
    if found is not None:
        return BaseRun(*beaker.watch(found, services.clock.now().timestamp()))
    answer = _submit(services, beaker, head, ancestry, commit)
    if answer.run is not None:
        return BaseRun(*beaker.watch(answer.run, services.clock.now().timestamp()))
    view = answer.view
    if not isinstance(view, ReplyView):
        return BaseRun()
    why = f"The base was not run: {view.why.rstrip('.')}."
    return BaseRun(None, None, why, view.next_step, view.paste)


def _submit(
    services: Services, beaker: Session, head: Run, ancestry: Ancestry, commit: Ancestor
) -> Answer:
    # What submits also reports, and what reports compares.
    from beaker_ci.bot.considering import prepare
    from beaker_ci.bot.runs import found_or_submitted

    files = github.read_files(services.hub, config_path=services.config_path, head_sha=commit.sha)
    rules = configuration_of(files, services.config_path)
    preset = head.preset or ""
    (command,) = parse_command_line(f"run {shlex.quote(preset)}")
    asker = Person(head.asker_id, head.asker, "User")
    by = _by(commit.sha, preset)
    asking = Asking(
        services=services,
        repository=services.read_repository(),
        place=None,
        asker=asker,
        by=by,
        items=(command,),
        is_pull_request=False,
        sha=commit.sha,
        branch=ancestry.branch,
        trigger=_trigger(head, by),
    )
    permission = _NOBODYS
    if asking.trigger is None:
        permission = github.read_permission(services.hub, asker)
        permission = with_teams(services, asker, permission, rules)
    case = Case(asking, None, files, rules, permission, own_origin(asking, permission))
    if not isinstance(command, Command):
        raise Problem(command.reason, command.what, next_step=command.next_step)
    session: Future[Session] = Future()
    session.set_result(beaker)
    with ThreadPoolExecutor(THREADS) as pool:
        errand = prepare(case, command, session, pool)
        return found_or_submitted(case, None, errand, beaker, answering=command)


def _trigger(head: Run, by: str) -> Wanted | None:
    """The authority of a run that the configuration asked for; None for a person's own."""
    for trigger in CONFIGURED:
        if head.trigger == trigger:
            why = f"the base of run `{head.run_id}`, by `compare: {{base: run}}`"
            return Wanted(head.preset or "", trigger, by, why)
    return None


def _key(repository_id: int, sha: str, preset: str) -> str:
    return run_key(repository_id, _by(sha, preset), 0)


def _by(sha: str, preset: str) -> str:
    return f"base:{sha}:{preset}"
