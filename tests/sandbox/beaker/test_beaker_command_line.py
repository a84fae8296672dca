"""The unmodified ``gantry`` command line as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from beaker_lab import REPOSITORY, Repository

from beaker_ci.sandbox.beaker import LocalBeaker, PublicGitHub

pytest_plugins = ["beaker_fixtures"]


class Gantry:
    """Runs ``gantry`` away from any repository."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self._environment = environment
        self._directory = directory

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("gantry"), *arguments],
            cwd=self._directory,
            env=self._environment | {"COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def gantry(local_beaker: LocalBeaker, tmp_path: Path) -> Iterator[Gantry]:
    with PublicGitHub(tmp_path / "github") as github:
        yield Gantry(local_beaker.environment() | github.environment(), tmp_path)


def test_run_list_logs_and_stop(
    local_beaker: LocalBeaker, gantry: Gantry, widgets: Repository
) -> None:
    where = ["-w", "ai2/widgets", "-b", "ai2/widgets-budget"]
    source = ["--remote", REPOSITORY, "--ref", widgets.head, "--no-python"]
    run = ["run", *where, *source, "--yes", "--timeout", "0"]

    done = gantry(*run, "--name", "training", "--gpus", "1", "--", "python", "train.py")
    assert done.returncode == 0, done.stderr
    finished = local_beaker.wait("ci-bot/training")
    assert f"{local_beaker.address}/ex/{finished.id}" in done.stdout
    assert finished.log == "training\n"

    assert gantry(*run, "--name", "endless", "--", "sleep", "1000").returncode == 0
    local_beaker.wait("ci-bot/endless", "running")
    listed = gantry("list", "-w", "ai2/widgets", "--me")
    assert listed.returncode == 0, listed.stderr
    assert "training" in listed.stdout
    assert "succeeded" in listed.stdout

    logs = gantry("logs", finished.id)
    assert logs.returncode == 0, logs.stderr
    assert "\ntraining\n" in logs.stdout

    stopped = gantry("stop", "ci-bot/endless", "--yes")
    assert stopped.returncode == 0, stopped.stderr
    assert local_beaker.wait("ci-bot/endless").status == "canceled"


def test_run_can_follow_its_job(
    local_beaker: LocalBeaker, gantry: Gantry, widgets: Repository
) -> None:
    done = gantry(
        *("run", "-w", "ai2/widgets", "-b", "ai2/widgets-budget", "--no-python", "--yes"),
        *("--remote", REPOSITORY, "--ref", widgets.head, "--name", "shown", "--show-logs"),
        *("--", "python", "train.py"),
    )

    assert done.returncode == 0, done.stderr
    assert "\ntraining\n" in done.stdout
    assert "completed successfully" in done.stdout
    assert "'accuracy': 0.93" in done.stdout


def test_gpus_are_found(gantry: Gantry) -> None:
    found = gantry("find-gpus", "--all")

    assert found.returncode == 0, found.stderr
    assert "ai2/jupiter" in found.stdout
