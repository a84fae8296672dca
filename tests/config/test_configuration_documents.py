"""What the documents say about the rules is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from markdown_it import MarkdownIt

from beaker_ci.config import Configuration, parse_configuration
from beaker_ci.config.document import read_document
from beaker_ci.config.json_schema import json_schema
from beaker_ci.config.mistakes import keys_of, section_at
from beaker_ci.config.preset import Preset
from beaker_ci.reasons import Reason

DOCS = Path(__file__).parents[2] / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text("utf-8")
EXAMPLES = [
    token.content
    for token in MarkdownIt().parse(CONFIGURATION)
    if token.type == "fence" and token.info == "yaml"
]


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows, without head and rule."""
    table = [line.strip().strip("|").split("|") for line in text.splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in row] for row in table]
    return [row for row in cells if row[0] not in ("key", "code", "about") and set(row[0]) != {"-"}]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_configuration(example: str) -> None:
    parse_configuration(example, "docs/configuration.md")


def test_the_defaults_are_those_of_the_code() -> None:
    everything = parse_configuration(EXAMPLES[1], "docs/configuration.md")
    assert everything == Configuration()
    assert set(everything.model_fields_set) == set(Configuration.model_fields)


def leaves(path: tuple[str, ...] = ()) -> list[str]:
    """The keys of the file that hold values, as the document writes them, without presets."""
    found = []
    for key in keys_of(section_at(path)):
        below = (*path, key)
        if section_at(below) is not None:
            found += leaves(below)
        elif below != ("presets",):
            found.append(".".join(below))
    return found


def test_every_key_has_its_row() -> None:
    documented = [
        name
        for row in rows(CONFIGURATION)
        for cell in row[:1]
        for name in re.findall("`(.+?)`", cell)
    ]
    for key in leaves():
        assert documented.count(key) == 1, key
    for key in ("on.merge_group", "on.label", "on.push.branches", "on.push.paths", "on.schedule"):
        assert documented.count(key) == 1, key


def test_every_default_in_a_row_is_true() -> None:
    values = Configuration().model_dump(mode="json", by_alias=True)
    for row in rows(CONFIGURATION):
        key, default = row[0].strip("`"), row[-1]
        if key in leaves() and default.startswith("`"):
            value: Any = values
            for part in key.split("."):
                value = value[part]
            shown = f"{value:g}" if isinstance(value, float) else value
            assert default.strip("`").lower() == str(shown).lower(), key


def test_every_key_of_a_preset_is_named() -> None:
    section = CONFIGURATION.split("## Named runs")[1]
    for key in Preset.model_fields:
        assert f"`{key}`" in section, key


def test_every_reason_is_documented_once() -> None:
    table = rows((DOCS / "reason-codes.md").read_text("utf-8"))
    assert [row[0].strip("`") for row in table] == [reason.value for reason in Reason]
    assert all(len(row) == 3 and row[1] for row in table)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_schema_takes_every_example(example: str) -> None:
    values = json.loads(json.dumps(read_document(example).value))
    jsonschema_rs.validate(json_schema(), values)
