"""The unmodified PyGithub reads and writes, and no exchange breaks GitHub's description."""

from __future__ import annotations

import base64
import runpy
from pathlib import Path

import pytest
from github import GithubException, UnknownObjectException
from github_lab import FILES, Lab

from beaker_ci.sandbox.github.application import Application
from beaker_ci.sandbox.github.contract import github_contract

pytest_plugins = ["github_fixtures"]


def test_every_operation_of_the_contract_is_served_and_no_other(lab: Lab) -> None:
    application: Application = lab.github._application
    served = {(route.method, route.template) for _, route in application._router._routes}
    assert served == github_contract().operations


def test_the_contract_is_what_its_script_asks_for() -> None:
    script = Path(__file__).parents[3] / "scripts" / "refresh_github_contract.py"
    listed = runpy.run_path(str(script))["OPERATIONS"].split("\n")
    wanted = {(line.split()[0].upper(), line.split()[1]) for line in listed if line}
    assert github_contract().operations == wanted


def test_pull_request(lab: Lab) -> None:
    pull = lab.pull_request()
    assert pull.head.sha == lab.github.head(lab.pull) == lab.repository.head("feature")
    assert pull.base.sha == lab.repository.head("main")
    assert (pull.head.ref, pull.state, pull.user.login) == ("feature", "open", "writer")
    assert (pull.commits, pull.changed_files, pull.additions, pull.deletions) == (1, 2, 2, 1)
    assert [(file.filename, file.status) for file in pull.get_files()] == [
        ("new.txt", "added"),
        ("src/widget.py", "modified"),
    ]
    assert [commit.sha for commit in pull.get_commits()] == [pull.head.sha]
    assert [listed.number for listed in lab.repo().get_pulls()] == [lab.pull]
    commit = lab.repo().get_commit(pull.head.sha)
    assert [found.number for found in commit.get_pulls()] == [lab.pull]
    assert lab.github.leftovers() == []


def test_closing_reopening_and_merging(lab: Lab) -> None:
    lab.github.close(lab.pull)
    assert lab.pull_request().state == "closed"
    assert [pull.number for pull in lab.repo().get_pulls("closed")] == [lab.pull]
    lab.github.reopen(lab.pull)
    merge = lab.github.merge(lab.pull)
    pull = lab.pull_request()
    assert (pull.merged, pull.state, pull.merge_commit_sha) == (True, "closed", merge)
    assert lab.repo().get_branch("main").commit.sha == merge
    assert lab.repo().compare(pull.head.sha, "main").status == "ahead"
    assert lab.github.violations == []


def test_an_issue_is_no_pull_request(lab: Lab) -> None:
    number = lab.github.open_issue("reader", title="Why?")
    issue = lab.repo().get_issue(number)
    assert (issue.title, issue.pull_request) == ("Why?", None)
    assert lab.issue().pull_request is not None
    with pytest.raises(UnknownObjectException):
        lab.repo().get_pull(number).complete()
    assert lab.github.violations == []


def test_files_and_directories(lab: Lab) -> None:
    repo = lab.repo()
    file = repo.get_contents("src/widget.py")
    assert not isinstance(file, list)
    assert file.decoded_content == FILES["src/widget.py"].encode()
    changed = repo.get_contents("src/widget.py", ref="feature")
    assert not isinstance(changed, list)
    assert changed.decoded_content == b"print('better')\n"
    listed = repo.get_contents("")
    assert isinstance(listed, list)
    assert [(entry.path, entry.type) for entry in listed] == [
        (".github", "dir"),
        ("README.md", "file"),
        ("src", "dir"),
    ]
    for path, ref in (("nope.txt", "main"), ("README.md", "nope"), ("src/widget.py/x", "main")):
        with pytest.raises(GithubException) as error:
            repo.get_contents(path, ref=ref)
        assert error.value.status == 404
    assert base64.b64decode(repo.get_git_blob(file.sha).content) == file.decoded_content
    assert lab.github.violations == []


def test_raw_content(lab: Lab) -> None:
    path = "/repos/octo/widget/contents/README.md"
    answer = lab.request(path, Accept="application/vnd.github.raw+json")
    assert (answer.status, answer.body) == (200, FILES["README.md"].encode())


def test_a_large_file_comes_without_its_content(lab: Lab) -> None:
    lab.github.push("main", {"big.bin": b"\0" * (1_048_576 + 1)})
    answer = lab.request("/repos/octo/widget/contents/big.bin").json
    assert (answer["content"], answer["encoding"], answer["size"]) == ("", "none", 1_048_577)
    assert lab.github.violations == []


def test_trees_commits_and_branches(lab: Lab) -> None:
    repo = lab.repo()
    head = lab.repository.head("main")
    tree = repo.get_git_tree("main", recursive=True)
    assert {entry.path for entry in tree.tree} == {".github", "src", *FILES}
    assert repo.get_git_tree(tree.sha).sha == tree.sha
    assert repo.get_git_commit(head).tree.sha == tree.sha
    assert repo.get_git_ref("heads/main").object.sha == head
    assert repo.get_git_ref(f"pull/{lab.pull}/head").object.sha == lab.github.head(lab.pull)
    assert repo.get_branch("feature").commit.sha == lab.repository.head("feature")
    assert [commit.sha for commit in repo.get_commits(sha="feature")] == [
        lab.repository.head("feature"),
        head,
    ]
    assert [commit.sha for commit in repo.get_commits(sha="feature", path="README.md")] == [head]
    comparison = repo.compare("main", "feature")
    assert (comparison.status, comparison.ahead_by, comparison.behind_by) == ("ahead", 1, 0)
    assert lab.request("/repos/octo/widget/commits/main").json["sha"] == head
    with pytest.raises(GithubException, match="No commit found for SHA"):
        repo.get_commit("f" * 40).complete()
    for missing in ("git/ref/heads/nope", "git/trees/nope", "branches/nope"):
        assert lab.request(f"/repos/octo/widget/{missing}").status == 404
    assert lab.github.violations == []


def test_branch_names_with_slashes_and_odd_characters(lab: Lab) -> None:
    sha = lab.github.push("fix/émile+co", {"a b/ü.txt": "x"})
    assert lab.repo().get_branch("fix/émile+co").commit.sha == sha
    file = lab.repo().get_contents("a b/ü.txt", ref="fix/émile+co")
    assert not isinstance(file, list)
    assert file.decoded_content == b"x"
    assert lab.github.violations == []


def test_people_and_limits(lab: Lab) -> None:
    personal = lab.client(lab.github.add_token("user", user="admin"), lazy=False)
    assert personal.get_user().login == "admin"
    assert personal.get_user("writer").id == lab.github.user("writer").id
    limit = personal.get_rate_limit().resources.core
    assert (limit.limit, limit.remaining) == (5000, 4998)
    repository = personal.get_repo("Octo/Widget")
    assert (repository.full_name, repository.default_branch) == ("octo/widget", "main")
    assert repository.id == lab.github.repository_id
    assert lab.github.violations == []


def test_an_unknown_operation_is_a_violation(lab: Lab) -> None:
    with pytest.raises(UnknownObjectException):
        lab.client(lazy=False).get_organization("octo")
    assert lab.github.take_violations() == ["GET /orgs/octo: no such operation here"]
    assert lab.github.leftovers() == []
