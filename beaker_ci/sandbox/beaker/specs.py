"""Experiment specs: the form that the server accepts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from beaker_ci.sandbox.beaker.errors import Refused

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$", max_length=128)]
Size = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?\s*([kKMGTP]i?)?[Bb]?$")]
Nanoseconds = Annotated[int, Field(gt=0)]
Path = Annotated[str, StringConstraints(pattern=r"^/[^/]")]

_SIZES = {"": 1} | {
    prefix + suffix: base**power
    for power, prefix in enumerate("KMGTP", start=1)
    for suffix, base in (("", 1000), ("i", 1024))
}


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)


class ImageSource(_Part):
    """Where the image comes from."""

    beaker: str | None = None
    docker: str | None = None

    @model_validator(mode="after")
    def _one(self) -> ImageSource:
        _exactly_one(self, "image")
        return self


class EnvVar(_Part):
    """An environment variable: a value in clear, or a secret's name."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    value: str | None = None
    secret: str | None = None

    @model_validator(mode="after")
    def _one(self) -> EnvVar:
        if self.value is not None and self.secret is not None:
            raise ValueError(f"{self.name}: value and secret exclude each other")
        return self


class DataSource(_Part):
    """What is mounted."""

    beaker: str | None = None
    host_path: str | None = None
    weka: str | None = None
    result: str | None = None
    secret: str | None = None
    volume: str | None = None

    @model_validator(mode="after")
    def _one(self) -> DataSource:
        _exactly_one(self, "data source")
        return self


class DataMount(_Part):
    """What is mounted where."""

    source: DataSource
    mount_path: Path
    sub_path: str | None = None
    mode: Literal["readonly", "readwrite"] | None = None


class Result(_Part):
    """Where the job leaves its results."""

    path: Path


class Resources(_Part):
    """What one replica needs."""

    cpu_count: Annotated[float, Field(gt=0)] | None = None
    gpu_count: Annotated[int, Field(ge=0)] | None = None
    memory: Size | None = None
    shared_memory: Size | None = None


class Context(_Part):
    """How it is scheduled."""

    cluster: str | None = None
    priority: Literal["low", "normal", "high", "urgent", "immediate"] | None = None
    preemptible: bool | None = None
    min_runtime: Annotated[int, Field(ge=0)] | None = None
    auto_resume: bool | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Context:
        if self.preemptible is not None and (self.min_runtime, self.auto_resume) != (None, None):
            raise ValueError("preemptible excludes minRuntime and autoResume")
        return self


class Constraints(_Part):
    """Where it may run."""

    cluster: tuple[str, ...] | None = Field(default=None, strict=False)
    hostname: tuple[str, ...] | None = Field(default=None, strict=False)


class TaskSpec(_Part):
    """One task; replicas are tasks of their own later."""

    image: ImageSource
    context: Context
    result: Result | None = None
    constraints: Constraints | None = None
    name: Name | None = None
    command: list[str] = []
    arguments: list[str] = []
    env_vars: list[EnvVar] = []
    datasets: list[DataMount] = []
    resources: Resources = Resources()
    host_networking: bool = False
    replicas: Annotated[int, Field(ge=1, le=512)] | None = None
    leader_selection: bool | None = False
    propagate_failure: bool | None = None
    propagate_preemption: bool | None = None
    synchronized_start_timeout: Nanoseconds | None = None
    timeout: Nanoseconds | None = None

    @model_validator(mode="after")
    def _distinct_mounts(self) -> TaskSpec:
        paths = [mount.mount_path for mount in self.datasets]
        if len(set(paths)) < len(paths):
            raise ValueError("mount paths must be distinct")
        return self

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.resources.gpu_count or 0


class Retry(_Part):
    """How often a failed task is tried again."""

    allowed_task_retries: Annotated[int, Field(ge=0, le=10)] | None = None


class ExperimentSpec(_Part):
    """A whole experiment."""

    version: Literal["v2", "v2-alpha"]
    description: str | None = None
    tasks: Annotated[list[TaskSpec], Field(min_length=1)]
    budget: str | None = None
    groups: list[str] = []
    retry: Retry = Retry()

    @model_validator(mode="after")
    def _distinct_names(self) -> ExperimentSpec:
        names = [task.name for task in self.tasks if task.name is not None]
        if len(set(names)) < len(names):
            raise ValueError("task names must be distinct")
        return self


def parse_spec(document: Any) -> ExperimentSpec:
    """Check the form of a spec; what its names refer to is checked elsewhere.

    Raises:
        Refused: It has another form; the message names the first mistake.
    """
    try:
        return ExperimentSpec.model_validate(document)
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in mistake["loc"])
        raise Refused("INVALID_ARGUMENT", f"invalid spec: {where}: {mistake['msg']}") from None


def bytes_of(size: str) -> int:
    """Bytes of a size such as ``2.5GiB``."""
    number = size.strip().rstrip("bB").strip()
    unit = number.lstrip("0123456789.").strip()
    return int(float(number.removesuffix(unit)) * _SIZES[unit.replace("k", "K")])


def _exactly_one(part: _Part, what: str) -> None:
    if sum(value is not None for _, value in part) != 1:
        raise ValueError(f"exactly one {what} must be set")
