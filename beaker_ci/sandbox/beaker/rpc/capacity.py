"""Clusters and nodes."""

from __future__ import annotations

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.paging import in_order, page


class Capacity:
    """Calls about where jobs run."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._world = backend.world

    def get_cluster(self, request: pb2.GetClusterRequest) -> pb2.GetClusterResponse:
        """A cluster, with its occupancy if asked for."""
        cluster = self._world.find_cluster(request.cluster_id)
        return pb2.GetClusterResponse(
            cluster=self._shown(cluster, occupancy=request.include_cluster_occupancy)
        )

    def resolve_cluster_name(
        self, request: pb2.ResolveClusterNameRequest
    ) -> pb2.ResolveClusterNameResponse:
        """From name or alias to id."""
        name = f"{request.owner_name}/{request.cluster_name}"
        return pb2.ResolveClusterNameResponse(cluster_id=self._world.find_cluster(name).id)

    def list_clusters(self, request: pb2.ListClustersRequest) -> pb2.ListClustersResponse:
        """All clusters."""
        occupancy = False

        def select(options: pb2.ListClustersRequest.Opts) -> list[pb2.Cluster]:
            nonlocal occupancy
            occupancy = options.include_cluster_occupancy
            return in_order(self._world.clusters.values(), options)

        clusters, token = page(request, pb2.ListClustersRequest.Opts, select)
        return pb2.ListClustersResponse(
            clusters=[self._shown(cluster, occupancy=occupancy) for cluster in clusters],
            next_page_token=token,
        )

    def get_node(self, request: pb2.GetNodeRequest) -> pb2.GetNodeResponse:
        """A node."""
        return pb2.GetNodeResponse(node=self._world.find_node(request.node_id))

    def list_nodes(self, request: pb2.ListNodesRequest) -> pb2.ListNodesResponse:
        """The nodes, or those of a cluster."""

        def select(options: pb2.ListNodesRequest.Opts) -> list[pb2.Node]:
            found = [
                node
                for node in self._world.nodes.values()
                if options.cluster_id in ("", node.cluster_id)
            ]
            return in_order(found, options)

        nodes, token = page(request, pb2.ListNodesRequest.Opts, select)
        return pb2.ListNodesResponse(nodes=nodes, next_page_token=token)

    def _shown(self, cluster: pb2.Cluster, *, occupancy: bool) -> pb2.Cluster:
        if not occupancy:
            return cluster
        shown = pb2.Cluster()
        shown.CopyFrom(cluster)
        scheduler, jobs = self._backend.life.scheduler, self._backend.life.jobs.values()
        shown.cluster_occupancy.CopyFrom(scheduler.occupancy(cluster, jobs))
        shown.cluster_job_queue_size = scheduler.queue_size(cluster, jobs)
        return shown
