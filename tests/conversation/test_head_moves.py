"""The head moves around every call that a submission makes: it runs what was agreed to, or not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path

import pytest
from stage import CONFIG, Stage, open_stage
from test_agreements import plan_id
from twins import write_twins

from beaker_ci.sandbox.runner import StepResult

MOST = 50
"""More calls than a submission makes of either service."""

Move = Callable[[], None]

Arm = Callable[[Stage, Move, int], None]
"""Lets the head move at the n-th call, before it and after it.

Who makes one call after the other cannot tell a move after one from a move before the next.
"""


def around_github(stage: Stage, move: Move, nth: int) -> None:
    """At a request to GitHub."""
    stage.hub.faults.before(None, "", move, nth=nth)
    stage.hub.faults.after(None, "", move, nth=nth)


def around_beaker(stage: Stage, move: Move, nth: int) -> None:
    """At a request to Beaker, among them the POST; there is no second move if it is refused."""
    stage.beaker.faults.before(".*", move, nth=nth)
    stage.beaker.faults.after(".*", move, nth=nth)


ARMS = pytest.mark.parametrize("arm", [around_github, around_beaker])


class Moves:
    """Submissions, during each of which the head moves.

    Attributes:
        move: Moves the head.
        told: What GitHub may have said that the head is, each time that the bot asked: one commit,
            or two if the head moved at that moment through another call.
    """

    def __init__(self, stage: Stage, move: Move) -> None:
        self.stage = stage
        self.move = move
        self.told: list[set[str]] = []

    def submit(self, body: str, arm: Arm, nth: int) -> tuple[bool, str, str | None]:
        """Submits while the head moves at the n-th call, and takes all that comes of it.

        Returns:
            Whether there was such a call, the reason, and the experiment's commit if there is one.
        """
        stage, struck, path = self.stage, list[int](), f"/pulls/{self.stage.number}$"
        self.told.clear()

        def strike() -> None:
            struck.append(nth)
            self.move()

        # In this order: what the head is, is noted after it moved before a call, and the reverse.
        stage.hub.faults.after("GET", path, lambda: self.told[-1].add(self._head()), nth=None)
        arm(stage, strike, nth)
        stage.hub.faults.before("GET", path, lambda: self.told.append({self._head()}), nth=None)
        asked = stage.hub.comment(stage.number, by="writer", body=body)

        result = stage.deliver(asked)

        stage.hub.faults.clear()
        stage.beaker.faults.clear()
        stage.heard(asked)
        sha = self._take(result)
        assert stage.leftovers() == []
        return bool(struck), result.reason, sha

    def _head(self) -> str:
        return self.stage.hub.head(self.stage.number)

    def _take(self, result: StepResult) -> str | None:
        """Takes the answer, and the experiment with its check."""
        stage, answer = self.stage, self.stage.answer_as_it_is()
        if result.reason != "accepted":
            assert f"`{result.reason}`" in answer
            if "plan-changed" not in result.reason:
                # The line to paste names the head that was read last, to its last digit.
                assert any(f"--sha {sha} " in answer for sha in self.told[-1])
            return None
        held = stage.beaker.take_experiment()
        sha = held.env["GIT_REF"]
        assert sha == held.env["BEAKER_CI_SHA"]
        stage.hub.take_check(sha=sha)
        # So that the next one finds everything as this one did.
        with stage.beaker.client() as client:
            client.workload.delete(client.workload.get(held.id))
        return sha


@ARMS
def test_a_branch_runs_at_the_head_that_was_read_last(stage: Stage, arm: Arm) -> None:
    """Without a pin, the head may be what it is when it is first read, and nothing after that."""
    pushes = count()
    reasons = []

    def push() -> None:
        stage.hub.push("feature", {"n.py": f"n = {next(pushes)}\n"})

    moves = Moves(stage, push)

    for nth in range(1, MOST):
        struck, reason, sha = moves.submit("/beaker run -- python train.py", arm, nth)
        first, again = moves.told
        if sha is not None:
            assert reason == "accepted"
            assert sha in first & again
        else:
            assert reason == "refused.head-moved"
            assert len(first | again) > 1
        reasons.append(reason)
        if not struck:
            break

    assert not struck, "there may be more calls"
    assert {"accepted", "refused.head-moved"} == set(reasons)


class Fork:
    """A pull request from a fork whose head is the harmless twin, at the beginning of each try."""

    def __init__(self, stage: Stage) -> None:
        stage.hub.push("idea", {"idea.py": "x = 1\n"}, fork="stranger")
        self._repository = stage.hub.repository
        self._ref = "refs/forks/stranger/heads/idea"
        self.pinned, evil = write_twins(self._repository)
        self._others = cycle([evil, self._repository.head(self._ref)])
        self.reset()
        stage.number = stage.hub.open_pull_request("idea", by="stranger", fork="stranger")

    def reset(self) -> None:
        self._repository.set_ref(self._ref, self.pinned)

    def move(self) -> None:
        """To the evil twin, or to another commit."""
        self._repository.set_ref(self._ref, next(self._others))


def expect_only_the_pin(stage: Stage, fork: Fork, body: str, arm: Arm, changed: str) -> None:
    """Nothing but the pinned commit ever runs, and that only while it is the head.

    Args:
        changed: The reason when the head had moved before it was first read.
    """
    moves = Moves(stage, fork.move)
    reasons = []
    for nth in range(1, MOST):
        struck, reason, sha = moves.submit(body, arm, nth)
        expected = {
            "accepted": (2, fork.pinned),
            "refused.head-moved": (2, None),
            changed: (1, None),
        }
        assert (len(moves.told), sha) == expected[reason]
        *before, last = moves.told
        assert all(fork.pinned in heads for heads in before)
        assert fork.pinned in last if sha else last != {fork.pinned}
        reasons.append(reason)
        fork.reset()
        if not struck:
            break
    assert not struck, "there may be more calls"
    assert {"accepted", "refused.head-moved"} <= set(reasons)


@ARMS
def test_a_fork_runs_at_its_pin_alone(tmp_path: Path, arm: Arm) -> None:
    with open_stage(tmp_path, {".github/beaker-ci.yml": CONFIG + "forks: pinned\n"}) as stage:
        fork = Fork(stage)
        body = f"/beaker run --sha {fork.pinned} -- python train.py"
        expect_only_the_pin(stage, fork, body, arm, "refused.sha-mismatch")


@ARMS
def test_a_plan_runs_at_its_commit_alone(tmp_path: Path, arm: Arm) -> None:
    with open_stage(tmp_path, {".github/beaker-ci.yml": CONFIG + "forks: pinned\n"}) as stage:
        fork = Fork(stage)
        plan = plan_id(stage, "/beaker plan -- python train.py")
        expect_only_the_pin(stage, fork, f"/beaker go {plan}", arm, "refused.plan-changed")


def test_a_twin_is_another_commit(tmp_path: Path) -> None:
    """What shares 12 digits with the head is no pin of it, whoever abbreviates it where."""
    with open_stage(tmp_path, {".github/beaker-ci.yml": CONFIG + "forks: pinned\n"}) as stage:
        fork = Fork(stage)
        fork.move()
        asked = [
            stage.hub.comment(stage.number, by="writer", body=f"/beaker run --sha {sha} gpu-tests")
            for sha in (fork.pinned, fork.pinned[:12], fork.pinned[:39])
        ]

        reasons = [stage.deliver(each).reason for each in asked]

        assert reasons == ["refused.sha-mismatch", "usage.bad-value", "usage.bad-value"]
        for each in asked:
            stage.heard(each)
            stage.hub.take_comment(stage.number)
        assert stage.leftovers() == []
