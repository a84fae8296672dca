"""Every example of the README works: commands parse, files are valid."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from beaker_ci.commands import Command, parse_comment
from beaker_ci.config import parse_configuration

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
YAML = [
    re.sub(r"(?m)^ {3}", "", block)
    for block in re.findall(r"(?ms)^ {3}```yaml\n(.*?)^ {3}```", README)
]


def test_the_configuration() -> None:
    assert parse_configuration(YAML[0], "README.md").presets["gpu-tests"].description


def test_the_workflow(tmp_path: Path) -> None:
    file = tmp_path / "beaker.yml"
    file.write_text(YAML[1])
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.github-workflows", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", re.findall(r"(?m)^ {4}(/beaker .*)$", README))
def test_a_command(line: str) -> None:
    (command,) = parse_comment(line)
    assert isinstance(command, Command)


@pytest.mark.parametrize("target", re.findall(r"(?m)^\$ make (\w+)$", README))
def test_a_make_target(target: str) -> None:
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text())
