"""Where jobs may run, and how full it is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from beaker import Beaker
from beaker import beaker_pb2 as pb2

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.capacity import UNKNOWN_TYPE, ClusterCapacity
from beaker_ci.facts import Cluster

CAPACITY_AGE = 60.0
"""Seconds for which it is good enough to know how full clusters were."""

_TYPE_PREFIX = "GPU_TYPE_"


def read_clusters(client: Beaker) -> Iterator[Cluster]:
    """The clusters among which gantry would choose for a batch job, in its order."""
    for cluster in client.cluster.list():
        if _takes_batch_jobs(cluster):
            yield Cluster(_name(cluster), _aliases(cluster), _gpus_of(cluster.node_shape))


def read_capacity(client: BoundedBeaker) -> tuple[ClusterCapacity, ...]:
    """The same clusters, with how full they are now.

    A request per 50 clusters. Only if a cluster with GPUs does not tell their type: one more per
    50 nodes, since gantry goes by the type of a node.
    """
    client.forget_clusters()
    clusters = [
        cluster
        for cluster in client.cluster.list(include_cluster_occupancy=True)
        if _takes_batch_jobs(cluster)
    ]
    types = {cluster.id: name for cluster in clusters if (name := _type_of(cluster)) is not None}
    if len(types) < len(clusters):
        types = _types_of_nodes(client) | types
    return tuple(_capacity(cluster, types.get(cluster.id, "")) for cluster in clusters)


class Capacity:
    """How full the clusters are, asked again when the last answer is old.

    Many runs that wait are explained by one answer.
    """

    def __init__(self, client: BoundedBeaker) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._read: tuple[float, tuple[ClusterCapacity, ...]] | None = None

    def at(self, now: float) -> tuple[ClusterCapacity, ...]:
        """What :func:`read_capacity` says, at most :data:`CAPACITY_AGE` old.

        Args:
            now: Unix seconds.
        """
        with self._lock:
            if self._read is None or now - self._read[0] > CAPACITY_AGE:
                self._read = (now, read_capacity(self._client))
            return self._read[1]


def _takes_batch_jobs(cluster: pb2.Cluster) -> bool:
    # To the millisecond, as gantry asks it.
    if not cluster.HasField("max_task_timeout"):
        return True
    return cluster.max_task_timeout.ToMilliseconds() != 0


def _name(cluster: pb2.Cluster) -> str:
    return f"{cluster.organization_name}/{cluster.name}"


def _aliases(cluster: pb2.Cluster) -> tuple[str, ...]:
    return tuple(f"{cluster.organization_name}/{alias}" for alias in cluster.aliases)


def _type_of(cluster: pb2.Cluster) -> str | None:
    """Its GPUs by the shape of its nodes; empty if they have none, None if it does not say."""
    shape = cluster.node_shape
    if shape.gpu_type:
        return _type_name(int(shape.gpu_type))
    return "" if _gpus_of(shape) == 0 else None


def _gpus_of(shape: pb2.NodeShape) -> int | None:
    """None for a shape that says nothing at all."""
    return shape.gpu_count if shape.gpu_count or shape.cpu_count else None


def _types_of_nodes(client: BoundedBeaker) -> dict[str, str]:
    """Each cluster's GPUs by one of its nodes."""
    found: dict[str, str] = {}
    for node in client.node.list():
        resources = node.node_resources
        if resources.gpu_type:
            found.setdefault(node.cluster_id, _type_name(int(resources.gpu_type)))
        elif resources.gpu_ids:
            found.setdefault(node.cluster_id, UNKNOWN_TYPE)
    return found


def _type_name(number: int) -> str:
    try:
        return pb2.GpuType.Name(number).removeprefix(_TYPE_PREFIX).replace("_", " ")
    except ValueError:
        return UNKNOWN_TYPE


def _capacity(cluster: pb2.Cluster, gpu_type: str) -> ClusterCapacity:
    slots = cluster.cluster_occupancy.slot_counts
    nodes = [each.slot_counts for each in cluster.cluster_occupancy.node_occupancies]
    shape = cluster.node_shape
    restrictions = {"users": cluster.user_restrictions, "budgets": cluster.budget_restrictions}
    return ClusterCapacity(
        name=_name(cluster),
        aliases=_aliases(cluster),
        gpu_type=gpu_type,
        nodes=cluster.node_count,
        cordoned_nodes=sum(each.cordoned > 0 for each in nodes),
        missing_nodes=max(cluster.expected_node_count - cluster.node_count, 0),
        gpus_per_node=max([shape.gpu_count, *(each.total for each in nodes)]) or _gpus_of(shape),
        memory_per_gpu=shape.memory_bytes // shape.gpu_count if shape.gpu_count else None,
        total=slots.total,
        available=slots.available,
        occupied=slots.occupied,
        assigned=slots.assigned,
        cordoned=slots.cordoned,
        most_free=max((each.available for each in nodes), default=None),
        queued=(
            cluster.cluster_job_queue_size if cluster.HasField("cluster_job_queue_size") else None
        ),
        tags=tuple(cluster.tags),
        restricted_to=tuple(name for name, only in restrictions.items() if only),
        open_to_preemptible=cluster.allow_preemptible_restriction_exceptions,
    )
