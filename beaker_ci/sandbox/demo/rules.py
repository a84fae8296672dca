"""Whose rules the demo plays by: the repository's own where it has some, else the demo's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker import beaker_pb2 as pb2

from beaker_ci.config import Configuration, configuration_from_pyproject, parse_configuration
from beaker_ci.problem import Problem
from beaker_ci.sandbox.beaker.errors import Refused

if TYPE_CHECKING:
    from beaker_ci.sandbox.beaker.world import World
    from beaker_ci.sandbox.git import SandboxRepository

CONFIG_PATH = ".github/beaker-ci.yml"

EXAMPLE = "examples/train.py"
EXAMPLE_SAYS = b"/beaker run"
"""What tells our example from a file of the same name."""

EXAMPLE_COMMENT = f"Does it still learn?\n\n/beaker run --gpus 1 -- python {EXAMPLE}"
PLAIN_COMMENT = "/beaker run -- ls"

DEMO_RULES = """\
version: 1
workspace: ai2/widgets
budget: ai2/widgets-budget
limits: {timeout: 1h}
"""
DEMO_RULES_TOLD = "the demo's own: runs of up to 8 GPUs and 1 hour, no presets"

ANY_GPU_TYPE = "NVIDIA_H100"
"""Of a cluster that is named without a GPU type."""

_GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Rules:
    """What decides over the demo's comments.

    Attributes:
        configuration: What the rules say.
        text: The file to put on the default branch; None where it is there already.
        told: Whose they are, for people.
    """

    configuration: Configuration
    text: str | None
    told: str

    @property
    def comment(self) -> str:
        """The simplest run that they allow."""
        presets = self.configuration.presets
        if self.configuration.allow.commands == "presets" and presets:
            return f"/beaker run {min(presets)}"
        return PLAIN_COMMENT

    @property
    def permission(self) -> str:
        """The permission of somebody who may run; whoever is named by id or team is not here."""
        return self.configuration.roles.run.permission or "write"


def demo_rules(why: str = "") -> Rules:
    """The demo's own.

    Args:
        why: A reason to tell, if the repository has some that are not taken.
    """
    told = f"{DEMO_RULES_TOLD}; {why}" if why else DEMO_RULES_TOLD
    return Rules(parse_configuration(DEMO_RULES, CONFIG_PATH), DEMO_RULES, told)


def find_rules(repository: SandboxRepository, commit: str) -> Rules:
    """The rules at a commit of somebody's repository, else the demo's own."""
    text = repository.file(commit, CONFIG_PATH)
    pyproject = repository.file(commit, "pyproject.toml")
    try:
        if text is not None:
            own = parse_configuration(text.decode(), CONFIG_PATH)
            told = f"yours: {CONFIG_PATH} at HEAD, as if it stood on the default branch"
            return Rules(own, None, told)
        if pyproject is not None:
            own = configuration_from_pyproject(pyproject.decode())
            if own.workspace and own.budget:
                return Rules(own, None, "yours: [tool.gantry] of pyproject.toml at HEAD")
    except (Problem, UnicodeDecodeError):
        where, remedy = (CONFIG_PATH, "`beaker-ci validate` names them")
        if text is None:
            where, remedy = "pyproject.toml", "it is no TOML, or [tool.gantry] is no table"
        return demo_rules(f"{where} at HEAD has mistakes: {remedy}")
    return demo_rules()


def furnish(world: World, configuration: Configuration) -> None:
    """Adds to a local Beaker what rules name and it does not know.

    Workspaces, budgets, clusters, GPU types, images and secrets; secrets get a value that opens
    nothing. What it cannot have, such as datasets, the bot finds missing, and says so.
    """
    presets = configuration.presets.values()
    for budget in _names([configuration.budget, *(one.budget for one in presets)]):
        if not _knows(world, "budget", budget):
            organization, _, name = budget.partition("/")
            added = world.add_budget(name)
            added.organization_name, added.full_name = organization, budget
    for workspace in _names([configuration.workspace, *(one.workspace for one in presets)]):
        if not _knows(world, "workspace", workspace):
            world.add_workspace(workspace, budget=configuration.budget)
    for cluster, gpu_type in _clusters(configuration):
        if not _knows(world, "cluster", cluster):
            world.add_cluster(cluster.rpartition("/")[2], gpu_type=gpu_type, gpus=8)
    for gpu_type in _missing_gpu_types(world, configuration):
        name = gpu_type.removeprefix("NVIDIA_").replace("_", "-").lower()
        world.add_cluster(f"local-{name}", gpu_type=gpu_type, gpus=8)
    workspaces = [workspace.name for workspace in world.workspaces.values()]
    for image in _names(one.beaker_image for one in presets):
        author, slash, name = image.partition("/")
        if slash and not _knows(world, "image", image):
            world.add_image(author, name, workspace=workspaces[0])
    for secret in _secrets(configuration):
        for workspace in workspaces:
            world.add_secret(workspace, secret, "not-a-real-secret", author="ci-bot")


def _knows(world: World, kind: str, name: str) -> bool:
    try:
        getattr(world, f"find_{kind}")(name)
    except Refused:
        return False
    return True


def _names(values: Iterable[str | None]) -> list[str]:
    """Those that are names, not patterns; each once."""
    return list(dict.fromkeys(value for value in values if value and not _GLOB & set(value)))


def _clusters(configuration: Configuration) -> list[tuple[str, str]]:
    """The clusters that are named, each with the GPU type that it is named together with."""
    found = dict.fromkeys(_names(configuration.allow.clusters), ANY_GPU_TYPE)
    for preset in configuration.presets.values():
        gpu_types = [name for asked in preset.gpu_types or () for name in _gpu_types(asked)]
        for cluster in _names(preset.clusters or ()):
            found[cluster] = gpu_types[0] if gpu_types else ANY_GPU_TYPE
    return list(found.items())


def _missing_gpu_types(world: World, configuration: Configuration) -> list[str]:
    """GPU types that presets ask for and no node has."""
    nodes = world.nodes.values()
    present = {pb2.GpuType.Name(node.node_resources.gpu_type) for node in nodes}
    missing = []
    for preset in configuration.presets.values():
        for asked in preset.gpu_types or ():
            found = _gpu_types(asked)
            if found and not any(f"GPU_TYPE_{name}" in present for name in found):
                missing.append(found[0])
    return list(dict.fromkeys(missing))


def _gpu_types(asked: str) -> list[str]:
    """The protocol's names, without its prefix, of what a preset calls ``h100``."""
    wanted, known = asked.upper().replace(" ", "_"), pb2.GpuType.keys()
    return [name.removeprefix("GPU_TYPE_") for name in known if wanted in name]


def _secrets(configuration: Configuration) -> list[str]:
    def named() -> Iterator[str | None]:
        yield configuration.github_token_secret
        yield from configuration.allow.secrets
        for preset in configuration.presets.values():
            yield from (value.partition("=")[2] or value for value in preset.env_secrets or ())
            yield from (value.partition(":")[0] for value in preset.dataset_secrets or ())
            yield preset.aws_config_secret
            yield preset.aws_credentials_secret
            yield preset.google_credentials_secret

    return _names(named())
