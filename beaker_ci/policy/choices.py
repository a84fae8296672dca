"""What the command chose besides the presets, against the maintainer's allow-lists.

Presets are the maintainer's own words: what a preset names is not judged here, only what the
command adds to it or puts in its place. The limits, in contrast, judge the whole job.
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from beaker_ci.commands.exclusions import conflicts
from beaker_ci.policy.case import Case, Rule, allow, refuse
from beaker_ci.policy.clusters import clusters
from beaker_ci.policy.exposure import readable
from beaker_ci.policy.globs import allows, listed
from beaker_ci.policy.options import RUN_CODE, SETTABLE
from beaker_ci.policy.values import texts, whole_number
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from beaker_ci.policy.model import Finding

_RESTS_ON_FILES = ("conda_file", "uv_extras", "uv_all_extras", "uv_torch_backend", "uv_venv")


def commands(case: Case) -> Finding | None:
    """Commands of one's own are allowed, or nothing but presets was asked for."""
    command = case.request.command
    own = [f"`--{_spelled(name)}`" for name in RUN_CODE if name in case.options]
    if command.argv is not None or command.script is not None:
        own.insert(0, "a command of its own")
    if command.preset is None:
        own.append("no preset")
    if case.configuration.allow.commands == "any" or not own:
        return None
    presets = sorted(case.configuration.presets)
    return refuse(
        "commands",
        Reason.REFUSED_PRESETS_ONLY,
        f"only presets may be run (`allow.commands: presets`); asked was {', '.join(own)}",
        f"Run a preset: {listed(presets)}." if presets else "A maintainer adds presets first.",
        f"/beaker {command.name} {presets[0]}" if presets else "",
    )


def images(case: Case) -> Finding | None:
    """Images that the command names are on the list: their code sees the job's secrets."""
    asked = texts(case.options, "beaker_image") + texts(case.options, "docker_image")
    return _listed_only(case, "images", Reason.REFUSED_IMAGE, asked)


def secrets(case: Case) -> Finding | None:
    """Secrets that the command names are on the list; forks get none."""
    asked = [value.partition("=")[2] or value for value in texts(case.options, "env_secrets")]
    asked += [value.partition(":")[0] for value in texts(case.options, "dataset_secrets")]
    return _never_for_forks(case, "secrets", Reason.REFUSED_SECRET, asked)


def weka(case: Case) -> Finding | None:
    """Weka buckets that the command names are on the list; forks get none."""
    asked = [value.partition(":")[0] for value in texts(case.options, "weka")]
    return _never_for_forks(case, "weka", Reason.REFUSED_MOUNT, asked)


def datasets(case: Case) -> Finding | None:
    """Datasets that the command names are on the list; forks get none.

    Beaker does not say which datasets are private, so for forks all of them count as such.
    """
    asked = [value.partition(":")[0] for value in texts(case.options, "datasets")]
    return _never_for_forks(case, "datasets", Reason.REFUSED_DATASET, asked)


def groups(case: Case) -> Finding | None:
    """Groups that the command names are on the list."""
    asked = texts(case.options, "group_names")
    return _listed_only(case, "groups", Reason.REFUSED_GROUP, asked)


def host_networking(case: Case) -> Finding | None:
    """The node's network is for presets that run on several nodes: it reaches its services."""
    if case.options.get("host_networking") in (None, False):
        return None
    replicas = whole_number(case.preset.recipe(), "replicas", default=1) if case.preset else 1
    if replicas is not None and replicas > 1:
        return allow("host-networking", f"the preset runs {replicas} replicas")
    return refuse(
        "host-networking",
        Reason.REFUSED_OPTION,
        "`--host-networking` is only for presets with several replicas",
        "Leave it out, or run such a preset.",
    )


def together(case: Case) -> Finding | None:
    """The whole job's options go together, as gantry sees it, and with the files of the commit."""
    entries = case.facts.entries
    if entries is None and any(case.recipe.get(name) is not None for name in _RESTS_ON_FILES):
        return refuse(
            "together",
            Reason.GITHUB_UNAVAILABLE,
            "GitHub did not say which files the commit has",
            "Comment again in a minute.",
        )
    wrong = [*conflicts(case.recipe, entries=entries), *_missing_files(case)]
    if not wrong:
        return None
    return refuse(
        "together", Reason.USAGE_BAD_VALUE, "; ".join(wrong), "Leave one of them out, or change it."
    )


def _missing_files(case: Case) -> Iterator[str]:
    for file in texts(case.recipe, "conda_file"):
        if normpath(file).partition("/")[0] not in (case.facts.entries or ()):
            yield f"`conda_file` names {file}, which the commit does not have"


def reads(case: Case) -> Finding | None:
    """What the job's code can read, said for whoever agrees to it; it refuses nothing."""
    pull = case.facts.pull
    found = readable(case.recipe, private=pull is None or pull.private)
    return allow("reads", listed(found).replace("`", "")) if found else None


def options(case: Case) -> Finding | None:
    """Every option of the command is one that a comment may use and that some rule judges."""
    unknown = sorted(set(case.options) - SETTABLE.keys())
    if not unknown:
        return None
    reason = Reason.REFUSED_MOUNT if unknown == ["mounts"] else Reason.REFUSED_OPTION
    return refuse(
        "options",
        reason,
        f"{listed(f'`--{_spelled(name)}`' for name in unknown)} cannot be set by a command",
        "Leave it out; a maintainer can put what is needed into a preset.",
    )


CHOICES: tuple[Rule, ...] = (
    options,
    together,
    commands,
    clusters,
    images,
    secrets,
    weka,
    datasets,
    groups,
    host_networking,
    reads,
)
"""The rules of this module, in the order of the tree."""


def _listed_only(case: Case, name: str, reason: Reason, asked: Iterable[str]) -> Finding | None:
    asked = tuple(asked)
    if not asked:
        return None
    globs: tuple[str, ...] = getattr(case.configuration.allow, name)
    wrong = [one for one in asked if not allows(globs, one)]
    if wrong:
        return refuse(
            name,
            reason,
            f"{listed(wrong)} may not be chosen; `allow.{name}` has {listed(globs) or 'nothing'}",
            f"Choose an allowed one, or ask a maintainer to add it to `allow.{name}`.",
        )
    return allow(name, f"{listed(asked)}, by `allow.{name}`")


def _never_for_forks(case: Case, name: str, reason: Reason, asked: Iterable[str]) -> Finding | None:
    asked = tuple(asked)
    if asked and case.is_fork:
        return refuse(
            name,
            reason,
            f"{listed(asked)}: code of a fork gets none but what its preset names",
            "Leave it out.",
        )
    return _listed_only(case, name, reason, asked)


def _spelled(name: str) -> str:
    return name.replace("_", "-")
