"""Preset and command become one job."""

from __future__ import annotations

import dataclasses
from typing import Any

import judging as j
import pytest
from gantry.recipe import Recipe as GantryRecipe
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.commands import OPTIONS, Access, Command
from beaker_ci.config import Configuration
from beaker_ci.policy import is_modified, merge_recipe
from beaker_ci.policy.options import JUDGED_BY_FORM, JUDGED_HERE
from beaker_ci.problem import Problem
from beaker_ci.recipe import Recipe


def merged(comment: str, configuration: Configuration | None = None) -> Recipe:
    return merge_recipe(j.asked(comment), configuration or j.rules())


def problem(comment: str, configuration: Configuration | None = None) -> str:
    with pytest.raises(Problem) as caught:
        merged(comment, configuration)
    found = caught.value
    return "\n".join([f"[{found.reason}] {found.what}", found.why, found.next_step, found.paste])


def test_a_bare_command_gets_the_defaults_and_nothing_of_the_runner() -> None:
    assert dict(merged("/beaker run -- python train.py")) == snapshot(
        {
            "results": "/results",
            "runtime_dir": "/gantry-runtime",
            "default_python_version": "3.12",
            "task_timeout": "24h",
            "priority": "normal",
            "workspace": "ai2/team",
            "budget": "ai2/money",
            "args": ("python", "train.py"),
        }
    )


def test_without_rules_only_what_is_fixed_is_set() -> None:
    assert dict(merged("/beaker run -- pytest", Configuration())) == snapshot(
        {
            "results": "/results",
            "runtime_dir": "/gantry-runtime",
            "default_python_version": "3.12",
            "task_timeout": "24h",
            "priority": "normal",
            "args": ("pytest",),
        }
    )


def test_single_values_replace_and_repeatable_ones_add() -> None:
    recipe = merged("/beaker run gpu-tests --gpus 2 --gpu-type a100 --env SEED=1 --env LR=2")
    assert recipe["gpus"] == 2
    assert recipe["gpu_types"] == ("h100", "a100")
    assert recipe["env_vars"] == ("SEED=1", "LR=2")
    assert recipe["task_timeout"] == "15m"
    assert recipe["args"] == ("pytest", "-v", "-m", "gpu")


def test_what_names_the_same_thing_replaces_it() -> None:
    config = j.rules(
        "version: 1\n"
        "presets:\n"
        "  a:\n"
        "    command: [x]\n"
        "    env_vars: [SEED=1, LR=2]\n"
        "    datasets: ['d/one:/data', 'd/two:/more']\n"
        "    beaker_image: ai2/cuda\n"
    )
    recipe = merged(
        "/beaker run a --env SEED=3 --env NEW=4 --dataset d/three:/data --docker-image x/y", config
    )
    assert recipe["env_vars"] == ("SEED=3", "LR=2", "NEW=4")
    assert recipe["datasets"] == ("d/three:/data", "d/two:/more")
    assert recipe["docker_image"] == "x/y"
    assert "beaker_image" not in recipe


def test_what_stands_after_the_dashes_replaces_the_command() -> None:
    assert merged("/beaker run gpu-tests -- pytest -x 'a b'")["args"] == ("pytest", "-x", "a b")


def test_a_script_is_run_by_bash() -> None:
    recipe = merged("/beaker run gpu-tests\n```bash\ncd src\npytest\n```")
    assert recipe["args"] == ("bash", "-euo", "pipefail", "-c", "cd src\npytest\n")


def test_the_clone_secret_goes_along() -> None:
    config = j.rules(extra="github_token_secret: CLONE\n")
    assert merged("/beaker run -- pytest", config)["gh_token_secret"] == "CLONE"


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        merged("/beaker run -- pytest")["gpus"] = 8  # type: ignore[index]


