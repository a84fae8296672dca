"""What holds for every request: total, deny by default, and stricter rules never let in more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any, TypeVar

import judging as j
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from beaker_ci.commands import OPTIONS, Command
from beaker_ci.config import Configuration
from beaker_ci.config.schema import Priorities, Role
from beaker_ci.facts import (
    Agreement,
    BeakerAccounts,
    Cluster,
    CommentNow,
    Facts,
    LedgerEntry,
    Permission,
    Person,
    PullRequest,
)
from beaker_ci.plan import make_plan, run_key
from beaker_ci.policy import evaluate, merge_recipe, price_of, with_clusters
from beaker_ci.policy.model import Decision, Outcome, Request
from beaker_ci.quantities import Duration, Memory
from beaker_ci.reasons import Reason

Rules = TypeVar("Rules", bound=BaseModel)
RANK = {Outcome.ALLOW: 0, Outcome.WAIT: 1, Outcome.REFUSE: 2}
KIM = Person(2002, "kim")
ADMIN = Permission("admin", frozenset(), "", role="admin")
texts = st.text(max_size=8) | st.sampled_from(
    [
        *("ai2/team", "ai2/money", "ai2/jupiter", "ai2/*", "normal", "high", "immediate"),
        *("1h", "99h", "1GiB", "[", "a:/b", "A=B", "environment.yml", j.HEAD),
    ]
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers() | st.sampled_from([10**400, -1]),
    st.floats(),
    texts,
    st.lists(texts, max_size=3).map(tuple),
)
fields = st.sampled_from(sorted({option.field for option in OPTIONS})) | texts
times = st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.just(j.NOW)
ids = st.integers() | st.sampled_from([j.MARIA.id, KIM.id])
people = st.builds(Person, ids, texts, st.sampled_from(["User", "Bot", ""]))
permissions = st.builds(
    Permission,
    st.none() | texts | st.just("write"),
    st.none() | st.frozensets(texts, max_size=2),
    texts,
    st.none() | texts,
)
numbers = st.integers() | st.sampled_from([0, 7])
pulls = st.builds(
    PullRequest,
    numbers,
    st.just("open") | texts,
    texts,
    texts,
    st.none() | texts,
    st.booleans(),
    people,
    st.booleans(),
)
comments = st.builds(
    CommentNow, st.none() | texts, st.none() | times, st.none() | times, st.none() | ids
)
clusters = st.builds(Cluster, texts, st.lists(texts, max_size=2).map(tuple))
accounts = st.builds(
    BeakerAccounts,
    st.none() | texts,
    st.none() | texts,
    st.booleans(),
    st.none() | texts,
    st.none() | st.lists(clusters, max_size=3).map(tuple),
)
ledgers = st.lists(
    st.builds(LedgerEntry, texts, numbers, ids, st.floats(), st.booleans(), st.floats()), max_size=4
).map(tuple)
agreements = st.builds(
    Agreement,
    st.sampled_from(["go", "approve"]),
    people,
    st.none() | permissions,
    st.none() | st.frozensets(ids, max_size=2),
)
trees = st.frozensets(texts | st.just("pyproject.toml"), max_size=2)
facts = st.builds(
    Facts,
    times,
    st.none() | permissions,
    st.none() | pulls,
    st.none() | comments,
    st.none() | accounts,
    st.none() | ledgers,
    st.none() | trees,
    st.none() | agreements,
)
commands = st.builds(
    Command,
    st.sampled_from(["run", "plan"]) | texts,
    st.integers(),
    texts,
    preset=st.none() | texts | st.sampled_from(["gpu-tests", "resources"]),
    options=st.dictionaries(fields, values, max_size=6),
    argv=st.none() | st.lists(texts).map(tuple),
    script=st.none() | texts,
)
requests = st.builds(
    Request,
    people,
    commands,
    texts,
    st.none() | numbers,
    st.booleans(),
    st.none() | texts,
    st.none() | times,
)
configurations = st.sampled_from([j.rules(), j.rules(extra="forks: pinned\n"), Configuration()])


def is_sound(decision: Decision) -> bool:
    """Every refusal has a reason, a parent is as bad as its worst child, the root says it all."""
    return all(
        (found.outcome is Outcome.ALLOW) == (found.reason is None)
        and RANK[found.outcome]
        == max((RANK[child.outcome] for child in found.children), default=RANK[found.outcome])
        for found in decision.tree.walk()
    ) and decision.reason is (decision.cause.reason or Reason.ACCEPTED)


@given(requests, st.dictionaries(fields, values), facts, configurations)
@settings(max_examples=120, deadline=None)
def test_anything_gets_a_decision(
    request: Request, recipe: dict[str, Any], known: Facts, configuration: Configuration
) -> None:
    assert is_sound(evaluate(request, with_clusters(recipe, known.accounts), known, configuration))


GOOD = Agreement("approve", KIM, ADMIN, frozenset())
ACCOUNTS = BeakerAccounts("ai2/team", "ai2/money", clusters=j.CLUSTERS)
good_or_bad: dict[str, st.SearchStrategy[Any]] = {
    "pull": st.just(j.PULL) | st.sampled_from([j.FORK, replace(j.PULL, private=True)]),
    "accounts": st.just(ACCOUNTS) | st.sampled_from([None, replace(ACCOUNTS, clusters=None)]),
    "ledger": st.lists(
        st.builds(
            LedgerEntry,
            st.just("w"),
            st.sampled_from([0, 7, 8]),
            st.sampled_from([j.MARIA.id, KIM.id]),
            st.floats(0, 400) | st.sampled_from([math.nan, math.inf]),
            st.booleans(),
            st.just(0.0),
        ),
        max_size=6,
    ).map(tuple),
    "entries": st.none() | trees,
    "agreement": st.sampled_from([None, GOOD, replace(GOOD, who=j.MARIA)]),
}
jobs = st.fixed_dictionaries(
    {
        "workspace": st.just("ai2/team"),
        "budget": st.just("ai2/money"),
        "task_timeout": st.sampled_from(["0s", "15m", "2h", "8h", "24h", "25h"]),
        "priority": st.sampled_from(["low", "normal", "high", "urgent", "immediate"]),
    },
    optional={
        "gpus": st.integers(0, 9),
        "replicas": st.integers(0, 2),
        "retries": st.integers(0, 3),
        "cpus": st.floats(0, 70) | st.just(math.nan),
        "memory": st.sampled_from(["1GiB", "2TiB", "", "1"]),
        "clusters": st.sampled_from([("ai2/jupiter",), ("ai2/*",), ("ai2/mars",), ()]),
    },
)
nothing_or_anything: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.dictionaries(
    fields, values, max_size=2
)


@given(jobs, nothing_or_anything, nothing_or_anything, st.fixed_dictionaries(good_or_bad))
@settings(max_examples=200, deadline=None)
def test_a_job_gets_a_decision_and_an_accepted_one_keeps_to_the_rules(
    job: dict[str, Any], more: dict[str, Any], options: dict[str, Any], known: dict[str, Any]
) -> None:
    """Beyond the gates where most of the others end, with facts that nearly fit."""
    source, rules, recipe = "/beaker run gpu-tests", j.rules(extra="forks: pinned\n"), job | more
    command = Command("run", 0, source, preset="gpu-tests", options=options)
    request = replace(j.request_for(source), command=command)
    judged = j.facts_for(request, **known)
    decision = evaluate(request, with_clusters(recipe, judged.accounts), judged, rules)
    assert is_sound(decision)
    if decision.outcome is Outcome.ALLOW:
        assert keeps_to(rules, recipe, judged)


def keeps_to(rules: Configuration, recipe: Mapping[str, Any], known: Facts) -> bool:
    """The limits once more, in other words than the policy's own."""
    price, hours, limits = price_of(recipe, rules).gpu_hours, rules.limits.gpu_hours, rules.limits
    approved = known.agreement is not None and known.agreement.word == "approve"
    ledger = known.ledger or ()
    spent = {
        hours.repository: ledger,
        hours.user: [one for one in ledger if one.asker == j.MARIA.id],
        hours.pull_request: [one for one in ledger if one.number == 7],
    }
    sums = {most: math.fsum(one.gpu_hours for one in found) for most, found in spent.items()}
    return (
        0 <= (recipe.get("gpus") or 0) <= limits.gpus
        and 0 < price_of(recipe, rules).timeout_seconds <= limits.timeout.seconds
        and price <= (hours.with_approval if approved else hours.run)
        and recipe["priority"] in (["low", "normal", "high"] if approved else ["low", "normal"])
        and sum(one.is_open for one in spent[hours.pull_request]) < limits.active_runs
        and (not price or all(total + price <= most + 1e-3 for most, total in sums.items()))
    )


