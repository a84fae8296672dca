"""Commits, files and comments as the project reads them, and what that costs."""

from __future__ import annotations

import pytest
from github_lab import Lab

from beaker_ci.github import (
    RepositoryFiles,
    all_comments,
    lengths_of_files,
    read_authors,
    read_comment,
    read_files,
    read_repository,
    requests_left,
)
from beaker_ci.problem import Problem
from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import Fault, LocalGitHub

pytest_plugins = ["github_fixtures"]

CONFIG = ".github/beaker-ci.yml"


def commit(lab: Lab, author: str, committer: str) -> str:
    """A commit with two signatures, by their mail addresses."""
    told = ("author.name=A", f"author.email={author}", "committer.name=C")
    options = [word for pair in (*told, f"committer.email={committer}") for word in ("-c", pair)]
    tree = lab.repository.head("main") + "^{tree}"
    return lab.repository.git(*options, "commit-tree", tree, "-m", "Change").strip()


def files(lab: Lab) -> RepositoryFiles:
    return read_files(lab.hub(), config_path=CONFIG, head_sha=lab.github.head(lab.pull))


def both_ways(lab: Lab) -> RepositoryFiles:
    """What GraphQL and REST agree on."""
    by_graphql = files(lab)
    lab.github.faults.add(Fault("POST", "/graphql", status=502))
    by_rest = files(lab)
    assert by_graphql == by_rest
    return by_rest


def test_a_commit_is_its_authors_and_its_committers(lab: Lab) -> None:
    ids = {login: lab.github.user(login).id for login in ("writer", "maintainer", "admin")}
    pushed = lab.github.push("feature", {"x": "1"}, by="maintainer")
    two = commit(lab, "writer@users.noreply.github.com", f"{ids['admin']}+admin@example.org")

    assert read_authors(lab.hub(), pushed) == {ids["maintainer"]}
    assert read_authors(lab.hub(), two) == {ids["writer"], ids["admin"]}
    assert lab.asked() == [f"GET /commits/{pushed}", f"GET /commits/{two}"]
    assert lab.github.leftovers() == []


def test_addresses_that_belong_to_nobody_name_nobody(lab: Lab) -> None:
    unknown = commit(lab, "nobody@example.org", "writer@elsewhere.example")
    assert read_authors(lab.hub(), unknown) == frozenset()
    assert read_authors(lab.hub(), lab.repository.head("main")) == frozenset()
    on_the_page = commit(lab, "writer@example.org", "noreply@github.com")
    assert read_authors(lab.hub(), on_the_page) == {lab.github.user("writer").id}
    real = lab.request(f"/repos/octo/widget/commits/{unknown}").json
    lab.github.faults.add(Fault("GET", "/commits/", status=200, body={**real, "author": {}}))
    assert read_authors(lab.hub(), unknown) == frozenset()
    assert lab.github.leftovers() == []


def test_the_authors_of_another_commit_are_no_answer(lab: Lab) -> None:
    asked, other = lab.github.head(lab.pull), lab.repository.head("main")
    real = lab.request(f"/repos/octo/widget/commits/{other}").json
    lab.github.faults.add(Fault("GET", "/commits/", status=200, body=real))
    for sha, reason in ((asked, "github.unavailable"), ("f" * 40, "github.forbidden")):
        with pytest.raises(Problem) as caught:
            read_authors(lab.hub(), sha)
        assert caught.value.reason == reason


def test_a_comment_as_it_is_now(lab: Lab) -> None:
    comment_id = lab.github.comment(lab.pull, "writer", "/beaker run")["comment"]["id"]
    lab.github.clock.advance(60)
    lab.github.edit_comment(comment_id, "/beaker stop", "maintainer")

    found = read_comment(lab.hub(), comment_id)

    assert lab.asked() == [f"GET /issues/comments/{comment_id}"]
    assert found is not None
    assert found.author is not None
    assert (found.id, found.number, found.is_pull_request) == (comment_id, lab.pull, True)
    assert (found.author.login, found.body, found.is_from_bot) == ("writer", "/beaker stop", False)
    assert found.created_at < found.updated_at == lab.github.clock.now
    lab.github.delete_comment(comment_id)
    assert read_comment(lab.hub(), comment_id) is None
    assert len(lab.asked()) == 2
    assert lab.github.leftovers() == []