def test_unknown_presets() -> None:
    assert problem("/beaker run gpu-test --gpus 2") == snapshot("""\
[usage.unknown-preset] There is no preset `gpu-test`.
Presets here: cluster-test, gpu-tests, resources.
Did you mean this?
/beaker run gpu-tests --gpus 2\
""")
    assert problem("/beaker run pytest") == snapshot("""\
[usage.unknown-preset] There is no preset `pytest`.
Presets here: cluster-test, gpu-tests, resources.
To run it as a command, write `--` before:
/beaker run -- pytest\
""")
    assert problem("/beaker run run --gpus 1").endswith("/beaker run --gpus 1 -- run")
    only = j.rules("version: 1\nallow: {commands: presets}\npresets: {a: {command: [x]}}\n")
    assert problem("/beaker run pytest --gpus 1", only) == snapshot("""\
[usage.unknown-preset] There is no preset `pytest`.
Presets here: a.
Run one of the presets.
""")
    assert problem("/beaker run tests --gpus 1", Configuration()) == snapshot("""\
[usage.unknown-preset] There is no preset `tests`.
The configuration on the default branch has no presets.
To run it as a command, write `--` before:
/beaker run --gpus 1 -- tests\
""")


def test_missing_commands() -> None:
    assert problem("/beaker plan resources") == snapshot("""\
[usage.missing-command] There is nothing to run. The preset `resources` brings none.
Presets with a command: cluster-test, gpu-tests.
Write the command after `--`, or as a fenced block right under the line:
/beaker plan resources -- python train.py\
""")
    assert merged("/beaker run resources -- pytest")["gpus"] == 2
    with pytest.raises(Problem, match=r"usage\.missing-command: There is nothing to run\."):
        merge_recipe(Command("run", 0, "/beaker run"), Configuration())


@pytest.mark.parametrize(
    ("comment", "modified"),
    [
        ("/beaker run gpu-tests", False),
        (f"/beaker run gpu-tests --sha {j.HEAD}", False),
        ("/beaker run gpu-tests --fresh", False),
        ("/beaker run gpu-tests --gpus 1 --task-timeout 15m", False),
        ("/beaker run gpu-tests --gpus 2", True),
        ("/beaker run gpu-tests --priority low", True),
        ("/beaker run gpu-tests --env SKIP_SLOW=1", True),
        ("/beaker run gpu-tests --gpu-type h100", False),
        ("/beaker run gpu-tests --gpu-type a100", True),
        ("/beaker run gpu-tests --start-timeout 5m", True),
        ("/beaker run gpu-tests --description hello", True),
        ("/beaker run gpu-tests -- true", True),
        ("/beaker run gpu-tests\n```\ntrue\n```", True),
        ("/beaker run resources -- pytest", True),
        ("/beaker run -- pytest", False),
    ],
)
def test_modified_presets(comment: str, modified: bool) -> None:
    assert is_modified(j.asked(comment), j.rules()) is modified


def test_every_rule_that_an_option_names_is_judged() -> None:
    limited = {option.rule for option in OPTIONS if option.access is Access.LIMITED}
    assert limited <= JUDGED_BY_FORM | JUDGED_HERE


SOME_OPTIONS = (
    *("--gpus 2", "--gpu-type a100", "--cluster ai2/jupiter", "--env A=1", "--env B=2"),
    *("--priority low", "--task-timeout 1h", "--retries 1", "--no-python", "--memory 1GiB"),
)


@given(st.permutations(SOME_OPTIONS), st.booleans())
@settings(deadline=None)
def test_recipes_have_only_fields_of_gantry(options: list[str], preset: bool) -> None:
    fields = {field.name for field in dataclasses.fields(GantryRecipe)}
    recipe = merged(f"/beaker run {'gpu-tests ' * preset}{' '.join(options)} -- pytest")
    assert set(recipe) < fields
    assert "preemptible" not in recipe
    values: dict[str, Any] = dict(recipe)
    GantryRecipe(**values)
