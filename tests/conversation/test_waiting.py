"""A workflow that waits: it follows the run, mirrors its verdict, and is not left behind."""

from __future__ import annotations

import signal
import subprocess

import pytest
from stage import CONFIG, Stage

from beaker_ci.sandbox.runner import Step, StepResult

RUN = "/beaker run gpu-tests"


def waiting(stage: Stage, wait: str = "true") -> tuple[Step, subprocess.Popen[bytes], str]:
    """Starts a step that waits; returns once its run is on Beaker and reported."""
    stage.inputs["wait"] = wait
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    step = stage.step(asked)
    process = step.start()
    held = stage.until(lambda: stage.beaker.experiments("ci-bot"))[0]
    stage.until_shown(held.id)
    stage.heard(asked)
    return step, process, held.id


def end(step: Step, process: subprocess.Popen[bytes]) -> StepResult:
    return step.result(process.wait(30))


def take_all(stage: Stage) -> tuple[str, str | None]:
    """Takes the run and its report; the comment's first words, and the check's conclusion."""
    stage.beaker.take_experiment()
    check = stage.hub.take_check()
    return stage.answer().split("\n")[1].split(" · ")[0], check.conclusion


@pytest.mark.parametrize(("exit_code", "conclusion"), [(0, "success"), (3, "failure")])
def test_the_verdict_is_mirrored(stage: Stage, exit_code: int, conclusion: str) -> None:
    step, process, workload = waiting(stage)

    stage.beaker.finish(workload, exit_code=exit_code)
    result = end(step, process)

    assert result.exit_code == (1 if exit_code else 0)
    assert result.outputs["status"] == "finished"
    assert result.outputs["conclusion"] == conclusion
    assert take_all(stage)[1] == conclusion
    assert step.run_post().log == ""


def test_time_runs_out_and_the_run_goes_on(stage: Stage) -> None:
    step, process, workload = waiting(stage, wait="1s")

    result = end(step, process)

    assert (result.exit_code, result.outputs["status"]) == (0, "queued")
    assert step.run_post().log == ""
    assert stage.beaker.experiment(workload).status == "queued"
    assert take_all(stage)[1] is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_workflow_stops_its_run(stage: Stage, number: signal.Signals) -> None:
    step, process, workload = waiting(stage)
    stage.beaker.start(workload)

    process.send_signal(number)
    result = end(step, process)

    assert result.exit_code == 1
    assert stage.beaker.wait(workload).status == "canceled"
    assert (result.outputs["status"], result.outputs["conclusion"]) == ("finished", "cancelled")
    assert take_all(stage)[1] == "cancelled"


def test_a_cancelled_workflow_keeps_its_run_where_the_rules_say_so(stage: Stage) -> None:
    stage.hub.repository.commit(
        "main", {".github/beaker-ci.yml": f"{CONFIG}on_cancel: keep\n"}, message="Keep"
    )
    step, process, workload = waiting(stage)

    process.send_signal(signal.SIGINT)
    result = end(step, process)

    assert (result.exit_code, result.outputs["status"]) == (1, "queued")
    assert step.run_post().log == ""
    assert stage.beaker.experiment(workload).status == "queued"
    assert take_all(stage)[1] is None


def test_a_vanished_runner_stops_its_run_in_the_post_step(stage: Stage) -> None:
    step, process, workload = waiting(stage)

    process.send_signal(signal.SIGKILL)
    end(step, process)
    after = step.run_post()

    assert after.exit_code == 0
    assert "which this step was waiting for" in after.log
    assert stage.beaker.wait(workload).status == "canceled"
    stage.age_marks(600)
    assert stage.schedule().exit_code == 0
    stage.beaker.take_experiment()
    assert stage.hub.take_check().conclusion == "cancelled"
    assert "beaker-ci stopped it: the workflow that waited for it was cancelled" in stage.answer()


def test_nobody_waits_for_what_lost_its_machine(stage: Stage) -> None:
    """Beaker calls it ended; the schedule would start it again."""
    step, process, workload = waiting(stage)
    process.send_signal(signal.SIGKILL)
    end(step, process)
    stage.beaker.start(workload)
    stage.beaker.preempt(workload, 10, "Health check failed")
    stage.beaker.backdate_attempts(workload, 100)

    assert step.run_post().exit_code == 0
    stage.age_marks(600)
    assert stage.schedule().exit_code == 0

    assert len(stage.beaker.experiment(workload).jobs) == 1
    assert take_all(stage)[1] == "cancelled"
