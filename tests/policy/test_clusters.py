"""Clusters: names, other names and patterns, judged by the clusters that they stand for."""

from __future__ import annotations

import judging as j
import pytest
from inline_snapshot import snapshot

from beaker_ci.config import Configuration
from beaker_ci.facts import BeakerAccounts, Cluster
from beaker_ci.policy import merge_recipe, with_clusters
from beaker_ci.policy.clusters import expand
from beaker_ci.policy.model import Outcome
from beaker_ci.reasons import Reason

ACCOUNTS = BeakerAccounts("ai2/team", "ai2/money", clusters=j.CLUSTERS)
UNASKED = BeakerAccounts("ai2/team", "ai2/money")


def allowing(*globs: str) -> Configuration:
    return j.rules(
        "version: 1\nworkspace: ai2/team\nbudget: ai2/money\n"
        f"allow: {{clusters: [{', '.join(map(repr, globs))}]}}\n"
    )


def preset_on(*clusters: str) -> Configuration:
    return j.rules(
        "version: 1\nworkspace: ai2/team\nbudget: ai2/money\n"
        f"presets: {{tests: {{command: [pytest], clusters: [{', '.join(map(repr, clusters))}]}}}}\n"
    )


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("ai2/jupiter", ["ai2/jupiter"]),
        ("ai2/jupiter-cirrascale-2", ["ai2/jupiter"]),
        ("ai2/*-cirrascale", ["ai2/neptune-cirrascale", "ai2/pluto-cirrascale"]),
        ("ai2/*-cirrascale-?", ["ai2/jupiter"]),
        ("ai2/[js]*", ["ai2/jupiter", "ai2/saturn"]),
        ("*", [cluster.name for cluster in j.CLUSTERS]),
        ("ai2/JUPITER", []),
        ("jupiter", ["ai2/jupiter"]),
        ("j*", ["ai2/jupiter"]),
        ("ai2/[", []),
        ("", []),
    ],
)
def test_what_a_word_stands_for(pattern: str, names: list[str]) -> None:
    assert [cluster.name for cluster in expand(pattern, j.CLUSTERS)] == names


def test_a_bare_name_stands_for_that_of_any_organization() -> None:
    known = (Cluster("ai2/jupiter"), Cluster("other/jupiter"))
    both = BeakerAccounts("ai2/team", "ai2/money", clusters=known)
    run = "/beaker run --cluster jupiter -- pytest"
    assert expand("jupiter", known) == known
    assert j.judged(run).outcome is Outcome.ALLOW
    assert j.cause(j.judged(run, accounts=both)).splitlines()[0] == snapshot(
        "[refused.cluster] other/jupiter, which jupiter stands for, may not be chosen; `allow.clusters` has ai2/jupiter, ai2/*-cirrascale"
    )


def test_a_job_names_its_clusters_in_full_and_once() -> None:
    run = "/beaker run gpu-tests --cluster 'ai2/*-cirrascale' --cluster ai2/pluto-cirrascale"
    recipe = merge_recipe(j.asked(f"{run} --cluster ai2/saturn-old"), j.rules())
    assert with_clusters(recipe, ACCOUNTS)["clusters"] == (
        *("ai2/neptune-cirrascale", "ai2/pluto-cirrascale", "ai2/saturn"),
    )
    nowhere = merge_recipe(j.asked("/beaker run -- pytest"), j.rules())
    assert with_clusters(recipe, UNASKED) == with_clusters(recipe, None) == recipe
    assert with_clusters(nowhere, ACCOUNTS) == nowhere


def test_a_pattern_that_stands_for_nothing_stays_and_is_refused() -> None:
    run = "/beaker run --cluster ai2/jupyter --cluster 'ai2/mars*' -- pytest"
    recipe = merge_recipe(j.asked(run), j.rules())
    assert with_clusters(recipe, ACCOUNTS)["clusters"] == ("ai2/jupyter", "ai2/mars*")
    assert j.cause(j.judged(run)) == snapshot("""\
[refused.cluster] no cluster that takes jobs matches ai2/jupyter
Did you mean ai2/jupiter?\
""")
    mars = j.judged("/beaker run --cluster 'mars-*' -- pytest")
    assert j.cause(mars) == snapshot("""\
[refused.cluster] no cluster that takes jobs matches mars-*
There are ai2/jupiter, ai2/neptune-cirrascale, ai2/pluto-cirrascale, ai2/saturn.\
""")


