"""An acceptance never rests on what nobody established: every fact that is taken away refuses."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any

import judging as j
import pytest

from beaker_ci.config import Configuration
from beaker_ci.facts import Agreement, BeakerAccounts, Cluster, Facts, Permission, Person
from beaker_ci.policy import evaluate, merge_recipe
from beaker_ci.policy.model import Outcome

KIM = Person(2002, "kim")
ADMIN = Permission("admin", frozenset(), "", role="admin")
APPROVED = Agreement("approve", KIM, ADMIN, frozenset({3003}))
GO = replace(APPROVED, word="go", authors=None)
FORKS = j.rules(extra="forks: pinned\n")
TEAM = j.rules(extra="roles: {run: {teams: [o/gpu]}}\n")
WITH_FILES = j.rules(j.TEAM_RULES + "  conda: {command: [x], conda_file: environment.yml}\n")

NEVER = {
    "permission.role": "it only names custom roles; GitHub says the level besides",
    "pull.head_repository": "None is a fork that is gone; `is_fork` says what counts",
    "accounts.max_priority": "None is a workspace without a cap",
    "agreement.permission.role": "as of who asked",
    "agreement.permission.teams": "as of who asked: any one line of a role is enough",
}
"""Facts that are missing without harm in all of the requests below, each with why."""


@dataclass(frozen=True)
class Accepted:
    """A request that is let through, and what it does not rest on besides."""

    run: str
    configuration: Configuration
    facts: Mapping[str, Any]
    no_matter: frozenset[str]


PLAIN = frozenset({*NEVER, "permission.teams", "accounts.clusters", "entries", "agreement"})
ON_CLUSTERS = PLAIN - {"accounts.clusters"}
ON_FILES = PLAIN - {"entries"}
ON_TEAM = PLAIN - {"permission.teams"} | {"permission.level"}
ON_AGREEMENT = PLAIN - {"agreement"}
MEMBER = Permission(None, frozenset({"o/gpu"}), "")
ACCEPTED = {
    "a command": Accepted("/beaker run -- pytest", j.rules(), {}, PLAIN),
    "a preset on a cluster": Accepted("/beaker run gpu-tests", j.rules(), {}, ON_CLUSTERS),
    "a cluster of one's own": Accepted(
        "/beaker run --cluster 'ai2/*-cirrascale' -- pytest", j.rules(), {}, ON_CLUSTERS
    ),
    "a file of the commit": Accepted(
        "/beaker run conda",
        WITH_FILES,
        {"entries": frozenset({"environment.yml"})},
        ON_FILES,
    ),
    "a project with extras": Accepted(
        "/beaker run --uv-extra gpu -- pytest", j.rules(), {}, ON_FILES
    ),
    "a team": Accepted(
        f"/beaker run --sha {j.HEAD} -- pytest", TEAM, {"permission": MEMBER}, ON_TEAM
    ),
    "a pinned fork": Accepted(
        f"/beaker run --sha {j.HEAD} -- pytest", FORKS, {"pull": j.FORK}, PLAIN
    ),
    "a fork that got its go": Accepted(
        "/beaker run -- pytest",
        FORKS,
        {"pull": j.FORK, "agreement": GO},
        ON_AGREEMENT | {"agreement.authors"},
    ),
    "an approved price": Accepted(
        "/beaker run --gpus 8 -- pytest", j.rules(), {"agreement": APPROVED}, ON_AGREEMENT
    ),
    "an approved priority": Accepted(
        "/beaker run gpu-tests --priority high",
        j.rules(),
        {"agreement": APPROVED},
        ON_AGREEMENT - {"accounts.clusters"},
    ),
}


def unknown(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The same value with one fact taken away, for each that may be missing, at any depth."""
    hints = typing.get_type_hints(type(value))
    for field in fields(value):
        held, where = getattr(value, field.name), f"{path}{field.name}"
        if held is not None and types.NoneType in typing.get_args(hints[field.name]):
            yield where, replace(value, **{field.name: None})
        if is_dataclass(held):
            for name, less in unknown(held, f"{where}."):
                yield name, replace(value, **{field.name: less})


def outcomes(accepted: Accepted) -> dict[str, Outcome]:
    """What becomes of an accepted request without each of its facts."""
    recipe = merge_recipe(j.asked(accepted.run), accepted.configuration)
    request = j.request_for(accepted.run)
    well_known = {
        "permission": replace(j.WRITER, teams=frozenset()),
        "accounts": BeakerAccounts("ai2/team", "ai2/money", False, "high", j.CLUSTERS),
    }

    def outcome(facts: Facts) -> Outcome:
        return evaluate(request, recipe, facts, accepted.configuration).outcome

    known = j.facts_for(request, **{**well_known, **accepted.facts})
    assert outcome(known) is Outcome.ALLOW
    return {path: outcome(less) for path, less in unknown(known)}


@pytest.mark.parametrize("name", ACCEPTED)
def test_whatever_is_taken_away_refuses(name: str) -> None:
    found = outcomes(ACCEPTED[name])
    accepting = {path for path, outcome in found.items() if outcome is Outcome.ALLOW}
    assert accepting == ACCEPTED[name].no_matter & found.keys()
    # Without its approval a plan waits again; all else that is not known is a refusal.
    waiting = {path for path, outcome in found.items() if outcome is Outcome.WAIT}
    assert waiting <= {"agreement"}


def test_each_fact_that_may_be_missing_is_missed_somewhere() -> None:
    """A new fact is one that an acceptance here rests on, or is named above with its reason."""
    found = [outcomes(accepted) for accepted in ACCEPTED.values()]
    missed = {path for one in found for path in one if one[path] is not Outcome.ALLOW}
    assert {path for one in found for path in one} - missed == NEVER.keys()


HALF_KNOWN: dict[str, dict[str, Any]] = {
    "a level that there is not": {"permission": Permission("owner", frozenset(), "")},
    "no state": {"pull": replace(j.PULL, state="")},
    "no head": {"pull": replace(j.PULL, head_sha="")},
    "half a head": {"pull": replace(j.PULL, head_sha=j.HEAD[:12])},
    "another pull request": {"pull": replace(j.PULL, number=8)},
    "no clusters": {"accounts": BeakerAccounts("ai2/team", "ai2/money", clusters=())},
    "other clusters": {
        "accounts": BeakerAccounts("ai2/team", "ai2/money", clusters=(Cluster("ai2/x"),))
    },
    "time without a zone": {"now": datetime(2026, 3, 1, 12)},  # noqa: DTZ001 - in which zone?
    "no time of asking": {"request": {"asked_at": None}},
}


@pytest.mark.parametrize("name", HALF_KNOWN)
def test_what_is_half_known_is_refused(name: str) -> None:
    assert j.judged("/beaker run gpu-tests").outcome is Outcome.ALLOW
    assert j.judged("/beaker run gpu-tests", **HALF_KNOWN[name]).outcome is Outcome.REFUSE
