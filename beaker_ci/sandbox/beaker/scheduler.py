"""Which queued job gets which node: by priority, then first come, first served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.compose import clusters_of
from beaker_ci.sandbox.beaker.records import Job
from beaker_ci.sandbox.beaker.world import World


class Scheduler:
    """Knows slots; moves nothing. One GPU is one slot, a job without GPUs needs none."""

    def __init__(self, world: World) -> None:
        self._world = world

    def placements(self, jobs: Collection[Job]) -> Iterator[tuple[Job, pb2.Node | str | None]]:
        """Decide on each queued job, best first; the caller acts on each before the next.

        Yields:
            A job with its node; with a message if no node could ever take it; with ``None`` if it
            has to wait.
        """
        for job in self.queue(jobs):
            if job.placed or job.final:
                continue  # by what the caller did about an earlier one
            nodes = self._eligible(job)
            need = job.task.spec.gpus
            if not any(_slots(node) >= need for node in nodes):
                yield job, f"No eligible node has {need} slots"
                continue
            yield job, self.room(job, jobs)

    def room(self, job: Job, jobs: Collection[Job]) -> pb2.Node | None:
        """The first eligible node with enough free slots, unless the workspace has its share."""
        if self._passes_slot_limit(job, jobs):
            return None
        taken = self.taken(jobs)
        need = job.task.spec.gpus
        return next((node for node in self._eligible(job) if _free(node, taken) >= need), None)

    def queue(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs that wait for a node, best first."""
        waiting = [job for job in jobs if not (job.placed or job.final or job.held)]
        return sorted(waiting, key=lambda job: (-job.message.system_details.priority, job.id))

    def taken(self, jobs: Iterable[Job]) -> Counter[str]:
        """Occupied slots by node."""
        taken: Counter[str] = Counter()
        for job in jobs:
            if job.placed:
                taken[job.message.assignment_details.node_id] += job.task.spec.gpus
        return taken

    def why_not(self, job: Job, jobs: Collection[Job]) -> str:
        """Why a job has to wait, in Beaker's words."""
        if self._passes_slot_limit(job, jobs):
            workspace = self._world.workspaces[job.message.workspace_id]
            used = self._slots_used(workspace, jobs)
            return (
                f'excluded by slot limit (workspace "{workspace.name}" using '
                f"{used}/{workspace.slot_limit_preemptible} allowed unallocated slots, "
                f"the job requires at least {job.task.spec.gpus} slots)"
            )
        return f"{len(self._eligible(job))} nodes do not have enough slots available"

    def _passes_slot_limit(self, job: Job, jobs: Iterable[Job]) -> bool:
        workspace = self._world.workspaces[job.message.workspace_id]
        limit = workspace.slot_limit_preemptible
        if not limit or _is_allocated(job):
            return False
        return self._slots_used(workspace, jobs) + job.task.spec.gpus > limit

    def _slots_used(self, workspace: pb2.Workspace, jobs: Iterable[Job]) -> int:
        return sum(
            job.task.spec.gpus
            for job in jobs
            if job.placed and job.message.workspace_id == workspace.id and not _is_allocated(job)
        )

    def occupancy(self, cluster: pb2.Cluster, jobs: Collection[Job]) -> pb2.ClusterOccupancy:
        """How full a cluster is."""
        taken = self.taken(jobs)
        occupancy = pb2.ClusterOccupancy()
        for node in self._nodes_of(cluster):
            total, used = _slots(node), taken[node.id]
            cordoned = total - used if node.HasField("cordon_details") else 0
            running = sum(
                job.placed and job.message.assignment_details.node_id == node.id for job in jobs
            )
            occupancy.node_occupancies.add(
                node_id=node.id,
                running_jobs_count=running,
                slot_counts=pb2.SlotCounts(
                    total=total,
                    available=total - used - cordoned,
                    occupied=used,
                    assigned=used,
                    cordoned=cordoned,
                ),
            )
        for field in ("total", "available", "occupied", "assigned", "cordoned"):
            counts = (getattr(each.slot_counts, field) for each in occupancy.node_occupancies)
            setattr(occupancy.slot_counts, field, sum(counts))
        occupancy.running_jobs_count = sum(
            each.running_jobs_count for each in occupancy.node_occupancies
        )
        return occupancy

    def queue_size(self, cluster: pb2.Cluster, jobs: Iterable[Job]) -> int:
        """How many jobs wait that may run on a cluster, those included that are held."""
        waiting = (job for job in jobs if not (job.placed or job.final))
        return sum(self.eligible(job, cluster.id) for job in waiting)

    def eligible(self, job: Job, cluster_id: str) -> bool:
        """Whether a job may run on a cluster."""
        return any(node.cluster_id == cluster_id for node in self._eligible(job))

    def _eligible(self, job: Job) -> list[pb2.Node]:
        spec = job.task.spec
        if spec.constraints is not None and spec.constraints.hostname:
            return [self._world.find_node(name) for name in spec.constraints.hostname]
        if named := clusters_of(spec):
            clusters = [self._world.find_cluster(name) for name in named]
        else:
            clusters = [each for each in self._world.clusters.values() if _takes_tasks(each)]
        return [node for cluster in clusters for node in self._nodes_of(cluster)]

    def _nodes_of(self, cluster: pb2.Cluster) -> list[pb2.Node]:
        return [node for node in self._world.nodes.values() if node.cluster_id == cluster.id]


def _takes_tasks(cluster: pb2.Cluster) -> bool:
    return not cluster.HasField("max_task_timeout") or bool(cluster.max_task_timeout.ToSeconds())


def _is_allocated(job: Job) -> bool:
    return job.message.system_details.min_runtime.ToNanoseconds() > 0


def _slots(node: pb2.Node) -> int:
    return node.node_resources.slot_details.slot_count


def _free(node: pb2.Node, taken: Counter[str]) -> int:
    return -1 if node.HasField("cordon_details") else _slots(node) - taken[node.id]
