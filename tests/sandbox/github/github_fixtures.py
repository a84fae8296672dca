"""Fixtures for the tests of the local GitHub; each module asks for them as a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_lab import FILES, NOON, Lab

from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import Clock, LocalGitHub


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with (
        SandboxRepository.create(tmp_path / "widget.git", FILES) as repository,
        LocalGitHub(repository, clock=Clock(NOON)) as local,
    ):
        files = {"src/widget.py": "print('better')\n", "new.txt": "new\n"}
        yield Lab(local, repository, local.open_pull_request("feature", files=files))


@pytest.fixture
def private_lab(tmp_path: Path) -> Iterator[Lab]:
    with (
        SandboxRepository.create(tmp_path / "secret.git", FILES) as repository,
        LocalGitHub(repository, private=True, clock=Clock(NOON)) as local,
    ):
        yield Lab(local, repository, local.open_pull_request("feature", files={"new.txt": "new\n"}))
