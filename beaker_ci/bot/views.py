"""Runs and decisions → what a report shows."""

from __future__ import annotations

from beaker_ci.github import CheckState
from beaker_ci.policy.model import Decision, Finding
from beaker_ci.report import run_check
from beaker_ci.report.views import RunView, TreeLine
from beaker_ci.run import Mark, Run

_STAGES = {
    "succeeded": ("finished", "success"),
    "failed": ("finished", "failure"),
    "canceled": ("finished", "cancelled"),
    "running": ("running", None),
    "stopping": ("running", None),
    "uploading_results": ("running", None),
}


def stage_of(run: Run) -> tuple[str, str | None]:
    """A run's status and conclusion in the words of the contract."""
    return _STAGES.get(run.status, ("queued", None))


def run_view(
    run: Run,
    mark: Mark,
    *,
    server_url: str,
    config_path: str,
    decision: tuple[TreeLine, ...],
    notes: tuple[str, ...],
    adopted: bool,
) -> RunView:
    """A run as comment, check and summary show it, from what Beaker holds."""
    status, conclusion = stage_of(run)
    return RunView(
        marker=run.key,
        run_id=run.run_id,
        check_name=mark.check,
        status=status,
        conclusion=conclusion,
        command_line=run.command_line,
        preset=mark.preset,
        asker=mark.asker,
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
        notes=notes,
        config_source=(
            f"`{config_path}` at `{mark.config[:7]}`" if mark.config else "no configuration file"
        ),
        decision=decision,
        adopted=adopted,
    )


def check_state(run: Run, mark: Mark, view: RunView) -> CheckState:
    """The check run of a run."""
    status = {"queued": "queued", "running": "in_progress", "finished": "completed"}[view.status]
    output = run_check(view)
    return CheckState(
        name=mark.check,
        sha=run.sha,
        external_id=run.workload_id,
        status=status,
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
