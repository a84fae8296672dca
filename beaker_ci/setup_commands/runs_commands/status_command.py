"""``beaker-ci status``: where a run stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from beaker_ci.setup_commands.runs_commands.at_hand import about_runs
from beaker_ci.setup_commands.runs_commands.showing import show, show_json

if TYPE_CHECKING:
    from beaker_ci.bot.at_hand import AtHand
    from beaker_ci.bot.status import Standing
    from beaker_ci.report import RunView


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@about_runs
def status(hand: AtHand, run: str | None, as_json: bool) -> None:
    """Say where a run stands, and why it waits.

    RUN is the short id that every report shows; left out, it is the latest run of the pull request.
    """
    from beaker_ci.bot.status import read_standing, status_view

    seen = hand.reporter.show(*hand.look(run))
    standing = read_standing(hand.services, hand.beaker, seen, shows_log=True)
    if as_json:
        show_json(_as_json(standing), hand.services.redactor)
    else:
        show(status_view(standing), hand.services.redactor)


def _as_json(standing: Standing) -> dict[str, Any]:
    run, state = standing.reported.run, standing.reported.state
    activity, waiting = standing.reported.view.activity, standing.waiting
    progress = activity.progress if activity else None
    return {
        "run_id": run.run_id,
        "workload_id": run.workload_id,
        "experiment_url": run.url,
        "repository": run.repository,
        "pull_request": run.number,
        "commit": run.sha,
        "preset": run.preset,
        "command": list(run.command),
        "asker": run.asker,
        "status": state.stage,
        "phase": state.phase,
        "conclusion": standing.reported.view.conclusion,
        "verdict": state.verdict.value if state.verdict else None,
        "why": state.why,
        "cause": _cause(standing.reported.view),
        "exit_code": state.exit_code,
        "attempts": state.attempts,
        "seconds": state.seconds,
        "gpu_hours": {"used": round(state.gpu_hours, 4), "reserved": run.reserved},
        "waiting": waiting
        and {
            "seconds": round(waiting.seconds),
            "why": waiting.headline,
            "said": [each.words for each in waiting.said],
            "impossible": waiting.impossible,
        },
        "progress": progress
        and {
            "fraction": progress.fraction,
            "done": progress.done,
            "total": progress.total,
            "label": progress.label,
            "remaining_seconds": progress.remaining,
        },
        "tasks": [
            {
                "name": task.name,
                "replica": task.rank,
                "phase": task.phase,
                "attempts": len(task.jobs),
                "verdict": task.latest.verdict.value
                if task.latest and task.phase == "finished"
                else None,
                "exit_code": task.latest.exit_code if task.latest else None,
                "job_url": url,
            }
            for task, url in zip(state.tasks, standing.urls, strict=True)
        ],
    }


def _cause(view: RunView) -> dict[str, Any] | None:
    """What the log says of a run that did not succeed."""
    cause = view.ending.cause if view.ending else None
    if cause is None:
        return None
    found = cause.digest
    return {
        "category": found.category,
        "title": found.title,
        "headline": found.headline,
        "lines": [{"line": each.line, "text": each.text} for each in found.root_cause],
        "frame": found.frame and asdict(found.frame),
        "confidence": str(found.confidence),
        "infrastructure": found.infrastructure,
        "next_step": found.next_step,
        "paste": found.paste,
    }
