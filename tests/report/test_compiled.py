"""Compiled templates are kept where that is possible, and nothing depends on it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from beaker_ci.report.compiled import Kept


def render(directory: Path, text: str) -> str:
    environment = Environment(  # noqa: S701 - plain text
        loader=DictLoader({"greeting": text}), bytecode_cache=Kept(str(directory))
    )
    return environment.get_template("greeting").render(name="Ada")


def test_a_template_that_changed_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert render(tmp_path, "Hello {{ name }}") == "Hello Ada"
    (kept,) = tmp_path.iterdir()
    before = kept.read_bytes()
    assert render(tmp_path, "Hello {{ name }}") == "Hello Ada"
    assert kept.read_bytes() == before
    assert render(tmp_path, "Goodbye {{ name }}") == "Goodbye Ada"
    assert kept.read_bytes() != before


def test_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render(tmp_path / "missing", "Hello {{ name }}") == "Hello Ada"
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert render(tmp_path, "Hello {{ name }}") == "Hello Ada"
    assert list(tmp_path.iterdir()) == []
