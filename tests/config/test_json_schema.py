"""The schema that editors use: it says what we check, in our words."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from beaker_ci.config.json_schema import json_schema


def sections(schema: dict[str, Any]) -> dict[str, Any]:
    return {"Configuration": schema, **schema["$defs"]}


def test_it_is_a_schema_with_a_title_and_an_example_that_fits() -> None:
    schema = json_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["title"] == "beaker-ci configuration"
    for example in schema["examples"]:
        jsonschema_rs.validate(schema, example)


def test_every_section_and_key_is_described() -> None:
    for name, section in sections(json_schema()).items():
        assert section["description"], name
        assert section["additionalProperties"] is False, name
        for key, about in section["properties"].items():
            assert about.get("description"), f"{name}.{key}"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"version": 2},
        {"version": 1, "presests": {}},
        {"version": 1, "limits": {"timeout": "1d"}},
        {"version": 1, "presets": {"run": {}}},
        {"version": 1, "presets": {"a": {"command": "pytest"}}},
        {"version": 1, "workspace": "mine"},
        {"version": 1, "presets": {"a": {"uv_extras": ["a b"]}}},
        {"version": 1, "presets": {"a": {"default_python_version": "/usr/bin/python3"}}},
        {"version": 1, "presets": {"a": {"conda_file": "../env.yml"}}},
        {"version": 1, "presets": {"a": {"mounts": ["data:/data"]}}},
    ],
)
def test_it_refuses_what_we_refuse(wrong: dict[str, Any]) -> None:
    assert not jsonschema_rs.is_valid(json_schema(), wrong)
