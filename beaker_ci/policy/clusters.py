"""Clusters: names and patterns → the clusters that there are, before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from beaker_ci.commands.nearest import nearest
from beaker_ci.facts import Cluster
from beaker_ci.policy.case import Case, allow, refuse
from beaker_ci.policy.globs import allows, listed
from beaker_ci.policy.model import Outcome
from beaker_ci.policy.values import texts, whole_number
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.config import Configuration
    from beaker_ci.facts import BeakerAccounts
    from beaker_ci.policy.model import Finding
    from beaker_ci.recipe import Recipe


_ClusterT = TypeVar("_ClusterT", bound=Cluster)


def expand(pattern: str, known: Iterable[_ClusterT]) -> tuple[_ClusterT, ...]:
    """The clusters that a name, an alias or a pattern of them stands for, by name.

    A name without its organization stands for that of any: what is judged is what it becomes.
    """
    found = (cluster for cluster in known if _is_meant(pattern, cluster))
    return tuple(sorted(found, key=lambda cluster: cluster.name))


def _is_meant(pattern: str, cluster: Cluster) -> bool:
    names = (cluster.name, *cluster.aliases)
    if "/" not in pattern:
        names = tuple(name.rpartition("/")[2] for name in names)
    return any(fnmatchcase(name, pattern) for name in names)


def with_clusters(recipe: Recipe, accounts: BeakerAccounts | None) -> Recipe:
    """The recipe with clusters by their full names in the place of patterns and aliases.

    What is judged, shown and hashed is then what runs. Patterns that stand for nothing stay: the
    evaluator refuses them.
    """
    asked = texts(recipe, "clusters")
    if not asked or accounts is None or accounts.clusters is None:
        return recipe
    names: set[str] = set()
    for pattern in asked:
        found = [cluster.name for cluster in expand(pattern, accounts.clusters)]
        names.update(found or [pattern])
    return MappingProxyType({**recipe, "clusters": tuple(sorted(names))})


def may_choose(configuration: Configuration, cluster: Cluster) -> bool:
    """Whether a command may bring this cluster."""
    return _is_listed(configuration.allow.clusters, cluster)


def nameable(configuration: Configuration, known: Iterable[_ClusterT]) -> tuple[_ClusterT, ...]:
    """The clusters that a command may bring or that a preset names."""
    there = tuple(known)
    patterns = {
        pattern
        for preset in configuration.presets.values()
        for pattern in texts(preset.recipe(), "clusters")
    }
    named = {cluster.name for pattern in patterns for cluster in expand(pattern, there)}
    return tuple(
        cluster for cluster in there if cluster.name in named or may_choose(configuration, cluster)
    )


def clusters(case: Case) -> Finding | None:
    """Every cluster is there, and those that the command brings are on the list."""
    if not texts(case.recipe, "clusters"):
        return None
    known = case.facts.accounts.clusters if case.facts.accounts else None
    if known is None:
        return refuse(
            "clusters",
            Reason.BEAKER_UNAVAILABLE,
            "Beaker did not say which clusters there are",
            "Comment again in a few minutes.",
        )
    chosen = texts(case.options, "clusters")
    for pattern in (*chosen, *texts(case.recipe, "clusters")):
        if not expand(pattern, known):
            return _unknown(pattern, known)
    finding = _allowed(case, chosen, known) if chosen else _by_rules(case)
    return finding if finding.outcome is Outcome.REFUSE else _too_small(case, known) or finding


def _allowed(case: Case, chosen: tuple[str, ...], known: tuple[Cluster, ...]) -> Finding:
    globs = case.configuration.allow.clusters
    brought = {cluster for pattern in chosen for cluster in expand(pattern, known)}
    wrong = sorted(one.name for one in brought if not _is_listed(globs, one))
    if wrong:
        said = "" if set(wrong) <= set(chosen) else f", which {listed(chosen)} stands for,"
        return refuse(
            "clusters",
            Reason.REFUSED_CLUSTER,
            f"{listed(wrong)}{said} may not be chosen; "
            f"`allow.clusters` has {listed(globs) or 'nothing'}",
            "Choose an allowed one, or ask a maintainer to add it to `allow.clusters`.",
        )
    names = listed(sorted(one.name for one in brought))
    return allow("clusters", f"{names}, by `allow.clusters`")


def _is_listed(globs: tuple[str, ...], cluster: Cluster) -> bool:
    """By its name, or by an alias that the maintainer wrote out: patterns do not reach aliases."""
    return allows(globs, cluster.name) or any(alias in globs for alias in cluster.aliases)


def _too_small(case: Case, known: tuple[Cluster, ...]) -> Finding | None:
    """A refusal when no node of any of the clusters will ever have as many GPUs."""
    named = {one for each in texts(case.recipe, "clusters") for one in expand(each, known)}
    gpus = whole_number(case.recipe, "gpus", 0)
    sizes = [one.gpus_per_node for one in named]
    most = max((size for size in sizes if size is not None), default=0)
    if gpus is None or gpus <= most or None in sizes:
        return None
    names = listed(sorted(one.name for one in named))
    largest = f"the largest has {most}" if most else "they have none"
    return refuse(
        "clusters",
        Reason.BEAKER_NO_CAPACITY,
        f"no node of {names} has {gpus} {'GPU' if gpus == 1 else 'GPUs'}: {largest}",
        "Ask for fewer GPUs with more replicas, or for another cluster: `/beaker gpus` lists them.",
    )


def _by_rules(case: Case) -> Finding:
    return allow("clusters", f"{listed(texts(case.recipe, 'clusters'))}, by the preset")


def _unknown(pattern: str, known: tuple[Cluster, ...]) -> Finding:
    names = [cluster.name for cluster in known]
    meant = nearest(pattern, names)
    return refuse(
        "clusters",
        Reason.REFUSED_CLUSTER,
        f"no cluster that takes jobs matches {pattern}",
        f"Did you mean {meant}?" if meant else f"There are {listed(sorted(names)[:20])}.",
    )
