"""A server, a client and a repository for the tests of the local Beaker."""

from __future__ import annotations

import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beaker import Beaker, BeakerExperimentSpec, BeakerTaskResources, BeakerTaskSpec
from gantry.git_utils import GitRepoState
from gantry.launch import launch_experiment

REPOSITORY = "acme/widgets"
TRAIN = """\
import json, os, pathlib
print("training")
results = pathlib.Path(os.environ["RESULTS_DIR"])
(results / "metrics.json").write_text(json.dumps({"accuracy": 0.93, "steps": 10}))
"""


@dataclass(frozen=True)
class Repository:
    """A git repository of two commits.

    Args:
        path: Its work tree, at the second.
        old: The first commit, without ``train.py``.
        head: The second commit.
    """

    path: Path
    old: str
    head: str


def git(path: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=path, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(path: Path, message: str) -> str:
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--no-gpg-sign", "--message", message)
    return git(path, "rev-parse", "HEAD")


def submit(
    client: Beaker, *arguments: str, name: str | None = None, retries: int = 0, **task: Any
) -> str:
    """Post an experiment of one task without a checkout; returns its id."""
    spec = BeakerExperimentSpec(tasks=[new_task(*arguments, **task)])
    if retries:
        spec = spec.with_retries(retries)
    return client.experiment.create(spec=spec, name=name).experiment.id


def new_task(*arguments: str, name: str = "main", gpus: int = 0, **task: Any) -> BeakerTaskSpec:
    return BeakerTaskSpec.new(
        name,
        beaker_image="beaker-py/gantry",
        result_path="/results",
        command=list(arguments),
        resources=BeakerTaskResources(gpu_count=gpus),
        **task,
    )


def launch(client: Beaker, ref: str, *arguments: str, **options: Any) -> str:
    """Submit through gantry's library at a commit; returns the experiment's id."""
    repository = GitRepoState(REPOSITORY, f"https://github.com/{REPOSITORY}", ref, None, True)
    repository.__dict__["is_public"] = True  # what its cached property would ask github.com
    settings: dict[str, Any] = {
        "yes": True,
        "timeout": 0,
        "budget": "ai2/widgets-budget",
        "no_python": True,
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "read_binary is deprecated")
        workload = launch_experiment(
            list(arguments), client=client, git_repo=repository, **(settings | options)
        )
    assert workload is not None
    return workload.experiment.id