RUNS = (
    "/beaker run gpu-tests",
    "/beaker run gpu-tests --priority high",
    "/beaker run --gpus 4 --task-timeout 4h --cluster 'ai2/j*' --budget ai2/spare -- pytest",
    "/beaker run --gpus 8 --retries 2 --task-timeout 2h -- python train.py",
    "/beaker run --memory 1TiB --cpus 64 --min-runtime 1h --weka shared:/weka -- pytest",
    f"/beaker run gpu-tests --sha {j.HEAD} --group nightly --dataset my-org/a:/a",
    "/beaker run gpu-tests --beaker-image ai2/cuda12 --env-secret TOKEN=HF_TOKEN --gpus 8",
    "/beaker run --workspace ai2/other --gpus 8 --replicas 2 --task-timeout 8h -- pytest",
    "/beaker run\n```\npytest\n```",
)
RULES = j.rules(
    j.TEAM_RULES.replace("allow:\n", "allow:\n  workspaces: [ai2/other]\n"),
    "forks: pinned\nlimits: {replicas: 2}\nroles: {approve: {permission: write, self: true}}\n",
)
BUSY = (LedgerEntry("w", 7, j.MARIA.id, 100.0, True, 0.0),)
SITUATIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "fork": {"pull": j.FORK},
    "busy": {"ledger": BUSY},
    "go": {"agreement": Agreement("go", KIM, j.WRITER), "pull": j.FORK},
    "approved": {"agreement": Agreement("approve", KIM, ADMIN, frozenset())},
    "own": {"agreement": Agreement("approve", j.MARIA, j.WRITER), "ledger": BUSY},
}
NOBODY: dict[str, Any] = {"permission": None, "users": (1,)}
RESTRICTIONS: dict[str, dict[str, Any]] = {
    "no commands": {"allow": {"commands": "presets"}},
    **{
        f"no {name}": {"allow": {name: ()}}
        for name in (
            *("budgets", "workspaces", "clusters", "images", "secrets", "weka", "datasets"),
            "groups",
        )
    },
    "no GPUs": {"limits": {"gpus": 0}},
    "no retries": {"limits": {"retries": 0}},
    "one node": {"limits": {"replicas": 1}},
    "few cores": {"limits": {"cpus": 1.0}},
    "little memory": {"limits": {"memory": Memory.parse("1GiB")}},
    "preemptible": {"limits": {"min_runtime": Duration.parse("0s")}},
    "short": {"limits": {"timeout": Duration.parse("10m")}},
    "cheap": {"limits": {"gpu_hours": {"run": 0, "with_approval": 1}}},
    "one at a time": {"limits": {"active_runs": 1}},
    "a pull request's share": {"limits": {"gpu_hours": {"pull_request": 101}}},
    "a person's share": {"limits": {"gpu_hours": {"user": 102}}},
    "a repository's share": {"limits": {"gpu_hours": {"repository": 103}}},
    "low": {"priority": Priorities(default="low", max="low", with_approval="low")},
    "narrower than push": {"roles": {"run": Role(permission="maintain", users=(1001, 2002))}},
    "nobody runs": {"roles": {"run": Role(users=(1,))}},
    "nobody approves": {"roles": {"approve": NOBODY}},
    "approvers above writers": {"roles": {"approve": {"permission": "maintain"}}},
    "not their own": {"roles": {"approve": {"self_approval": False}}},
    "no forks": {"forks": "refuse"},
    "no workspace": {"workspace": None},
    "no budget": {"budget": None},
}
STRICTER = {"nobody runs", "nobody approves"}
"""Restrictions that come after others of the same key, which would loosen them."""


