"""A repository that is set up, both local services, and the doctor as a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warm import type_command

from beaker_ci.sandbox.beaker import LocalBeaker
from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import LocalGitHub
from beaker_ci.setup import CONFIG_PATH, WORKFLOW_PATH, configuration_file, workflow_file

CONFIG = configuration_file("ai2/widgets", "ai2/widgets-budget")
WORKFLOW = workflow_file("8f3c" * 10, "v0.1.0")


@dataclass
class Clinic:
    """What the doctor looks at.

    Attributes:
        token: A GitHub token of an administrator; change it to look with another.
        extra: Variables that replace those of the doctor's process; empty ones are left out.
    """

    directory: Path
    hub: LocalGitHub
    beaker: LocalBeaker
    token: str
    extra: dict[str, str] = field(default_factory=dict)

    def push(self, files: Mapping[str, str | None]) -> None:
        """Changes files on the default branch."""
        self.hub.push("main", files, by="maintainer")

    def see(self, *options: str) -> tuple[int, str]:
        """Calls the doctor; the exit code and what it prints, without ids and addresses."""
        environment = {
            **self.beaker.environment(),
            "GITHUB_TOKEN": self.token,
            "GITHUB_API_URL": self.hub.api_url,
            **self.extra,
        }
        told = type_command(
            ["doctor", "--repo", self.hub.full_name, *options],
            self.directory,
            {name: value for name, value in environment.items() if value},
        )
        return told.code, self._tidy(told.text + told.error)

    def amiss(self) -> tuple[int, str]:
        """The same, without what is well."""
        code, text = self.see()
        found = re.findall(r"(?m)^  [✗?] .*\n(?:    .*\n)*", text)
        return code, "".join(found)

    def _tidy(self, text: str) -> str:
        text = text.replace(self.hub.server_url, "https://github.test")
        text = text.replace(self.hub.repository.head("main")[:7], "<main>")
        text = re.sub(r"environments/\d+/edit", "environments/<id>/edit", text)
        return re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "01ULID", text)


@contextmanager
def open_clinic(directory: Path, **hub: Any) -> Iterator[Clinic]:
    """Builds a repository in which everything is well."""
    files = {CONFIG_PATH: CONFIG, WORKFLOW_PATH: WORKFLOW, "train.py": "print('hello')\n"}
    with ExitStack() as stack:
        repository = stack.enter_context(SandboxRepository.create(directory / "widget", files))
        local = stack.enter_context(LocalGitHub(repository, **hub))
        beaker = stack.enter_context(
            LocalBeaker(directory / "beaker", {local.full_name: repository.path})
        )
        local.set_environment("beaker", branches=["main"], secrets=["BEAKER_TOKEN"])
        yield Clinic(directory, local, beaker, local.add_token("user", user="admin"))
        assert [*local.leftovers(), *beaker.leftovers()] == []