def test_a_comment_that_github_does_not_show_is_a_problem(lab: Lab) -> None:
    for status, reason in ((403, "github.forbidden"), (401, "github.forbidden")):
        lab.github.faults.add(Fault("GET", "/issues/comments", status=status))
        with pytest.raises(Problem) as caught:
            read_comment(lab.hub(), 7)
        assert caught.value.reason == reason


def test_no_more_comments_are_read_than_asked_for(lab: Lab) -> None:
    for index in range(230):
        lab.github.comment(lab.pull, "writer", str(index))

    some = all_comments(lab.hub(), lab.pull, most=150)

    assert [comment.body for comment in some] == [str(index) for index in range(150)]
    assert len(lab.asked()) == 2
    assert len(all_comments(lab.hub(), lab.pull, most=100)) == 100
    assert len(lab.asked()) == 3
    assert len(all_comments(lab.hub(), lab.pull)) == 230
    assert len(lab.asked()) == 6


def test_the_configurations_commit_is_the_last_that_changed_it(lab: Lab) -> None:
    first = lab.repository.head("main")
    tip = lab.github.push("main", {"src/widget.py": "print(1)\n"})
    found = both_ways(lab)
    assert (found.tip, found.config_commit, found.config) == (tip, first, "version: 1\n")

    changed = lab.github.push("main", {CONFIG: "version: 1\nbudget: a/b\n"})
    tip = lab.github.push("main", {".github/other.yml": "x"})
    found = both_ways(lab)
    assert (found.tip, found.config_commit) == (tip, changed)

    back = lab.github.push("main", {CONFIG: "version: 1\n"})
    assert (back, "version: 1\n") == (both_ways(lab).config_commit, both_ways(lab).config)
    assert lab.github.leftovers() == []


def test_a_configuration_that_was_merged_is_its_own_branchs(lab: Lab) -> None:
    number = lab.github.open_pull_request("rules", files={CONFIG: "version: 1\nbudget: a/b\n"})
    changed = lab.github.head(number)
    lab.github.push("main", {"unrelated.txt": "x"})
    merge = lab.github.merge(number)
    found = both_ways(lab)
    assert (found.tip, found.config_commit) == (merge, changed)


def test_without_a_configuration_pyproject_decides(lab: Lab) -> None:
    lab.github.push("main", {CONFIG: None})
    found = files(lab)
    assert (found.config_commit, found.config, found.pyproject) == ("", None, None)
    project = lab.github.push("main", {"pyproject.toml": "[project]\n"})
    tip = lab.github.push("main", {"more.txt": "x"})
    before = len(lab.asked())
    found = files(lab)
    assert (found.tip, found.config_commit, found.pyproject) == (tip, project, "[project]\n")
    root = f"GET /git/trees/{tip}"
    assert lab.asked(before) == [
        "POST /graphql",
        "GET /commits",
        f"GET /contents/{CONFIG}",
        root,
        "GET /contents/pyproject.toml",
        "GET /commits",
        f"GET /git/trees/{lab.github.head(lab.pull)}",
        f"GET /git/commits/{lab.github.head(lab.pull)}",
    ]
    assert lab.github.leftovers() == []


