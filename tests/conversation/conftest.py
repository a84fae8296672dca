from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import Stage, open_stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The stage; at the end, whatever the test did not expect fails it."""
    with open_stage(tmp_path) as opened:
        yield opened
        assert opened.leftovers() == []
