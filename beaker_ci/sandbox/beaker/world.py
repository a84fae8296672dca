"""What stands still: people, workspaces, budgets, clusters, images, secrets, groups."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from beaker import beaker_pb2 as pb2
from google.protobuf.duration_pb2 import Duration

from beaker_ci.sandbox.beaker.errors import Refused, not_found
from beaker_ci.sandbox.beaker.moments import Clock, Ids, stamp

ORGANIZATION = "ai2"

_GIB = 1 << 30


_M = TypeVar("_M")


@dataclass
class StoredSecret:
    """A secret and its value."""

    message: pb2.Secret
    value: bytes


class World:
    """The catalogue. Its ``add_*`` methods are safe to call while clients are connected.

    Args:
        monitor: The server's lock.
        clock: Where timestamps come from.
        ids: Where ids come from.
    """

    def __init__(self, monitor: threading.Condition, clock: Clock, ids: Ids) -> None:
        self.monitor = monitor
        self.clock = clock
        self.ids = ids
        self.tokens: dict[str, str] = {}
        self.users: dict[str, pb2.User] = {}
        self.workspaces: dict[str, pb2.Workspace] = {}
        self.budgets: dict[str, pb2.Budget] = {}
        self.clusters: dict[str, pb2.Cluster] = {}
        self.nodes: dict[str, pb2.Node] = {}
        self.images: dict[str, pb2.Image] = {}
        self.secrets: dict[tuple[str, str], StoredSecret] = {}
        self.groups: dict[str, pb2.Group] = {}
        self.group_members: dict[str, list[str]] = {}
        self.organization = pb2.Organization(
            id=ids.new(), created=stamp(clock()), name=ORGANIZATION, display_name="Ai2"
        )

    def add_user(self, name: str, *, token: str | None = None) -> pb2.User:
        """Add a person or service account; ``token`` signs requests as this user."""
        with self.monitor:
            user = pb2.User(
                id=self.ids.new(), created=stamp(self.clock()), name=name, display_name=name
            )
            self.users[user.id] = user
            if token is not None:
                self.tokens[token] = user.id
            return user

    def add_budget(self, name: str, *, deprecated: bool = False) -> pb2.Budget:
        """Add a budget of the organization; ``name`` without the organization."""
        with self.monitor:
            budget = pb2.Budget(
                id=self.ids.new(),
                organization_id=self.organization.id,
                organization_name=ORGANIZATION,
                name=name,
                full_name=f"{ORGANIZATION}/{name}",
                created=stamp(self.clock()),
                deprecated=stamp(self.clock()) if deprecated else None,
            )
            self.budgets[budget.id] = budget
            return budget

    def add_workspace(
        self,
        name: str,
        *,
        budget: str | None = None,
        maximum_priority: str | None = None,
        description: str = "",
    ) -> pb2.Workspace:
        """Add a workspace.

        Args:
            name: With or without the organization.
            budget: Full name of the budget bound to it.
            maximum_priority: Cap on the priority of its workloads, such as ``high``.
            description: For people.
        """
        with self.monitor:
            full_name = name if "/" in name else f"{ORGANIZATION}/{name}"
            if any(workspace.name == full_name for workspace in self.workspaces.values()):
                raise Refused("ALREADY_EXISTS", f"workspace {full_name!r} already in use")
            workspace = pb2.Workspace(
                id=self.ids.new(),
                created=stamp(self.clock()),
                modified=stamp(self.clock()),
                name=full_name,
                description=description,
                owner_org=self.organization,
                author_org=self.organization,
                budget_id=None if budget is None else self.find_budget(budget).id,
            )
            if maximum_priority is not None:
                workspace.maximum_workload_priority = priority_number(maximum_priority)
            self.workspaces[workspace.id] = workspace
            return workspace

    def add_cluster(
        self,
        name: str,
        *,
        gpu_type: str | None = None,
        gpus: int = 0,
        nodes: int = 1,
        tags: Iterable[str] = (),
        aliases: Iterable[str] = (),
        max_task_timeout: int | None = None,
    ) -> pb2.Cluster:
        """Add an on-premise cluster with its nodes.

        Args:
            name: Without the organization.
            gpu_type: The protocol's name without its prefix, such as ``NVIDIA_H100``.
            gpus: Per node; each is one slot.
            nodes: How many nodes.
            tags: Such as ``storage:weka``.
            aliases: Other names for constraints.
            max_task_timeout: Seconds; 0 means that no batch jobs are allowed.
        """
        with self.monitor:
            shape = pb2.NodeShape(cpu_count=96, memory_bytes=1024 * _GIB, gpu_count=gpus)
            if gpu_type is not None:
                shape.gpu_type = cast("pb2.GpuType", pb2.GpuType.Value(f"GPU_TYPE_{gpu_type}"))
            cluster = pb2.Cluster(
                id=self.ids.new(),
                created=stamp(self.clock()),
                name=name,
                organization_id=self.organization.id,
                organization_name=ORGANIZATION,
                on_premise_details=pb2.OnPremiseClusterDetails(),
                node_shape=shape,
                node_count=nodes,
                expected_node_count=nodes,
                aliases=list(aliases),
                tags=list(tags),
            )
            if max_task_timeout is not None:
                cluster.max_task_timeout.CopyFrom(Duration(seconds=max_task_timeout))
            self.clusters[cluster.id] = cluster
            for number in range(1, nodes + 1):
                self._add_node(cluster, f"{name}-cs-aus-{number:02}.reviz.ai2.in")
            return cluster

    def _add_node(self, cluster: pb2.Cluster, hostname: str) -> None:
        shape = cluster.node_shape
        node = pb2.Node(
            id=self.ids.new(),
            created=stamp(self.clock()),
            heartbeat=stamp(self.clock()),
            cluster_id=cluster.id,
            hostname=hostname,
            node_resources=pb2.NodeResources(
                cpu_count=shape.cpu_count,
                memory_bytes=shape.memory_bytes,
                gpu_ids=[f"GPU-{number}" for number in range(shape.gpu_count)],
                slot_details=pb2.SlotDetails(
                    slot_count=shape.gpu_count, gpu_count=min(shape.gpu_count, 1)
                ),
            ),
        )
        if shape.HasField("gpu_type"):
            node.node_resources.gpu_type = shape.gpu_type
        self.nodes[node.id] = node

    def add_image(self, author: str, name: str, *, workspace: str) -> pb2.Image:
        """Add a committed image, called ``author/name``."""
        with self.monitor:
            owner = self._user_or_new(author)
            image = pb2.Image(
                id=self.ids.new(),
                name=name,
                full_name=f"{author}/{name}",
                workspace_id=self.find_workspace(workspace).id,
                author_id=owner.id,
                created=stamp(self.clock()),
                committed=stamp(self.clock()),
                docker_tag=f"gcr.io/ai2-beaker/{name}",
            )
            self.images[image.id] = image
            return image

    def add_secret(
        self, workspace: str, name: str, value: str | bytes, *, author: str | None = None
    ) -> pb2.Secret:
        """Write a secret of a workspace, new or anew."""
        with self.monitor:
            workspace_id = self.find_workspace(workspace).id
            author_id = None if author is None else self.find_user(author).id
            data = value.encode() if isinstance(value, str) else value
            stored = self.secrets.get((workspace_id, name))
            if stored is None:
                message = pb2.Secret(
                    name=name, created=stamp(self.clock()), updated=stamp(self.clock())
                )
                stored = self.secrets[workspace_id, name] = StoredSecret(message, data)
            stored.value = data
            stored.message.updated.CopyFrom(stamp(self.clock()))
            if author_id is not None:
                stored.message.author_id = author_id
            return stored.message

    def add_group(self, author: str, name: str, *, workspace: str) -> pb2.Group:
        """Add a group of experiments, called ``author/name``."""
        with self.monitor:
            full_name = f"{author}/{name}"
            if any(group.full_name == full_name for group in self.groups.values()):
                raise Refused("ALREADY_EXISTS", f"group {full_name!r} already in use")
            group = pb2.Group(
                id=self.ids.new(),
                name=name,
                full_name=full_name,
                workspace_id=self.find_workspace(workspace).id,
                author_id=self.find_user(author).id,
                created=stamp(self.clock()),
                modified=stamp(self.clock()),
            )
            self.groups[group.id] = group
            self.group_members[group.id] = []
            return group

    def _user_or_new(self, name: str) -> pb2.User:
        return next((user for user in self.users.values() if user.name == name), None) or (
            self.add_user(name)
        )

    def find_user(self, name: str) -> pb2.User:
        """A user by id or name."""
        return _find("user", name, self.users, lambda user: (user.name,))

    def find_workspace(self, name: str) -> pb2.Workspace:
        """A workspace by id or full name."""
        return _find("workspace", name, self.workspaces, lambda workspace: (workspace.name,))

    def find_budget(self, name: str) -> pb2.Budget:
        """A budget by id or full name."""
        return _find("budget", name, self.budgets, lambda budget: (budget.full_name,))

    def find_cluster(self, name: str) -> pb2.Cluster:
        """A cluster by id, full name or alias with organization."""
        return _find(
            "cluster",
            name,
            self.clusters,
            lambda cluster: [f"{ORGANIZATION}/{each}" for each in (cluster.name, *cluster.aliases)],
        )

    def find_node(self, name: str) -> pb2.Node:
        """A node by id or host name."""
        return _find("node", name, self.nodes, lambda node: (node.hostname,))

    def find_image(self, name: str) -> pb2.Image:
        """An image by id or full name."""
        return _find("image", name, self.images, lambda image: (image.full_name,))

    def find_group(self, name: str) -> pb2.Group:
        """A group by id or full name."""
        return _find("group", name, self.groups, lambda group: (group.full_name,))


def priority_number(name: str) -> pb2.JobPriority:
    """The protocol's number of a priority such as ``normal``."""
    return cast("pb2.JobPriority", pb2.JobPriority.Value(f"JOB_PRIORITY_{name.upper()}"))


def _find(
    kind: str, name: str, items: Mapping[str, _M], names: Callable[[_M], Iterable[str]]
) -> _M:
    if name in items:
        return items[name]
    for item in items.values():
        if name in names(item):
            return item
    raise not_found(kind, name)