def test_without_a_list_no_cluster_is_believed() -> None:
    for accounts in (UNASKED, BeakerAccounts("ai2/team", "ai2/money", clusters=())):
        for run in ("run gpu-tests", "run --cluster ai2/jupiter -- pytest"):
            assert j.judged(f"/beaker {run}", accounts=accounts).outcome is Outcome.REFUSE
    assert j.cause(j.judged("/beaker run gpu-tests", accounts=UNASKED)) == snapshot("""\
[beaker.unavailable] Beaker did not say which clusters there are
Comment again in a few minutes.\
""")
    # Where a job names none, Beaker chooses: nothing rests on the list.
    assert j.judged("/beaker run -- pytest", accounts=UNASKED).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    ("globs", "asked", "allowed"),
    [
        (["ai2/jupiter"], "ai2/jupiter", True),
        (["ai2/jupiter"], "ai2/jupiter-cirrascale-2", True),
        (["ai2/saturn-old"], "ai2/saturn", True),
        (["ai2/saturn-old"], "ai2/saturn-old", True),
        (["ai2/*-old"], "ai2/saturn", False),
        (["ai2/*-cirrascale*"], "ai2/jupiter-cirrascale-2", False),
        (["ai2/*-cirrascale"], "*cirrascale", True),
        (["ai2/*-cirrascale"], "*cirrascale*", False),
        (["ai2/pluto-cirrascale", "ai2/neptune-cirrascale"], "ai2/*-cirrascale", True),
        (["ai2/pluto-cirrascale"], "ai2/*-cirrascale", False),
        (["ai2/*"], "*", True),
        (["ai2/jupiter", "ai2/saturn"], "ai2/[js]*", True),
        (["ai2/[js]*"], "ai2/[!np]*", True),
        (["ai2/[js]*"], "ai2/[!n]*", False),
        (["*"], "ai2/[!x]*", True),
        ([], "ai2/jupiter", False),
    ],
)
def test_a_pattern_is_as_good_as_its_worst_cluster(
    globs: list[str], asked: str, allowed: bool
) -> None:
    decision = j.judged(f"/beaker run --cluster '{asked}' -- pytest", allowing(*globs))
    assert decision.reason is (Reason.ACCEPTED if allowed else Reason.REFUSED_CLUSTER)


def test_the_refusal_names_the_cluster_behind_the_word() -> None:
    decision = j.judged("/beaker run --cluster ai2/saturn-old -- pytest")
    assert j.cause(decision) == snapshot("""\
[refused.cluster] ai2/saturn, which ai2/saturn-old stands for, may not be chosen; `allow.clusters` has ai2/jupiter, ai2/*-cirrascale
Choose an allowed one, or ask a maintainer to add it to `allow.clusters`.\
""")


def test_a_cluster_that_came_since_is_judged_like_the_others() -> None:
    run = "/beaker run --cluster 'ai2/*-cirrascale' -- pytest"
    known = (*j.CLUSTERS, Cluster("ai2/vast-cirrascale"))
    now = BeakerAccounts("ai2/team", "ai2/money", clusters=known)
    assert j.judged(run, allowing("ai2/[np]*-cirrascale")).outcome is Outcome.ALLOW
    assert j.judged(run, allowing("ai2/[np]*-cirrascale"), accounts=now).outcome is Outcome.REFUSE


def test_a_preset_may_name_any_cluster_that_there_is() -> None:
    run = "/beaker run tests"
    decision = j.judged(run, preset_on("ai2/saturn", "ai2/*-cirrascale"))
    assert j.findings(decision, "clusters") == snapshot(
        "+ clusters: ai2/neptune-cirrascale, ai2/pluto-cirrascale, ai2/saturn, by the preset"
    )
    for gone in ("ai2/mars", "ai2/mars-*"):
        assert j.judged(run, preset_on("ai2/saturn", gone)).reason is Reason.REFUSED_CLUSTER
    # Also where the command itself names one that may be chosen.
    more = j.rules(
        "version: 1\nworkspace: ai2/team\nbudget: ai2/money\nallow: {clusters: [ai2/jupiter]}\n"
        "presets: {tests: {command: [pytest], clusters: [ai2/mars]}}\n"
    )
    decision = j.judged(f"{run} --cluster ai2/jupiter", more)
    assert j.cause(decision).splitlines()[0] == snapshot(
        "[refused.cluster] no cluster that takes jobs matches ai2/mars"
    )


@pytest.mark.parametrize(
    ("sizes", "gpus", "evidence"),
    [
        ((2, 1), 2, None),
        ((1, 1), 2, "no node of ai2/a, ai2/b has 2 GPUs: the largest has 1"),
        ((0, 0), 1, "no node of ai2/a, ai2/b has 1 GPU: they have none"),
        ((0, 0), 0, None),
        ((1, None), 2, None),  # Beaker did not say: it may be large enough
    ],
)
def test_what_no_node_can_hold_is_not_submitted(
    sizes: tuple[int | None, int | None], gpus: int, evidence: str | None
) -> None:
    pairs = zip(("ai2/a", "ai2/b"), sizes, strict=True)
    known = tuple(Cluster(name, gpus_per_node=size) for name, size in pairs)
    accounts = BeakerAccounts("ai2/team", "ai2/money", clusters=known)
    run = f"/beaker run --gpus {gpus} --cluster 'ai2/*' -- pytest"

    decision = j.judged(run, allowing("ai2/*"), accounts=accounts)

    assert decision.reason is (Reason.BEAKER_NO_CAPACITY if evidence else Reason.ACCEPTED)
    if evidence:
        assert decision.cause.evidence == evidence
    # Whoever may not choose a cluster learns nothing of its nodes.
    refused = j.judged(run, allowing("ai2/x"), accounts=accounts)
    assert refused.reason is Reason.REFUSED_CLUSTER
