"""A failed installation, as gantry's own entrypoint logs it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import gantry
import pytest
from inline_snapshot import snapshot
from room import QUICK, Room

from beaker_ci.beaker.installs import find_failure
from beaker_ci.beaker.watch import read_tasks
from beaker_ci.history import Verdict
from beaker_ci.run import Run
from beaker_ci.sandbox.beaker import Fault

ENTRYPOINT = Path(gantry.__file__).with_name("entrypoint.sh")

TOOLS = {
    "git": "exit 0",
    "curl": "exit 0",
    "uv": """
case "$1 $2" in
  venv*) mkdir -p .venv/bin; : > .venv/bin/activate ;;
  "pip install") echo "  × No solution found: foo does not exist."; exit ${BROKEN:-0} ;;
esac""",
    "conda": '[ "$*" = "env create -n gantry -f env.yml" ] && exit ${BROKEN:-0}; [ "$1" != tos ]',
    "pip": "exit 0",
}


class Image:
    """What a job sees, with tools that do as little as they can."""

    def __init__(self, directory: Path) -> None:
        self.tools, self.code = directory / "bin", directory / "code"
        self.tools.mkdir()
        self.code.mkdir()
        for name, body in TOOLS.items():
            tool = self.tools / name
            tool.write_text(f'#!/bin/bash\n[ "$1" = --version ] && echo {name} 1.0\n{body}\n')
            tool.chmod(0o755)

    def run(self, *files: str, **environment: str) -> list[str]:
        """Runs gantry's entrypoint over these files; its log, if the command was run at the end."""
        for name in files:
            (self.code / name).touch()
        told = {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "HOME": str(self.code),
            "RESULTS_DIR": str(self.code / "results"),
            "GANTRY_RUNTIME_DIR": str(self.code),
            "GANTRY_EXEC_METHOD": "exec",
            "GITHUB_REPO": "acme/widgets",
            "GIT_REF": "0" * 40,
            "BEAKER_RESULT_DATASET_ID": "results",
            "BEAKER_NODE_HOSTNAME": "node",
            "BEAKER_NODE_ID": "node",
            "BEAKER_ASSIGNED_GPU_COUNT": "0",
            **environment,
        }
        done = subprocess.run(
            ["bash", ENTRYPOINT, "echo", "it ran"],
            env=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        assert done.stdout.endswith("it ran\n")
        return done.stdout.splitlines()


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return Image(tmp_path)


def test_a_project_that_uv_cannot_install(image: Image) -> None:
    log = image.run("pyproject.toml", BROKEN="1")

    assert find_failure(log) == snapshot("Command 'uv pip install -r pyproject.toml .' failed.")
    # However the lines are brought to us.
    plain = [line.replace("\x1b[36m", "").replace("\x1b[1m", "") for line in log]
    assert find_failure(plain) == find_failure(log)
    stamped = [f"2026-03-01T10:00:00.123456Z {line}\r" for line in log]
    assert find_failure(stamped) == find_failure(log)
    # The error goes another way than the rest; it may be missing.
    assert find_failure([line for line in log if "ERROR" not in line]) == snapshot(
        "“Installing local project...” did not get to its end."
    )


def test_requirements_that_uv_cannot_install(image: Image) -> None:
    assert find_failure(image.run("requirements.txt", BROKEN="2")) == snapshot(
        "Command 'uv pip install -r requirements.txt' failed."
    )


def test_a_command_of_the_users_that_fails_without_a_word(image: Image) -> None:
    log = image.run(GANTRY_INSTALL_CMD="echo Done.; false")

    assert not [line for line in log if "ERROR" in line]
    assert find_failure(log) == snapshot(
        "“Running user-defined install command: 'echo Done.; false'” did not get to its end."
    )


def test_a_script_of_the_users_that_ends_too_early(image: Image) -> None:
    (image.code / "install.sh").write_text("echo installing\nexit 3\n")
    assert find_failure(image.run(GANTRY_INSTALL_CMD="install.sh")) == snapshot(
        "“Sourcing user-defined install script 'install.sh'...” did not get to its end."
    )


def test_a_conda_environment_that_is_left_half_made(image: Image) -> None:
    log = image.run(
        "env.yml", BROKEN="1", GANTRY_PYTHON_MANAGER="conda", GANTRY_CONDA_FILE="env.yml"
    )
    assert find_failure(log) == snapshot("Command 'conda env create -n gantry -f env.yml' failed.")


@pytest.mark.parametrize(
    ("files", "environment"),
    [
        (["pyproject.toml"], {}),
        (["requirements.txt"], {}),
        ([], {}),
        ([], {"GANTRY_INSTALL_CMD": "printf 'no end of the line'"}),
        ([], {"GANTRY_INSTALL_CMD": "uv pip install foo"}),
        (["env.yml"], {"GANTRY_PYTHON_MANAGER": "conda", "GANTRY_CONDA_FILE": "env.yml"}),
        (["pyproject.toml"], {"GANTRY_NO_PYTHON": "1", "BROKEN": "1"}),
        (["pyproject.toml"], {"GANTRY_POST_SETUP_CMD": "echo '❯ [GANTRY ERROR] Mine'"}),
        (["pyproject.toml"], {"GANTRY_PRE_SETUP_CMD": "echo Installing local project..."}),
    ],
)
def test_an_installation_that_went_well(
    image: Image, files: list[str], environment: dict[str, str]
) -> None:
    assert find_failure(image.run(*files, **environment)) is None


def test_what_the_command_says_is_not_heeded(image: Image) -> None:
    broken = image.run("pyproject.toml", BROKEN="1")
    fine = image.run("pyproject.toml")
    assert find_failure([*fine, *broken]) is None
    # A log whose beginning is all there is tells nothing.
    begun = next(place for place, line in enumerate(fine) if "Installing local" in line)
    assert find_failure(fine[: begun + 1]) is None


HEAD = "### [GANTRY] Building Python env... ###\n❯ [GANTRY INFO] Installing local project...\n"
ERROR = "\x1b[31m\x1b[1m❯ [GANTRY ERROR]\x1b[0m Command 'uv pip install .' failed. Showing logs:\n"
REST = "### [GANTRY] Python environment info ###\n### [GANTRY] Setup complete ###\n"
FINE = f"{HEAD}❯ [GANTRY INFO] Done.\n{REST}"
NEWS = "tests passed\n" * 10_000


def finish(room: Room, run: Run, *logs: str) -> None:
    """Ends a run well, whose tasks wrote that."""
    room.beaker.start(run.workload_id)
    tasks = read_tasks(room.client, room.client.workload.get(run.workload_id))
    for task, log in zip(tasks, logs, strict=True):
        assert task.latest
        room.beaker.write_log(task.latest.id, log)
    room.beaker.finish(run.workload_id)


def streams(room: Room) -> int:
    return room.beaker.requests.count("StreamJobLogs")


def test_a_success_without_what_it_was_to_install_is_none(room: Room) -> None:
    run = room.submit(no_python=False)
    finish(room, run, f"{HEAD}{ERROR}{REST}{NEWS}")

    _, state = room.session.look(run.workload_id, run.created + 60)

    assert (state.conclusion, state.verdict) == ("failure", Verdict.FAILED)
    assert state.why == snapshot(
        "The installation failed, and gantry ran the command all the same: Command 'uv pip install .' failed."
    )
    assert streams(room) == 1


def test_a_stream_that_breaks_makes_no_success_of_it(room: Room) -> None:
    run = room.submit(no_python=False)
    finish(room, run, f"{HEAD}{ERROR}{REST}{NEWS}")
    room.beaker.faults.add(Fault("StreamJobLogs", code="UNAVAILABLE"))

    _, state = room.session.look(run.workload_id, run.created + 60)

    assert state.verdict is Verdict.FAILED
    assert streams(room) == 2


def test_one_replica_without_it_is_enough(room: Room) -> None:
    run = room.submit(no_python=False, replicas=2)
    finish(room, run, FINE + NEWS, f"{HEAD}{REST}{NEWS}")

    _, state = room.session.look(run.workload_id, run.created + 60)

    assert (state.verdict, state.job) == (Verdict.FAILED, state.tasks[1].jobs[0].id)
    assert streams(room) == 2


def test_a_success_stays_one(room: Room) -> None:
    room.client.calls.patience = QUICK
    fine, unread, bare = (
        room.submit(1, no_python=False),
        room.submit(2, no_python=False),
        room.submit(3),
    )
    finish(room, fine, FINE + NEWS)
    finish(room, unread, f"{HEAD}{REST}")
    finish(room, bare, f"{HEAD}{REST}")

    def verdict(run: Run) -> Verdict | None:
        return room.session.look(run.workload_id, run.created + 60)[1].verdict

    assert verdict(fine) is Verdict.SUCCEEDED
    # Without Python, gantry looks at what it installs.
    assert verdict(bare) is Verdict.SUCCEEDED
    assert streams(room) == 1
    room.beaker.faults.add(Fault("StreamJobLogs", code="INTERNAL", times=None))
    assert verdict(unread) is Verdict.SUCCEEDED
