"""docs/gallery.md shows what the bot would write today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from inline_snapshot import snapshot

ROOT = Path(__file__).parents[2]

spec = importlib.util.spec_from_file_location("gallery", ROOT / "scripts/gallery.py")
assert spec is not None
assert spec.loader is not None
gallery = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gallery)


def test_the_gallery_is_current() -> None:
    page = (ROOT / "docs/gallery.md").read_text("utf-8")
    assert page == gallery.build(), "reports read differently by now: run `make gallery`"


def test_every_state_is_in_it() -> None:
    shown = {
        (each[2].status, each[2].conclusion) for each in (*gallery.states(), *gallery.failures())
    }
    assert shown == snapshot(
        {
            ("finished", "cancelled"),
            ("finished", "failure"),
            ("finished", "success"),
            ("finished", "timed_out"),
            ("queued", None),
            ("running", None),
        }
    )
