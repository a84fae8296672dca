"""A spec's own hash: what says of an experiment that it is what was posted, value for value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beaker import BeakerEnvVar, BeakerExperimentSpec

HASH_VARIABLE = "BEAKER_CI_SPEC"
"""Every task's variable that holds the hash of the whole spec without it."""


def spec_hash(document: Mapping[str, Any]) -> str:
    """SHA-256, in hex, over the canonical JSON of a spec without the variable that holds it.

    Args:
        document: The spec as JSON: what was posted, or the YAML that Beaker holds, loaded.
    """
    bare = {**document, "tasks": [_without_hash(task) for task in document.get("tasks", ())]}
    canonical = json.dumps(bare, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def with_hash(spec: BeakerExperimentSpec) -> BeakerExperimentSpec:
    """The same spec, each of whose tasks carries its hash; once, however often it is asked for."""
    carried = BeakerEnvVar(name=HASH_VARIABLE, value=spec_hash(spec.to_json()))
    tasks = []
    for task in spec.tasks:
        others = [each for each in task.env_vars or () if each.name != HASH_VARIABLE]
        tasks.append(replace(task, env_vars=[*others, carried]))
    return replace(spec, tasks=tasks)


def _without_hash(task: Mapping[str, Any]) -> dict[str, Any]:
    others = [each for each in task.get("envVars") or () if each.get("name") != HASH_VARIABLE]
    bare = {name: value for name, value in task.items() if name != "envVars"}
    return bare | ({"envVars": others} if others else {})
