"""From a checked spec to the protocol's messages."""

from __future__ import annotations

from beaker import beaker_pb2 as pb2
from google.protobuf.duration_pb2 import Duration

from beaker_ci.sandbox.beaker.datasets import Datasets
from beaker_ci.sandbox.beaker.errors import Refused
from beaker_ci.sandbox.beaker.specs import ExperimentSpec, TaskSpec, bytes_of
from beaker_ci.sandbox.beaker.world import World, priority_number


def check_references(
    spec: ExperimentSpec, workspace: pb2.Workspace, world: World, datasets: Datasets
) -> pb2.Budget:
    """Check that all that a spec names exists and is allowed in its workspace.

    Returns:
        The budget to charge.

    Raises:
        Refused: With the reason that Beaker would show.
    """
    try:
        for task in spec.tasks:
            _check_task(task, workspace, world, datasets)
        for group in spec.groups:
            world.find_group(group)
        return _budget(spec, workspace, world)
    except Refused as refused:
        raise Refused("INVALID_ARGUMENT", f"invalid spec: {refused.message}") from refused


def _budget(spec: ExperimentSpec, workspace: pb2.Workspace, world: World) -> pb2.Budget:
    name = spec.budget or workspace.budget_id
    if not name:
        raise Refused("INVALID_ARGUMENT", "no budget specified")
    budget = world.find_budget(name)
    if budget.HasField("deprecated"):
        raise Refused("INVALID_ARGUMENT", f"budget {budget.full_name!r} is deprecated")
    return budget


def _check_task(task: TaskSpec, workspace: pb2.Workspace, world: World, datasets: Datasets) -> None:
    if task.image.beaker is not None:
        world.find_image(task.image.beaker)
    maximum = workspace.maximum_workload_priority
    if maximum and priority_number(task.context.priority or "normal") > maximum:
        raise Refused(
            "INVALID_ARGUMENT",
            f"priority {task.context.priority!r} exceeds the workspace's maximum",
        )
    for cluster in clusters_of(task):
        found = world.find_cluster(cluster)
        if found.HasField("max_task_timeout") and not found.max_task_timeout.ToSeconds():
            raise Refused("INVALID_ARGUMENT", f"cluster {cluster!r} does not allow tasks")
    for hostname in (task.constraints and task.constraints.hostname) or ():
        world.find_node(hostname)
    secrets = [variable.secret for variable in task.env_vars]
    secrets += [mount.source.secret for mount in task.datasets]
    for secret in filter(None, secrets):
        if (workspace.id, secret) not in world.secrets:
            raise Refused("INVALID_ARGUMENT", f"secret {secret!r} not found")
    for mount in task.datasets:
        if mount.source.beaker is not None:
            datasets.find(mount.source.beaker)


def clusters_of(task: TaskSpec) -> tuple[str, ...]:
    """The clusters that a task names; empty for any."""
    named = (task.constraints and task.constraints.cluster) or ()
    return named or ((task.context.cluster,) if task.context.cluster else ())


def container_of(task: TaskSpec, world: World) -> pb2.ContainerSpec:
    """What runs."""
    resources = task.resources
    container = pb2.ContainerSpec(
        resource_request=pb2.ResourceRequest(
            cpu_count=resources.cpu_count,
            gpu_count=resources.gpu_count,
            memory_bytes=None if resources.memory is None else bytes_of(resources.memory),
            shared_memory_bytes=None
            if resources.shared_memory is None
            else bytes_of(resources.shared_memory),
        ),
        command=task.command,
        arguments=task.arguments,
        environment_variables=[
            pb2.EnvironmentVariable(
                name=variable.name,
                literal=(variable.value or "") if variable.secret is None else None,
                secret_reference=variable.secret,
            )
            for variable in task.env_vars
        ],
        mounts=[
            pb2.Mount(
                mount_path=mount.mount_path,
                sub_path=mount.sub_path,
                dataset_id=mount.source.beaker or mount.source.result,
                host_path=mount.source.host_path,
                secret_reference=mount.source.secret,
                weka=mount.source.weka,
                volume_id=mount.source.volume,
            )
            for mount in task.datasets
        ],
        result_path=None if task.result is None else task.result.path,
        host_networking=task.host_networking,
    )
    if task.image.beaker is not None:
        container.image_id = world.find_image(task.image.beaker).id
    else:
        container.docker_reference = task.image.docker or ""
    return container


def system_of(task: TaskSpec, *, group: str, size: int, rank: int) -> pb2.SystemDetails:
    """How it is scheduled.

    Args:
        task: The checked spec.
        group: Id of its replica group.
        size: How many replicas.
        rank: Which of them this is.
    """
    context = task.context
    details = pb2.SystemDetails(
        priority=priority_number(context.priority or "normal"),
        timeout=None if task.timeout is None else _duration(task.timeout),
        propagate_failure=bool(task.propagate_failure),
        propagate_preemption=bool(task.propagate_preemption),
        min_runtime=_duration(context.min_runtime or 0),
        auto_resume=context.auto_resume is not False,
    )
    for kind, values in (
        (pb2.JOB_PLACEMENT_CONSTRAINT_TYPE_CLUSTER, clusters_of(task)),
        (
            pb2.JOB_PLACEMENT_CONSTRAINT_TYPE_HOSTNAME,
            (task.constraints and task.constraints.hostname) or (),
        ),
    ):
        if values:
            details.placement_constraints.add(type=kind, values=values)
    if task.replicas is not None:
        details.replica_group_details.CopyFrom(
            pb2.ReplicaGroupDetails(
                id=group,
                size=size,
                rank=rank,
            )
        )
        if task.leader_selection:
            details.replica_group_details.is_leader_replica = rank == 0
    return details


def _duration(nanoseconds: int) -> Duration:
    message = Duration()
    message.FromNanoseconds(nanoseconds)
    return message
