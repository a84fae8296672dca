"""The configuration file as values: every key, its type, its default, its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from beaker_ci.config.preset import Preset
from beaker_ci.config.types import (
    PRIORITIES,
    Amount,
    Count,
    DurationOrZero,
    FullName,
    Glob,
    MemorySize,
    PositiveAmount,
    PositiveCount,
    PositiveDuration,
    PresetName,
    Priority,
    SecretName,
    Section,
    Team,
)
from beaker_ci.quantities import Duration, Memory


class Allow(Section):
    """What a command may choose besides the defaults and the presets. An absent list: nothing."""

    budgets: tuple[Glob, ...] = ()
    """Budgets, as globs."""
    workspaces: tuple[Glob, ...] = ()
    """Workspaces, as globs."""
    clusters: tuple[Glob, ...] = ()
    """Clusters, as globs."""
    images: tuple[Glob, ...] = ()
    """Beaker and Docker images, as globs."""
    secrets: tuple[Glob, ...] = ()
    """Beaker secrets, as globs. Never given to forks."""
    weka: tuple[Glob, ...] = ()
    """Weka buckets, as globs. Never given to forks."""
    datasets: tuple[Glob, ...] = ()
    """Beaker datasets, as globs."""
    groups: tuple[Glob, ...] = ()
    """Beaker groups, as globs."""
    commands: Literal["any", "presets"] = "any"
    """`any`: whoever may run may write commands of their own. `presets`: presets only."""


class GpuHours(Section):
    """The most that may be spent, in GPU-hours. All but `run` and `with_approval`: per 24 hours."""

    run: Amount = 64
    """One run: GPUs × replicas × timeout × (retries + 1)."""
    pull_request: Amount = 256
    """All runs of one pull request."""
    user: Amount = 512
    """All runs of one person."""
    repository: Amount = 2048
    """All runs of the repository."""
    with_approval: Amount = 512
    """What an approver may let one run reach."""


class Priorities(Section):
    """Which Beaker priorities may be asked for."""

    default: Priority = "normal"
    """When nothing is said."""
    max: Priority = "normal"
    """The highest that anyone who may run can ask for."""
    with_approval: Priority = "high"
    """The highest that an approver may let through."""

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Priorities:
        if PRIORITIES.index(self.default) > PRIORITIES.index(self.max):
            raise ValueError(
                f"`default` ({self.default}) is above `max` ({self.max}): every run would be "
                f"refused; write `default: {self.max}`"
            )
        return self


class Limits(Section):
    """The most that one run may ask for, presets included."""

    gpus: Count = 8
    """GPUs per replica."""
    replicas: PositiveCount = 1
    """Replicas."""
    cpus: PositiveAmount = 64
    """CPU cores per replica."""
    memory: MemorySize = Memory.parse("1TiB")
    """Memory per replica; for shared memory too."""
    retries: Count = 2
    """Automatic retries of a failed task."""
    min_runtime: DurationOrZero = Duration.parse("1h")
    """Time that cannot be preempted. It buys allocated time: a priority by another name."""
    timeout: PositiveDuration = Duration.parse("24h")
    """Task timeout: the limit, and the default of runs that name none."""
    active_runs: PositiveCount = 4
    """Unfinished runs of one pull request."""
    gpu_hours: GpuHours = GpuHours()
    """The most that may be spent, in GPU-hours."""


def _not_everybody(value: str) -> str:
    if value == "none":
        raise ValueError("`none` would let everybody in; the lowest is `read`")
    return value


class Role(Section):
    """Who may do something. Any one line that holds is enough."""

    permission: Annotated[str, Field(min_length=1), AfterValidator(_not_everybody)] | None = None
    """At least this right in the repository (`read`, `triage`, `write`, `maintain`, `admin`), or
    exactly the custom repository role of this name."""
    teams: tuple[Team, ...] = ()
    """Active members of these teams."""
    users: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """These accounts, by numeric id: logins can change hands."""

    @model_validator(mode="after")
    def _names_somebody(self) -> Role:
        if self.permission is None and not self.teams and not self.users:
            raise ValueError("it names nobody: add `permission`, `teams` or `users`")
        return self


class ApproverRole(Role):
    """Who may let a waiting plan through."""

    self_approval: bool = Field(default=False, alias="self")
    """Whether they may approve what they asked for, or committed, themselves."""


class Roles(Section):
    """Who may do what."""

    run: Role = Role(permission="write")
    """Every command but `help`."""
    approve: ApproverRole = ApproverRole(permission="maintain")
    """`/beaker approve`."""


class Retry(Section):
    """What beaker-ci itself submits again."""

    infrastructure: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a run that the infrastructure broke is submitted again."""


class Configuration(Section):
    """The rules of one repository, from `.github/beaker-ci.yml` on its default branch."""

    version: Literal[1] = 1
    """Version of this format. A file must say it."""
    workspace: FullName | None = None
    """Beaker workspace of every run that names no other."""
    budget: FullName | None = None
    """Beaker budget that every run is charged to that names no other."""
    github_token_secret: SecretName | None = None
    """Beaker secret with a read-only clone token: needed for private repositories."""
    allow: Allow = Allow()
    """What a command may choose besides the defaults and the presets."""
    limits: Limits = Limits()
    """The most that one run may ask for."""
    priority: Priorities = Priorities()
    """Which Beaker priorities may be asked for."""
    roles: Roles = Roles()
    """Who may do what."""
    forks: Literal["refuse", "pinned"] = "refuse"
    """Pull requests from forks: refused, or only at a commit that the command pins."""
    on_new_push: Literal["keep", "stop"] = "keep"
    """What happens to a pull request's runs when its head moves."""
    on_cancel: Literal["keep", "stop"] = "stop"
    """What happens to a run when the workflow that waits for it is cancelled."""
    retry: Retry = Retry()
    """What beaker-ci itself submits again."""
    publish_logs: Literal["none", "digest", "tail"] = "digest"
    """What of a job's log may reach GitHub."""
    presets: Mapping[PresetName, Preset] = Field(default_factory=dict)
    """Named runs: `/beaker run NAME`."""
