"""Where it is told that an event's preset was not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from beaker_ci import github
from beaker_ci.bot.answers import Answer
from beaker_ci.bot.asking import Asking
from beaker_ci.bot.basing import WORKLOAD_ID
from beaker_ci.bot.replies import reply, reply_to_stranger, take_back_reply, written
from beaker_ci.bot.strangers import STRANGER
from beaker_ci.events import Event, Labeled, MergeGroupRequested, PullRequestChanged
from beaker_ci.plan import run_key
from beaker_ci.problem import Problem
from beaker_ci.report import step_summary
from beaker_ci.report.views import ReplyView
from beaker_ci.triggers.model import CONFIGURED


def tell_refusals(
    event: Event, askings: Sequence[Asking], answers: Sequence[Answer], *, again: bool
) -> tuple[Answer, ...]:
    """Tells what became no run, where who waits for it looks.

    Who set a label reads it on the pull request. A merge queue and a pull request get a failing
    check, so that nothing waits for ever for a required one. A push and the clock have nobody who
    waits: the workflow fails, and its summary says why.

    Args:
        event: What happened.
        askings: What it asked for.
        answers: What became of it, in the same order; empty if nothing was to be done.
        again: Whether the workflow is re-run: what an earlier attempt told may be out of date.

    Returns:
        The answers; with the problem, where it could not be told.
    """
    told = [_about(*each) for each in zip(askings, answers, strict=False)]
    if isinstance(event, Labeled) and told:
        return _reply(askings[0], told, again=again)
    if isinstance(event, MergeGroupRequested | PullRequestChanged):
        return tuple(map(_fail_check, askings, told))
    return tuple(told)


def _about(asking: Asking, answer: Answer) -> Answer:
    """The answer for readers who wrote no command: it says which preset, and what asked for it."""
    view = answer.view
    if asking.trigger is None or not isinstance(view, ReplyView):
        return answer
    if view.marker == STRANGER:
        line = f"/beaker run {asking.trigger.preset}" if asking.is_pull_request else ""
        return replace(answer, view=replace(view, paste=line))
    about = f"Asked for was the preset `{asking.trigger.preset}`. {asking.trigger.why}"
    return replace(answer, view=replace(view, source="", facts=(about, *view.facts)))


def _reply(asking: Asking, answers: Sequence[Answer], *, again: bool) -> tuple[Answer, ...]:
    """One comment for all presets that the label did not run."""
    services, place = asking.services, asking.place
    assert place is not None  # noqa: S101 - labels are set on pull requests
    marker = f"label-{run_key(asking.repository.id, asking.by, 0)}"
    views = [one.view for one in answers if isinstance(one.view, ReplyView)]
    try:
        if views and views[0].marker == STRANGER:
            reply_to_stranger(services, place, views[0])
        elif views:
            reply(services, place, tuple(replace(view, marker=marker) for view in views), None)
        elif again:
            known = written(services, place, "reply", marker)
            take_back_reply(services, place, marker, known)
    except Problem as problem:
        return tuple(_untold(one, problem) for one in answers)
    return tuple(answers)


def _fail_check(asking: Asking, answer: Answer) -> Answer:
    """The same answer, once the preset's check failed, if it did not run.

    The reason is part of the check's external id: what is refused again for the same one has its
    check, and one that runs after all gets a newer one.
    """
    view, trigger, services = answer.view, asking.trigger, asking.services
    if answer.run is not None or trigger is None or not isinstance(view, ReplyView):
        return answer
    if view.marker == STRANGER and trigger.trigger in CONFIGURED:
        return answer  # what an earlier attempt told still holds, whoever re-runs it
    key = run_key(asking.repository.id, asking.by, 0)
    state = github.CheckState(
        name=f"beaker / {trigger.preset}",
        sha=asking.sha,
        external_id=f"{answer.reason.value}:{key}",
        status="completed",
        conclusion="failure",
        title=f"Not run: {answer.reason.value}",
        summary=step_summary([services.redactor.view(view)]),
        text="",
    )
    try:
        if answer.reason.family == "beaker" and _has_run(asking, state.name):
            return answer
        github.ensure_check(services.hub, state, look_first=True)
    except Problem as problem:
        return _untold(answer, problem)
    return answer


def _has_run(asking: Asking, name: str) -> bool:
    """Whether the commit's check is that of a run: an outage later on takes no verdict back."""
    checks = github.checks_at(asking.services.hub, asking.sha)
    newest = next((external_id for each, external_id in checks if each == name), "")
    return WORKLOAD_ID.fullmatch(newest) is not None


def _untold(answer: Answer, problem: Problem) -> Answer:
    """An answer that nobody could be told: that is what the workflow ends with."""
    if answer.run is not None:
        return answer
    return replace(answer, reason=problem.reason, view=ReplyView.of_problem(problem))
