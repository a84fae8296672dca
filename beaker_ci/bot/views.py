"""Runs and decisions → what a report shows."""

from __future__ import annotations

from beaker_ci.github import CheckState
from beaker_ci.history import State
from beaker_ci.policy.model import Decision, Finding
from beaker_ci.report import flatten_metrics, run_check
from beaker_ci.report.views import Ending, RunView, TreeLine
from beaker_ci.run import Mark, Run

_CHECK_STATUS = {"queued": "queued", "running": "in_progress", "finished": "completed"}


def run_view(
    run: Run,
    mark: Mark,
    state: State,
    *,
    server_url: str,
    config_path: str,
    log: tuple[str, ...],
    log_url: str,
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
        notes=run.receipt.notes,
        config_source=(
            f"`{config_path}` at `{run.config_commit[:7]}`"
            if run.config_commit
            else "no configuration file"
        ),
        decision=run.receipt.decision,
        ending=_ending(state, log, log_url) if state.verdict else None,
    )


def _ending(state: State, log: tuple[str, ...], log_url: str) -> Ending:
    return Ending(
        why=state.why,
        exit_code=state.exit_code,
        seconds=state.seconds,
        gpu_hours=state.gpu_hours,
        attempts=state.attempts,
        metrics=flatten_metrics(state.metrics),
        log=log,
        log_url=log_url,
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
