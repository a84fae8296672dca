"""Who somebody is and may do, as the project reads it; every doubt is a no."""

from __future__ import annotations

import pytest
from github_lab import Lab

from beaker_ci.facts import Permission, Person
from beaker_ci.github import Hub, read_account, read_permission, read_teams
from beaker_ci.problem import Problem
from beaker_ci.sandbox.github import Fault

pytest_plugins = ["github_fixtures"]

PERMISSION = "/collaborators/.*/permission"
MEMBERSHIP = "/memberships/"


def person(lab: Lab, login: str) -> Person:
    return Person(lab.github.user(login).id, login)


def organization(lab: Lab) -> Hub:
    """As with the action's ``org-token``."""
    granted = {"members": "read"}
    return lab.hub(lab.github.add_token("user", user="admin", permissions=granted))


def test_an_account_by_its_login(lab: Lab) -> None:
    assert read_account(lab.hub(), "WRITER") == person(lab, "writer")
    bot = lab.github.add_user("helper[bot]", kind="Bot")
    assert read_account(lab.hub(), "helper[bot]") == Person(bot.id, "helper[bot]", "Bot")
    assert lab.asked() == ["GET /users/WRITER", "GET /users/helper%5Bbot%5D"]
    with pytest.raises(Problem) as caught:
        read_account(lab.hub(), "nobody")
    assert (caught.value.reason, caught.value.what) == (
        "refused.role",
        "GitHub knows no account nobody.",
    )
    assert lab.github.leftovers() == []


@pytest.mark.parametrize("login", ["", ".", "..", "writer/../admin", "writer?", "writer#x"])
def test_what_is_no_login_is_no_account(lab: Lab, login: str) -> None:
    with pytest.raises(Problem):
        read_account(lab.hub(), login)
    lab.github.take_violations()


@pytest.mark.parametrize(
    ("login", "level"),
    [
        ("admin", "admin"),
        ("maintainer", "maintain"),
        ("writer", "write"),
        ("triager", "triage"),
        ("reader", "read"),
        ("stranger", "read"),
    ],
)
def test_the_level_is_the_name_of_githubs_own_role(lab: Lab, login: str, level: str) -> None:
    who = person(lab, login)
    assert read_permission(lab.hub(), who) == Permission(
        level, None, f"collaborator permission of user {who.id}", level
    )
    assert lab.asked() == [f"GET /collaborators/{login}/permission"]


@pytest.mark.parametrize(
    ("builds_on", "level"),
    [("read", "read"), ("triage", "read"), ("write", "write"), ("maintain", "write")],
)
def test_a_custom_role_never_counts_for_more_than_what_it_builds_on(
    lab: Lab, builds_on: str, level: str
) -> None:
    lab.github.add_user("reader", permission=builds_on, role="ml-lead")
    found = read_permission(lab.hub(), person(lab, "reader"))
    assert (found.level, found.role) == (level, "ml-lead")


def test_strangers_of_a_private_repository_and_unknown_logins(private_lab: Lab) -> None:
    assert read_permission(private_lab.hub(), person(private_lab, "stranger")).level == "none"
    assert read_permission(private_lab.hub(), Person(7, "nobody")).level == "none"


def test_a_login_that_changed_hands_proves_nothing(lab: Lab) -> None:
    lab.github.add_team("octo/infra", ["admin"])
    impostor = Person(lab.github.user("stranger").id, "admin")

    found = read_permission(lab.hub(), impostor)
    assert (found.level, found.role, found.evidence) == (
        None,
        None,
        f"the login admin is not user {impostor.id} any more",
    )
    assert read_teams(organization(lab), impostor, ["octo/infra"]) == frozenset()


@pytest.mark.parametrize(
    "user", [None, {}, {"login": "admin"}, {"id": None}, {"id": "7000003"}], ids=str
)
def test_an_answer_that_names_nobody_is_no_permission(lab: Lab, user: object) -> None:
    answer = {"permission": "admin", "role_name": "admin", "user": user}
    lab.github.faults.add(Fault("GET", PERMISSION, status=200, body=answer))
    assert read_permission(lab.hub(), person(lab, "reader")).level is None
    lab.github.take_violations()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "forbidden"), (403, "forbidden"), (429, "unavailable"), (500, "unavailable")],
)
def test_no_permission_without_an_answer(lab: Lab, status: int, reason: str) -> None:
    fault = Fault("GET", PERMISSION, status=status, headers={"Retry-After": "3600"}, times=None)
    lab.github.faults.add(fault if status >= 429 else Fault("GET", PERMISSION, status=status))
    with pytest.raises(Problem) as caught:
        read_permission(lab.hub(), person(lab, "admin"))
    assert caught.value.reason == f"github.{reason}"
    assert len(lab.asked()) == 1


