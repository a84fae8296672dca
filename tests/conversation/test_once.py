"""One experiment, one comment, one check: whatever is delivered twice, lost or killed."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from stage import Stage

from beaker_ci.sandbox import beaker, github

RUN = "/beaker run -- python train.py"

HUB_CALLS = 9
"""One more than a submission and its report make."""

HUB_WRITES = ("/reactions$", "/graphql$", "/issues/1/comments$", "/check-runs$")
"""After anything else that is answered comes nothing but the next call."""

BEAKER_CALLS = 27
"""More than a submission, its report, and the list of open runs make."""

BEAKER_WRITES = ("POST experiments", "UpdateWorkload")


def expect_one_of_each(
    stage: Stage, asked: Mapping[str, Any], conclusion: str | None = None
) -> None:
    """One experiment, one comment, one check, which know one another, and nothing else."""
    held = stage.beaker.take_experiment()
    answer = stage.hub.take_comment(stage.number)
    check = stage.hub.take_check()
    assert held.env["BEAKER_CI_SHA"] == stage.hub.head(stage.number) == check.head_sha
    assert check.external_id == held.id
    assert held.id in answer.body
    mark = stage.mark(held)
    assert mark is not None
    assert (mark.comment_id, mark.check_id) == (answer.id, check.id)
    assert check.conclusion == conclusion
    assert mark.is_open is (conclusion is None)
    stage.heard(asked)
    assert stage.leftovers() == []


def test_the_same_event_twice(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)

    first, second = stage.deliver(asked), stage.deliver(asked)

    assert (first.reason, second.reason) == ("accepted", "accepted")
    assert first.outputs["workload-id"] == second.outputs["workload-id"]
    expect_one_of_each(stage, asked)


def test_six_at_once(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    steps = [stage.step(asked) for _ in range(6)]

    processes = [step.start() for step in steps]
    results = [
        step.result(process.wait(60)) for step, process in zip(steps, processes, strict=True)
    ]

    assert [(result.exit_code, result.reason) for result in results] == [(0, "accepted")] * 6
    assert len({result.outputs["workload-id"] for result in results}) == 1
    expect_one_of_each(stage, asked)


def test_a_question_six_at_once_gets_one_answer(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker rnu gpu-tests")

    processes = [stage.step(asked).start() for _ in range(6)]

    assert [process.wait(60) for process in processes] == [0] * 6
    left = [comment for comment in stage.hub.comments(stage.number) if comment.body != RUN]
    assert len(left) == 2  # the question and the answer
    while [line for line in stage.hub.leftovers() if "comment" in line and "reaction" not in line]:
        stage.hub.take_comment(stage.number)
    stage.heard(asked)


@pytest.mark.parametrize(
    "fault",
    [
        beaker.Fault("POST experiments", drop=True),
        beaker.Fault("POST experiments", drop=True, after=True),
        beaker.Fault("POST experiments", code=503),
        beaker.Fault("POST experiments", code=500, after=True),
        beaker.Fault("GetWorkload", code="UNAVAILABLE"),
        beaker.Fault("ResolveWorkloadName", code="UNAVAILABLE", times=3),
        beaker.Fault("UpdateWorkload", code="UNAVAILABLE", after=True),
    ],
    ids=lambda fault: f"{fault.name} {fault.code or 'drop'}{' after' if fault.after else ''}",
)
def test_beaker_loses_an_answer(stage: Stage, fault: beaker.Fault) -> None:
    stage.beaker.faults.add(fault)
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (0, "accepted")
    expect_one_of_each(stage, asked)


@pytest.mark.parametrize("path", ["/reactions$", "/issues/1/comments$", "/check-runs$"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"status": 502, "after": True},
        {"drop": True},
        {"drop": True, "after": True},
        {"status": 429, "headers": {"retry-after": "1"}},
        {
            "status": 403,
            "headers": {"retry-after": "1"},
            "body": {"message": "You have exceeded a secondary rate limit. Please wait."},
        },
    ],
    ids=["502", "502 after", "drop", "drop after", "429", "secondary"],
)
def test_github_loses_an_answer(stage: Stage, path: str, fault: dict[str, Any]) -> None:
    stage.hub.faults.add(github.Fault(method="POST", path=path, **fault))
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (0, "accepted")
    expect_one_of_each(stage, asked)


@pytest.mark.parametrize("nth", range(1, HUB_CALLS + 1))
def test_killed_at_a_call_to_github(stage: Stage, nth: int) -> None:
    survive_a_kill(
        stage,
        lambda kill: stage.hub.faults.before(None, "", kill, nth=nth),
        last=nth == HUB_CALLS,
    )


@pytest.mark.parametrize("path", HUB_WRITES)
def test_killed_after_a_write_to_github(stage: Stage, path: str) -> None:
    survive_a_kill(stage, lambda kill: stage.hub.faults.after("POST", path, kill), last=False)


@pytest.mark.parametrize("nth", range(1, BEAKER_CALLS + 1))
def test_killed_at_a_call_to_beaker(stage: Stage, nth: int) -> None:
    survive_a_kill(
        stage,
        lambda kill: stage.beaker.faults.before(".*", kill, nth=nth),
        last=nth == BEAKER_CALLS,
    )


@pytest.mark.parametrize("name", BEAKER_WRITES)
def test_killed_after_a_write_to_beaker(stage: Stage, name: str) -> None:
    survive_a_kill(stage, lambda kill: stage.beaker.faults.after(name, kill), last=False)


def survive_a_kill(
    stage: Stage, arm: Callable[[Callable[[], None]], object], *, last: bool
) -> None:
    """Kills the bot at a call, reconciles, delivers the event again, and expects one of each.

    Args:
        arm: Sets the hook that kills.
        last: Whether the call is one that a healthy step never makes: it proves that the
            others were all of them.
    """
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    running: list[subprocess.Popen[bytes]] = []
    arm(lambda: running[0].send_signal(signal.SIGKILL))
    running.append(stage.step(asked).start())
    code = running[0].wait(60)
    if last:
        assert code == 0
    stage.hub.faults.clear()
    stage.beaker.faults.clear()
    stage.age_marks(600)

    # Whatever was submitted ends, and the next schedule reports it, whoever died before.
    submitted = [held.id for held in stage.beaker.experiments("ci-bot")]
    for workload in submitted:
        stage.beaker.finish(workload)
    assert stage.schedule().exit_code == 0
    if submitted:
        assert [check.conclusion for check in stage.hub.check_runs()] == ["success"]
    else:
        assert stage.hub.check_runs() == []

    again = stage.deliver(asked)

    assert (again.exit_code, again.reason) == (0, "accepted")
    expect_one_of_each(stage, asked, "success" if submitted else None)


def test_a_mark_that_somebody_spoiled(stage: Stage) -> None:
    """A workspace's members can edit descriptions: what they write there is not believed."""
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    other = stage.says("/beaker help", by="maintainer")
    stage.deliver(asked)
    with stage.beaker.client() as client:
        (held,) = stage.beaker.experiments("ci-bot")
        human_comment = asked["comment"]["id"]
        spoiled = re.sub(r'"comment_id":\d+', f'"comment_id":{human_comment}', held.description)
        assert spoiled != held.description
        client.workload.update(client.workload.get(held.id), description=spoiled)
    stage.beaker.finish(held.id)

    assert stage.schedule().exit_code == 0

    assert other.exit_code == 0
    assert stage.hub.comments(stage.number)[0].body == RUN
    for comment in stage.hub.comments(stage.number):
        if "beaker help" in comment.body and comment.author.type == "User":
            assert stage.hub.take_reactions(comment.id) == ["eyes"]
    assert "/beaker" in stage.hub.take_comment(stage.number).body
    expect_one_of_each(stage, asked, "success")
