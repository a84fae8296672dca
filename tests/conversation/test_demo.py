"""The demo as a newcomer sees it, and what it leaves behind: nothing."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner
from inline_snapshot import snapshot

from beaker_ci.cli import main
from beaker_ci.sandbox.demo.rules import find_rules
from beaker_ci.sandbox.git import SandboxRepository

REPOSITORY = Path(__file__).parents[2]

OWN_RULES = """\
version: 1
workspace: lab/vision
budget: lab/grants
github_token_secret: CLONE_TOKEN
allow: {commands: presets}
presets:
  check:
    command: [python, check.py]
    gpus: 2
    gpu_types: [b200]
    clusters: [ai2/titan]
    beaker_image: lab/torch
    env_secrets: [WANDB_API_KEY=WANDB_KEY]
"""

CHECK = """\
import os, sys
print(os.environ["WANDB_API_KEY"], os.environ["BEAKER_ASSIGNED_GPU_COUNT"], flush=True)
sys.exit(3)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A newcomer's own repository with one commit, rules of its own, and uncommitted work."""
    path = tmp_path / "project"
    (path / ".github").mkdir(parents=True)
    (path / ".github/beaker-ci.yml").write_text(OWN_RULES)
    (path / "check.py").write_text(CHECK)
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-C", str(path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "Check"], check=True)
    (path / "check.py").write_text("print('not committed')")
    return path


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    path = tmp_path / "tmp"
    path.mkdir()
    return path


def left_behind(temporary: Path) -> list[str]:
    """Files, and the processes that know of the directory."""
    found = [path.name for path in temporary.iterdir()]
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if os.fsencode(temporary) in file.read_bytes():
                found.append((file.parent / "cmdline").read_bytes().decode(errors="replace"))
    return found


class Play(Protocol):
    """Plays the demo without a terminal; answers its exit code and what it said."""

    def __call__(self, *arguments: str) -> tuple[int, str]: ...


