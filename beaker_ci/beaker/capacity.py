"""Where jobs may run."""

from __future__ import annotations

from collections.abc import Iterator

from beaker import Beaker
from beaker import beaker_pb2 as pb2

from beaker_ci.facts import Cluster


def read_clusters(client: Beaker) -> Iterator[Cluster]:
    """The clusters among which gantry would choose for a batch job, in its order."""
    for cluster in client.cluster.list():
        if _takes_batch_jobs(cluster):
            organization = cluster.organization_name
            aliases = tuple(f"{organization}/{alias}" for alias in cluster.aliases)
            yield Cluster(f"{organization}/{cluster.name}", aliases)


def _takes_batch_jobs(cluster: pb2.Cluster) -> bool:
    # To the millisecond, as gantry asks it.
    if not cluster.HasField("max_task_timeout"):
        return True
    return cluster.max_task_timeout.ToMilliseconds() != 0
