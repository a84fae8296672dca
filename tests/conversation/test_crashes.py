"""Killed while it reports or waits: the next pass finishes what was begun, once."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest
from stage import Stage

RUNS = 16
"""More than the calls that the report of one end takes."""

LOOSE = """\
version: 1
workspace: ai2/widgets
budget: ai2/widgets-budget
limits: {active_runs: 20}
"""
Arm = Callable[[Callable[[], None]], object]


def many(stage: Stage) -> list[str]:
    """Submits runs by two comments; their ids on Beaker."""
    lines = [f"/beaker run --task-timeout 5m -- echo {place}" for place in range(RUNS)]
    for some in (lines[:8], lines[8:]):
        asked = stage.hub.comment(stage.number, by="writer", body="\n".join(some))
        assert stage.deliver(asked).exit_code == 0
        stage.heard(asked)
    return [held.id for held in stage.beaker.experiments("ci-bot")]


def killed(stage: Stage, arm: Arm) -> bool:
    """Reconciles, and dies at the call that is armed; False if that never came."""
    running: list[subprocess.Popen[bytes]] = []
    arm(lambda: running[0].send_signal(signal.SIGKILL))
    running.append(stage.step({"schedule": "*/15 * * * *"}, "schedule").start())
    code = running[0].wait(60)
    stage.hub.faults.clear()
    stage.beaker.faults.clear()
    return code != 0


@pytest.mark.parametrize("service", ["hub before", "hub after", "beaker before", "beaker after"])
def test_killed_while_an_end_is_reported(stage: Stage, service: str) -> None:
    stage.hub.repository.commit("main", {".github/beaker-ci.yml": LOOSE}, message="Allow many runs")
    runs = many(stage)
    name, when = service.split()

    def arm(nth: int) -> Arm:
        if name == "hub":
            hook = stage.hub.faults.before if when == "before" else stage.hub.faults.after
            return lambda kill: hook(None, "", kill, nth=nth)
        if when == "before":
            return lambda kill: stage.beaker.faults.before(".*", kill, nth=nth)
        # After a read is before whatever comes next; there is one write.
        return lambda kill: stage.beaker.faults.after("UpdateWorkload", kill, nth=nth)

    for nth, workload in enumerate(runs, 1):
        stage.beaker.finish(workload, exit_code=1)
        died = killed(stage, arm(nth))
        assert stage.schedule().exit_code == 0
        mark = stage.mark(stage.beaker.experiment(workload))
        assert mark is not None
        assert not mark.is_open
        if not died:
            break
    else:
        pytest.fail("the report of one end takes more calls than this test has runs")

    ended = {held.id: held for held in (stage.beaker.take_experiment() for _ in runs)}
    checks = {check.external_id: check for check in (stage.hub.take_check() for _ in runs)}
    for place, workload in enumerate(runs):
        over = place < nth
        assert checks[workload].status == ("completed" if over else "queued")
        assert checks[workload].conclusion == ("failure" if over else None)
        assert ("Failed on Beaker" in stage.hub.take_comment(stage.number).body) is over
    assert ended.keys() == checks.keys() == set(runs)


@pytest.mark.parametrize("service", ["hub", "beaker"])
def test_killed_while_it_waits(stage: Stage, service: str) -> None:
    stage.inputs["wait"] = "true"
    faults = stage.hub.faults if service == "hub" else stage.beaker.faults
    for nth in range(1, 20):
        asked = stage.hub.comment(stage.number, by="writer", body=f"/beaker run -- false {nth}")
        process = stage.step(asked).start()
        held = stage.until(stage.unseen_experiments)[0]
        stage.until_shown(held.id)
        stage.heard(asked)

        def kill(waiting: subprocess.Popen[bytes] = process) -> None:
            waiting.send_signal(signal.SIGKILL)

        if service == "hub":
            stage.hub.faults.before(None, "", kill, nth=nth)
        else:
            stage.beaker.faults.before(".*", kill, nth=nth)
        stage.beaker.finish(held.id, exit_code=1)
        code = process.wait(60)
        faults.clear()
        assert stage.schedule().exit_code == 0

        assert stage.beaker.take_experiment().id == held.id
        check = stage.hub.take_check()
        assert (check.external_id, check.conclusion) == (held.id, "failure")
        assert "Failed on Beaker" in stage.hub.take_comment(stage.number).body
        assert stage.leftovers() == []
        if code == 1:
            return  # nobody was killed: that was the last call
    pytest.fail("waiting never ends by itself")
