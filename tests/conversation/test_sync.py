"""``beaker-ci sync``: the schedule's work from any machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from stage import Stage

from beaker_ci.bot import Services
from beaker_ci.bot.reconcile import Pass, keep_up
from beaker_ci.cli import main
from beaker_ci.problem import Problem
from beaker_ci.report import Redactor
from beaker_ci.sandbox.github import Fault
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


def test_again_and_again_until_it_is_told_to_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stage.extra.items():
        monkeypatch.setenv(name, value)
    services = Services.connect(
        repository=stage.hub.full_name,
        github_token=stage.token,
        api_url=stage.hub.api_url,
        server_url=stage.hub.server_url,
        config_path=".github/beaker-ci.yml",
        beaker_token=None,
        environment=stage.extra,
        redactor=Redactor([stage.token]),
    )
    told: list[Pass | Problem] = []
    stopping = threading.Event()
    workload = submit(stage)
    with closing(services.beaker), ThreadPoolExecutor(1) as pool:
        repository = services.read_repository()
        passes = pool.submit(keep_up, services, repository, 0.1, told.append, stopping)
        stage.beaker.start(workload)
        stage.until(lambda: stage.hub.check_runs()[0].status == "in_progress")
        stage.beaker.finish(workload)
        stage.until(lambda: stage.hub.check_runs()[0].status == "completed")
        stopping.set()
        passes.result(timeout=30)

    stages = [one.state.stage for done in told if isinstance(done, Pass) for one in done.changed]
    assert stages == ["running", "finished"]
    assert stage.hub.take_check().conclusion == "success"
    stage.hub.take_comment(stage.number)
    stage.beaker.take_experiment()


def test_it_ends_at_once_when_it_is_told_to(stage: Stage) -> None:
    process = start(stage, "--every", "1h")
    assert process.stdout is not None
    assert "0 open" in process.stdout.readline()

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)

    assert process.returncode == 0


def test_a_check_that_another_app_made(stage: Stage) -> None:
    workload = submit(stage)
    stage.beaker.finish(workload)
    words = {"message": "Invalid app_id `15368` - check run can only be modified by its creator"}
    stage.hub.faults.add(Fault("PATCH", "/check-runs/", status=403, body=words, times=None))

    process = start(stage)
    told = process.communicate(timeout=60)[0]

    assert "0 brought up to date, 1 not possible now" in told
    assert "github.forbidden" in told
    assert "GitHub lets only the app that made a check change it." in told
    assert process.returncode == 3
    stage.hub.faults.clear()
    assert stage.schedule().exit_code == 0  # the workflow's own token can
    assert stage.hub.take_check().conclusion == "success"
    stage.hub.take_comment(stage.number)
    stage.beaker.take_experiment()


def test_a_persons_token_is_refused(stage: Stage) -> None:
    process = start(stage, token=stage.hub.add_token("user", user="maintainer"))
    told = process.communicate(timeout=60)[0]

    assert process.returncode == 2
    assert "The GitHub token is a person's." in told
    assert "GitHub lets only the app that made a check change it." in told
    assert stage.hub.exchanges == []


def test_github_does_not_know_the_token(stage: Stage) -> None:
    process = start(stage, token="wrong")
    told = process.communicate(timeout=60)[0]

    assert process.returncode == 3
    assert "github.forbidden" in told


@pytest.mark.parametrize(
    ("pause", "said"),
    [
        ("soon", "a duration is a whole number"),
        ("0s", "the pause is at least 10s"),
        ("9s", "the pause is at least 10s"),
    ],
)
def test_a_pause_that_is_none(pause: str, said: str) -> None:
    ended = CliRunner().invoke(main, ["sync", "--repo", "octo/widget", "--every", pause])

    assert ended.exit_code == 2
    assert said in ended.output


def test_nothing_is_a_repository_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    ended = CliRunner().invoke(main, ["sync"])

    assert ended.exit_code == 2
    assert "--repo" in ended.output


def test_without_tokens(stage: Stage) -> None:
    told = []
    for gone in ("GITHUB_TOKEN", "BEAKER_CONFIG"):
        process = start(stage, without=gone)
        told.append((process.communicate(timeout=60)[0], process.returncode))

    (without_github, usage), (without_beaker, refused) = told
    assert "There is no GitHub token." in without_github
    assert "beaker.unauthorized" in without_beaker
    assert (usage, refused) == (2, 2)
