from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from room import Room, open_room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as opened:
        yield opened
