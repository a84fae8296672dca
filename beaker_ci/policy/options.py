"""Which options of a command reach a job at all: those that a rule judges."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from beaker_ci.commands.options import OPTIONS, Access, Option, Origin

JUDGED_BY_FORM: Final = frozenset({"form", "environment", "gpu-type", "tag"})
"""Rules of options whose form is all there is to judge. GPU types and tags only narrow the choice
of clusters, which is free where no cluster is named."""

LABEL: Final = "name"
"""A command's label stands inside the experiment's name, which is made here: it is the lock
against a second experiment."""

JUDGED_HERE: Final = frozenset(
    {
        *("commands", "host-networking", "budget", "workspace", "priority"),
        *("cluster", "image", "secret", "mount", "dataset", "group"),
        *("gpus", "replicas", "cpus", "memory", "retries", "min-runtime", "timeout"),
    }
)
"""Rules of options that a rule of the policy judges."""

_NEVER: Final = frozenset(o.field for o in OPTIONS if o.access is Access.REFUSED)

SETTABLE: Final[Mapping[str, Option]] = MappingProxyType(
    {
        option.field: option
        for option in OPTIONS
        if option.field not in _NEVER
        and (option.access is Access.OPEN or option.rule in JUDGED_BY_FORM | JUDGED_HERE)
    }
)
"""Options that a comment may use: open ones, and limited ones that something judges."""

RECIPE_FIELDS: Final = frozenset(
    name for name, option in SETTABLE.items() if option.origin is Origin.RECIPE and name != LABEL
)
"""Those of them that are values of the job."""

RUN_CODE: Final = (
    *(option.field for option in SETTABLE.values() if option.rule == "commands"),
    *("uv_venv", "conda_env"),
)
"""Options whose value is code, or names code on the image that runs before the command."""