def test_one_server_error_is_outlived(lab: Lab) -> None:
    lab.github.faults.add(Fault("GET", PERMISSION, status=500))
    assert read_permission(lab.hub(), person(lab, "writer")).level == "write"


def test_redirects_are_followed_on_the_same_host_only(lab: Lab) -> None:
    def moved(where: str, status: int = 301) -> None:
        body = {"message": "Moved Permanently", "url": where}
        fault = Fault("GET", "/repos/octo/.*/writer/", status=status, headers={"Location": where})
        lab.github.faults.add(Fault(**{**vars(fault), "body": body}))

    here = f"{lab.github.api_url}/repos/Octo/Widget/collaborators"
    moved(f"{here}/writer/permission")
    assert read_permission(lab.hub(), person(lab, "writer")).level == "write"
    moved(f"{here}/admin/permission")
    assert read_permission(lab.hub(), person(lab, "writer")).level is None
    moved(f"{here}/admin/permission", 302)
    assert read_permission(lab.hub(), person(lab, "writer")).level is None
    before = len(lab.asked())
    moved(f"http://localhost:1{here.partition('127.0.0.1')[2]}/writer/permission")
    with pytest.raises(Problem) as caught:
        read_permission(lab.hub(), person(lab, "writer"))
    assert caught.value.reason == "github.unavailable"
    assert len(lab.asked()) == before + 1
    lab.github.take_violations()


def test_only_active_members_of_a_team_count(lab: Lab) -> None:
    lab.github.add_team("octo/infra", {"writer": "active", "triager": "pending"})
    lab.github.add_team("octo/ml_1.0", {"admin": "active"})
    teams = ["octo/infra", "Octo/ML_1.0", "octo/gone", "other/infra"]
    hub = organization(lab)

    assert read_teams(hub, person(lab, "writer"), teams) == {"octo/infra"}
    assert lab.asked() == [
        *(f"GET /orgs/{team.replace('/', '/teams/')}/memberships/writer" for team in teams),
        "GET /users/writer",
    ]
    assert read_teams(hub, person(lab, "admin"), teams) == {"Octo/ML_1.0"}
    assert read_teams(hub, person(lab, "triager"), teams) == frozenset()
    assert read_teams(hub, person(lab, "reader"), teams) == frozenset()
    assert read_teams(hub, person(lab, "writer"), []) == frozenset()
    assert lab.github.leftovers() == []


def test_a_token_that_sees_no_teams_is_told_nothing(lab: Lab) -> None:
    lab.github.add_team("octo/infra", ["writer"])
    assert read_teams(lab.hub(), person(lab, "writer"), ["octo/infra"]) == frozenset()


def test_a_membership_in_another_state_is_none(lab: Lab) -> None:
    lab.github.add_team("octo/infra", {"writer": "suspended"})
    assert read_teams(organization(lab), person(lab, "writer"), ["octo/infra"]) == frozenset()
    lab.github.take_violations()


@pytest.mark.parametrize(
    ("status", "reason", "advice"),
    [
        (401, "github.forbidden", "Check the action's `org-token`: GitHub does not know it"),
        (403, "github.forbidden", "Check the action's `org-token`: it has to read the"),
        (503, "github.unavailable", "Ask again after "),
    ],
)
def test_no_team_without_an_answer(lab: Lab, status: int, reason: str, advice: str) -> None:
    lab.github.add_team("octo/infra", ["writer"])
    lab.github.add_team("octo/ml", ["writer"])
    headers = {"Retry-After": "3600"} if status == 503 else {}
    lab.github.faults.add(Fault("GET", MEMBERSHIP, nth=2, status=status, headers=headers))
    with pytest.raises(Problem) as caught:
        read_teams(organization(lab), person(lab, "writer"), ["octo/infra", "octo/ml"])
    assert caught.value.reason == reason
    assert caught.value.next_step.startswith(advice)
    assert "GitHub" in caught.value.what
    assert "reading the teams of writer" in caught.value.what