def test_a_configuration_without_a_history_is_not_obeyed(lab: Lab) -> None:
    head, tip = lab.github.head(lab.pull), lab.repository.head("main")
    blob = {"text": "version: 1\n", "isBinary": False, "isTruncated": False}
    for nodes in ([], [None], [{"oid": tip}, {"oid": tip}]):
        target = {"oid": tip, "file": {"object": blob}, "history": {"nodes": nodes}}
        entries = {"oid": head, "tree": {"entries": []}}
        repository = {"defaultBranchRef": {"target": target}, "object": entries}
        answer = {"data": {"repository": repository}}
        lab.github.faults.add(Fault("POST", "/graphql", status=200, body=answer))
        assert "new.txt" in files(lab).head_entries  # REST decided.
    lab.github.faults.add(Fault("POST", "/graphql", status=502))
    lab.github.faults.add(Fault("GET", "/commits$", nth=2, status=200, body=[]))
    with pytest.raises(Problem) as caught:
        files(lab)
    assert caught.value.reason == "config.unreadable"


def test_what_is_left_of_the_hour(lab: Lab) -> None:
    token = lab.github.add_token()
    hub = lab.hub(token)
    assert requests_left(hub) is None
    files_of = {"config_path": CONFIG, "head_sha": lab.github.head(lab.pull)}
    read_files(hub, **files_of)
    assert requests_left(hub) is None  # GraphQL's budget is another one.
    read_repository(hub)
    left = requests_left(hub)
    assert left is not None
    assert (left.remaining, left.limit) == (999, 1000)
    lab.github.set_remaining(token, 42)
    read_repository(lab.hub())  # Another workflow's.
    read_repository(hub)
    read_files(hub, **files_of)
    left = requests_left(hub)
    assert left is not None
    assert (left.remaining, left.limit) == (40, 1000)


def test_a_budget_that_is_used_up_is_an_outage(lab: Lab) -> None:
    with (
        SandboxRepository.create(lab.repository.path.parent / "now.git", {"a": "b"}) as repository,
        LocalGitHub(repository) as now,  # by the real clock, as GitHub's resets are
    ):
        busy = Lab(now, repository, now.open_pull_request("feature", files={"x": "1"}))
        token = now.add_token()
        now.set_remaining(token, 0)
        hub = busy.hub(token)
        with pytest.raises(Problem) as caught:
            read_repository(hub)
        assert caught.value.reason == "github.unavailable"
        assert "API rate limit exceeded" in caught.value.why
        assert len(busy.asked()) == 1
        left = requests_left(hub)
        assert left is not None
        assert left.remaining == 0
        with pytest.raises(Problem) as caught:  # nothing is asked before the hour's end
            read_repository(hub)
        assert caught.value.next_step.startswith(f"Ask again after {left.resets_at:%H:}")
        assert len(busy.asked()) == 1


def test_what_are_files_of_a_commit_and_how_long(lab: Lab) -> None:
    files = {"a b/é.py": "1\n2\n3", "empty.py": "", "two.py": "1\n2\n"}
    lab.github.push("feature", files)
    tree = lab.repository.git("ls-tree", "-r", lab.repository.head("feature"))
    link = lab.repository.git("hash-object", "-w", "--stdin", stdin=b"two.py").strip()
    lines = [line for line in tree.splitlines() if "/" not in line]
    entries = "\n".join([*lines, f"120000 blob {link}\tlink.py"]) + "\n"
    flat = lab.repository.git("mktree", stdin=entries.encode()).strip()
    who = [word for name in ("author", "committer") for word in ("-c", f"{name}.name=A")]
    who += [word for name in ("author", "committer") for word in ("-c", f"{name}.email=a@b.c")]
    linked = lab.repository.git(*who, "commit-tree", flat, "-m", "Link").strip()
    asked = ("two.py", "empty.py", "link.py", "a b", "a b/é.py", "nowhere.py")
    head = lab.repository.head("feature")

    found = {"two.py": 2, "empty.py": 0}
    assert lengths_of_files(lab.hub(), head, asked) == {**found, "a b/é.py": 3}
    assert lengths_of_files(lab.hub(), linked, asked) == found
    assert lengths_of_files(lab.hub(), "0" * 40, asked) == {}
    assert lab.asked() == ["POST /graphql"] * 3
