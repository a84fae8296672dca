from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from room import Room
    from stage import Stage


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: now and then a test waits for what it started."""
    usable = getattr(os, "sched_getaffinity", None)
    return 2 * (len(usable(0)) if usable else os.cpu_count() or 1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The stage; at the end, whatever the test did not expect fails it."""
    from stage import open_stage

    with open_stage(tmp_path) as opened:
        yield opened
        assert opened.leftovers() == []


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Beaker alone, as a session of the bot sees it."""
    from room import open_room

    with open_room(tmp_path) as opened:
        yield opened
