"""Runs and decisions → what a report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beaker_ci.github import CheckState
from beaker_ci.history import State, Verdict
from beaker_ci.metrics import read_metrics
from beaker_ci.policy import Spent
from beaker_ci.policy.model import Decision, Finding
from beaker_ci.progress import Progress
from beaker_ci.redaction import Hiding
from beaker_ci.report import flatten_metrics, run_check, tell_metric
from beaker_ci.report.metrics import MOST
from beaker_ci.report.views import Activity, Cause, Compared, Ending, RunView, TreeLine
from beaker_ci.run import Mark, Run

_WHY_STOPPED = {
    "abandoned": "the workflow that waited for it was cancelled, and `on_cancel` is `stop`.",
    "closed": "the pull request was closed.",
    "inactive_timeout": "it wrote nothing for longer than its `inactive_timeout`.",
    "reservation": "its attempts together cost more than was reserved, since Beaker started it "
    "again after preemption. Ask again with a longer `--task-timeout`.",
    "start_timeout": "it waited in the queue for longer than its `start_timeout`.",
    "superseded": "the pull request has another head by now, and `on_new_push` is `stop`.",
}

_CHECK_STATUS = {"queued": "queued", "running": "in_progress", "finished": "completed"}


def run_view(
    run: Run,
    mark: Mark,
    state: State,
    *,
    server_url: str,
    config_path: str,
    log: tuple[str, ...],
    log_lines: int,
    log_url: str,
    left: str = "",
    cause: Cause | None = None,
    hide: Hiding,
) -> RunView:
    """A run as comment, check and summary show it, from what Beaker holds."""
    return RunView(
        marker=run.key,
        run_id=run.run_id,
        check_name=run.check_name,
        status=state.stage,
        conclusion=state.conclusion,
        command_line=run.command_line,
        preset=run.preset,
        asker=run.asker,
        repository=run.repository,
        pull_request=run.number,
        sha=run.sha,
        commit_url=f"{server_url}/{run.repository}/commit/{run.sha}",
        workspace=run.workspace,
        budget=run.budget,
        priority=run.priority,
        where=", ".join(run.clusters) or "any cluster",
        gpus=run.gpus,
        replicas=run.replicas,
        gpu_hours=mark.reserved,
        limits=(
            ("timeout", f"{_duration(run.timeout_seconds)} for each attempt"),
            ("retries", str(run.retries)),
        ),
        experiment_name=run.name,
        experiment_url=run.url,
        notes=(*_stopped(mark, state), *run.receipt.notes),
        config_source=(
            f"`{config_path}` at `{run.config_commit[:7]}`"
            if run.config_commit
            else "no configuration file"
        ),
        decision=run.receipt.decision,
        plan_hash=run.plan_hash,
        spec_hash=run.spec_hash,
        left=left,
        ending=_ending(state, log, log_lines, log_url, cause, hide) if state.verdict else None,
    )


def with_compared(view: RunView, compared: Compared | None) -> RunView:
    """The same run beside the base's: its gate may fail it, or wait for the base's run."""
    if compared is None:
        return view
    if compared.waits:
        return replace(view, status="running", conclusion=None, compared=compared)
    conclusion = view.conclusion if compared.passed else "failure"
    return replace(view, conclusion=conclusion, compared=compared)


def told_metrics(metrics: Mapping[str, Any], hide: Hiding) -> tuple[tuple[str, float | str], ...]:
    """Names and values of a job's ``metrics.json``, for a list; an evaluation harness's by name.

    Args:
        metrics: What the file holds. Untrusted.
        hide: Knows the run's own secrets.
    """
    found = read_metrics(metrics)
    if found.shape == "plain":
        return flatten_metrics(metrics, hide)
    return tuple(tell_metric(each.name, each.value, hide) for each in found.metrics[:MOST])


def _stopped(mark: Mark, state: State) -> tuple[str, ...]:
    """Why we stopped it ourselves, if we did and its end does not say so."""
    told = why_stopped(mark)
    if not told or state.why == told or state.verdict is Verdict.TIMED_OUT:
        return ()
    if state.verdict in (Verdict.SUCCEEDED, Verdict.FAILED):
        return ("It ended by itself before it was stopped.",)
    return (told,)


def why_stopped(mark: Mark) -> str:
    """Who or what stopped a run, in a sentence; empty if we did not."""
    if not mark.stopped:
        return ""
    word, _, login = mark.stopped.partition(" ")
    if word == "by" and login:
        return f"{login} stopped it with `/beaker stop`."
    why = _WHY_STOPPED.get(
        mark.stopped,
        "with the runs that were submitted at the same moment it would have passed "
        f"`{mark.stopped}`. Ask again once others have ended.",
    )
    return f"beaker-ci stopped it: {why}"


def left_of(found: Sequence[Spent]) -> str:
    """GPU-hours that may still be asked for: ``8 of 256 for this pull request, …``."""
    told = (f"{round(spent.left, 2):g} of {spent.limit:g} for {spent.of}" for spent in found)
    return ", ".join(told)


def _ending(
    state: State,
    log: tuple[str, ...],
    log_lines: int,
    log_url: str,
    cause: Cause | None,
    hide: Hiding,
) -> Ending:
    return Ending(
        why=state.why,
        exit_code=state.exit_code,
        seconds=state.seconds,
        gpu_hours=state.gpu_hours,
        attempts=state.attempts,
        metrics=told_metrics(state.metrics, hide),
        log=log,
        log_lines=log_lines,
        log_url=log_url,
        cause=cause,
    )


_AFTER = {
    Verdict.PREEMPTED: "preemption",
    Verdict.INFRASTRUCTURE: "the loss of its machine",
    Verdict.FAILED: "a failure",
}


def activity_of(
    run: Run,
    state: State,
    progress: Progress | None,
    now: float,
    silent: float = 0.0,
    *,
    hide: Hiding,
) -> Activity:
    """What an unfinished run is at.

    Args:
        run: The run.
        state: What its jobs say.
        progress: What its log says of how far it is.
        now: Unix seconds.
        silent: Seconds without a line in its log, where that is to be told.
        hide: Knows the run's own secrets.
    """
    latest = [task.latest for task in state.tasks if task.latest]
    starts = [job.started for job in latest if job.started is not None]
    longest = max(state.tasks, key=lambda task: len(task.jobs), default=None)
    former = longest.jobs[-2] if longest and len(longest.jobs) > 1 else None
    return Activity(
        phase=state.phase,
        at=now,
        attempt=max(state.attempts, 1),
        after=_AFTER.get(former.verdict, "") if former else "",
        seconds=max(now - min(starts), 0.0) if starts else None,
        allowed=run.timeout_seconds,
        progress=progress,
        metrics=told_metrics(state.metrics, hide),
        silent=int(silent // 60),
    )


def check_state(run: Run, view: RunView) -> CheckState:
    """The check run of a run."""
    output = run_check(view)
    return CheckState(
        name=run.check_name,
        sha=run.sha,
        external_id=run.workload_id,
        status=_CHECK_STATUS[view.status],
        conclusion=view.conclusion,
        title=output.title,
        summary=output.summary,
        text=output.text,
    )


def tree_lines(decision: Decision) -> tuple[TreeLine, ...]:
    """A decision, flattened in reading order."""

    def below(finding: Finding, depth: int) -> list[TreeLine]:
        line = TreeLine(depth, finding.rule, finding.outcome.value, finding.evidence)
        return [line, *(deeper for child in finding.children for deeper in below(child, depth + 1))]

    return tuple(below(decision.tree, 0))


def _duration(seconds: int) -> str:
    for size, letter in ((3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"
