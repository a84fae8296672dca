"""action.yml and Dockerfile: the face that workflows see, and how the runner starts it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    return (ROOT / "Dockerfile").read_text("utf-8").splitlines()


def test_the_inputs_are_those_of_the_contract(action: dict[str, Any]) -> None:
    assert {name: entry.get("default") for name, entry in action["inputs"].items()} == {
        "github-token": "${{ github.token }}",
        "org-token": None,
        "beaker-token": None,
        "command": None,
        "pull-request": None,
        "config": ".github/beaker-ci.yml",
        "wait": "false",
    }


def test_the_outputs_are_those_of_the_contract(action: dict[str, Any]) -> None:
    assert list(action["outputs"]) == [
        "reason-code",
        "run-id",
        "workload-id",
        "experiment-url",
        "status",
        "conclusion",
        "result",
    ]


def test_everything_is_described(action: dict[str, Any]) -> None:
    entries = [*action["inputs"].values(), *action["outputs"].values()]
    assert all(entry["description"].endswith(".") for entry in entries)


def test_nothing_from_an_event_reaches_the_command_line(action: dict[str, Any]) -> None:
    runs = action["runs"]
    assert runs["using"] == "docker"
    # In a release, the image's digest stands there.
    assert re.fullmatch(r"Dockerfile|docker://\S+@sha256:[0-9a-f]{64}", runs["image"])
    assert "${{" not in json.dumps(runs)


def test_the_image_starts_what_the_action_starts(
    action: dict[str, Any], dockerfile: list[str]
) -> None:
    entrypoint = next(line for line in dockerfile if line.startswith("ENTRYPOINT "))
    # The exec form: with a shell in between, neither SIGINT nor SIGTERM would arrive.
    assert json.loads(entrypoint.removeprefix("ENTRYPOINT ")) == [
        action["runs"]["entrypoint"],
        *action["runs"]["args"],
    ]


def test_the_final_stage_keeps_the_user_and_folder_that_the_runner_sets(
    dockerfile: list[str],
) -> None:
    final = max(number for number, line in enumerate(dockerfile) if line.startswith("FROM "))
    instructions = {line.split(" ")[0] for line in dockerfile[final:] if line[:1].isupper()}
    assert instructions.isdisjoint({"USER", "WORKDIR", "VOLUME"})
