"""Request and decision → the exact job: recipe values, name, key, hash, price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from beaker_ci.recipe import Recipe


@dataclass(frozen=True)
class Price:
    """The most that a run can cost, in GPU-hours: gpus × replicas × timeout × (retries + 1)."""

    gpus: int
    replicas: int
    timeout_seconds: int
    attempts: int

    @property
    def gpu_hours(self) -> float:
        """GPU-hours if every attempt of every replica runs into its timeout."""
        return self.gpus * self.replicas * self.timeout_seconds * self.attempts / 3600


@dataclass(frozen=True)
class Plan:
    """One job, decided to the last value. Equal requests have equal plans.

    Attributes:
        key: 16 hex digits, the identity of the asking: see :func:`run_key`.
        run_id: The short id that people type, the key's first 8 digits.
        name: The experiment's name, ``ci-<repo>-<pr7>-<preset or run>-<key>``.
        check_name: ``beaker / <preset>`` only if the preset runs unmodified.
        recipe: gantry Recipe fields; absent ones keep gantry's default.
        environment: The ``BEAKER_CI_*`` variables of the job.
        config_commit: The commit that the configuration was read at; None when there is no file.
        hash: 64 bits over repository, pull request, SHA, configuration commit, asker and recipe,
            in hex.
        command_line: What will run, for people.
    """

    key: str
    run_id: str
    name: str
    check_name: str
    repository: str
    pull_request: int | None
    sha: str
    asker: str
    preset: str | None
    modified: bool
    recipe: Recipe
    environment: Mapping[str, str]
    workspace: str
    budget: str
    price: Price
    config_commit: str | None
    hash: str
    command_line: str
