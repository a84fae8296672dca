"""The table of options is complete, and says of gantry what gantry says of itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from told import read

from beaker_ci.commands import COMMANDS, OPTIONS, Access, Kind, Option, Origin

SPELLED: dict[str, Option] = {
    spelling: option for option in OPTIONS for spelling in (*option.spellings, *option.negative)
}
# In a process of its own: importing gantry's commands replaces sys.excepthook.
DESCRIBE_GANTRY = """
import dataclasses, json, click
from gantry.commands.main import main
from gantry.commands.run import run
from gantry.recipe import Recipe

def describe(command):
    return [
        {
            "spellings": parameter.opts,
            "negative": parameter.secondary_opts,
            "multiple": parameter.multiple,
            "flag": parameter.is_flag,
            "positive": parameter.flag_value is not False,
            "choices": list(getattr(parameter.type, "choices", [])),
        }
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in ("help", "version")
    ]

fields = [field.name for field in dataclasses.fields(Recipe)]
print(json.dumps({"run": describe(run), "global": describe(main), "fields": fields}))
"""


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the installed gantry says of itself."""
    home: Path = tmp_path_factory.mktemp("home")
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DESCRIBE_GANTRY],
        cwd=home,
        env={"HOME": str(home)},
        check=True,
        capture_output=True,
    )
    described: dict[str, Any] = json.loads(finished.stdout)
    return described


def test_every_recipe_field_is_classified(gantry: dict[str, Any]) -> None:
    ours = {option.field for option in OPTIONS if option.origin is Origin.RECIPE}
    assert ours == set(gantry["fields"])


def test_every_option_of_gantry_is_in_the_table(gantry: dict[str, Any]) -> None:
    for theirs in [*gantry["run"], *gantry["global"]]:
        for spelling in (*theirs["spellings"], *theirs["negative"]):
            ours = SPELLED[spelling]
            assert ours.repeatable == theirs["multiple"], spelling
            assert (ours.kind is Kind.FLAG) == theirs["flag"], spelling
            if theirs["choices"] and ours.access is not Access.REFUSED:
                assert set(ours.choices) == set(theirs["choices"]), spelling
        for spelling in theirs["spellings"]:
            assert (
                not theirs["flag"]
                or (spelling in SPELLED[spelling].spellings) == (theirs["positive"])
            )


def test_nothing_is_in_the_table_that_gantry_does_not_know(gantry: dict[str, Any]) -> None:
    theirs = {name for one in gantry["run"] for name in (*one["spellings"], *one["negative"])}
    ours = {
        name for name, option in SPELLED.items() if option.origin in (Origin.RECIPE, Origin.LAUNCH)
    }
    assert ours == theirs


def test_every_spelling_is_there_once() -> None:
    for definition in COMMANDS.values():
        names = [
            name for option in definition.options for name in (*option.spellings, *option.negative)
        ]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: f"{option.field}")
def test_every_option_is_explained(option: Option) -> None:
    assert option.help
    assert not option.help.endswith(".")
    assert bool(option.rule) == (option.access is Access.LIMITED)
    refused = option.access is Access.REFUSED
    assert bool(option.refusal) == refused
    assert bool(option.instead) == refused
    for sentence in filter(None, (option.refusal, option.instead, option.note)):
        assert sentence.endswith(".")
    assert bool(option.pattern) == bool(option.form)
    re.compile(option.pattern)


@pytest.mark.parametrize(
    "option",
    [option for option in OPTIONS if option.access is Access.REFUSED],
    ids=lambda option: option.field,
)
@pytest.mark.parametrize("value", ["", " value", "=value"])
def test_refused_options_are_refused_however_they_are_written(option: Option, value: str) -> None:
    for spelling in (*option.spellings, *option.negative):
        assert read(f"/beaker run x {spelling}{value}") == ["refused.option"]
        assert read(f"/beaker plan {spelling}{value} x") == ["refused.option"]


def test_what_a_preset_may_set() -> None:
    closed = {option.field for option in OPTIONS if not option.in_preset}
    recipe = {option.field for option in OPTIONS if option.origin is Origin.RECIPE}
    assert closed & recipe == {
        "allow_dirty",
        "branch",
        "callbacks",
        "gh_token_secret",
        "git_repo",
        "hostnames",
        "preemptible",
        "ref",
        "remote",
        "save_spec",
        "skip_tcpxo_setup",
        "uploads",
        "yes",
    }
