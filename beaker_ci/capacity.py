"""How full clusters are."""

from __future__ import annotations

from dataclasses import dataclass

from beaker_ci.facts import Cluster

UNKNOWN_TYPE = "unknown"
"""The type of GPUs that the protocol, as we know it, has no name for."""


@dataclass(frozen=True, kw_only=True)
class ClusterCapacity(Cluster):
    """A cluster that takes batch jobs, as full as it is at one moment. A GPU is one slot.

    Attributes:
        gpu_type: As gantry spells it, such as ``NVIDIA H100``; :data:`UNKNOWN_TYPE` for one of a
            later Beaker, empty where there are no GPUs.
        nodes: In service, cordoned ones among them.
        cordoned_nodes: On which nothing more starts, as far as their slots tell.
        missing_nodes: That it should have besides.
        memory_per_gpu: Bytes of main memory that a node has for each of its GPUs; None where
            Beaker does not say.
        total: Slots.
        available: Slots that are free, and on which something may start.
        occupied: Slots on which something runs.
        assigned: Slots that are given to somebody, whether it runs yet or not.
        cordoned: Slots that are free, but on which nothing may start.
        most_free: The most slots that are available on one node; None where Beaker does not say.
        queued: Jobs that wait and may run here; None where Beaker does not say.
        tags: Such as ``storage:weka`` and ``interconnect:ib``.
        restricted_to: Who may use it: ``users``, ``budgets``; empty for everybody.
        open_to_preemptible: Whether jobs that may be preempted at any time are free of that.
    """

    gpu_type: str
    nodes: int
    cordoned_nodes: int
    missing_nodes: int
    memory_per_gpu: int | None
    total: int
    available: int
    occupied: int
    assigned: int
    cordoned: int
    most_free: int | None
    queued: int | None
    tags: tuple[str, ...] = ()
    restricted_to: tuple[str, ...] = ()
    open_to_preemptible: bool = False

    @property
    def has_gpus(self) -> bool:
        """Whether its slots are GPUs."""
        return bool(self.gpu_type)

    @property
    def largest_node(self) -> int | None:
        """The most GPUs that a node of it can ever give to one job; None if that is not known."""
        return self.gpus_per_node if self.has_gpus else 0

    @property
    def room(self) -> int | None:
        """The most GPUs that a job could have right now; None if that is not known."""
        if not self.has_gpus or self.available <= 0:
            return 0
        return self.most_free

    def has_type(self, pattern: str) -> bool:
        """Whether ``--gpu-type`` with this pattern takes it: a part of the name, in any case."""
        return self.has_gpus and pattern.lower() in self.gpu_type.lower()
