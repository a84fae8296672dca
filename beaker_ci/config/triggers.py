"""Events, besides comments, that run a preset: what stands below its ``on:``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from beaker_ci.commands.values import is_reserved
from beaker_ci.config.forms import NOT_EMPTY, Texts, variable_flaw
from beaker_ci.config.types import Cron, Section, Text
from beaker_ci.triggers import patterns

Scalar = str | int | float | bool

_SCALARS = ["string", "number", "boolean"]
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", re.ASCII)

OWN_INPUTS = frozenset({"preset", "command", "pull-request", "pull_request", "wait"})
"""Inputs of a workflow that are beaker-ci's own."""


def _is_pattern(value: str) -> str:
    patterns.parse(value)
    return value


def _include_something(value: tuple[str, ...]) -> tuple[str, ...]:
    patterns.check(value)
    return value


def _is_branch(value: str) -> str:
    name = value.removeprefix("!")
    if name.startswith("refs/"):
        raise ValueError("a branch is written as people call it, without `refs/heads/`: `main`")
    return value


def _is_path(value: str) -> str:
    name = value.removeprefix("!")
    within = re.sub(r"^(\.?/)+", "", name)
    if within != name or name.endswith("/"):
        folder = within.rstrip("/")
        whole = f"{folder}/**" if folder and name.endswith("/") else folder or "**"
        raise ValueError(
            "no file of a repository is called so: paths begin without `/` and `./`, and a "
            f"folder's files are `folder/**`. Write `{value[: len(value) - len(name)]}{whole}`"
        )
    return value


Branches = Annotated[
    tuple[Annotated[Text, AfterValidator(_is_pattern), AfterValidator(_is_branch)], ...],
    NOT_EMPTY,
    AfterValidator(_include_something),
]
"""Branches, by GitHub's filter patterns, as a workflow's ``branches:`` has them."""

Paths = Annotated[
    tuple[Annotated[Text, AfterValidator(_is_pattern), AfterValidator(_is_path)], ...],
    NOT_EMPTY,
    AfterValidator(_include_something),
]
"""Files, by GitHub's filter patterns, as a workflow's ``paths:`` has them."""


def _input_name(value: str) -> str:
    if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]{0,99}", value, re.ASCII) is None:
        raise ValueError(
            "an input's name is letters, digits, dashes and underscores, and begins with no digit"
        )
    if value in OWN_INPUTS:
        raise ValueError("this input says what to run: choose another name")
    if is_reserved(variable_of(value)):
        raise ValueError(
            f"it would set {variable_of(value)}, which is reserved: it would steer gantry, git or "
            "the job's tools"
        )
    return value


def variable_of(name: str) -> str:
    """The environment variable that an input becomes."""
    return name.upper().replace("-", "_")


InputName = Annotated[str, AfterValidator(_input_name)]


def _scalar(value: Any) -> Any:
    if not isinstance(value, Scalar):
        raise ValueError("a default is one text, number, `true` or `false`")
    return value


@dataclass(frozen=True)
class _OrTrue:
    """``true`` for a section without any key, and ``false`` for none."""

    def __get_pydantic_core_schema__(self, kind: Any, inner: GetCoreSchemaHandler) -> CoreSchema:
        return inner(Annotated[kind, BeforeValidator(_section)])

    def __get_pydantic_json_schema__(
        self, checked: CoreSchema, inner: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, inner(checked)]}


def _section(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, Mapping | Section):
        raise ValueError("write `true`, or a mapping of keys that narrows it")
    return value


class PushTrigger(Section):
    """Run when commits arrive on a branch."""

    branches: Branches
    """Branches, as GitHub's filter patterns."""
    paths: Paths | None = None
    """Only when a changed file fits these filter patterns; absent: any change."""


class PullRequestTrigger(Section):
    """Run when a pull request of this same repository is opened, reopened or gets new commits."""

    branches: Branches | None = None
    """Only for pull requests into these branches, as GitHub's filter patterns; absent: any."""
    paths: Paths | None = None
    """Only when a changed file fits these filter patterns; absent: any change."""


class DispatchInput(Section):
    """One input of a workflow that is started by hand, as the workflow declares it."""

    type: Literal["string", "number", "boolean", "choice"] = "string"
    """What it takes."""
    description: Text | None = None
    """One line about it."""
    required: bool = False
    """Whether the preset does not run without it."""
    default: Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": _SCALARS})] = None
    """What holds when it is left empty; absent: then the variable is not set."""
    options: Texts | None = None
    """What a `choice` chooses from."""

    @model_validator(mode="after")
    def _is_whole(self) -> DispatchInput:
        if (self.type == "choice") != (self.options is not None):
            raise ValueError("`options` belong to `type: choice`, which needs them")
        if self.default is not None:
            try:
                self.read(self.default)
            except ValueError as error:
                raise ValueError(f"its `default` does not fit: {error}") from None
        return self

    def read(self, value: Scalar) -> str:
        """The text that a value becomes in the job.

        Raises:
            ValueError: With a clause, when it is not of the input's type.
        """
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if self.type == "boolean" and text not in ("true", "false"):
            raise ValueError("it takes true or false")
        if self.type == "number" and (isinstance(value, bool) or not _is_number(text)):
            raise ValueError("it takes a number, such as 3 or 0.5")
        if self.options is not None and text not in self.options:
            raise ValueError(f"it takes one of {', '.join(self.options)}")
        why = variable_flaw(text)
        if why is not None:
            raise ValueError(why)
        return text


class DispatchTrigger(Section):
    """Run when the workflow is started by hand with this preset's name as the input `preset`."""

    inputs: Mapping[InputName, DispatchInput] = Field(default_factory=dict)
    """Inputs of the workflow that the job gets as environment variables: `learning-rate` as
    LEARNING_RATE."""

    @model_validator(mode="after")
    def _set_each_once(self) -> DispatchTrigger:
        variables = [variable_of(name) for name in self.inputs]
        twice = next((one for one in variables if variables.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"two inputs would set {twice}")
        return self


class Triggers(Section):
    """Events, besides comments, that run the preset."""

    merge_group: bool = False
    """Run for every merge group of the merge queue."""
    label: Text | None = None
    """Run at the head commit when this label is set, by someone who may run."""
    push: PushTrigger | None = None
    """Run for pushes to these branches."""
    pull_request: Annotated[PullRequestTrigger | None, _OrTrue()] = None
    """Run for every new head of a pull request of this repository, by someone who may run. `true`,
    or a mapping that narrows it."""
    schedule: Cron | None = None
    """Run when the workflow's schedule with this same cron expression fires."""
    workflow_dispatch: Annotated[DispatchTrigger | None, _OrTrue()] = None
    """Run when someone who may run starts the workflow by hand with this preset's name. `true`, or
    a mapping that declares inputs."""


def _is_number(text: str) -> bool:
    """Whether it is one that a float can hold."""
    return bool(_NUMBER.fullmatch(text)) and math.isfinite(float(text))
