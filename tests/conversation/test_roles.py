"""Who may: by permission, role name, team or account, and by nothing that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage import CONFIG, Stage, open_stage
from test_agreements import HIGH, agrees

from beaker_ci.sandbox import github
from beaker_ci.sandbox.runner import StepResult

RUN = "/beaker run -- python train.py"


@contextmanager
def roles(directory: Path, rules: str) -> Iterator[Stage]:
    """A stage with these ``roles``."""
    files = {".github/beaker-ci.yml": f"{CONFIG}roles: {rules}\n"}
    with open_stage(directory, files) as stage:
        yield stage
        assert stage.leftovers() == []


def asks(stage: Stage, by: str, body: str = RUN) -> tuple[StepResult, str]:
    """Somebody comments; the result and the answer, all of which is taken."""
    asked = stage.hub.comment(stage.number, by=by, body=body)
    result = stage.deliver(asked)
    stage.heard(asked)
    if result.reason == "accepted":
        stage.hub.take_check()
        stage.beaker.take_experiment()
    return result, stage.answer()


def give_org_token(stage: Stage, **how: Any) -> None:
    """Hands the action a token that reads teams, unless it may not."""
    stage.inputs["org-token"] = stage.hub.add_token("user", user="admin", **how)


def asked_of(stage: Stage, path: str) -> int:
    """How many requests went to a path that begins so."""
    return sum(exchange.path.startswith(path) for exchange in stage.hub.exchanges)


TEAM = "{run: {permission: write, teams: [octo/research]}}"


@pytest.mark.parametrize(
    ("standing", "reason"),
    [("active", "accepted"), ("pending", "refused.role"), (None, "refused.role")],
)
def test_members_of_a_team_run(tmp_path: Path, standing: str | None, reason: str) -> None:
    with roles(tmp_path, TEAM) as stage:
        give_org_token(stage)
        stage.hub.add_team("octo/research", {"reader": standing} if standing else {})

        result, answer = asks(stage, "reader")

        assert result.reason == reason
        evidence = "member of the team octo/research (`roles.run`)"
        assert (evidence in answer) is (reason == "accepted")
        assert "could not be read" not in answer


def test_without_a_token_for_teams_the_answer_says_so(tmp_path: Path) -> None:
    with roles(tmp_path, TEAM) as stage:
        stage.hub.add_team("octo/research", ["reader"])

        result, answer = asks(stage, "reader")

        assert result.reason == "refused.role"
        assert "team membership could not be read" in answer
        assert "org-token" in answer
        assert asked_of(stage, "/orgs/") == 0


def test_a_token_that_may_not_read_teams(tmp_path: Path) -> None:
    """GitHub denies the team to it, as if there were none: that is no yes."""
    with roles(tmp_path, TEAM) as stage:
        stage.hub.add_team("octo/research", ["reader"])
        give_org_token(stage, permissions={"contents": "read"})

        assert asks(stage, "reader")[0].reason == "refused.role"

        assert asked_of(stage, "/orgs/") == 1


@pytest.mark.parametrize("status", [401, 403])
def test_teams_that_cannot_be_read_are_no_yes(tmp_path: Path, status: int) -> None:
    with roles(tmp_path, TEAM) as stage:
        stage.hub.add_team("octo/research", ["reader"])
        give_org_token(stage)
        stage.hub.faults.add(github.Fault("GET", "/orgs/", status=status, times=None))

        result, answer = asks(stage, "reader")

        assert result.reason == "refused.role"
        assert "team membership could not be read" in answer


def test_the_first_line_that_holds_suffices(tmp_path: Path) -> None:
    """Nobody's teams are read who may run by permission, or as a listed account."""
    with open_stage(tmp_path) as stage:
        reader = stage.hub.add_user("reader", permission="read")
    rules = f"{{run: {{permission: write, teams: [octo/a, octo/b], users: [{reader.id}]}}}}"
    with roles(tmp_path / "roles", rules) as stage:
        give_org_token(stage)

        reasons = [asks(stage, by)[0].reason for by in ("writer", "maintainer", "reader")]

        assert reasons == ["accepted"] * 3
        assert asked_of(stage, "/orgs/") == 0
        assert asks(stage, "triager")[0].reason == "refused.role"
        assert asked_of(stage, "/orgs/octo/teams/") == 2  # one for each team, and no more


APPROVERS = "{approve: {teams: [octo/infra]}}"


@pytest.mark.parametrize(
    ("standing", "reason"),
    [("active", "accepted"), ("pending", "refused.role"), (None, "refused.role")],
)
def test_members_of_a_team_approve(tmp_path: Path, standing: str | None, reason: str) -> None:
    with roles(tmp_path, APPROVERS) as stage:
        give_org_token(stage)
        stage.hub.add_user("lead", permission="write")
        stage.hub.add_team("octo/infra", {"lead": standing} if standing else {})
        plan = asks(stage, "writer", HIGH)[0].outputs["run-id"]
        assert asked_of(stage, "/orgs/") == 0

        result = agrees(stage, "approve", plan, by="lead")

        assert result.reason == reason
        answer = stage.answer()
        if reason == "accepted":
            assert "member of the team octo/infra (`roles.approve`)" in answer
            stage.hub.take_check()
            stage.beaker.take_experiment()


