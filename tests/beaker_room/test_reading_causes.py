"""Why runs failed, read from the logs and results of their jobs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from room import Room

from beaker_ci.bot import digesting
from beaker_ci.bot.digesting import read_cause
from beaker_ci.bot.services import Services
from beaker_ci.digest import Digester
from beaker_ci.history import State
from beaker_ci.report import Cause, Redactor
from beaker_ci.run import Run

SECRET = "the-bots-own-token-7f3a"
REAL = "ValueError: width is 0"
WRAPPER = "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:"
JUNIT = """<testsuite name="t"><testcase classname="tests.test_a" name="test_b" file="tests/test_a.py"
 line="4"><failure message="assert 3 == 4">E assert 3 == 4</failure></testcase></testsuite>"""


@pytest.fixture
def services() -> Services:
    """Both services, of which neither is asked."""
    return Services.connect(
        repository="octo/widget",
        github_token="x",
        api_url="http://127.0.0.1:9",
        server_url="https://github.test",
        config_path=".github/beaker-ci.yml",
        beaker_token=None,
        environment={},
        redactor=Redactor([SECRET]),
    )


def failed(room: Room, logs: list[str], **files: str) -> tuple[Run, State]:
    """A run whose jobs fail one after the other, each with a log."""
    more: dict[str, Any] = {"replicas": len(logs)} if len(logs) > 1 else {}
    run = room.submit(1, gpus=0, retries=0, **more)
    for job, log in zip(room.held(run).jobs, logs, strict=True):
        room.beaker.start(job.id)
        room.beaker.write_log(job.id, log)
        for name, text in files.items():
            room.beaker.plant_result(job.id, name.replace("__", "."), text.encode())
        room.beaker.finish(job.id, exit_code=1)
    room.beaker.backdate_attempts(run.workload_id, 3600)
    return room.session.look(run.workload_id, 2e9)


def cause(room: Room, services: Services, logs: list[str], **files: str) -> Cause:
    run, state = failed(room, logs, **files)
    found = read_cause(services, room.session, run, state, "digest")
    assert found is not None
    return found


def test_the_replica_that_tells_most(room: Room, services: Services) -> None:
    found = cause(room, services, [WRAPPER, f"Traceback (most recent call last):\n{REAL}"])
    assert found.digest.headline == REAL
    assert found.task == "main-1"


def test_of_a_log_that_is_too_long_the_end(
    room: Room, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digesting, "LOG_BYTES", 1000)
    monkeypatch.setattr(digesting, "END_LINES", 5)
    log = "\n".join(f"step {number}" for number in range(500))
    found = cause(room, services, [f"{log}\nTraceback (most recent call last):\n{REAL}"])
    assert found.is_end
    assert (found.digest.headline, found.digest.lines) == (REAL, 0)
    assert {line.line for line in (*found.digest.root_cause, *found.digest.excerpt)} == {0}


def test_result_files_are_trusted_before_the_log(room: Room, services: Services) -> None:
    stack = f'Traceback (most recent call last):\n  File "a.py", line 1, in main\n{REAL}\n'
    error = {"message": REAL, "extraInfo": {"timestamp": "1", "py_callstack": stack}}
    found = cause(room, services, ["step 1"], error__json=json.dumps({"message": error}))
    assert REAL in found.digest.headline


def test_failed_tests_of_a_junit_file(room: Room, services: Services) -> None:
    found = cause(room, services, ["step 1"], junit__xml=JUNIT)
    assert [test.message for test in found.digest.tests] == ["assert 3 == 4"]


def test_our_own_tokens_are_hidden_in_whatever_is_kept(room: Room, services: Services) -> None:
    found = cause(room, services, [f"start {SECRET}\nRuntimeError: no entry for {SECRET}"])
    assert SECRET not in repr(found)
    assert "no entry for ***" in repr(found)


def test_whatever_a_digester_does_there_is_a_report(
    room: Room, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(Digester, "feed", stumble)
    run, state = failed(room, ["x"])
    assert read_cause(services, room.session, run, state, "digest") is None
