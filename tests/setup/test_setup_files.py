"""The files that ``init`` writes: GitHub takes them, and so do we."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from beaker_ci.config import parse_configuration
from beaker_ci.problem import Problem
from beaker_ci.sandbox.runner import TOKEN_PERMISSIONS
from beaker_ci.setup import (
    CONFIG_PATH,
    NO_COMMIT,
    Remote,
    configuration_file,
    parse_remote,
    workflow_file,
)
from beaker_ci.setup.expressions import fill
from beaker_ci.setup.job_rules import PERMISSIONS

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def test_the_configuration_is_valid_and_narrow() -> None:
    read = parse_configuration(configuration_file("ai2/widgets", "ai2/widgets-budget"), CONFIG_PATH)

    assert (read.workspace, read.budget) == ("ai2/widgets", "ai2/widgets-budget")
    assert set(read.presets) == {"gpu-check"}
    assert read.allow.clusters == read.allow.secrets == ()
    assert read.forks == "refuse"


def test_what_is_commented_out_is_valid_too() -> None:
    text = configuration_file("ai2/widgets", "ai2/widgets-budget")
    text = text.replace("  # gpu-tests:", "  gpu-tests:").replace("  #   ", "    ")
    read = parse_configuration(text.replace("# github_token_secret", "github_token_secret"), "x")

    assert set(read.presets) == {"gpu-check", "gpu-tests"}
    assert read.github_token_secret == "CLONE_TOKEN"


def test_what_is_left_to_fill_in_is_named_with_its_line() -> None:
    text = configuration_file(None, None)
    with pytest.raises(Problem) as caught:
        parse_configuration(text, CONFIG_PATH)

    lines = text.splitlines()
    named = [line.split(":", 3)[1:] for line in caught.value.why.splitlines()]
    assert [(lines[int(number) - 1].split(":")[0], "full name" in said) for number, *said in named]
    assert [lines[int(number) - 1].split(":")[0] for number, *_ in named] == ["workspace", "budget"]


@pytest.mark.parametrize("commit", ["8f3c" * 10, NO_COMMIT])
def test_the_workflow_passes_the_tools_of_the_field(commit: str, tmp_path: Path) -> None:
    file = tmp_path / ".github/workflows/beaker.yml"
    file.parent.mkdir(parents=True)
    file.write_text(workflow_file(commit, "v0.1.0"))

    for command in (
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)],
        ["zizmor", "--offline", "--no-progress", "--persona", "pedantic", str(tmp_path)],
    ):
        done = subprocess.run(
            [BIN / command[0], *command[1:]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_fits_the_action() -> None:
    written = yaml.load(workflow_file(NO_COMMIT, "v0.1.0"), yaml.BaseLoader)  # noqa: S506
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (job,) = written["jobs"].values()
    (step,) = job["steps"]

    assert set(step["with"]) <= set(action["inputs"])
    assert set(written["on"]["workflow_dispatch"]["inputs"]) <= set(action["inputs"])
    assert job["permissions"] == PERMISSIONS
    granted = {name.replace("-", "_"): level for name, level in job["permissions"].items()}
    assert {**granted, "metadata": "read"} == TOKEN_PERMISSIONS


def test_only_a_job_that_waits_has_hours() -> None:
    written = yaml.load(workflow_file(NO_COMMIT, "v0.1.0"), yaml.BaseLoader)  # noqa: S506
    limit = written["jobs"]["beaker"]["timeout-minutes"]

    minutes = [
        fill(limit, {"inputs": inputs})
        for inputs in ({}, {"wait": ""}, {"wait": "false"}, {"wait": "10m"}, {"wait": "true"})
    ]
    assert minutes == [30, 30, 30, 360, 360]


@pytest.mark.parametrize(
    ("address", "remote"),
    [
        ("https://github.com/octo/widget.git", Remote("github.com", "octo/widget")),
        ("https://github.com/octo/widget/\n", Remote("github.com", "octo/widget")),
        ("https://me:token@GitHub.com/octo/a.b_c", Remote("github.com", "octo/a.b_c")),
        ("git@github.com:octo/widget.git", Remote("github.com", "octo/widget")),
        ("github.com:octo/widget", Remote("github.com", "octo/widget")),
        ("ssh://git@ssh.github.com:443/octo/widget.git", Remote("github.com", "octo/widget")),
        ("ssh://git@ghe.corp:2222/octo/widget", Remote("ghe.corp", "octo/widget")),
        ("https://ghe.corp:8443/octo/widget", Remote("ghe.corp:8443", "octo/widget")),
        ("/srv/git/octo/widget.git", None),
        ("file:///srv/octo/widget", None),
        ("https://gitlab.com/group/sub/widget", None),
        ("", None),
    ],
)
def test_addresses_of_remotes(address: str, remote: Remote | None) -> None:
    assert parse_remote(address) == remote
