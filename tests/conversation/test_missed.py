"""Commands that no workflow answered: never executed late, but told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stage import Stage, open_stage

from beaker_ci.sandbox.github import Clock, Fault

RUN = "/beaker run gpu-tests"


@pytest.fixture
def clock() -> Clock:
    """GitHub's, half an hour behind everybody else's."""
    return Clock(datetime.now(UTC) - timedelta(minutes=30))


@pytest.fixture
def old(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """A stage whose GitHub lives in the past."""
    with open_stage(tmp_path, clock=clock) as stage:
        yield stage
        assert stage.leftovers() == []


def test_an_unanswered_command_is_told_to_be_repeated(old: Stage) -> None:
    old.hub.comment(old.number, by="writer", body=f"Please:\n\n{RUN} --gpus 1")

    assert old.schedule().exit_code == 0

    answer = old.answer()
    assert "refused.stale" in answer
    assert f"{RUN} --gpus 1" in answer
    assert "Please repeat it" in answer

    assert old.schedule().exit_code == 0  # told once


@pytest.mark.parametrize(
    ("minutes", "by", "body"),
    [
        (5, "writer", RUN),  # its workflow may be on the way
        (70, "writer", RUN),  # nobody would obey it any more
        (30, "stranger", RUN),
        (30, "writer", "I would never write `/beaker run`"),
    ],
)
def test_what_is_left_alone(old: Stage, clock: Clock, minutes: int, by: str, body: str) -> None:
    clock.advance(60 * (30 - minutes))
    old.hub.comment(old.number, by=by, body=body)

    assert old.schedule().exit_code == 0


def test_an_answered_command_was_not_missed(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body=RUN)
    typo = old.hub.comment(old.number, by="writer", body="/beaker rnu")
    for event in (asked, typo):
        assert old.deliver(event).exit_code == 0
        old.heard(event)

    assert old.schedule().exit_code == 0

    old.hub.take_comment(old.number)
    old.hub.take_comment(old.number)
    old.hub.take_check()
    old.beaker.take_experiment()


def test_a_run_whose_comment_somebody_deleted_was_not_missed(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body=RUN)
    assert old.deliver(asked).exit_code == 0
    old.heard(asked)
    old.hub.delete_comment(old.hub.take_comment(old.number).id)

    assert old.schedule().exit_code == 0

    old.hub.take_check()
    old.beaker.take_experiment()


def test_a_labelled_run_whose_comment_somebody_deleted_was_not_missed(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body="/beaker run gpu-tests --name nightly")
    old.deliver(asked)
    old.hub.delete_comment(old.hub.take_comment(old.number).id)

    assert old.schedule().exit_code == 0

    old.heard(asked)
    old.hub.take_check()
    assert "-nightly-" in old.beaker.take_experiment().name


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("/beaker run nonsuch", "If you had no answer, please repeat it in a new comment:"),
        ("/beaker rnu", ""),
        ("/beaker help", ""),
    ],
)
def test_a_deleted_answer_was_not_missed(old: Stage, body: str, said: str) -> None:
    asked = old.hub.comment(old.number, by="writer", body=body)
    assert old.deliver(asked).exit_code == 0
    old.heard(asked)
    old.hub.delete_comment(old.hub.take_comment(old.number).id)

    assert old.schedule().exit_code == 0

    if said:
        answer = old.answer()
        assert "It is not certain that this was answered" in answer
        assert said in answer
        assert "missed" not in answer


def test_a_locked_pull_request_keeps_no_other_from_being_told(old: Stage) -> None:
    old.hub.comment(old.number, by="writer", body=RUN)
    old.hub.repository.commit("other", {"other.py": "rate = 1\n"}, message="Another")
    locked = old.hub.open_pull_request("other", by="writer", title="Another")
    for _ in range(2):
        old.hub.comment(locked, by="writer", body=RUN)
    words = {"message": "Unable to create comment because issue is locked."}
    path = f"/issues/{locked}/comments$"
    old.hub.faults.add(Fault("POST", path, status=403, body=words, times=None))

    done = old.schedule()

    assert done.exit_code == 0
    assert done.log.count("github.forbidden") == 1  # one word about each pull request is enough
    assert f"on #{locked}" in done.log
    assert "This was missed" in old.answer()
    assert len(old.hub.comments(locked)) == 2


def test_a_late_workflow_takes_the_word_back(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body=RUN)
    assert old.schedule().exit_code == 0
    assert "refused.stale" in old.hub.comments(old.number)[-1].body

    assert old.deliver(asked).reason == "accepted"

    old.heard(asked)
    assert old.hub.take_comment(old.number).deleted
    assert "Queued on Beaker" in old.hub.take_comment(old.number).body
    old.hub.take_check()
    old.beaker.take_experiment()


def test_a_late_workflow_that_submits_meanwhile_takes_the_word_back(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body=RUN)
    told: list[int] = []
    old.beaker.faults.before("POST experiments", lambda: told.append(old.schedule().exit_code))

    assert old.deliver(asked).reason == "accepted"

    assert told == [0]
    old.heard(asked)
    word = old.hub.take_comment(old.number)
    assert word.deleted
    assert "refused.stale" in word.body
    assert "Queued on Beaker" in old.hub.take_comment(old.number).body
    old.hub.take_check()
    old.beaker.take_experiment()


def test_a_late_workflow_that_dies_once_it_has_submitted_leaves_no_such_word(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body=RUN)
    assert old.schedule().exit_code == 0
    old.beaker.faults.after("POST experiments", lambda: running[0].kill())
    running = [old.step(asked).start()]
    assert running[0].wait(60) != 0
    old.age_marks(600)

    assert old.schedule().exit_code == 0

    old.heard(asked)
    word = old.hub.take_comment(old.number)
    assert word.deleted
    assert "refused.stale" in word.body
    assert "Queued on Beaker" in old.hub.take_comment(old.number).body
    old.hub.take_check()
    old.beaker.take_experiment()


@pytest.mark.parametrize("lines", [1, 2])
def test_what_is_submitted_while_it_is_called_missed(old: Stage, lines: int) -> None:
    typo = "/beaker rnu gpu-tests"
    asked = old.hub.comment(old.number, by="writer", body="\n".join([RUN, typo][:lines]))
    late: list[str] = []

    def hear() -> None:
        # It dies before it answers the rest.
        path = f"/issues/{old.number}/comments$"
        old.hub.faults.add(Fault("POST", path, nth=2, drop=True))
        old.hub.faults.before("POST", path, lambda: running[0].kill(), nth=2)
        running = [old.step(asked).start()]
        running[0].wait(60)
        late.append("heard")

    old.hub.faults.before("POST", f"/issues/{old.number}/comments$", hear)

    assert old.schedule().exit_code == 0

    assert late == ["heard"]
    old.heard(asked)
    found = [old.hub.take_comment(old.number) for _ in range(2)]
    (run,) = [one for one in found if "Queued on Beaker" in one.body]
    (word,) = [one for one in found if one.id != run.id]
    assert not run.deleted
    assert word.deleted is (lines == 1)
    assert word.deleted or "gpu-tests" in word.body
    old.hub.take_check()
    old.beaker.take_experiment()


def test_a_flood_of_strangers_costs_a_few_requests(old: Stage) -> None:
    for _ in range(30):
        old.hub.comment(old.number, by="stranger", body=RUN)
    before = len(old.hub.exchanges)

    assert old.schedule().exit_code == 0

    assert len(old.hub.exchanges) - before <= 5


def test_only_what_was_left_of_a_comment_is_told(old: Stage) -> None:
    asked = old.hub.comment(old.number, by="writer", body=f"{RUN}\n/beaker run -- true")
    # The head is read for the whole comment, and again before each submission.
    old.hub.faults.before("GET", "/pulls/1$", lambda: running[0].kill(), nth=3)
    running = [old.step(asked).start()]
    assert running[0].wait(60) != 0
    old.hub.faults.clear()
    old.heard(asked)

    assert old.schedule().exit_code == 0

    assert "Queued on Beaker" in old.hub.take_comment(old.number).body
    told = old.answer()
    assert "It is not certain that this was answered" in told
    assert "/beaker run -- true" in told
    assert "gpu-tests" not in told
    old.hub.take_check()
    old.beaker.take_experiment()


def test_with_a_run_all_that_stood_beside_it_is_told(old: Stage) -> None:
    """Seen, and then the process died: help alone would have been answered and deleted."""
    asked = old.hub.comment(old.number, by="writer", body=f"{RUN}\n/beaker help run")
    old.hub.react(asked["comment"]["id"], by="github-actions[bot]", content="eyes")

    assert old.schedule().exit_code == 0

    answer = old.answer()
    assert RUN in answer
    assert "/beaker help run" in answer


def test_a_retry_that_was_submitted_was_not_missed(old: Stage) -> None:
    first = old.hub.comment(old.number, by="writer", body=RUN)
    old.deliver(first)
    old.heard(first)
    old.beaker.finish(old.beaker.take_experiment().id, 1)
    again = old.hub.comment(old.number, by="writer", body="/beaker retry")
    old.deliver(again)
    old.heard(again)
    old.beaker.take_experiment()
    for comment in old.hub.comments(old.number):
        if comment.author.login != "writer":
            old.hub.delete_comment(comment.id)

    assert old.schedule().exit_code == 0

    old.hub.take_check()
    old.hub.take_check()
    old.hub.take_comment(old.number)
    old.hub.take_comment(old.number)
    assert old.leftovers() == []
