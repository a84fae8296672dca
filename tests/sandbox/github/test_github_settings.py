"""Environments and secrets: what the settings pages hold, and who may read it."""

from __future__ import annotations

import pytest
from github_lab import Lab

pytest_plugins = ["github_fixtures"]

BASE = "/repos/octo/widget"


def test_environments_and_their_branches(lab: Lab) -> None:
    lab.github.set_environment("open")
    lab.github.set_environment("beaker", branches=["main"], secrets=["BEAKER_TOKEN"])
    lab.github.set_environment("careful", protected_branches=True, reviewers=["maintainer"])
    reader = lab.github.add_token("user", user="reader")

    found = lab.request(f"{BASE}/environments", reader).json
    policies = lab.request(f"{BASE}/environments/beaker/deployment-branch-policies", reader).json

    assert found["total_count"] == 3
    assert [
        (each["name"], each["deployment_branch_policy"], len(each["protection_rules"]))
        for each in found["environments"]
    ] == [
        ("open", None, 0),
        ("beaker", {"protected_branches": False, "custom_branch_policies": True}, 1),
        ("careful", {"protected_branches": True, "custom_branch_policies": False}, 2),
    ]
    assert [policy["name"] for policy in policies["branch_policies"]] == ["main"]
    lab.github.delete_environment("open")
    assert lab.request(f"{BASE}/environments", reader).json["total_count"] == 2
    assert lab.github.leftovers() == []


def test_names_of_secrets_for_those_who_may_write(lab: Lab) -> None:
    lab.github.set_environment("beaker", secrets=["BEAKER_TOKEN"])
    lab.github.add_secret("PLAIN")
    lab.github.add_secret("SHARED", organization=True)
    writer = lab.github.add_token("user", user="writer")
    paths = ("environments/beaker/secrets", "actions/secrets", "actions/organization-secrets")

    shown = [lab.request(f"{BASE}/{path}", writer).json["secrets"][0]["name"] for path in paths]

    assert shown == ["BEAKER_TOKEN", "PLAIN", "SHARED"]
    for token in (lab.github.add_token(), lab.github.add_token("user", user="reader")):
        assert {lab.request(f"{BASE}/{path}", token).status for path in paths} == {403}
    assert lab.request(f"{BASE}/environments/none/secrets", writer).status == 404


@pytest.mark.parametrize(
    ("login", "rights"), [("reader", {"pull"}), ("writer", {"pull", "triage", "push"})]
)
def test_a_classic_token_tells_its_scopes_and_rights(
    lab: Lab, login: str, rights: set[str]
) -> None:
    answer = lab.request(BASE, lab.github.add_token("user", user=login))

    assert answer.headers["X-OAuth-Scopes"] == "repo"
    assert {name for name, may in answer.json["permissions"].items() if may} == rights
    assert lab.github.leftovers() == []
    assert "X-OAuth-Scopes" not in lab.request(BASE, lab.github.add_token()).headers