def changed(section: Rules, change: Mapping[str, Any]) -> Rules:
    new = {
        key: changed(getattr(section, key), value) if isinstance(value, dict) else value
        for key, value in change.items()
    }
    return section.model_copy(update=new)


def restricted(names: list[str]) -> Configuration:
    configuration = RULES
    for name in sorted(names, key=STRICTER.__contains__):
        configuration = changed(configuration, RESTRICTIONS[name])
    return configuration


def outcome(run: str, situation: str, names: list[str]) -> Outcome:
    recipe = merge_recipe(j.asked(run), RULES)
    return j.judged(run, restricted(names), recipe=recipe, **SITUATIONS[situation]).outcome


@given(
    st.sampled_from(RUNS),
    st.lists(st.sampled_from(sorted(RESTRICTIONS)), unique=True, min_size=1, max_size=6),
    st.sampled_from(sorted(SITUATIONS)),
)
@settings(max_examples=150, deadline=None)
def test_a_restriction_never_lets_in_more(run: str, names: list[str], situation: str) -> None:
    before = outcome(run, situation, names[:-1])
    assert RANK[outcome(run, situation, names)] >= RANK[before], names[-1]


def test_each_restriction_bites_somewhere() -> None:
    free = {(run, how): outcome(run, how, []) for run in RUNS for how in SITUATIONS}
    for name in RESTRICTIONS:
        assert any(outcome(run, how, [name]) is not before for (run, how), before in free.items())


