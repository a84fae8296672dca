"""The one table of options of ``run`` and ``plan``: all of gantry's, each classified, and ours."""

from __future__ import annotations

from typing import Final

from beaker_ci.commands.options.inputs import INPUTS, OUTPUTS
from beaker_ci.commands.options.launch import CALLBACKS, GLOBAL, LAUNCH
from beaker_ci.commands.options.model import Access, Kind, Option, Origin
from beaker_ci.commands.options.python import OWN, PYTHON
from beaker_ci.commands.options.task import REPLICAS, RUNTIME, TASK
from beaker_ci.commands.options.workload import CONSTRAINTS, RESOURCES, WORKLOAD

OPTIONS: Final[tuple[Option, ...]] = (
    *OWN,
    *RESOURCES,
    *CONSTRAINTS,
    *TASK,
    *WORKLOAD,
    *INPUTS,
    *OUTPUTS,
    *REPLICAS,
    *RUNTIME,
    *PYTHON,
    *LAUNCH,
    *CALLBACKS,
    *GLOBAL,
)

__all__ = ["OPTIONS", "Access", "Kind", "Option", "Origin"]