def test_approvers_of_a_team_without_a_token_for_teams(tmp_path: Path) -> None:
    with roles(tmp_path, APPROVERS) as stage:
        stage.hub.add_user("lead", permission="admin")
        stage.hub.add_team("octo/infra", ["lead"])
        plan = asks(stage, "writer", HIGH)[0].outputs["run-id"]

        result = agrees(stage, "approve", plan, by="lead")

        assert result.reason == "refused.role"
        assert "org-token" in stage.answer()


def test_an_approver_must_be_able_to_run(tmp_path: Path) -> None:
    """Every command needs `roles.run`; a right to approve is none to run."""
    with roles(tmp_path, APPROVERS) as stage:
        give_org_token(stage)
        stage.hub.add_team("octo/infra", ["reader", "admin"])
        plan = asks(stage, "writer", HIGH)[0].outputs["run-id"]

        assert agrees(stage, "approve", plan, by="reader").reason == "refused.role"

        stage.answer()


def rename(stage: Stage, login: str, to: str) -> None:
    """An account takes another name, and its old one is free for whoever wants it."""
    state = stage.hub._state
    with state.lock:
        account = state.accounts.pop(login)
        state.accounts[to] = replace(account, login=to)
        state.roles[to] = state.roles.pop(login)


def test_a_listed_account_is_its_number(tmp_path: Path) -> None:
    """Logins change hands: the number stays with the person, and the name does not help."""
    with open_stage(tmp_path) as stage:
        reader = stage.hub.add_user("reader", permission="read")
    with roles(
        tmp_path / "roles", f"{{run: {{permission: write, users: [{reader.id}]}}}}"
    ) as stage:
        assert asks(stage, "reader")[0].reason == "accepted"
        rename(stage, "reader", "reader-of-old")
        impostor = stage.hub.add_user("reader", permission="read")
        assert impostor.id != reader.id

        assert asks(stage, "reader")[0].reason == "refused.role"

        result, answer = asks(stage, "reader-of-old")
        assert result.reason == "accepted"
        assert f"reader-of-old ({reader.id}): a listed account" in answer


def test_a_right_is_not_inherited_with_a_login(stage: Stage) -> None:
    """Who commented under a name that somebody else has by now has none of their rights."""
    asked = stage.hub.comment(stage.number, by="reader", body=RUN)
    rename(stage, "reader", "reader-of-old")
    stage.hub.add_user("reader", permission="admin")

    result = stage.deliver(asked)

    assert result.reason == "refused.role"
    stage.heard(asked)
    assert "permission unknown" in stage.answer()


def test_a_team_is_not_inherited_with_a_login(tmp_path: Path) -> None:
    """The answer about a team names a login alone: whose it is, is asked as well."""
    with roles(tmp_path, TEAM) as stage:
        give_org_token(stage)
        stage.hub.add_team("octo/research", ["reader"])
        asked = stage.hub.comment(stage.number, by="reader", body=RUN)
        rename(stage, "reader", "reader-of-old")
        stage.hub.add_user("reader", permission="read")

        assert stage.deliver(asked).reason == "refused.role"

        assert asked_of(stage, "/orgs/") == 1
        stage.heard(asked)
        stage.answer()


def test_an_organizations_own_role(tmp_path: Path) -> None:
    """A role of its own is named exactly; what it builds on counts where a right is asked for."""
    with roles(tmp_path, "{run: {permission: gpu-user}}") as stage:
        stage.hub.add_user("ruth", permission="read", role="gpu-user")
        stage.hub.add_user("boss", permission="admin", role="gpu-user-2")
        pin = f"/beaker run --sha {stage.hub.head(stage.number)} -- python train.py"

        # Fewer may run than may push: the commit has to be named.
        assert asks(stage, "ruth")[0].reason == "refused.sha-required"
        assert asks(stage, "ruth", pin)[0].reason == "accepted"
        assert asks(stage, "boss", pin)[0].reason == "refused.role"


def test_what_an_organizations_own_role_builds_on(stage: Stage) -> None:
    stage.hub.add_user("ruth", permission="write", role="gpu-user")
    stage.hub.add_user("rita", permission="triage", role="write-docs")

    reasons = [asks(stage, by)[0].reason for by in ("ruth", "rita")]

    assert reasons == ["accepted", "refused.role"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 500}, "github.unavailable"),
        ({"status": 401}, "github.forbidden"),
        ({"status": 403}, "github.forbidden"),
        ({"status": 404}, "refused.role"),
        ({"status": 200, "body": {}}, "refused.role"),
        ({"status": 200, "body": []}, "github.unavailable"),
        ({"status": 200, "body": {"permission": "admin"}}, "refused.role"),
        ({"status": 200, "body": {"permission": "owner", "user": {"id": 0}}}, "refused.role"),
    ],
    ids=str,
)
def test_any_error_refuses(stage: Stage, fault: dict[str, Any], reason: str) -> None:
    path = "/collaborators/.*/permission$"
    stage.hub.faults.add(github.Fault("GET", path, times=None, **fault))
    asked = stage.hub.comment(stage.number, by="admin", body=RUN)

    result = stage.deliver(asked)

    assert result.reason == reason
    stage.heard(asked)
    assert f"`{reason}`" in stage.answer()
    stage.hub.take_violations()