OPTIONS_OF_A_RUN = (
    *("--gpus 2", "--priority high", "--retries 1", "--memory 1GiB", "--env A=1", "--cpus 2"),
    *("--cluster ai2/jupiter", "--weka shared:/weka", "--group nightly", "--task-timeout 1h"),
)


@given(st.permutations(OPTIONS_OF_A_RUN), st.sampled_from(sorted(SITUATIONS)))
@settings(max_examples=40, deadline=None)
def test_the_order_of_options_does_not_matter(options: list[str], situation: str) -> None:
    def all_of_it(words: list[str]) -> object:
        run = f"/beaker run {' '.join(words)} -- pytest"
        request = j.request_for(run)
        known = j.facts_for(request, **SITUATIONS[situation])
        recipe = with_clusters(merge_recipe(request.command, RULES), known.accounts)
        plan = make_plan(
            request=request,
            repository_id=1,
            recipe=recipe,
            configuration=RULES,
            config_commit=None,
            sha=j.HEAD,
            key=run_key(1, "comment:1", 0),
        )
        decision = evaluate(request, recipe, known, RULES)
        return j.tree(decision), plan.hash, dict(recipe)

    assert all_of_it(options) == all_of_it(sorted(options))


REPEATED = (
    *("--cluster ai2/jupiter", "--cluster ai2/*-cirrascale", "--cluster ai2/saturn"),
    *("--weka shared:/a", "--weka other:/b", "--dataset my-org/a:/c", "--dataset mine/b:/d"),
)


@given(st.lists(st.sampled_from(REPEATED), unique=True))
@settings(max_examples=40, deadline=None)
def test_the_order_of_an_options_values_decides_nothing(options: list[str]) -> None:
    found, expected = (
        j.judged(f"/beaker run {' '.join(words)} -- pytest") for words in (options, sorted(options))
    )
    assert (found.outcome, found.reason) == (expected.outcome, expected.reason)


@given(st.timedeltas(timedelta(hours=-5), timedelta(days=40)), st.booleans())
@settings(deadline=None)
def test_no_comment_is_obeyed_for_ever(age: timedelta, agreed: bool) -> None:
    written = j.NOW - age
    decision = j.judged(
        RUNS[0],
        comment=j.comment_now(RUNS[0], written, written),
        agreement=Agreement("go", KIM, ADMIN) if agreed else None,
    )
    refused = decision.reason in (Reason.REFUSED_STALE, Reason.REFUSED_EXPIRED)
    assert refused == (age > timedelta(hours=72 if agreed else 1))
