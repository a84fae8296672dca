"""The events keep to GitHub's published schemas of webhooks, and are what the project reads."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from github_lab import NOON, Lab

from beaker_ci.events import (
    CommentCreated,
    Dispatched,
    Event,
    Ignored,
    PullRequestChanged,
    Scheduled,
    parse_event,
)
from beaker_ci.problem import Problem

pytest_plugins = ["github_fixtures"]
WEBHOOKS = json.loads(Path(__file__).with_name("webhooks.json").read_text(encoding="utf-8"))


def check(name: str, payload: dict[str, Any]) -> None:
    whole = {**WEBHOOKS, "$ref": f"#/definitions/{name}"}
    validator = jsonschema_rs.Draft7Validator(whole, validate_formats=True)
    assert [f"{e.instance_path}: {e.message}" for e in validator.iter_errors(payload)] == []


def test_a_comment_and_what_becomes_of_it(lab: Lab) -> None:
    earlier = NOON - timedelta(hours=2)
    created = lab.github.comment(lab.pull, "writer", "/beaker run", created_at=earlier)
    check("issue_comment$created", created)
    edited = lab.github.edit_comment(created["comment"]["id"], "/beaker help", "maintainer")
    check("issue_comment$edited", edited)
    assert edited["changes"]["body"]["from"] == "/beaker run"
    assert (edited["comment"]["user"]["login"], edited["sender"]["login"]) == (
        "writer",
        "maintainer",
    )
    check("issue_comment$deleted", lab.github.delete_comment(created["comment"]["id"]))
    event = parse_event("issue_comment", json.dumps(created).encode())
    assert isinstance(event, CommentCreated)
    assert (event.number, event.is_pull_request, event.body) == (lab.pull, True, "/beaker run")
    assert (event.author.login, event.created_at) == ("writer", earlier)
    assert event.repository.id == lab.github.repository_id
    assert lab.github.exchanges == []  # The control is no client.
    assert lab.github.leftovers() == []


def test_comments_that_are_no_commands(lab: Lab) -> None:
    on_issue = lab.github.comment(lab.github.open_issue(), "writer", "/beaker run")
    by_app = lab.github.comment(lab.pull, "writer", "/beaker run", via_app=True)
    lab.github.add_user("helper[bot]", kind="Bot")
    by_bot = lab.github.comment(lab.pull, "helper[bot]", "/beaker run")
    for payload in (on_issue, by_app, by_bot):
        check("issue_comment$created", payload)
    events = [
        parse_event("issue_comment", json.dumps(payload).encode())
        for payload in (on_issue, by_app, by_bot)
    ]
    seen = [(e.is_pull_request, e.is_from_bot) for e in events if isinstance(e, CommentCreated)]
    assert seen == [(False, False), (True, True), (True, True)]


def test_dispatch(lab: Lab) -> None:
    payload = lab.github.dispatch("maintainer", {"command": "run gpu-tests"})
    check("workflow_dispatch$event", payload)
    assert payload["ref"] == "refs/heads/main"
    event = parse_event("workflow_dispatch", json.dumps(payload).encode())
    assert isinstance(event, Dispatched)
    assert event.sender.login == "maintainer"


def test_schedules_old_and_new(lab: Lab) -> None:
    told = parse_event("schedule", json.dumps(lab.github.schedule()).encode())
    assert isinstance(told, Scheduled)
    assert told.repository is not None
    assert told.repository.id == lab.github.repository_id
    bare = lab.github.schedule("0 3 * * *", bare=True)
    assert bare == {"schedule": "0 3 * * *"}
    assert parse_event("schedule", json.dumps(bare).encode()) == Scheduled(None)


def test_pull_requests_and_pushes(lab: Lab) -> None:
    check("pull_request$opened", lab.github.pull_request_event(lab.pull, "opened", "writer"))
    before = lab.repository.head("main")
    after = lab.github.push("main", {"README.md": "# New\n", "src/widget.py": None})
    payload = lab.github.push_event("main", "writer", before)
    check("push$event", payload)
    event = parse_event("push", json.dumps(payload).encode())
    assert isinstance(event, Ignored)
    assert event.repository is not None
    assert event.repository.full_name == lab.github.full_name
    assert (payload["before"], payload["after"]) == (before, after)
    assert payload["commits"][0]["modified"] == ["README.md"]
    assert payload["commits"][0]["removed"] == ["src/widget.py"]
    lab.github.push("new", {"x": "1"})
    created = lab.github.push_event("new", "writer", "0" * 40)
    check("push$event", created)
    assert created["created"]
    lab.github.close(lab.pull)
    check("pull_request$closed", lab.github.pull_request_event(lab.pull, "closed", "writer"))


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_what_becomes_of_pull_requests(lab: Lab, name: str) -> None:
    def read(action: str, **other: Any) -> Event:
        payload = lab.github.pull_request_event(lab.pull, action, "writer")
        return parse_event(name, json.dumps({**payload, **other}).encode())

    check(
        "pull_request$synchronize", lab.github.pull_request_event(lab.pull, "synchronize", "writer")
    )
    for action in ("closed", "synchronize"):
        event = read(action)
        assert isinstance(event, PullRequestChanged)
        assert (event.number, event.action) == (lab.pull, action)
        assert event.repository.id == lab.github.repository_id
    for action in ("opened", "reopened", "labeled", "edited"):
        event = read(action)
        assert isinstance(event, Ignored)
        assert (event.name, event.why) == (
            name,
            f"Only closed pull requests and moved heads matter; this one was {action}.",
        )
    malformed: tuple[dict[str, Any], ...] = (
        {"pull_request": None},
        {"repository": {}},
        {"pull_request": {"number": "1"}},
    )
    for broken in malformed:
        with pytest.raises(Problem) as raised:
            read("closed", **broken)
        assert raised.value.reason == "event.invalid"


@pytest.mark.parametrize("name", ["push", "schedule"])
@pytest.mark.parametrize("told", [{}, {"repository": None}, {"repository": {"id": "x"}}])
def test_events_that_do_not_name_their_repository(name: str, told: dict[str, Any]) -> None:
    event = parse_event(name, json.dumps({"schedule": "*/5 * * * *", **told}).encode())
    assert isinstance(event, Scheduled if name == "schedule" else Ignored)
    assert event.repository is None
