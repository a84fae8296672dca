"""The world that a new server starts with."""

from __future__ import annotations

from beaker_ci.sandbox.beaker.world import World

DEFAULT_TOKEN = "ci-bot-token"  # noqa: S105 - opens nothing but this sandbox
OTHER_TOKEN = "mallory-token"  # noqa: S105
DEFAULT_WORKSPACE = "ai2/widgets"


def furnish(world: World) -> None:
    """Add a small research institute.

    Users ``ci-bot`` and ``mallory``; workspaces with and without a budget; a budget in use and
    a deprecated one; clusters of several GPU types, one of CPUs, one without batch jobs.
    """
    world.add_user("ci-bot", token=DEFAULT_TOKEN)
    world.add_user("mallory", token=OTHER_TOKEN)
    world.add_budget("widgets-budget")
    world.add_budget("old-budget", deprecated=True)
    world.add_workspace(DEFAULT_WORKSPACE, budget="ai2/widgets-budget", description="Our widgets")
    world.add_workspace("ai2/no-budget")
    world.add_workspace("ai2/calm", budget="ai2/widgets-budget", maximum_priority="normal")
    world.add_cluster(
        "jupiter",
        gpu_type="NVIDIA_H100",
        gpus=8,
        nodes=2,
        tags=["storage:weka", "interconnect:ib"],
        aliases=["jupiter-cirrascale-2"],
    )
    world.add_cluster("saturn", gpu_type="NVIDIA_A100_80GB", gpus=8, nodes=2, tags=["storage:weka"])
    world.add_cluster("neptune-cirrascale", gpu_type="NVIDIA_L40", gpus=8, tags=["storage:weka"])
    world.add_cluster("phobos", nodes=2, tags=["provider:on-premise"])
    world.add_cluster("ganymede", gpu_type="NVIDIA_RTX_A6000", gpus=4, max_task_timeout=0)
    for name in ("gantry-v3.7.0", "gantry"):
        world.add_image("beaker-py", name, workspace=DEFAULT_WORKSPACE)
    world.add_secret(DEFAULT_WORKSPACE, "HF_TOKEN", "hf-not-a-real-token", author="ci-bot")
    world.add_group("ci-bot", "nightly", workspace=DEFAULT_WORKSPACE)
