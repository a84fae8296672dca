"""What is done to a run by itself: new attempts after lost machines, and stops at its times."""

from __future__ import annotations

from inline_snapshot import snapshot
from stage import CONFIG, Stage, open_stage

RUN = "/beaker run gpu-tests"

NO_SUCCESSOR = 120
"""Seconds: longer than Beaker may take to start a successor by itself."""

HEALTH_CHECK = 10
"""The cancelation code of a job whose machine failed its health check."""


def begin(stage: Stage, line: str = RUN) -> str:
    """A run whose first report is written."""
    asked = stage.hub.comment(stage.number, by="writer", body=line)
    workload = stage.deliver(asked).outputs["workload-id"]
    stage.heard(asked)
    return workload


def lose(stage: Stage, workload: str, ran: float = 60) -> None:
    """The run's machine is found ill; Beaker starts no successor."""
    stage.beaker.start(workload)
    stage.beaker.backdate_job(workload, ran)
    stage.beaker.preempt(workload, HEALTH_CHECK, "Health check failed")
    stage.beaker.backdate_attempts(workload, NO_SUCCESSOR)
    assert stage.schedule().exit_code == 0


def attempts(stage: Stage, workload: str) -> int:
    return len(stage.beaker.experiment(workload).jobs)


def take(stage: Stage) -> tuple[str, str | None]:
    """Takes the run: its comment, its check's conclusion."""
    stage.beaker.take_experiment()
    return stage.answer(), stage.hub.take_check().conclusion


def test_a_lost_machine_costs_no_run(stage: Stage) -> None:
    workload = begin(stage)
    lose(stage, workload)
    assert attempts(stage, workload) == 2
    mark = stage.mark(stage.beaker.experiment(workload))
    assert mark is not None
    assert (mark.is_open, mark.shown) == (True, "queued")

    stage.beaker.finish(workload)
    assert stage.schedule().exit_code == 0

    assert attempts(stage, workload) == 2
    body, conclusion = take(stage)
    assert conclusion == "success"
    assert "in 2 attempts" in body


def test_a_second_one_does(stage: Stage) -> None:
    """``retry.infrastructure`` is 1 unless the file says otherwise."""
    workload = begin(stage)
    lose(stage, workload)
    lose(stage, workload)

    assert attempts(stage, workload) == 2
    body, conclusion = take(stage)
    assert conclusion == "failure"
    assert "Health check failed" in body
    mark = stage.mark(stage.beaker.experiment(workload))
    assert mark is not None
    assert mark.verdict == "infrastructure"


def test_no_attempt_beyond_what_was_reserved(stage: Stage) -> None:
    workload = begin(stage)
    lose(stage, workload, ran=15 * 60)

    assert attempts(stage, workload) == 1
    _, conclusion = take(stage)
    assert conclusion == "failure"


def test_beaker_refuses_a_new_attempt(stage: Stage) -> None:
    from beaker_ci.sandbox.beaker import Fault

    workload = begin(stage)
    stage.beaker.faults.add(Fault("RestartExperimentTasks", code="INVALID_ARGUMENT"))
    lose(stage, workload)

    assert attempts(stage, workload) == 1
    _, conclusion = take(stage)
    assert conclusion == "failure"


def test_no_new_attempt_of_what_somebody_stopped(stage: Stage) -> None:
    workload = begin(stage)
    stage.beaker.start(workload)
    stage.beaker.preempt(workload, HEALTH_CHECK, "Health check failed")
    asked = stage.hub.comment(stage.number, by="maintainer", body="/beaker stop")
    assert stage.deliver(asked).outputs["reason-code"] == "stopped"
    stage.heard(asked)

    stage.beaker.backdate_attempts(workload, NO_SUCCESSOR)
    assert stage.schedule().exit_code == 0

    assert attempts(stage, workload) == 1
    body, conclusion = take(stage)
    assert conclusion == "cancelled"
    assert "maintainer" in body
    stage.answer()


