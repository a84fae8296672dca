"""What holds for every request: total, deny by default, and stricter rules never let in more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import judging as j
from hypothesis import given, settings
from hypothesis import strategies as st

from beaker_ci.commands import OPTIONS, Command
from beaker_ci.config import Configuration
from beaker_ci.config.schema import ApproverRole, GpuHours, Priorities, Role
from beaker_ci.facts import BeakerAccounts, CommentNow, Facts, Permission, Person, PullRequest
from beaker_ci.plan import make_plan, run_key
from beaker_ci.policy import evaluate, merge_recipe
from beaker_ci.policy.model import Decision, Outcome, Request
from beaker_ci.quantities import Duration, Memory
from beaker_ci.reasons import Reason

RANK = {Outcome.ALLOW: 0, Outcome.WAIT: 1, Outcome.REFUSE: 2}
texts = st.text(max_size=8) | st.sampled_from(
    ["ai2/team", "ai2/money", "ai2/*", "normal", "high", "immediate", "1h", "99h", "1GiB", j.HEAD]
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
people = st.builds(Person, st.integers(), texts, st.sampled_from(["User", "Bot", ""]))
facts = st.builds(
    Facts,
    times,
    st.none()
    | st.builds(
        Permission,
        st.none() | texts | st.just("write"),
        st.none() | st.frozensets(texts, max_size=2),
        texts,
        st.none() | texts,
    ),
    st.none()
    | st.builds(
        PullRequest,
        st.integers() | st.just(7),
        st.just("open") | texts,
        texts,
        texts,
        st.none() | texts,
        st.booleans(),
        people,
        st.booleans(),
    ),
    st.none() | st.builds(CommentNow, st.none() | texts, st.none() | times, st.none() | times),
    st.none()
    | st.builds(
        BeakerAccounts, st.none() | texts, st.none() | texts, st.booleans(), st.none() | texts
    ),
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
    st.none() | st.integers() | st.just(7),
    st.booleans(),
    st.none() | texts,
    st.none() | times,
)


def is_sound(decision: Decision) -> bool:
    """Every refusal has a reason, a parent is as bad as its worst child, the root says it all."""
    return all(
        (found.outcome is Outcome.ALLOW) == (found.reason is None)
        and RANK[found.outcome]
        == max((RANK[child.outcome] for child in found.children), default=RANK[found.outcome])
        for found in decision.tree.walk()
    ) and decision.reason is (decision.cause.reason or Reason.ACCEPTED)


@given(
    requests, st.dictionaries(fields, values), facts, st.sampled_from([j.rules(), Configuration()])
)
@settings(max_examples=300, deadline=None)
def test_anything_gets_a_decision(
    request: Request, recipe: dict[str, Any], known: Facts, configuration: Configuration
) -> None:
    assert is_sound(evaluate(request, recipe, known, configuration))


RUNS = (
    "/beaker run gpu-tests",
    "/beaker run gpu-tests --priority high",
    "/beaker run --gpus 4 --task-timeout 4h --cluster ai2/jupiter --budget ai2/spare -- pytest",
    "/beaker run --gpus 8 --retries 2 --task-timeout 2h -- python train.py",
    "/beaker run --memory 1TiB --cpus 64 --min-runtime 1h --weka shared:/weka -- pytest",
    f"/beaker run gpu-tests --sha {j.HEAD} --group nightly --dataset my-org/a:/a",
    "/beaker run\n```\npytest\n```",
)
RESTRICTIONS: dict[str, dict[str, Any]] = {
    "no commands": {"allow": {"commands": "presets"}},
    "no budgets": {"allow": {"budgets": ()}},
    "no clusters": {"allow": {"clusters": ()}},
    "no weka": {"allow": {"weka": ()}},
    "no datasets": {"allow": {"datasets": ()}},
    "no groups": {"allow": {"groups": ()}},
    "no GPUs": {"limits": {"gpus": 0}},
    "no retries": {"limits": {"retries": 0}},
    "few cores": {"limits": {"cpus": 1.0}},
    "little memory": {"limits": {"memory": Memory.parse("1GiB")}},
    "preemptible": {"limits": {"min_runtime": Duration.parse("0s")}},
    "short": {"limits": {"timeout": Duration.parse("10m")}},
    "cheap": {"limits": {"gpu_hours": GpuHours(run=0, with_approval=1)}},
    "low": {"priority": Priorities(default="low", max="low", with_approval="low")},
    "maintainers": {"roles": {"run": Role(permission="maintain")}},
    "nobody": {"roles": {"run": Role(users=(1,)), "approve": ApproverRole(users=(1,))}},
    "no workspace": {"workspace": None},
    "no budget": {"budget": None},
}


def restricted(configuration: Configuration, names: list[str]) -> Configuration:
    for name in names:
        for key, change in RESTRICTIONS[name].items():
            section = getattr(configuration, key)
            new = section.model_copy(update=change) if isinstance(change, dict) else change
            configuration = configuration.model_copy(update={key: new})
    return configuration


@given(
    st.sampled_from(RUNS),
    st.lists(st.sampled_from(sorted(RESTRICTIONS)), unique=True, min_size=1),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_restriction_never_lets_in_more(run: str, names: list[str], is_fork: bool) -> None:
    rules = j.rules(extra="forks: pinned\n")
    recipe = merge_recipe(j.asked(run), rules)
    pull = j.FORK if is_fork else j.PULL
    for count in range(len(names)):
        before = j.judged(run, restricted(rules, names[:count]), recipe=recipe, pull=pull)
        after = j.judged(run, restricted(rules, names[: count + 1]), recipe=recipe, pull=pull)
        assert RANK[after.outcome] >= RANK[before.outcome], names[count]
    refusing = rules.model_copy(update={"forks": "refuse"})
    if is_fork:
        assert j.judged(run, refusing, recipe=recipe, pull=pull).outcome is Outcome.REFUSE


def test_each_restriction_bites_somewhere() -> None:
    rules = j.rules()
    for name in RESTRICTIONS:
        bites = [
            run
            for run in RUNS
            for recipe in [merge_recipe(j.asked(run), rules)]
            if j.judged(run, restricted(rules, [name]), recipe=recipe).outcome
            is not j.judged(run, rules, recipe=recipe).outcome
        ]
        assert bites, name


UNKNOWN: dict[str, dict[str, Any]] = {
    "permission": {"permission": None},
    "level": {"permission": Permission(None, None, "")},
    "pull": {"pull": None},
    "state": {"pull": replace(j.PULL, state="")},
    "head": {"pull": replace(j.PULL, head_sha="")},
    "comment": {"comment": None},
    "body": {"comment": CommentNow(None, j.ASKED, j.ASKED)},
    "created": {"comment": CommentNow(RUNS[0], None, j.ASKED)},
    "updated": {"comment": CommentNow(RUNS[0], j.ASKED, None)},
    "accounts": {"accounts": None},
    "workspace": {"accounts": BeakerAccounts(None, "ai2/money")},
    "budget": {"accounts": BeakerAccounts("ai2/team", None)},
    "time": {"now": datetime(2026, 3, 1, 12)},  # noqa: DTZ001 - in which zone?
    "asking time": {"request": {"asked_at": None}},
}


def test_what_is_not_known_is_refused() -> None:
    assert j.judged(RUNS[0]).outcome is Outcome.ALLOW
    for name, change in UNKNOWN.items():
        assert j.judged(RUNS[0], **change).outcome is Outcome.REFUSE, name


@given(
    st.permutations(
        ["--gpus 2", "--priority high", "--retries 1", "--memory 1GiB", "--env A=1", "--cpus 2"]
    )
)
@settings(deadline=None)
def test_the_order_of_options_does_not_matter(options: list[str]) -> None:
    def outcome(words: list[str]) -> object:
        run = f"/beaker run {' '.join(words)} -- pytest"
        request = j.request_for(run)
        recipe = merge_recipe(request.command, j.rules())
        decision = j.judged(run)
        plan = make_plan(
            request=request,
            repository_id=1,
            recipe=recipe,
            configuration=j.rules(),
            config_commit=None,
            sha=j.HEAD,
            key=run_key(1, "comment:1", 0),
        )
        return decision, plan.hash, dict(recipe)

    assert outcome(options) == outcome(sorted(options))


@given(st.timedeltas(timedelta(hours=-5), timedelta(days=40)))
@settings(deadline=None)
def test_no_comment_older_than_an_hour_is_obeyed(age: timedelta) -> None:
    written = j.NOW - age
    decision = j.judged(RUNS[0], comment=j.comment_now(RUNS[0], written, written))
    assert (decision.reason is Reason.REFUSED_STALE) == (age > timedelta(hours=1))
