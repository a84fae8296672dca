"""``/beaker plan``: what a run would do and cost, and whether it may."""

from __future__ import annotations

import re

from beaker_ci.bot.answers import Answer
from beaker_ci.bot.case import Case
from beaker_ci.bot.runs import Errand, judge, plan_of
from beaker_ci.bot.views import tree_lines
from beaker_ci.commands import Command
from beaker_ci.facts import CommentNow
from beaker_ci.policy.model import Outcome
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView


def answer_plan(case: Case, comment: CommentNow | None, errand: Errand) -> Answer:
    """Says what a run would do and cost, and whether it may; submits nothing."""
    if isinstance(errand.recipe, Problem):
        raise errand.recipe
    decision = judge(case, comment, errand.command, errand.recipe, errand.accounts.result())
    plan = plan_of(case, errand.command, errand.recipe, errand.key)
    allowed = decision.outcome is Outcome.ALLOW
    script = errand.command.script is not None and errand.command.argv is None
    shown = "the script" if script else plan.command_line
    view = ReplyView(
        marker=case.asking.marker,
        reason=Reason.ANSWERED,
        asker=case.asking.asker.login,
        source=errand.command.source,
        what=f"This {'would run' if allowed else 'would not run as things stand'}: {shown}",
        why=(
            f"It costs at most {plan.price.gpu_hours:g} "
            f"GPU-hour{'' if plan.price.gpu_hours == 1 else 's'} of `{plan.budget}`, "
            f"in `{plan.workspace}`, at `{plan.sha}`."
            if allowed
            else decision.cause.evidence
        ),
        next_step=decision.cause.next_step if not allowed else "To submit exactly this commit:",
        paste=decision.cause.paste if not allowed else _pinned(errand.command, plan.sha),
        decision=tree_lines(decision),
    )
    return Answer(command="plan", reason=Reason.ANSWERED, view=view, status="planned")


def _pinned(command: Command, sha: str) -> str:
    """The line (and script) that submits what a plan showed."""
    pin = "" if "sha" in command.options else f" --sha {sha}"
    line = re.sub(r"^\s*/beaker\s+plan(?!\S)", f"/beaker run{pin}", command.source)
    script = command.script if command.argv is None else None
    return line if script is None else f"{line}\n```bash\n{script.rstrip()}\n```"
