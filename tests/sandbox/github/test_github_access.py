"""Tokens, permissions and roles: who may do what, in GitHub's own words."""

from __future__ import annotations

import pytest
from github import GithubException, UnknownObjectException
from github_lab import Lab

pytest_plugins = ["github_fixtures"]


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [
        ("admin", "admin", "admin"),
        ("maintainer", "write", "maintain"),
        ("WRITER", "write", "write"),
        ("triager", "read", "triage"),
        ("reader", "read", "read"),
        ("stranger", "read", "read"),
    ],
)
def test_the_legacy_permission_and_the_role(
    lab: Lab, login: str, permission: str, role: str
) -> None:
    repo = lab.repo()
    assert repo.get_collaborator_permission(login) == permission
    assert repo.get_collaborator_role_name(login) == role
    assert lab.github.leftovers() == []


def test_custom_roles_build_on_one_of_githubs(lab: Lab) -> None:
    lab.github.add_user("reader", permission="write", role="release-manager")
    answer = lab.request(
        "/repos/octo/widget/collaborators/reader/permission", lab.github.add_token()
    ).json
    assert (answer["permission"], answer["role_name"]) == ("write", "release-manager")
    assert answer["user"]["permissions"] == {
        "admin": False,
        "maintain": False,
        "push": True,
        "triage": True,
        "pull": True,
    }


def test_an_unknown_user_has_no_permission(lab: Lab) -> None:
    with pytest.raises(GithubException) as error:
        lab.repo().get_collaborator_permission("nobody")
    assert error.value.status == 404


def test_only_writers_may_ask_for_permissions(lab: Lab) -> None:
    with pytest.raises(GithubException, match="Must have push access"):
        lab.repo(lab.github.add_token("user", user="reader")).get_collaborator_permission("admin")


def test_a_stranger_sees_nothing_of_a_private_repository(private_lab: Lab) -> None:
    local = private_lab.github
    assert private_lab.repo().get_collaborator_permission("stranger") == "none"
    for token in (None, local.add_token("user", user="stranger")):
        answer = private_lab.request(f"/repos/octo/widget/pulls/{private_lab.pull}", token)
        assert (answer.status, answer.json["message"]) == (404, "Not Found")
    reader = local.add_token("user", user="reader")
    assert private_lab.pull_request(reader).head.sha == local.head(private_lab.pull)


def test_naming_one_permission_withdraws_the_others(private_lab: Lab) -> None:
    token = private_lab.github.add_token(permissions={"pull-requests": "read"})
    assert private_lab.pull_request(token).state == "open"
    with pytest.raises(GithubException, match="Resource not accessible by integration") as error:
        private_lab.issue(token).create_comment("no")
    assert error.value.status == 403
    with pytest.raises(UnknownObjectException):  # As if the file did not exist.
        private_lab.repo(token).get_contents("README.md")
    fine = private_lab.github.add_token("user", user="admin", permissions={"contents": "read"})
    with pytest.raises(GithubException, match="not accessible by personal access token"):
        private_lab.issue(fine).create_comment("no")
    assert private_lab.github.leftovers() == []


def test_a_public_repository_can_be_read_without_permissions(lab: Lab) -> None:
    token = lab.github.add_token(permissions={})
    assert lab.pull_request(token).state == "open"
    with pytest.raises(GithubException, match="Resource not accessible by integration"):
        lab.repo(token).create_check_run("x", lab.github.head(lab.pull))
    assert lab.request(f"/repos/octo/widget/pulls/{lab.pull}").status == 200
    assert lab.request("/user").json["message"] == "Requires authentication"


def test_tokens_that_nobody_gave_out_and_revoked_ones(lab: Lab) -> None:
    token = lab.github.add_token()
    lab.github.revoke_token(token)
    for worthless in ("ghs_invented", token):
        answer = lab.request("/repos/octo/widget", worthless)
        assert (answer.status, answer.json) == (
            401,
            {
                "message": "Bad credentials",
                "documentation_url": "https://docs.github.com/rest",
                "status": "401",
            },
        )


def test_checks_are_for_apps(lab: Lab) -> None:
    personal = lab.github.add_token("user", user="admin")
    with pytest.raises(GithubException, match="You must authenticate via a GitHub App"):
        lab.repo(personal).create_check_run("x", lab.github.head(lab.pull))
    with pytest.raises(GithubException, match="Resource not accessible by integration"):
        _ = lab.client().get_user().login


def test_statuses_need_push_rights(lab: Lab) -> None:
    head = lab.github.head(lab.pull)
    with pytest.raises(UnknownObjectException):
        lab.repo(lab.github.add_token("user", user="reader")).get_commit(head).create_status(
            "error"
        )
    lab.repo(lab.github.add_token("user", user="writer")).get_commit(head).create_status("error")
    assert lab.github.take_status(sha=head).creator.login == "writer"
    assert lab.github.leftovers() == []


def test_comments_belong_to_their_authors_and_to_writers(lab: Lab) -> None:
    comment_id = lab.github.comment(lab.pull, "triager", "mine")["comment"]["id"]
    tokens = {who: lab.github.add_token("user", user=who) for who in ("reader", "writer")}
    with pytest.raises(GithubException, match="Must have admin rights"):
        lab.issue(tokens["reader"]).get_comment(comment_id).edit("not yours")
    lab.issue(tokens["writer"]).get_comment(comment_id).edit("moderated")
    assert lab.github.take_comment(lab.pull).body == "moderated"
    assert lab.github.leftovers() == []


def test_team_membership_is_for_members_of_the_organization(lab: Lab) -> None:
    lab.github.add_team("octo/infra", {"writer": "active", "triager": "pending"})
    url = "/orgs/octo/teams/infra/memberships/"
    member = lab.github.add_token("user", user="writer")
    assert lab.request(url + "writer", member).json["state"] == "active"
    assert lab.request(url + "triager", member).json["state"] == "pending"
    assert lab.request(url + "reader", member).status == 404
    blind_tokens = (
        lab.github.add_token(),
        lab.github.add_token("user", user="reader"),
        lab.github.add_token("user", user="admin", permissions={"contents": "read"}),
    )
    for blind in blind_tokens:
        assert lab.request(url + "writer", blind).status == 404
    fine = lab.github.add_token("user", user="admin", permissions={"members": "read"})
    assert lab.request(url + "writer", fine).status == 200
    assert lab.github.leftovers() == []
