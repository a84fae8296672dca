"""Comments, reactions, checks and statuses: what the API writes, and the rules around it."""

from __future__ import annotations

from typing import Any

import pytest
from github import GithubException
from github_lab import NOON, Lab

pytest_plugins = ["github_fixtures"]


def refusal(error: pytest.ExceptionInfo[GithubException]) -> tuple[int, Any]:
    """The status, and the first error's message, or the message."""
    data = error.value.data
    assert isinstance(data, dict)
    errors = data.get("errors") or [data]
    return error.value.status, errors[0]["message"]


def test_a_comment_of_a_workflow(lab: Lab) -> None:
    comment = lab.issue().create_comment("Hello **there**")
    assert comment.user.login == "github-actions[bot]"
    assert (comment.user.id, comment.user.type) == (41898282, "Bot")
    assert comment.user.url.endswith("/users/github-actions%5Bbot%5D")
    assert comment.performed_via_github_app.id == 15368
    lab.github.clock.advance(60)
    comment.edit("Changed")
    seen = lab.github.take_comment(lab.pull)
    assert (seen.body, seen.author.login) == ("Changed", "github-actions[bot]")
    assert (seen.created_at, (seen.updated_at - seen.created_at).seconds) == (NOON, 60)
    comment.delete()
    assert lab.github.comments(lab.pull) == []
    assert lab.github.take_comment(lab.pull).deleted
    assert lab.github.leftovers() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x" * 65_537, "Body is too long (maximum is 65536 characters)"),
        (" \n", "body cannot be blank"),
    ],
)
def test_comment_bodies_have_limits(lab: Lab, body: str, message: str) -> None:
    with pytest.raises(GithubException) as error:
        lab.issue().create_comment(body)
    assert refusal(error) == (422, message)
    lab.issue().create_comment("é" * 65_536)
    assert len(lab.github.take_comment(lab.pull).body) == 65_536
    assert lab.github.leftovers() == []


def test_comments_are_listed_by_id_or_by_time(lab: Lab) -> None:
    ids = [lab.github.comment(lab.pull, "reader", text)["comment"]["id"] for text in "abc"]
    lab.github.clock.advance(10)
    lab.github.edit_comment(ids[0], "A", "reader")
    repo, issue = lab.repo(), lab.issue()
    assert [comment.body for comment in issue.get_comments()] == ["A", "b", "c"]
    latest = repo.get_issues_comments(sort="updated", direction="desc")
    assert [comment.body for comment in latest] == ["A", "c", "b"]
    since = lab.github.clock.now
    assert [comment.body for comment in issue.get_comments(since=since)] == ["A"]
    assert issue.get_comment(ids[1]).body == "b"
    lab.github.delete_comment(ids[1])
    with pytest.raises(GithubException, match="404"):
        issue.get_comment(ids[1]).complete()
    assert lab.github.leftovers() == []


def test_a_reaction_is_given_once(lab: Lab) -> None:
    comment_id = lab.github.comment(lab.pull, "writer", "/beaker run")["comment"]["id"]
    lab.github.react(comment_id, "reader", "+1")
    comment = lab.issue().get_comment(comment_id)
    first, second = comment.create_reaction("eyes"), comment.create_reaction("eyes")
    assert first.id == second.id
    assert [e.status for e in lab.github.exchanges if e.method == "POST"] == [201, 200]
    assert [r.content for r in comment.get_reactions()] == ["+1", "eyes"]
    assert lab.github.take_reactions(comment_id) == ["eyes"]
    comment.create_reaction("rocket")
    assert comment.delete_reaction(first.id)
    assert [r.content for r in lab.github.reactions(comment_id)] == ["+1", "rocket"]
    assert lab.github.take_reactions(comment_id) == ["rocket"]
    assert lab.github.leftovers() == []


