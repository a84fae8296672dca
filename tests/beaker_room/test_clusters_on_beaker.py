"""Which clusters there are, in gantry's eyes."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from gantry.beaker_utils import filter_clusters_by_name
from gantry.exceptions import ConfigurationError
from room import Room

from beaker_ci.beaker.capacity import read_clusters
from beaker_ci.facts import BeakerAccounts, Cluster

JUPITER = Cluster("ai2/jupiter", ("ai2/jupiter-cirrascale-2",), gpus_per_node=8)
NAMES = ["ai2/jupiter", "ai2/neptune-cirrascale", "ai2/phobos", "ai2/saturn"]


def test_they_are_those_that_gantry_would_take(room: Room) -> None:
    room.beaker.requests.clear()
    found = tuple(read_clusters(room.client))

    assert [each.name for each in found] == NAMES  # without ganymede, which takes no batch jobs
    assert found[0] == JUPITER
    everywhere = room.submit(1, clusters=["ai2/*"])
    by_alias = room.submit(2, clusters=["ai2/jupiter-c*"])
    assert list(everywhere.clusters) == NAMES
    assert by_alias.clusters == ("ai2/jupiter",)
    assert room.beaker.requests.count("ListClusters") == 1


def test_accounts_tell_of_them_when_asked(room: Room) -> None:
    known = BeakerAccounts("ai2/calm", "ai2/old-budget", budget_deprecated=True)
    accounts = room.session.accounts("ai2/calm", "ai2/old-budget")
    assert accounts == replace(known, max_priority="normal")
    assert room.beaker.requests.count("ListClusters") == 0

    both = room.session.accounts("ai2/calm", "ai2/old-budget", clusters=True)

    assert both == replace(accounts, clusters=tuple(read_clusters(room.client)))


@pytest.mark.parametrize("number", [0, 1])
def test_a_pattern_stands_for_what_gantry_takes_it_for(room: Room, number: int) -> None:
    """All patterns that begin with the organization, against gantry's own choice."""
    patterns = [
        ["ai2/jupiter", "ai2/jupiter-cirrascale-2", "ai2/*", "ai2/*-cirrascale*", "ai2/[js]*"],
        ["ai2/s?turn*", "ai2/*9", "ai2/ganymede", "ai2/Jupiter*", "ai2/*/*", "ai2/**", "ai2/"],
    ][number]
    known = [each for each in room.client.cluster.list() if each.name != "ganymede"]
    for pattern in patterns:
        try:
            chosen = filter_clusters_by_name(room.client, known, [pattern])
        except ConfigurationError:
            chosen = []
        ours = [
            each.name
            for each in read_clusters(room.client)
            if any(fnmatchcase(name, pattern) for name in (each.name, *each.aliases))
        ]
        assert ours == [f"ai2/{each.name}" for each in chosen], pattern
