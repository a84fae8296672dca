"""gantry's entrypoint dataset, made whole.

gantry uploads its entrypoint script to a dataset of the workspace, once. A submission that dies
during that upload leaves the dataset without the script, and every later one fails on it. Here the
upload is finished by whoever comes next; the dataset is committed only when the script is in it.
"""

from __future__ import annotations

import hashlib

import requests
from beaker import BeakerDataset, BeakerWorkspace
from beaker.exceptions import (
    BeakerDatasetConflict,
    BeakerDatasetNotFound,
    BeakerDatasetWriteError,
    BeakerServerError,
)

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.gantry import ENTRYPOINT, entrypoint_script, installed_version
from beaker_ci.beaker.problems import damaged_entrypoint

_MEANWHILE = (
    BeakerDatasetConflict,
    BeakerDatasetNotFound,
    BeakerDatasetWriteError,
    BeakerServerError,
    requests.RequestException,
)
"""Losses, and what happens when others make the dataset at the same time; not refusals."""


def ensure_entrypoint(client: BoundedBeaker, workspace: str, budget: str | None) -> None:
    """Sees to it that the workspace holds gantry's entrypoint dataset, whole.

    Raises:
        Problem: ``beaker.unavailable`` when the dataset is there, committed, and damaged.
    """
    script = entrypoint_script()
    space = client.workspace.get(workspace)
    tries = client.calls.begin()
    while True:
        try:
            if _made_whole(client, space, script, budget):
                return
            failure: Exception = damaged_entrypoint(
                f"what was uploaded does not show in {space.name}"
            )
        except _MEANWHILE as error:
            failure = error
        client.forget_datasets()
        if not tries.again():
            raise failure


def _made_whole(
    client: BoundedBeaker, space: BeakerWorkspace, script: bytes, budget: str | None
) -> bool:
    """Finds the dataset or makes it, and finishes it; whether it is whole now."""
    dataset = _find(client, space, script)
    if dataset is None:
        dataset = client.dataset.create(
            _name(space, script), workspace=space, budget=budget, commit=False
        )
    elif _is_whole(client, dataset, script):
        client.dataset.commit(dataset)
        return True
    elif dataset.HasField("committed"):
        raise damaged_entrypoint(client.dataset.url(dataset))
    client.forget_datasets()
    client.dataset.upload(dataset, script, ENTRYPOINT)
    whole = _is_whole(client, dataset, script)
    if whole:
        client.dataset.commit(dataset)
    return whole


def look_for_entrypoint(client: BoundedBeaker, workspace: str) -> None:
    """Asks what :func:`ensure_entrypoint` will ask; writes nothing."""
    # The id will do; what else there is to know of the workspace is asked for elsewhere meanwhile.
    space = BeakerWorkspace(id=client.workspace.resolve_workspace_id(workspace))
    script = entrypoint_script()
    dataset = _find(client, space, script)
    if dataset is not None:
        _is_whole(client, dataset, script)


def is_damaged(client: BoundedBeaker, workspace: str) -> bool:
    """Whether a dataset that nobody can finish any more keeps the workspace from running jobs."""
    space, script = client.workspace.get(workspace), entrypoint_script()
    dataset = _find(client, space, script)
    committed = dataset is not None and dataset.HasField("committed")
    return dataset is not None and committed and not _is_whole(client, dataset, script)


def _name(space: BeakerWorkspace, script: bytes) -> str:
    return f"gantry-v{installed_version()}-{space.id}-{hashlib.sha256(script).hexdigest()[:6]}"


def _find(client: BoundedBeaker, space: BeakerWorkspace, script: bytes) -> BeakerDataset | None:
    name = _name(space, script)
    listed = client.dataset.list(workspace=space, name_or_description=name, results=False)
    return next((dataset for dataset in listed if dataset.name == name), None)


def _is_whole(client: BoundedBeaker, dataset: BeakerDataset, script: bytes) -> bool:
    held = list(client.dataset.list_files(dataset))
    return [(file.path, file.size) for file in held] == [(ENTRYPOINT, len(script))]
