"""The image's way to a user: what is tried, what is released, and what the documents say of it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from inline_snapshot import snapshot

from beaker_ci.sandbox.runner import ALLOWED, Step
from beaker_ci.setup.workflow import ACTION

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
IMAGE = f"ghcr.io/allenai/beaker-ci@{DIGEST}"


def load(path: str) -> ModuleType:
    """A script, as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pin_action: Any = load("scripts/pin_action.py")


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """The action as the main branch has it."""
    text = (ROOT / "action.yml").read_text("utf-8")
    path = tmp_path / "action.yml"
    path.write_text(re.sub(r"(?m)^  image: .*$", "  image: Dockerfile", text))
    return path


@pytest.fixture
def workflow() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(
        (ROOT / ".github/workflows/release.yml").read_text("utf-8")
    )
    return content


class TestPinning:
    def test_nothing_but_the_image_changes(self, action: Path) -> None:
        before = action.read_text().splitlines()
        assert pin_action.main([IMAGE, str(action)]) == 0
        changed = [
            pair
            for pair in zip(before, action.read_text().splitlines(), strict=True)
            if len(set(pair)) > 1
        ]
        assert changed == [("  image: Dockerfile", f"  image: docker://{IMAGE}")]

    def test_the_released_action_is_one(self, action: Path) -> None:
        pin_action.main([IMAGE, str(action)])
        checker = Path(sys.executable).with_name("check-jsonschema")
        done = subprocess.run(
            [checker, "--builtin-schema", "vendor.github-actions", action],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize(
        "reference",
        [
            "ghcr.io/allenai/beaker-ci",
            "ghcr.io/allenai/beaker-ci:v1",
            f"ghcr.io/allenai/beaker-ci:v1@{DIGEST}",
            f"ghcr.io/Allenai/beaker-ci@{DIGEST}",
            f"ghcr.io/allenai/beaker-ci@{DIGEST[:-1]}",
            f"docker://{IMAGE}",
            f"beaker-ci@{DIGEST}",
            f"{IMAGE}\n  entrypoint: /bin/sh",
            "",
        ],
    )
    def test_only_a_digest_is_taken(
        self, action: Path, reference: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = action.read_text()
        assert pin_action.main([reference, str(action)]) == 1
        assert "names no image by digest" in capsys.readouterr().err
        assert action.read_text() == before

    def test_a_released_action_is_not_pinned_again(
        self, action: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pin_action.main([IMAGE, str(action)])
        assert pin_action.main([IMAGE, str(action)]) == 1
        assert capsys.readouterr().err == snapshot("""\
pin_action: The action has 0 lines `image: Dockerfile`; exactly one is expected.
Start from the action.yml of the main branch.
""")

    def test_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert pin_action.main([]) == 2
        assert "pin_action.py ghcr.io/" in capsys.readouterr().err


class TestTrying:
    @pytest.fixture(autouse=True)
    def scripts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(ROOT / "scripts"))

    def test_a_machine_without_any_engine_is_told_so(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/image.py"],
            env={"PATH": str(tmp_path), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == snapshot("""\
image: There is no container engine: no Docker daemon answers that has, or can pull,
the base image; none can be started here (that takes root, docker and dockerd);
and buildah is not installed. Install one of them, on Debian for example:
  apt-get install docker.io
""")
        assert list(tmp_path.iterdir()) == []

    def test_the_base_is_the_one_of_the_dockerfile(self) -> None:
        base = importlib.import_module("container.base").Base
        assert base.of((ROOT / "Dockerfile").read_text("utf-8")) == base(
            "python:3.12-slim-bookworm", "3.12", "bookworm"
        )

    def test_a_step_is_given_what_the_runner_gives(self, tmp_path: Path) -> None:
        module = importlib.import_module("container.step")
        (service := tmp_path / "ca.pem").touch()
        step = Step.prepare(
            tmp_path,
            event="issue_comment",
            payload={},
            repository="octo/widget",
            api_url="http://127.0.0.1:1",
            server_url="http://127.0.0.1:2",
            inputs={"github-token": "secret"},
            extra={"AUTHORITY": str(service)},
        )
        phases = module.Phases.read(ROOT / "action.yml")
        container = module.ContainerStep(None, phases, step).container
        own = step.directory
        assert container.workdir == "/github/workspace"
        assert container.mounts == {
            own / "workspace": "/github/workspace",
            own / "home": "/github/home",
            own / "workflow": "/github/workflow",
            own / "file_commands": "/github/file_commands",
            own / "runner_temp": "/github/runner_temp",
            service: str(service),
        }
        assert {
            name: value for name, value in container.environment.items() if "/github/" in value
        } == {
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            "GITHUB_STATE": "/github/file_commands/state",
            "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
            "GITHUB_WORKSPACE": "/github/workspace",
            "HOME": "/github/home",
            "RUNNER_TEMP": "/github/runner_temp",
        }
        assert container.environment["INPUT_GITHUB-TOKEN"] == "secret"
        assert container.environment.keys().isdisjoint(ALLOWED)


class TestTheReleaseWorkflow:
    def test_every_action_is_pinned_by_commit_and_says_its_version(self) -> None:
        text = (ROOT / ".github/workflows/release.yml").read_text("utf-8")
        used = re.findall(r"(?m)uses: (.*)$", text)
        assert used
        assert [
            line for line in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", line)
        ] == []

    def test_no_job_may_do_more_than_its_part(self, workflow: dict[str, Any]) -> None:
        assert workflow["permissions"] == {}
        assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
            "test": {"contents": "read"},
            "build": {"contents": "read", "packages": "write"},
            "sign": {"attestations": "write", "id-token": "write", "packages": "write"},
            "publish": {"contents": "write"},
        }

    def test_no_expression_reaches_a_shell(self, workflow: dict[str, Any]) -> None:
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []

    def test_it_finds_the_version(self, workflow: dict[str, Any]) -> None:
        (script,) = (
            step["run"] for step in workflow["jobs"]["test"]["steps"] if step.get("id") == "version"
        )
        found = subprocess.run(
            ["bash", "-c", f"{script.splitlines()[0]}; echo $version"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        init = (ROOT / "beaker_ci/__init__.py").read_text("utf-8")
        assert f'__version__ = "{found.stdout.strip()}"' in init


def test_a_signature_is_verified_against_the_workflow_that_made_it() -> None:
    document = (ROOT / "docs/container.md").read_text("utf-8")
    assert f"github.com/{ACTION}/.github/workflows/release.yml@refs/heads/main" in document
    assert f"gh attestation verify oci://IMAGE --repo {ACTION}" in document


def test_the_phases_of_the_action_are_programs_of_the_package() -> None:
    runs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    programs = {f"/opt/venv/bin/{name}" for name in scripts}
    assert {runs["entrypoint"], runs["post-entrypoint"]} <= programs
    # Also where the step failed but may: a job on Beaker that nobody awaits must not go on.
    assert runs["post-if"] == "always()"


def test_the_image_has_what_the_build_reads() -> None:
    """The build's context is what .dockerignore lets in; each of it exists."""
    let_in = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"))
    assert [name for name in let_in if not (ROOT / name).exists()] == []
