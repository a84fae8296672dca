"""A workflow step in the image, with the mounts and the environment that the runner gives it."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from beaker_ci.sandbox.runner import ALLOWED, Step, StepResult, read_outputs
from container.engine import Container, Engine

FOLDERS = ("workspace", "home", "workflow", "file_commands", "runner_temp")
"""What the runner mounts under /github, apart from Docker's socket, which we do not hand over."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Phases:
    """How ``action.yml`` says that the image is to be started."""

    entrypoint: str
    post_entrypoint: str
    arguments: tuple[str, ...]

    @classmethod
    def read(cls, action: Path) -> Phases:
        """Reads them off the file."""
        runs = yaml.safe_load(action.read_text("utf-8"))["runs"]
        return cls(runs["entrypoint"], runs["post-entrypoint"], tuple(runs["args"]))


class ContainerStep:
    """One step, and its post step, in containers of their own."""

    def __init__(self, engine: Engine, phases: Phases, step: Step) -> None:
        """Lays the step's files out as the runner does."""
        self._engine = engine
        self._phases = phases
        self._step = step
        self._folder = step.directory
        for name in FOLDERS:
            (self._folder / name).mkdir()
        self._move("event.json", "workflow")
        for name in ("output", "summary", "state"):
            self._move(name, "file_commands")
        self.container = self._container(phases.entrypoint, {})

    def start(self) -> subprocess.Popen[bytes]:
        """Starts ``docker run``; the step's streams go to its log."""
        return self._engine.start(self.container, self._folder / "log")

    def result(self, process: subprocess.Popen[bytes], timeout: float = 120) -> StepResult:
        """Waits for the end and reads what the step left behind.

        Raises:
            subprocess.TimeoutExpired: When it did not end within ``timeout`` seconds.
        """
        return self._step.result(process.wait(timeout))

    @property
    def log(self) -> str:
        """What the step has said so far."""
        return (self._folder / "log").read_text(errors="replace")

    def run_post(self) -> StepResult:
        """Runs the post step with the state that the step left, as the runner does afterwards."""
        state = read_outputs((self._folder / "state").read_text())
        left = {f"STATE_{name}": value for name, value in state.items()}
        container = self._container(self._phases.post_entrypoint, left)
        return self.result(self._engine.start(container, self._folder / "log"))

    def _move(self, name: str, folder: str) -> None:
        (self._folder / name).rename(self._folder / folder / name)
        (self._folder / name).symlink_to(Path(folder, name))

    def _container(self, entrypoint: str, left: Mapping[str, str]) -> Container:
        given = {**self._step.environment, **left}
        for name in ALLOWED:  # the host's own, of which the runner passes nothing
            given.pop(name, None)
        inside = {name: self._inside(value) for name, value in given.items()}
        inside |= {
            "GITHUB_WORKSPACE": "/github/workspace",
            "HOME": "/github/home",
            "RUNNER_TEMP": "/github/runner_temp",
            "RUNNER_OS": "Linux",
        }
        return Container(
            name=f"beaker-ci-trial-{self._folder.name}-{next(_numbers)}",
            entrypoint=entrypoint,
            arguments=self._phases.arguments,
            mounts={
                **{self._folder / name: f"/github/{name}" for name in FOLDERS},
                **{Path(value): value for value in given.values() if self._is_service_file(value)},
            },
            environment=inside,
            workdir="/github/workspace",
        )

    def _inside(self, value: str) -> str:
        """A value with the path that a file of the step has in the container."""
        path = Path(value)
        if not path.is_relative_to(self._folder):
            return value
        return f"/github/{path.resolve().relative_to(self._folder.resolve())}"

    def _is_service_file(self, value: str) -> bool:
        """Whether a value names a file of the local Beaker, which is no part of a runner."""
        path = Path(value)
        return path.is_absolute() and path.is_file() and not path.is_relative_to(self._folder)


def prepare(
    engine: Engine, phases: Phases, directory: Path, payload: Mapping[str, Any], **where: Any
) -> ContainerStep:
    """Prepares a step for a comment event; the rest is as for ``Step.prepare``."""
    step = Step.prepare(directory, event="issue_comment", payload=payload, **where)
    return ContainerStep(engine, phases, step)
