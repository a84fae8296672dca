"""The demo as a newcomer sees it, and what it leaves behind: nothing."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from stage import TRAIN

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A newcomer's own repository with one commit and uncommitted work."""
    path = tmp_path / "project"
    path.mkdir()
    (path / "train.py").write_text(TRAIN)
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-C", str(path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "Train"], check=True)
    (path / "train.py").write_text("raise SystemExit('not committed')")
    return path


def command_lines() -> list[str]:
    """Of every process on this machine."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return lines


def demo(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "beaker_ci", "demo", *arguments],
        cwd=directory,
        env=os.environ | {"TMPDIR": str(temporary), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert list(temporary.iterdir()) == []
    assert [line for line in command_lines() if str(temporary) in line] == []
    return done


def tidy(text: str) -> str:
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    return re.sub(r"(Commit )[0-9a-f]{7}", r"\1<head>", text)


def test_the_story(tmp_path: Path, project: Path) -> None:
    done = demo(tmp_path, "--repo", str(project), "--comment", "/beaker run -- python train.py")

    assert (done.returncode, done.stderr) == (0, "")
    assert tidy(done.stdout) == snapshot("""\
Local GitHub   http://127.0.0.1:PORT/octo/widget
Local Beaker   http://127.0.0.1:PORT
Configuration  the demo's own: no presets, CPU and GPU runs of up to 1h

╭─ ada commented on #1 ────────────────────────────────────────────────────────╮
│ /beaker run -- python train.py                                               │
╰──────────────────────────────────────────────────────────────────────────────╯
╭─ github-actions answered ────────────────────────────────────────────────────╮
│ ⏳ Queued on Beaker · experiment · run fa26a760                              │
│                                                                              │
│                                                                              │
│  python train.py                                                             │
│                                                                              │
│                                                                              │
│  • Commit <head> · asked for by ada                                         │
│  • Where CPU only · any cluster · workspace ai2/widgets                      │
│  • Limits timeout 1h for each attempt · retries 0 · priority normal          │
│  • Costs no GPU-hours · budget ai2/widgets-budget                            │
╰──────────────────────────────────────────────────────────────────────────────╯
● beaker / run fa26a760  Queued · CPU only

╭─ Beaker ran ci-widget-pr1-run-fa26a7603d238293 ──────────────────────────────╮
│ step 1/1 loss 0.5                                                            │
╰──────────────────────────────────────────────────────────────────────────────╯
● succeeded, exit code 0   loss 0.5

""")


def test_this_repository_is_the_default(tmp_path: Path) -> None:
    done = demo(tmp_path, "--repo", str(REPOSITORY))

    assert done.returncode == 0, done.stderr
    assert "python examples/train.py" in done.stdout
    assert "step 20/20" in done.stdout


def test_a_refusal_is_a_story_too(tmp_path: Path, project: Path) -> None:
    done = demo(tmp_path, "--repo", str(project), "--comment", "/beaker run --gpus 99 -- true")

    assert done.returncode == 0
    assert "refused.limit" in done.stdout


def test_a_failing_job_fails_the_demo(tmp_path: Path, project: Path) -> None:
    done = demo(tmp_path, "--repo", str(project), "--comment", "/beaker run -- false")

    assert done.returncode == 1
    assert "failed, exit code 1" in done.stdout


def test_what_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = demo(tmp_path, "--repo", str(tmp_path / "empty"))

    assert done.returncode == 1
    assert "--repo" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_example_it_lists_the_files(tmp_path: Path, project: Path) -> None:
    done = demo(tmp_path, "--repo", str(project))

    assert done.returncode == 0, done.stderr
    assert "│ train.py" in done.stdout


def test_each_of_two_runs_is_shown(tmp_path: Path, project: Path) -> None:
    two = "/beaker run -- echo one\n/beaker run -- echo two"

    done = demo(tmp_path, "--repo", str(project), "--comment", two)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("● succeeded") == 2
    assert "│ one " in done.stdout
    assert "│ two " in done.stdout


def test_who_ends_it_finds_nothing_left(tmp_path: Path, project: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    arguments = ["demo", "--repo", str(project), "--comment", "/beaker run -- sleep 613"]
    process = subprocess.Popen(
        [sys.executable, "-m", "beaker_ci", *arguments],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
    )
    while not any(line.startswith("sleep 613") for line in command_lines()):
        assert process.poll() is None

    process.terminate()

    assert process.wait(20) == 143
    assert list(temporary.iterdir()) == []
    assert [line for line in command_lines() if line.startswith("sleep 613")] == []
