"""The part of GitHub's GraphQL API that is in use, over the same state."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beaker_ci.sandbox.github import graphql_values as values
from beaker_ci.sandbox.github.routing import ApiError

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLError, GraphQLSchema

    from beaker_ci.sandbox.github.routing import Request
    from beaker_ci.sandbox.github.state import State

SCHEMA = Path(__file__).with_name("schema.graphql")
TYPES = {403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The cut schema; built when it is first asked for."""
    from graphql import build_schema

    return build_schema(SCHEMA.read_text(encoding="utf-8"), assume_valid_sdl=True)


@lru_cache(maxsize=256)
def checked(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """A query as it is parsed, and what in it GitHub's schema does not know."""
    from graphql import GraphQLError, parse, validate

    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(schema(), document)


def execute(state: State, request: Request) -> tuple[dict[str, Any], list[str]]:
    """Answers a query, and says what in it GitHub's schema does not know."""
    from graphql import execute_sync

    body = request.body if isinstance(request.body, dict) else {}
    query = body.get("query")
    if not isinstance(query, str):
        raise ApiError(400, "A query attribute must be specified and must be a string.")
    document, problems = checked(query)
    if document is None or problems:
        lines = [error.message for error in problems]
        return {"errors": [error.formatted for error in problems]}, lines
    result = execute_sync(
        schema(),
        document,
        root_value=values.root(state, request.token),
        variable_values=body.get("variables") or {},
        operation_name=body.get("operationName"),
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_formatted(error) for error in result.errors]
    return answer, []


def _formatted(error: Any) -> dict[str, Any]:
    """As GitHub writes it: with the kind of refusal beside the message."""
    cause = error.original_error
    kind = {"type": TYPES[cause.status]} if isinstance(cause, ApiError) else {}
    return {**kind, **error.formatted}