def test_a_check_run_from_start_to_end(lab: Lab) -> None:
    head = lab.github.head(lab.pull)
    run = lab.repo().create_check_run(
        "beaker / tests",
        head,
        details_url="https://beaker.example/ex/1",
        external_id="w1",
        output={"title": "Queued", "summary": "waits"},
    )
    assert (run.status, run.app.id) == ("queued", 15368)
    assert run.raw_data["conclusion"] is None
    assert run.details_url.startswith(lab.github.html_url)  # Never the one that was sent.
    assert [pull.number for pull in run.pull_requests] == [lab.pull]
    note = {"path": "a.py", "start_line": 1, "end_line": 1, "message": "m"}
    notes = [{**note, "annotation_level": "failure"}] * 30
    for _ in range(2):
        run.edit(output={"title": "T", "summary": "s", "annotations": notes})
    run.edit(conclusion="failure")
    assert len(list(run.get_annotations())) == 60
    seen = lab.github.take_check("beaker / tests", head)
    assert (seen.status, seen.conclusion, seen.external_id) == ("completed", "failure", "w1")
    assert (seen.title, seen.completed_at, len(seen.annotations)) == ("T", NOON, 60)
    assert lab.repo().get_check_run(run.id).conclusion == "failure"
    assert lab.github.leftovers() == []


def test_check_runs_of_a_commit(lab: Lab) -> None:
    head = lab.github.head(lab.pull)
    for name in ("one", "two", "one"):
        lab.repo().create_check_run(name, head, status="in_progress")
        lab.github.take_check(name)
    commit = lab.repo().get_commit(head)
    assert [run.name for run in commit.get_check_runs()] == ["one", "two"]
    every = commit.get_check_runs(filter="all", check_name="one", status="in_progress")
    assert every.totalCount == 2
    assert len(lab.github.check_runs(head)) == 3
    assert lab.github.check_runs("f" * 40) == []
    assert lab.github.leftovers() == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"head_sha": "f" * 40}, "No commit found for SHA"),
        ({"status": "completed"}, "is required when status is completed"),
        ({"conclusion": "stale"}, "set by GitHub only"),
    ],
)
def test_check_runs_that_github_refuses(lab: Lab, fields: dict[str, Any], message: str) -> None:
    whole = {"name": "x", "head_sha": lab.github.head(lab.pull), **fields}
    with pytest.raises(GithubException) as error:
        lab.repo().create_check_run(**whole)
    status, words = refusal(error)
    assert status == 422
    assert message in words
    assert lab.github.check_runs() == []
    assert lab.github.leftovers() == []


@pytest.mark.parametrize(
    "output",
    [
        {"title": "t"},
        {"title": "t", "summary": "x" * 65_536},
        {"title": "t", "summary": "s", "annotations": [{}] * 51},
    ],
)
def test_what_the_description_forbids_is_refused_and_recorded(
    lab: Lab, output: dict[str, Any]
) -> None:
    with pytest.raises(GithubException, match="Invalid request"):
        lab.repo().create_check_run("x", lab.github.head(lab.pull), output=output)
    assert lab.github.check_runs() == []
    assert lab.github.take_violations()


def test_statuses(lab: Lab) -> None:
    head = lab.github.head(lab.pull)
    commit = lab.repo().get_commit(head)
    assert commit.get_combined_status().state == "pending"
    commit.create_status("pending", "https://beaker.example", "waits", "beaker")
    commit.create_status("success", "https://beaker.example", "done", "beaker")
    with pytest.raises(GithubException) as error:
        commit.create_status("success", description="x" * 141)
    assert refusal(error) == (422, "description is too long (maximum is 140 characters)")
    combined = commit.get_combined_status()
    assert (combined.state, [s.description for s in combined.statuses]) == ("success", ["done"])
    listed = lab.request(f"/repos/octo/widget/commits/{head}/statuses").json
    assert [status["state"] for status in listed] == ["success", "pending"]
    assert [lab.github.take_status("beaker", head).state for _ in range(2)] == [
        "pending",
        "success",
    ]
    assert lab.github.leftovers() == []
