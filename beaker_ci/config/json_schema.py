"""The JSON Schema of the configuration file, with the schema classes' own words in it."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from beaker_ci.config import preset, schema


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the configuration file, for editors and checkers."""
    generated = schema.Configuration.model_json_schema(by_alias=True)
    sections = {**generated["$defs"], "Configuration": generated}
    for name, keys in (_descriptions(preset) | _descriptions(schema)).items():
        for key, words in keys.items():
            sections[name]["properties"][key]["description"] = words
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **generated,
        "title": "beaker-ci configuration",
        "required": ["version"],
        "examples": [
            {
                "version": 1,
                "workspace": "ai2/my-team",
                "budget": "ai2/my-budget",
                "presets": {"gpu-tests": {"command": ["pytest", "-m", "gpu"], "gpus": 1}},
            }
        ],
    }


def _descriptions(module: object) -> dict[str, dict[str, str]]:
    """Class → key → the docstring under it.

    pydantic can do the same while it builds the classes, which would double the time that every
    run spends on them; only this function needs the words.
    """
    found: dict[str, dict[str, str]] = {}
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    for section in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        keys = found.setdefault(section.name, {})
        for field, words in zip(section.body, section.body[1:], strict=False):
            match field, words:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    keys[_ALIASES.get(name, name)] = inspect.cleandoc(text).replace("\n", " ")
    return found


_ALIASES = {
    name: field.alias
    for name, field in schema.ApproverRole.model_fields.items()
    if field.alias is not None
}
