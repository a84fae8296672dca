"""Fixtures for the tests of the local Beaker; each module asks for them as a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from beaker import Beaker
from beaker_lab import REPOSITORY, TRAIN, Repository, commit, git

from beaker_ci.sandbox.beaker import LocalBeaker


@pytest.fixture(scope="session")
def widgets(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    path = tmp_path_factory.mktemp("widgets")
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "README.md").write_text("# Widgets\n")
    old = commit(path, "Begin")
    (path / "train.py").write_text(TRAIN)
    return Repository(path, old, commit(path, "Train"))


@pytest.fixture
def local_beaker(tmp_path: Path, widgets: Repository) -> Iterator[LocalBeaker]:
    with LocalBeaker(tmp_path / "beaker", {REPOSITORY: widgets.path}) as beaker:
        yield beaker


@pytest.fixture
def client(local_beaker: LocalBeaker) -> Iterator[Beaker]:
    with local_beaker.client() as client:
        yield client
