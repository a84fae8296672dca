"""A workflow started by hand, with a command as its input."""

from __future__ import annotations

import pytest
from stage import Stage

from beaker_ci.sandbox import beaker


def test_for_a_pull_request(stage: Stage) -> None:
    result = stage.dispatch("run gpu-tests", number=stage.number)

    assert (result.exit_code, result.reason) == (0, "accepted")
    held = stage.beaker.take_experiment()
    assert held.env["GIT_REF"] == stage.hub.head(stage.number)
    assert "Queued on Beaker" in stage.answer()
    assert stage.hub.take_check().name == "beaker / gpu-tests"


def test_at_the_workflows_own_commit(stage: Stage) -> None:
    result = stage.dispatch("run -- python train.py")

    assert (result.exit_code, result.reason) == (0, "accepted")
    held = stage.beaker.take_experiment()
    head = stage.hub.repository.head("main")
    assert held.name.startswith("ci-widget-main-run-")
    assert (held.env["GIT_REF"], held.env["BEAKER_CI_PR"]) == (head, "0")
    assert stage.hub.take_check(sha=head).external_id == held.id
    assert "Queued on Beaker" in result.summary


def test_the_same_run_twice_is_one_and_a_new_run_is_another(stage: Stage) -> None:
    first = stage.dispatch("run gpu-tests", number=stage.number)
    again = stage.dispatch("run gpu-tests", number=stage.number)
    new = stage.dispatch("run gpu-tests", number=stage.number, run="2")

    assert first.outputs["workload-id"] == again.outputs["workload-id"]
    assert first.outputs["workload-id"] != new.outputs["workload-id"]
    for _ in range(2):
        stage.beaker.take_experiment()
        stage.answer()
        stage.hub.take_check()


@pytest.mark.parametrize(
    ("command", "by", "code", "reason"),
    [
        ("", "writer", 2, "usage.missing-command"),
        ("rnu gpu-tests", "writer", 2, "usage.unknown-command"),
        ("run no-such-preset", "writer", 2, "usage.unknown-preset"),
        ("run --gpus 9 -- true", "writer", 1, "refused.limit"),
        ("run gpu-tests", "reader", 1, "refused.role"),
        ("help", "reader", 0, "answered"),
        ("plan gpu-tests", "writer", 0, "answered"),
    ],
)
def test_what_the_workflow_says(
    stage: Stage, command: str, by: str, code: int, reason: str
) -> None:
    result = stage.dispatch(command, by=by, number=stage.number)

    assert (result.exit_code, result.reason) == (code, reason)
    assert reason in result.summary  # and no comment: who asked reads it here


def test_a_number_that_is_none(stage: Stage) -> None:
    stage.inputs["pull-request"] = "seven"

    result = stage.dispatch("run gpu-tests")

    assert (result.exit_code, result.reason) == (2, "usage.bad-value")


def test_somebody_else_re_runs_it(stage: Stage) -> None:
    payload = stage.hub.dispatch("writer", {"command": "run gpu-tests"})
    stage.inputs["command"] = "run gpu-tests"
    stage.extra["GITHUB_TRIGGERING_ACTOR"] = "maintainer"

    result = stage.step(payload, "workflow_dispatch").run()

    assert (result.exit_code, result.reason) == (1, "refused.stale")


def test_beaker_is_down(stage: Stage) -> None:
    stage.beaker.faults.add(beaker.Fault("POST experiments", code=503, times=None))

    result = stage.dispatch("run gpu-tests", number=stage.number)

    assert (result.exit_code, result.reason) == (3, "beaker.unavailable")
