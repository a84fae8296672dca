"""Services that stay away, are slow, or want to be left alone: each step ends, and says why."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from stage import Stage
from warm import QUICK

from beaker_ci.sandbox import beaker, github

RUN = "/beaker run -- python train.py"
COMMANDS = 7
MANY = "\n".join(f"/beaker run -- echo {place}" for place in range(COMMANDS))
AFTER = re.compile(r"Ask again after (\S+ )?\d\d:\d\d UTC")


def test_beaker_is_away_for_ever(stage: Stage) -> None:
    stage.beaker.faults.add(beaker.Fault(".*", code="UNAVAILABLE", times=None))
    asked = stage.hub.comment(stage.number, by="writer", body=MANY)

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (3, "beaker.unavailable")
    stage.heard(asked)
    assert stage.answer().count("`beaker.unavailable`") == COMMANDS
    # What is asked first is asked side by side, and gives up together; all else is tried once.
    asked_for = stage.beaker.requests.table()
    assert max(asked_for.values()) <= QUICK.tries * 2 + COMMANDS
    assert stage.beaker.requests.count() <= QUICK.tries * 8


@pytest.mark.parametrize("body", [RUN, "/beaker help"])
def test_github_answers_502_for_ever(stage: Stage, body: str) -> None:
    stage.hub.faults.bad_gateway(times=None)

    result = stage.says(body)

    assert (result.exit_code, result.reason) == (3, "github.unavailable")
    assert "HTTP 502" in result.log
    assert len(stage.hub.exchanges) == QUICK.tries
    stage.hub.faults.clear()
    assert stage.beaker.experiments() == []


def test_both_are_slow(stage: Stage) -> None:
    """Every answer comes in time, and all of them together do not."""
    stage.hub.latency = stage.beaker.latency = 0.1
    stage.patience = replace(QUICK, step=0.9, answer=20)
    asked = stage.hub.comment(stage.number, by="writer", body=MANY)

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (3, "beaker.unavailable")
    stage.heard(asked)
    told = stage.hub.comments(stage.number)
    submitted = stage.beaker.experiments("ci-bot")
    assert len(submitted) < COMMANDS
    assert any("no time left to ask Beaker" in comment.body for comment in told)
    for _ in told[1:]:
        stage.hub.take_comment(stage.number)
    for _ in submitted:
        stage.beaker.take_experiment()
    for _ in stage.hub.check_runs():
        stage.hub.take_check()


def test_both_are_slow_and_there_is_time(stage: Stage) -> None:
    stage.hub.latency = stage.beaker.latency = 0.05

    result = stage.deliver(asked := stage.hub.comment(stage.number, by="writer", body=RUN))

    assert (result.exit_code, result.reason) == (0, "accepted")
    stage.heard(asked)
    assert "Queued" in stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


@pytest.mark.parametrize("status", [403, 429, 503])
def test_github_wants_to_be_left_alone_for_an_hour(stage: Stage, status: int) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    alone = github.Fault(
        "GET", f"/pulls/{stage.number}$", status=status, headers={"Retry-After": "3600"}
    )
    stage.hub.faults.add(alone)

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (3, "github.unavailable")
    assert AFTER.search(result.log)
    assert AFTER.search(result.summary)
    # But for what was on its way: nothing more, not even the answer.
    assert sum("/pulls/" in exchange.path for exchange in stage.hub.exchanges) == 1
    assert not any(exchange.path.endswith("/comments") for exchange in stage.hub.exchanges)
    stage.heard(asked)
    assert stage.beaker.experiments() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_secondary_limit_without_a_time_is_waited_for(stage: Stage, method: str) -> None:
    path = f"/pulls/{stage.number}$" if method == "GET" else "/comments$"
    stage.hub.faults.secondary_limit(method, path)

    result = stage.deliver(asked := stage.hub.comment(stage.number, by="writer", body=RUN))

    assert (result.exit_code, result.reason) == (0, "accepted")
    stage.heard(asked)
    assert "Queued" in stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


def test_one_that_never_ends_is_given_up(stage: Stage) -> None:
    stage.hub.faults.secondary_limit("GET", "/pulls/", times=None)

    result = stage.deliver(asked := stage.hub.comment(stage.number, by="writer", body=RUN))

    assert (result.exit_code, result.reason) == (3, "github.unavailable")
    stage.heard(asked)
    assert AFTER.search(result.log) or "secondary rate limit" in result.log
    assert sum("/pulls/" in exchange.path for exchange in stage.hub.exchanges) == QUICK.tries


def test_too_many_posts_to_beaker_are_repeated(stage: Stage) -> None:
    stage.beaker.faults.add(beaker.Fault("POST experiments", code=429))

    result = stage.deliver(asked := stage.hub.comment(stage.number, by="writer", body=RUN))

    assert (result.exit_code, result.reason) == (0, "accepted")
    stage.heard(asked)
    assert "Queued" in stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()
    assert stage.beaker.requests.count("POST experiments") == 2


def test_few_requests_are_left(stage: Stage) -> None:
    """The oldest report is written, the others wait; commands are obeyed all the same."""
    asked = stage.hub.comment(stage.number, by="writer", body="\n".join([RUN] * 3))
    assert stage.deliver(asked).exit_code == 0
    stage.heard(asked)
    oldest_first = [held.id for held in stage.beaker.experiments("ci-bot")]
    for workload in oldest_first:
        stage.beaker.finish(workload)
    stage.hub.set_remaining(stage.token, 201)

    result = stage.schedule()

    assert result.exit_code == 0
    assert "reports brought up to date: 1;" in result.log
    assert re.search(
        r"2 reports wait: little is left of this hour's requests to GitHub, until \d\d:\d\d UTC\.",
        result.log,
    )
    done = {check.external_id: check.conclusion for check in stage.hub.check_runs()}
    assert [done[workload] for workload in oldest_first] == ["success", None, None]

    helped = stage.hub.comment(stage.number, by="writer", body="/beaker help")
    result = stage.deliver(helped)
    assert (result.exit_code, result.reason) == (0, "answered")
    assert "2 reports wait: " in result.log
    stage.heard(helped)

    stage.hub.set_remaining(stage.token, 1000)
    result = stage.schedule()
    assert "reports brought up to date: 2;" in result.log
    assert "wait" not in result.log.splitlines()[-1]
    for _ in oldest_first:
        assert stage.hub.take_check().conclusion == "success"
        assert "Passed on Beaker" in stage.answer()
        stage.beaker.take_experiment()
    stage.hub.take_comment(stage.number)


def test_a_pass_that_takes_too_long_leaves_the_rest(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="\n".join([RUN] * 2))
    assert stage.deliver(asked).exit_code == 0
    stage.heard(asked)
    for held in stage.beaker.experiments("ci-bot"):
        stage.beaker.finish(held.id)
    stage.hub.latency = 0.3
    stage.patience = replace(QUICK, whole_pass=0.5)

    result = stage.schedule()

    assert "report" in result.log
    assert "seconds were not enough for them." in result.log
    stage.hub.latency = 0
    stage.patience = QUICK
    stage.age_marks(600)
    assert stage.schedule().exit_code == 0
    for _ in range(2):
        assert stage.hub.take_check().conclusion == "success"
        stage.hub.take_comment(stage.number)
        stage.beaker.take_experiment()
