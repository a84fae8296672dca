"""One fuzzed example taken the whole pure way, and what came of all of them counted."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import judging as j
from fuzzing import Case
from limits_again import Accepted, wrongs

from beaker_ci.commands import Command, Mistake, parse_command_line, parse_comment
from beaker_ci.config import Configuration, parse_configuration
from beaker_ci.facts import BeakerAccounts, Facts
from beaker_ci.plan import make_plan, run_key
from beaker_ci.policy import evaluate, merge_recipe, readable, with_clusters
from beaker_ci.policy.model import Outcome, Request
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

T = TypeVar("T")
CANARY = "c4n4ry-of-the-runner"
RUNNERS_OWN = ("HF_TOKEN", "GITHUB_TOKEN", "BEAKER_TOKEN", "RESULTS_DIR", "GANTRY_RUNTIME_DIR", "A")


@dataclass
class Tally:
    """What came of all examples so far.

    Attributes:
        answers: Reason codes and command names → how often.
        configurations: ``valid`` and ``broken`` → how often.
    """

    examples: int = 0
    commands: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    configurations: Counter[str] = field(default_factory=Counter)


def play(example: Case, tally: Tally) -> None:
    """Takes one example the whole way; whatever is not as it should be is an AssertionError."""
    os.environ.update(dict.fromkeys((*RUNNERS_OWN, "CANARY"), CANARY))
    tally.examples += 1
    parse = parse_command_line if example.is_input else parse_comment
    items = parse(example.comment)
    tally.commands += len(items)
    assert CANARY not in repr(items)
    rules = _tried(lambda: parse_configuration(example.rules, "beaker-ci.yml"))
    if isinstance(rules, Problem):
        assert rules.reason is Reason.CONFIG_INVALID
        assert rules.why
        tally.configurations["broken"] += 1
        tally.answers.update(f"({rules.reason})" for _ in items)
        return
    tally.configurations["valid"] += 1
    tally.answers.update(_answer(item, example, rules) for item in items)


def _tried(work: Callable[[], T]) -> T | Problem:
    try:
        return work()
    except Problem as problem:
        return problem


def _answer(item: Command | Mistake, example: Case, rules: Configuration) -> str:
    if isinstance(item, Mistake):
        assert item.reason.family in ("usage", "refused")
        return item.reason.value
    if item.name not in ("run", "plan"):
        return f"({item.name})"
    request = Request(j.MARIA, item, "octo-lab/vision", 7, True, example.comment, j.ASKED)
    known = _facts(request, example, rules, item)
    recipe = _tried(lambda: with_clusters(merge_recipe(item, rules), known.accounts))
    if isinstance(recipe, Problem):
        assert recipe.reason.family == "usage"
        assert CANARY not in repr(vars(recipe))
        return recipe.reason.value
    decision = evaluate(request, recipe, known, rules)
    plan = make_plan(
        request=request,
        repository_id=1,
        recipe=recipe,
        configuration=rules,
        config_commit=None,
        sha=j.HEAD,
        key=run_key(1, "comment:1", item.place),
    )
    told = (decision, plan, readable(recipe, private=False))
    assert CANARY not in repr(told)
    if decision.outcome is not Outcome.REFUSE:
        waits = decision.outcome is Outcome.WAIT
        found = wrongs(
            Accepted(example.comment, item, plan, json_rules(example.rules), known, waits)
        )
        assert not found, (found, example)
    return decision.reason.value


def json_rules(text: str) -> dict[str, Any]:
    """The rules as they are written, read by nothing of ours."""
    import yaml

    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        found = yaml.safe_load(text)
    return found


def _facts(request: Request, example: Case, rules: Configuration, command: Command) -> Facts:
    """Facts as they fit the configuration, and what the example changes in them."""
    preset = rules.presets.get(command.preset or "")
    asked: dict[str, str | None] = {}
    for name in ("workspace", "budget"):
        standard = getattr(preset, name, None) or getattr(rules, name)
        chosen = command.options.get(name, standard)
        asked[name] = str(chosen) if chosen else None
    accounts = BeakerAccounts(asked["workspace"], asked["budget"], clusters=j.CLUSTERS)
    changes = {key: value for change in example.changes for key, value in change.items()}
    return j.facts_for(request, **{"accounts": accounts, **changes})