@pytest.fixture
def demo(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("COLUMNS", "100")

    def play(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["demo", *arguments])
        assert left_behind(temporary) == []
        return done.exit_code, done.output

    return play


def said(story: str, who: str) -> str:
    """What one of them said, without what differs from one play to the next."""
    lines = re.findall(rf"(?m)^{who} *│ ?(.*)$", story)
    text = re.sub(r"\b[0-9a-f]{7}\b", "<head>", "\n".join(lines))
    return re.sub(r"\b\d+ s\b", "N s", text)


def test_this_repository_is_the_default(demo: Play) -> None:
    code, story = demo("--repo", str(REPOSITORY))

    assert code == 0, story
    assert "Rules          the demo's own: runs of up to 8 GPUs and 1 hour" in story
    assert said(story, "ada") == snapshot("""\
Does it still learn?

/beaker run --gpus 1 -- python examples/train.py\
""")
    # A slow machine may miss a state between two looks, but none is ever out of order.
    states = "".join(re.findall(r"👀|⏳|🏃|✅", said(story, "bot")))
    assert re.fullmatch("👀⏳?🏃?✅", states)
    assert re.search(r"(?m)^.*: success  Passed · N s", said(story, "check"))
    assert re.search(r"(?m)^ +loss +0\.000995$", said(story, "bot"))
    assert said(story, "log") == snapshot("""\
step  1/24  loss 2.4667
step  4/24  loss 0.6130
step  8/24  loss 0.1600
step 12/24  loss 0.0448
step 16/24  loss 0.0126
step 20/24  loss 0.0035
step 24/24  loss 0.0010
done: slope 1.9555, offset 1.0000\
""")


def test_her_own_repository_plays_by_its_own_rules(demo: Play, project: Path) -> None:
    code, story = demo("--repo", str(project))

    assert code == 1, story
    assert "yours: .github/beaker-ci.yml at HEAD" in story
    assert said(story, "ada") == "/beaker run check"
    assert said(story, "log") == "not-a-real-secret 2"
    assert "Failed on Beaker with exit code 3" in said(story, "bot")
    assert "workspace lab/vision" in said(story, "bot")
    assert "failed, exit code 3" in said(story, "beaker")


def test_a_comment_without_a_command(demo: Play, project: Path) -> None:
    code, story = demo("--repo", str(project), "--comment", "Nice work!")

    assert (code, said(story, "ada"), said(story, "bot")) == (0, "Nice work!", "")
    assert "The bot saw no command in that, and kept quiet." in story


def test_the_longer_story_comes_out_as_told(demo: Play) -> None:
    code, story = demo("--repo", str(REPOSITORY), "--script")

    assert code == 0, story
    assert re.findall(r"(?m)^(?:\d\.|  [✓✗]) .*$", story) == snapshot(
        [
            "1. Ada mistypes a command.",
            "  ✓ answered: usage.unknown-command",
            "  ✓ the answer has the line that she meant",
            "  ✓ nothing was submitted",
            "2. She tries a bold learning rate, and the job fails.",
            "  ✓ the check failed",
            "  ✓ the answer shows the job's last words",
            "  ✓ the workflow that waited fails as well",
            "3. GitHub delivers one event twice, at the same time.",
            "  ✓ one experiment, one answer, one check",
            "  ✓ both workflows name the same experiment",
            "4. She tries to charge another team's budget.",
            "  ✓ answered: refused.budget",
            "  ✓ the answer has a line to paste that the rules allow",
            "  ✓ nothing was submitted",
            "5. She pastes that line.",
            "  ✓ the check passed",
            "  ✓ the answer has the metrics that the job left",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "code", "remedy"),
    [
        ([], 1, "name another git repository with --repo"),
        (["--script", "--comment", "x"], 2, "leave --comment out"),
    ],
)
def test_what_cannot_be_played(
    demo: Play, temporary: Path, arguments: list[str], code: int, remedy: str
) -> None:
    ended, story = demo("--repo", str(temporary), *arguments)

    assert ended == code
    assert remedy in story
    assert "Traceback" not in story


def test_the_story_needs_the_example(demo: Play, project: Path) -> None:
    code, story = demo("--repo", str(project), "--script")

    assert code == 1
    assert "Name a checkout of beaker-ci with --repo, or leave --script out." in story


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_ends_it_finds_nothing_left(temporary: Path, number: signal.Signals, code: int) -> None:
    """On a terminal, where it redraws: also the cursor is back."""
    ours, theirs = pty.openpty()
    arguments = ["demo", "--repo", str(REPOSITORY), "--comment", "/beaker run -- sleep 613"]
    process = subprocess.Popen(
        [sys.executable, "-m", "beaker_ci", *arguments],
        env=os.environ | {"TMPDIR": str(temporary), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while b"running" not in shown:
        shown += os.read(ours, 65536)

    # A terminal sends Ctrl-C to all that runs in it.
    send = os.killpg if number is signal.SIGINT else os.kill
    send(process.pid, number)
    with contextlib.suppress(OSError):  # the terminal's end
        while rest := os.read(ours, 65536):
            shown += rest
    os.close(ours)

    assert process.wait(20) == code
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l") >= 0
    assert left_behind(temporary) == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({".github/beaker-ci.yml": "version: 2"}, "has mistakes: `beaker-ci validate` names them"),
        ({"pyproject.toml": "[tool.gantry"}, "pyproject.toml at HEAD has mistakes"),
        (
            {"pyproject.toml": "[tool.gantry]\nworkspace = 'ai2/a'\nbudget = 'ai2/b'"},
            "yours: [tool.gantry] of pyproject.toml",
        ),
        ({"pyproject.toml": "[project]\nname = 'widget'"}, "no presets"),
    ],
)
def test_whose_rules_count_is_told(tmp_path: Path, files: dict[str, str], told: str) -> None:
    with SandboxRepository.create(tmp_path / "widget", files) as repository:
        assert told in find_rules(repository, "main").told
