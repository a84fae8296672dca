"""Checks every exchange against GitHub's published description of its REST API."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jsonschema_rs

DESCRIPTION = Path(__file__).with_name("contract.json")
# GitHub answers these where its description does not mention them.
UNDOCUMENTED = {304, 400, 401, 403, 404, 410, 422, 429, *range(500, 600)}
ANNOTATIONS = {"default", "discriminator", "example", "examples", "xml"}
NAME_MAPS = {"patternProperties", "properties"}
SHARED = "urn:github"


class Contract:
    """GitHub's description, cut to the operations that are served here.

    Validators are made when an operation is first used, and kept.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths: Mapping[str, Any] = document["paths"]
        self._components: Mapping[str, Any] = document["components"]
        self._validator = cache(self._make_validator)
        self._registry = cache(self._make_registry)

    @property
    def operations(self) -> set[tuple[str, str]]:
        """Every (method, path template)."""
        return {
            (method.upper(), path)
            for path, item in self._paths.items()
            for method in item
            if method != "parameters"
        }

    def compile(self) -> None:
        """Makes the validators of every operation now."""
        for method, template in self.operations:
            for parameter in self._parameters(method, template):
                self._validator((method, template, parameter["in"], parameter["name"]))
            if "requestBody" in self._operation(method, template):
                self._validator((method, template, "body"))
            for status in self._operation(method, template)["responses"]:
                if self._response(method, template, status) is not None:
                    self._validator((method, template, "response", status))

    def check_request(
        self,
        method: str,
        template: str,
        params: Mapping[str, str],
        query: Mapping[str, str],
        body: Any,
    ) -> list[str]:
        """What is wrong with a request, in readable lines."""
        operation = self._operation(method, template)
        problems = []
        declared = {(p["in"], p["name"]): p["schema"] for p in self._parameters(method, template)}
        for place, values in (("path", params), ("query", query)):
            for name, value in values.items():
                schema = declared.get((place, name))
                if schema is None:
                    problems.append(f"{place} parameter {name!r} is not in the contract")
                else:
                    where = f"{place} parameter {name}"
                    typed = _typed(value, schema)
                    problems += self._errors((method, template, place, name), typed, where)
        if "requestBody" not in operation:
            return problems + (["a body is not in the contract"] if body is not None else [])
        key = (method, template, "body")
        problems += self._errors(key, body, "body")
        known = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
        if isinstance(body, dict):
            unknown = sorted(set(body) - set(known))
            problems += [f"body key {name!r} is not in the contract" for name in unknown]
        return problems

    def check_response(self, method: str, template: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer, in readable lines."""
        responses = self._operation(method, template)["responses"]
        if str(status) not in responses:
            return [] if status in UNDOCUMENTED else [f"status {status} is not in the contract"]
        if self._response(method, template, str(status)) is None:
            allowed = body is None or status in UNDOCUMENTED
            return [] if allowed else [f"a {status} with a body is not in the contract"]
        return self._errors((method, template, "response", str(status)), body, f"answer {status}")

    def _operation(self, method: str, template: str) -> Mapping[str, Any]:
        operation: Mapping[str, Any] = self._paths[template][method.lower()]
        return operation

    def _parameters(self, method: str, template: str) -> list[Mapping[str, Any]]:
        shared = self._paths[template].get("parameters", [])
        listed = [*shared, *self._operation(method, template).get("parameters", [])]
        return [self._follow(parameter, "parameters") for parameter in listed]

    def _response(self, method: str, template: str, status: str) -> Mapping[str, Any] | None:
        response = self._operation(method, template)["responses"][status]
        content = self._follow(response, "responses").get("content", {})
        schema: Mapping[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema

    def _follow(self, value: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
        if "$ref" not in value:
            return value
        target: Mapping[str, Any] = self._components[kind][value["$ref"].rpartition("/")[2]]
        return target

    def _errors(self, key: tuple[str, ...], value: Any, where: str) -> list[str]:
        validator = self._validator(key)
        if validator.is_valid(value):
            return []
        return [
            f"{where}{''.join(f'[{step!r}]' for step in error.instance_path)}: {error.message:.300}"
            for error in validator.iter_errors(value)
        ]

    def _make_validator(self, key: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
        import jsonschema_rs

        method, template, part, *rest = key
        schema: Mapping[str, Any] | None
        if part == "response":
            schema = self._response(method, template, rest[0])
        elif part == "body":
            content = self._operation(method, template)["requestBody"]["content"]
            schema = content["application/json"]["schema"]
        else:
            parameters = self._parameters(method, template)
            schema = next(
                p["schema"] for p in parameters if (p["in"], p["name"]) == (part, rest[0])
            )
        return jsonschema_rs.Draft202012Validator(
            to_json_schema(schema), validate_formats=True, registry=self._registry()
        )

    def _make_registry(self) -> jsonschema_rs.Registry:
        import jsonschema_rs

        definitions = to_json_schema(self._components["schemas"], names=True)
        return jsonschema_rs.Registry([(SHARED, {"$defs": definitions})])


def to_json_schema(value: Any, *, names: bool = False) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema; ``names``: the keys of ``value`` are names."""
    if isinstance(value, list):
        return [to_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    if names:
        return {name: to_json_schema(item) for name, item in value.items()}
    if "$ref" in value:
        return {"$ref": value["$ref"].replace("#/components/schemas/", f"{SHARED}#/$defs/")}
    schema = {
        key: to_json_schema(item, names=key in NAME_MAPS)
        for key, item in value.items()
        if key not in ANNOTATIONS and key != "nullable" and not key.startswith("x-")
    }
    return {"anyOf": [{"type": "null"}, schema]} if value.get("nullable") else schema


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as the type that its schema wants."""
    if schema.get("type") == "integer" and value.lstrip("-").isdigit():
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    if "oneOf" in schema and value.isdigit():
        return int(value)
    return value


@lru_cache(maxsize=1)
def github_contract() -> Contract:
    """The contract that ships with the local GitHub."""
    return Contract(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