def test_where_the_file_wants_none(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    files = {".github/beaker-ci.yml": f"{CONFIG}retry: {{infrastructure: 0}}\n", "train.py": ""}
    with open_stage(tmp_path, files) as stage:
        workload = begin(stage)
        lose(stage, workload)
        assert attempts(stage, workload) == 1
        take(stage)


def test_it_does_not_start_in_time(stage: Stage) -> None:
    workload = begin(stage, f"{RUN} --start-timeout 30m")
    stage.beaker.age_experiments(3000, workload)
    stage.beaker.backdate_attempts(workload, 1700)
    assert stage.schedule().exit_code == 0
    assert stage.beaker.experiment(workload).status == "queued"

    stage.beaker.backdate_attempts(workload, 110)
    assert stage.schedule().exit_code == 0

    assert stage.beaker.experiment(workload).status == "canceled"
    body, conclusion = take(stage)
    assert conclusion == "timed_out"
    assert "It did not start within 30m." in body


def test_the_time_to_start_begins_anew_at_every_queueing(stage: Stage) -> None:
    workload = begin(stage, f"{RUN} --start-timeout 30m")
    stage.beaker.age_experiments(3000, workload)
    stage.beaker.backdate_attempts(workload, 1700)
    stage.beaker.start(workload)
    stage.beaker.backdate_attempts(workload, 1000)
    stage.beaker.preempt(workload)

    assert stage.schedule().exit_code == 0

    assert stage.beaker.experiment(workload).status == "queued"
    stage.beaker.finish(workload)
    stage.schedule()
    _, conclusion = take(stage)
    assert conclusion == "success"


def test_it_falls_silent(stage: Stage) -> None:
    workload = begin(stage, f"{RUN} --inactive-timeout 10m")
    stage.beaker.start(workload)
    stage.beaker.backdate_job(workload, 800)
    stage.beaker.age_experiments(900, workload)
    stage.beaker.write_log(workload, "still here")
    assert stage.schedule().exit_code == 0
    assert stage.beaker.experiment(workload).status == "running"
    stage.beaker.finish(workload)
    stage.schedule()
    assert take(stage)[1] == "success"

    workload = begin(stage, f"{RUN} --inactive-timeout 10m")
    stage.beaker.start(workload)
    stage.beaker.backdate_job(workload, 800)
    stage.beaker.age_experiments(900, workload)
    stage.schedule()
    assert stage.beaker.experiment(workload).status == "canceled"
    body, conclusion = take(stage)
    assert conclusion == "timed_out"
    assert "It wrote nothing for 10m." in body
    assert stage.hub.take_comment(stage.number).minimized == "OUTDATED"  # the first one's


def test_a_silence_that_was_to_be_told(stage: Stage) -> None:
    workload = begin(stage, f"{RUN} --inactive-soft-timeout 10m")
    stage.beaker.start(workload)
    stage.beaker.backdate_job(workload, 800)

    def told() -> str:
        asked = stage.hub.comment(stage.number, by="writer", body="/beaker status")
        stage.deliver(asked)
        stage.heard(asked)
        return stage.answer()

    stage.schedule()
    stage.answer()
    assert "no line in its log for 13 min" in told()
    stage.beaker.write_log(workload, "still here")
    assert "no line in its log" not in told()
    stage.beaker.take_experiment()
    stage.hub.take_check()


def test_the_report_of_a_run_that_was_started_again(stage: Stage) -> None:
    workload = begin(stage)
    lose(stage, workload)
    stage.beaker.finish(workload, 3)
    stage.schedule()
    body, _ = take(stage)
    assert body.splitlines()[1:12] == snapshot(
        [
            "❌ **Failed on Beaker with exit code 3 after 3 min** · [experiment](https://beaker.test/ex/01ULID) · `gpu-tests` · run `fa26a760`",
            "",
            "```bash",
            "python check.py",
            "```",
            "",
            "**No clear cause.** The log is empty.",
            "",
            "[The whole log](https://beaker.test/job/01ULID)",
            "",
            "- **Commit** [`<head>`](https://github.test/octo/widget/commit/<head>) · asked for by writer",
        ]
    )
