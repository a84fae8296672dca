"""One request as everybody makes it, to be varied; and the tree as people read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from textwrap import dedent
from typing import Any

from beaker_ci.commands import Command, parse_comment
from beaker_ci.config import Configuration, parse_configuration
from beaker_ci.facts import (
    BeakerAccounts,
    Cluster,
    CommentNow,
    Facts,
    Permission,
    Person,
    PullRequest,
)
from beaker_ci.policy import evaluate, merge_recipe, with_clusters
from beaker_ci.policy.model import Decision, Finding, Request
from beaker_ci.recipe import Recipe

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASKED = NOW - timedelta(minutes=2)
HEAD = "9fceb02d0ae598e95dc970b74767f19372d61af8"
MARIA = Person(1001, "maria")
PULL = PullRequest(
    number=7,
    state="open",
    head_sha=HEAD,
    head_ref="faster-eval",
    head_repository="octo-lab/vision",
    is_fork=False,
    author=MARIA,
    private=False,
)
FORK = replace(PULL, head_repository="guest/vision", is_fork=True)
WRITER = Permission("write", frozenset(), "collaborator permission of user 1001", role="write")

CLUSTERS = tuple(
    Cluster(f"ai2/{name}", aliases)
    for name, aliases in (
        ("jupiter", ("ai2/jupiter-cirrascale-2",)),
        ("neptune-cirrascale", ()),
        ("pluto-cirrascale", ()),
        ("saturn", ("ai2/saturn-old",)),
    )
)

TEAM_RULES = """\
version: 1
workspace: ai2/team
budget: ai2/money
allow:
  budgets: [ai2/spare]
  clusters: [ai2/jupiter, "ai2/*-cirrascale"]
  secrets: [HF_TOKEN]
  weka: [shared]
  datasets: ["my-org/*"]
  images: ["ai2/cuda*"]
  groups: [nightly]
presets:
  gpu-tests:
    command: [pytest, -v, -m, gpu]
    gpus: 1
    gpu_types: [h100]
    task_timeout: 15m
    clusters: [ai2/saturn]
    env_secrets: [TOKEN=DEPLOY_KEY]
  resources:
    gpus: 2
  cluster-test:
    command: [torchrun, train.py]
    replicas: 2
"""


@cache
def rules(text: str = TEAM_RULES, extra: str = "") -> Configuration:
    """The team's configuration; ``extra`` is YAML put below it."""
    return parse_configuration(dedent(text) + dedent(extra), "beaker-ci.yml")


def asked(comment: str) -> Command:
    """The one command of a comment."""
    (command,) = parse_comment(comment)
    assert isinstance(command, Command), command
    return command


def request_for(comment: str, who: Person = MARIA, **changes: Any) -> Request:
    values = {
        "who": who,
        "command": asked(comment),
        "repository": "octo-lab/vision",
        "number": 7,
        "is_pull_request": True,
        "asked_body": comment,
        "asked_at": ASKED,
    }
    return Request(**{**values, **changes})


def comment_now(
    body: str | None,
    created: datetime | None = ASKED,
    updated: datetime | None = ASKED,
    author_id: int | None = MARIA.id,
) -> CommentNow:
    """The asking comment, fetched again; nothing changed if nothing is said."""
    return CommentNow(body, created, updated, author_id)


def facts_for(request: Request, **changes: Any) -> Facts:
    accounts = _recipe_accounts(request)
    values: dict[str, Any] = {
        "now": NOW,
        "permission": WRITER,
        "pull": PULL,
        "comment": comment_now(request.asked_body, author_id=request.who.id),
        "accounts": accounts,
        "ledger": (),
        "entries": frozenset({"pyproject.toml"}),
    }
    return Facts(**{**values, **changes})


def judged(
    text: str,
    /,
    configuration: Configuration | None = None,
    *,
    who: Person = MARIA,
    request: dict[str, Any] | None = None,
    recipe: Recipe | None = None,
    **facts: Any,
) -> Decision:
    """The decision on a comment, with facts as GitHub and Beaker normally give them."""
    configuration = configuration or rules()
    made = request_for(text, who, **(request or {}))
    merged = recipe if recipe is not None else merge_recipe(made.command, configuration)
    known = facts_for(made, **facts)
    return evaluate(made, with_clusters(merged, known.accounts), known, configuration)


def findings(decision: Decision, *rules: str) -> str:
    """Those rules of the tree alone, a line each."""
    found = (one for one in decision.tree.walk() if one.rule in rules)
    return "\n".join(line for one in found for line in _lines(one, 0))


def tree(decision: Decision) -> str:
    """The whole tree, a rule a line."""
    lines = [f"{decision.outcome}: {decision.reason}"]
    lines += _lines(decision.tree, 0)
    return "\n".join(lines)


def cause(decision: Decision) -> str:
    """What the asker reads: reason, evidence, next step, line to paste."""
    found = decision.cause
    parts = (f"[{decision.reason}] {found.evidence}", found.next_step, found.paste)
    return "\n".join(part for part in parts if part)


def _lines(finding: Finding, depth: int) -> list[str]:
    sign = {"allow": "+", "wait": "?", "refuse": "-"}[finding.outcome]
    said = f": {finding.evidence}" if finding.evidence else ""
    lines = [f"{'  ' * depth}{sign} {finding.rule}{said}"]
    for child in finding.children:
        lines += _lines(child, depth + 1)
    return lines


def _recipe_accounts(request: Request) -> BeakerAccounts:
    options = request.command.options
    return BeakerAccounts(
        workspace=str(options.get("workspace", "ai2/team")),
        budget=str(options.get("budget", "ai2/money")),
        clusters=CLUSTERS,
    )
