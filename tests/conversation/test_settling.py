"""A process that has not heard of a run's end, writes late and dies: its words do not stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stage import Stage

from beaker_ci.github import CheckState, connect, update_check, update_comment
from beaker_ci.run import Mark

RUN = "/beaker run gpu-tests"


def ended(stage: Stage) -> str:
    """A run whose end was reported."""
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    workload = stage.deliver(asked).outputs["workload-id"]
    stage.heard(asked)
    stage.beaker.finish(workload)
    assert stage.schedule().exit_code == 0
    return workload


def mark(stage: Stage, workload: str) -> Mark:
    found = stage.mark(stage.beaker.experiment(workload))
    assert found is not None
    return found


def write_late(stage: Stage, workload: str, *, check: bool, comment: bool) -> None:
    """Writes what somebody saw before the run ended."""
    known, hub = mark(stage, workload), connect(stage.token, stage.hub.api_url, "octo/widget")
    assert known.check_id is not None
    assert known.comment_id is not None
    held = stage.hub.check_runs()[0]
    running = CheckState(
        held.name, held.head_sha, workload, "in_progress", None, "running", "It runs.", ""
    )
    if check:
        assert update_check(hub, known.check_id, running)
    if comment:
        update_comment(hub, stage.number, known.comment_id, "It runs.")


def expect_the_end(stage: Stage) -> None:
    stage.beaker.take_experiment()
    assert stage.hub.take_check().conclusion == "success"
    assert "Passed on Beaker" in stage.answer()


@pytest.mark.parametrize(
    ("check", "comment"), [(True, True), (True, False), (False, True)], ids=str
)
def test_what_was_written_late_is_written_again(stage: Stage, check: bool, comment: bool) -> None:
    workload = ended(stage)
    write_late(stage, workload, check=check, comment=comment)

    stage.settle()
    assert not mark(stage, workload).settled  # what was written again is looked at again
    stage.settle()

    assert mark(stage, workload).settled
    expect_the_end(stage)


def test_what_stands_is_read_once(stage: Stage) -> None:
    workload = ended(stage)
    assert stage.schedule().exit_code == 0
    assert not mark(stage, workload).settled
    stage.age_marks(180)
    before = len(stage.hub.exchanges)

    stage.schedule()
    stage.schedule()

    asked = [f"{one.method} {one.path}" for one in stage.hub.exchanges[before:]]
    found = mark(stage, workload)
    assert found.settled
    assert [line for line in asked if "check-runs" in line or "issues/comments/" in line] == [
        f"GET /repos/octo/widget/check-runs/{found.check_id}",
        f"GET /repos/octo/widget/issues/comments/{found.comment_id}",
    ]
    expect_the_end(stage)


def test_what_somebody_took_away_stays_away(stage: Stage) -> None:
    workload = ended(stage)
    comment_id = mark(stage, workload).comment_id
    assert comment_id is not None
    stage.hub.delete_comment(comment_id)
    stage.settle()
    assert mark(stage, workload).settled
    stage.beaker.take_experiment()
    stage.hub.take_check()
    stage.answer()


def test_whoever_insists_has_the_last_word(stage: Stage) -> None:
    workload = ended(stage)
    for _ in range(5):
        write_late(stage, workload, check=False, comment=True)
        stage.settle()
    found = mark(stage, workload)
    assert found.settled
    assert replace(found, settled=False).is_open is False
    stage.beaker.take_experiment()
    stage.hub.take_check()
    assert stage.answer() == "It runs."


def test_what_is_started_again_meanwhile_goes_on(stage: Stage) -> None:
    workload = ended(stage)
    stage.settle()
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker retry --failed")
    assert stage.deliver(asked).outputs["reason-code"] == "nothing-to-do"
    stage.heard(asked)
    expect_the_end(stage)
    stage.answer()
    assert mark(stage, workload).settled
