"""``beaker-ci sync``: the schedule's work from any machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from stage import Stage

from beaker_ci.sandbox.runner import ALLOWED

RUN = "/beaker run gpu-tests"


def start(stage: Stage, *options: str, token: str = "", without: str = "") -> subprocess.Popen[str]:
    environment = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    environment |= stage.extra | {
        "GITHUB_TOKEN": token or stage.token,
        "GITHUB_API_URL": stage.hub.api_url,
        "GITHUB_SERVER_URL": stage.hub.server_url,
        "HOME": str(stage.directory),
        "PYTHONUNBUFFERED": "1",
    }
    environment.pop(without, None)
    return subprocess.Popen(
        [sys.executable, "-m", "beaker_ci", "sync", "--repo", stage.hub.full_name, *options],
        cwd=stage.directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def submit(stage: Stage) -> str:
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    result = stage.deliver(asked)
    stage.heard(asked)
    return result.outputs["workload-id"]


def test_once(stage: Stage) -> None:
    workload = submit(stage)
    stage.beaker.finish(workload, exit_code=2)

    process = start(stage)
    told = process.communicate(timeout=60)[0]

    assert process.returncode == 0
    assert "1 open, 1 brought up to date" in told
    assert "finished (failed)" in told
    assert stage.hub.take_check().conclusion == "failure"
    assert "exit code 2" in stage.answer()
    stage.beaker.take_experiment()


def test_again_and_again_until_it_is_told_to_end(stage: Stage) -> None:
    process = start(stage, "--every", "1s")
    assert process.stdout is not None
    assert "0 open" in process.stdout.readline()
    workload = submit(stage)
    stage.beaker.start(workload)
    stage.until(lambda: stage.hub.check_runs()[0].status == "in_progress")
    stage.beaker.finish(workload)
    stage.until(lambda: stage.hub.check_runs()[0].status == "completed")

    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=30)[0]

    assert process.returncode == 0
    assert "running" in told
    assert stage.hub.take_check().conclusion == "success"
    stage.hub.take_comment(stage.number)
    stage.beaker.take_experiment()


def test_github_does_not_know_the_token(stage: Stage) -> None:
    process = start(stage, token="wrong")
    told = process.communicate(timeout=60)[0]

    assert process.returncode == 3
    assert "github.forbidden" in told


def test_nothing_is_a_repository_here(stage: Stage, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "beaker_ci", "sync", "--every", "soon"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "a duration is a whole number" in ended.stderr


def test_without_tokens(stage: Stage) -> None:
    told = []
    for gone in ("GITHUB_TOKEN", "BEAKER_CONFIG"):
        process = start(stage, without=gone)
        told.append((process.communicate(timeout=60)[0], process.returncode))

    (without_github, usage), (without_beaker, refused) = told
    assert "There is no GitHub token." in without_github
    assert "beaker.unauthorized" in without_beaker
    assert (usage, refused) == (2, 2)
