"""What a file means, and what holds where it says nothing."""

from __future__ import annotations

import dataclasses
from textwrap import dedent

import pytest
from inline_snapshot import snapshot

from beaker_ci.commands import OPTIONS, Origin
from beaker_ci.config import Configuration, configuration_from_pyproject, parse_configuration
from beaker_ci.config.preset import NOT_GANTRYS, REFUSED_FIELDS, Preset
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason


def parsed(text: str) -> Configuration:
    return parse_configuration(dedent(text), "beaker-ci.yml")


def test_nothing_may_be_chosen_unless_the_file_says_so() -> None:
    allow = Configuration().allow
    assert allow.commands == "any"
    assert [value for name, value in allow if name != "commands"] == [()] * 8


def test_the_defaults_hold_without_a_file() -> None:
    assert parsed("version: 1\n") == Configuration()
    assert Configuration().model_dump(exclude={"allow", "presets"}, mode="json") == snapshot(
        {
            "version": 1,
            "workspace": None,
            "budget": None,
            "github_token_secret": None,
            "limits": {
                "gpus": 8,
                "replicas": 1,
                "cpus": 64.0,
                "memory": "1TiB",
                "retries": 2,
                "min_runtime": "1h",
                "timeout": "24h",
                "active_runs": 4,
                "gpu_hours": {
                    "run": 64.0,
                    "pull_request": 256.0,
                    "user": 512.0,
                    "repository": 2048.0,
                    "with_approval": 512.0,
                },
            },
            "priority": {"default": "normal", "max": "normal", "with_approval": "high"},
            "roles": {
                "run": {"permission": "write", "teams": [], "users": []},
                "approve": {
                    "permission": "maintain",
                    "teams": [],
                    "users": [],
                    "self_approval": False,
                },
            },
            "forks": "refuse",
            "on_new_push": "keep",
            "on_cancel": "stop",
            "retry": {"infrastructure": 1},
            "publish_logs": "digest",
        }
    )


def test_on_is_a_key_and_not_true() -> None:
    config = parsed(
        """\
        version: 1
        presets:
          tests:
            command: [pytest]
            on: {merge_group: true, label: on, push: {branches: [main, "release/*"]}}
        """
    )
    triggers = config.presets["tests"].on
    assert triggers is not None
    assert triggers.merge_group is True
    assert triggers.label == "on"
    assert triggers.push is not None
    assert triggers.push.branches == ("main", "release/*")


def test_words_stay_words() -> None:
    config = parsed(
        """\
        version: 1
        presets: {odd: {command: [echo, no, 1:30, 2026-01-01, "3", 0x10, 1_000, "null"]}}
        """
    )
    assert config.presets["odd"].command == (
        *("echo", "no", "1:30", "2026-01-01", "3", "0x10", "1_000", "null"),
    )


def test_aliases_spare_repetition() -> None:
    config = parsed(
        """\
        version: 1
        presets:
          a: {command: [pytest], gpu_types: &types [h100, a100]}
          b: {command: [pytest, -v], gpu_types: *types}
        """
    )
    assert config.presets["b"].gpu_types == ("h100", "a100")


def test_a_preset_gives_gantry_its_values() -> None:
    config = parsed(
        """\
        version: 1
        presets:
          tests:
            description: GPU unit tests
            command: [pytest, -m, gpu]
            gpus: 1
            memory: 64GiB
            task_timeout: 15m
            start_timeout: 30m
            auto_resume: false
            env_secrets: [HF_TOKEN=MY_HF_TOKEN]
            retries: null
        """
    )
    assert config.presets["tests"].recipe() == {
        "args": ("pytest", "-m", "gpu"),
        "gpus": 1,
        "memory": "64GiB",
        "task_timeout": "15m",
        "auto_resume": False,
        "env_secrets": ("HF_TOKEN=MY_HF_TOKEN",),
    }


def test_a_role_is_only_the_lines_that_are_written() -> None:
    roles = parsed("version: 1\nroles: {run: {teams: [my-org/infra]}}\n").roles
    assert roles.run.permission is None
    assert roles.approve.permission == "maintain"
    assert roles.approve.self_approval is False


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Configuration().limits.gpus = 100  # type: ignore[misc]


def test_every_field_of_gantry_is_a_preset_key_or_refused_with_a_reason() -> None:
    from gantry.recipe import Recipe

    fields = {field.name for field in dataclasses.fields(Recipe)}
    keys = set(Preset.model_fields)
    assert (keys - NOT_GANTRYS) | {"args", "description"} | set(REFUSED_FIELDS) == fields
    assert not keys & set(REFUSED_FIELDS)


def test_presets_and_options_agree_about_what_a_maintainer_may_set() -> None:
    by_option = {o.field for o in OPTIONS if o.in_preset and o.origin is not Origin.OWN}
    assert by_option - {"args", "name"} == set(Preset.model_fields) - {"command", "on", "compare"}


@pytest.mark.parametrize(
    ("text", "workspace", "budget"),
    [
        ("", None, None),
        ("[project]\nname = 'x'\n", None, None),
        ("[tool.gantry]\nworkspace = 'ai2/a'\nlog_level = 'debug'\n", "ai2/a", None),
        ("[tool.gantry]\nworkspace = 'ai2/a'\nbudget = 'ai2/b'\n", "ai2/a", "ai2/b"),
    ],
)
def test_gantrys_own_table_stands_in(text: str, workspace: str | None, budget: str | None) -> None:
    expected = Configuration(workspace=workspace, budget=budget)
    assert configuration_from_pyproject(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "[tool.gantry\n",
            snapshot(
                "not TOML: Expected ']' at the end of a table declaration (at line 1, column 13)"
            ),
        ),
        ("tool = 3\n", snapshot("`[tool.gantry]` is not a table")),
        ("[tool]\ngantry = ['workspace']\n", snapshot("`[tool.gantry]` is not a table")),
        (
            "[tool.gantry]\nbudget = 7\n",
            snapshot(
                "[tool.gantry] `budget` must be text (write numbers, `true` and `null` in quotes), not `7`"
            ),
        ),
        (
            "[tool.gantry]\nworkspace = 'mine'\n",
            snapshot(
                "[tool.gantry] `workspace` (`mine`): it must be a full name with its organization, such as ai2/my-team"
            ),
        ),
        ("a = " + "[" * 5000, snapshot("nested too deeply")),
    ],
)
def test_a_broken_pyproject_is_said(text: str, why: str) -> None:
    with pytest.raises(Problem) as caught:
        configuration_from_pyproject(text)
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert caught.value.why == why
