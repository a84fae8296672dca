"""Comments of people who try, and of people who slip: nothing runs that the rules do not let in."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import judging as j
import pytest
from hostile_comments import OTHER, TABLE, Row

from beaker_ci.commands import Command, Mistake, parse_comment
from beaker_ci.facts import BeakerAccounts, LedgerEntry, Permission
from beaker_ci.plan import Plan, make_plan, run_key
from beaker_ci.policy import evaluate, merge_recipe, with_clusters
from beaker_ci.policy.model import Outcome, Request
from beaker_ci.problem import Problem

PLAIN = dict(merge_recipe(j.asked("/beaker run -- pytest"), j.rules()))
ROWS = [
    pytest.param(row, id=f"{theme} {place}")
    for theme, rows in TABLE.items()
    for place, row in enumerate(rows)
]


def outcome(parsed: Command | Mistake, comment: str) -> tuple[str, Plan | None]:
    """The whole pure way of one command: its reason code, and the plan if it is accepted."""
    if isinstance(parsed, Mistake):
        return parsed.reason.value, None
    if parsed.name not in ("run", "plan"):
        return parsed.name, None
    request = Request(j.MARIA, parsed, "octo-lab/vision", 7, True, comment, j.ASKED)
    facts = j.facts_for(request)
    try:
        recipe = with_clusters(merge_recipe(parsed, j.rules()), facts.accounts)
    except Problem as problem:
        return problem.reason.value, None
    decision = evaluate(request, recipe, facts, j.rules())
    plan = make_plan(
        request=request,
        repository_id=1,
        recipe=recipe,
        configuration=j.rules(),
        config_commit=None,
        sha=j.HEAD,
        key=run_key(1, "comment:1", parsed.place),
    )
    return decision.reason.value, plan if decision.outcome is Outcome.ALLOW else None


LATER = j.ASKED + timedelta(seconds=1)
GOLD = BeakerAccounts("ai2/team", "ai2/gold", clusters=j.CLUSTERS)
SPENT = LedgerEntry("w", 7, j.MARIA.id, 256.0, False, 0.0)
PINNED = "forks: pinned\n"
SITUATIONS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("refused.edited", "", "--gpus 1", {"comment": j.comment_now("/beaker run -- pytest")}),
    ("refused.edited", "", "", {"comment": j.comment_now("/beaker run  -- pytest", updated=LATER)}),
    ("refused.edited", "", "", {"comment": j.comment_now(None, None, None)}),
    ("github.unavailable", "", "", {"comment": None}),
    ("refused.stale", "", "", {"now": j.NOW + timedelta(hours=1)}),
    ("refused.role", "", "--gpus 999999999", {"permission": None}),
    ("refused.role", "", "", {"permission": Permission("read", frozenset(), "", role="read")}),
    ("refused.role", "", "", {"permission": Permission("WRITE", frozenset(), "", role="WRITE")}),
    ("refused.closed", "", "", {"pull": replace(j.PULL, state="closed")}),
    ("refused.fork", "", "", {"pull": j.FORK}),
    ("refused.sha-required", PINNED, "", {"pull": j.FORK}),
    ("refused.sha-required", "roles: {run: {permission: maintain, users: [1001]}}\n", "", {}),
    ("refused.sha-mismatch", PINNED, f"--sha {OTHER}", {"pull": j.FORK}),
    ("refused.secret", PINNED, f"--sha {j.HEAD} --env-secret X=HF_TOKEN", {"pull": j.FORK}),
    ("refused.secret", PINNED, f"--sha {j.HEAD} --dataset-secret HF_TOKEN:/k", {"pull": j.FORK}),
    ("refused.mount", PINNED, f"--sha {j.HEAD} --weka shared:/w", {"pull": j.FORK}),
    ("refused.dataset", PINNED, f"--sha {j.HEAD} --dataset my-org/a:/a", {"pull": j.FORK}),
    ("accepted", PINNED, f"--sha {j.HEAD}", {"pull": j.FORK}),
    ("refused.budget", "", "--budget ai2/spare", {"accounts": GOLD}),
    ("refused.budget", "", "", {"accounts": replace(GOLD, budget_deprecated=True)}),
    ("beaker.budget-unknown", "", "", {"accounts": replace(GOLD, budget=None)}),
    ("beaker.workspace-unknown", "", "", {"accounts": replace(GOLD, workspace=None)}),
    ("beaker.unavailable", "", "--cluster ai2/jupiter", {"accounts": replace(GOLD, clusters=None)}),
    ("refused.limit", "", "--gpus 1 --task-timeout 1h", {"ledger": (SPENT,)}),
    ("refused.limit", "", "", {"ledger": (replace(SPENT, gpu_hours=0.0, is_open=True),) * 4}),
    ("refused.limit", "", "--gpus 1", {"ledger": (replace(SPENT, gpu_hours=math.nan),)}),
    ("beaker.unavailable", "", "", {"ledger": None}),
    ("refused.priority", "", "--priority normal", {"accounts": replace(GOLD, max_priority="low")}),
    ("config.clone-secret", "", "", {"pull": replace(j.PULL, private=True)}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "extra", "options", "facts"), SITUATIONS)
def test_the_same_words_where_they_must_not_work(
    code: str, extra: str, options: str, facts: dict[str, Any]
) -> None:
    said = f"/beaker run {options} -- pytest"
    assert j.judged(said, j.rules(extra=extra), **facts).reason == code


def test_there_are_enough_of_them() -> None:
    comments = [row.comment for rows in TABLE.values() for row in rows]
    assert len(set(comments)) == len(comments) >= 220


@pytest.mark.parametrize("row", ROWS)
def test_a_hostile_or_clumsy_comment(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "c4n4ry")
    found = [outcome(parsed, row.comment) for parsed in parse_comment(row.comment)]
    assert " ".join(code for code, _ in found) == row.expected.replace("ignored", "")
    for plan in (plan for _, plan in found if plan is not None):
        expected = {**PLAIN, **row.fields}
        assert dict(plan.recipe) == expected
        assert plan.sha == j.HEAD
        assert "c4n4ry" not in repr(plan)
