"""What people do on the local GitHub, and what is left over at the end of a test."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest
from github import GithubException
from github_lab import FILES, Lab

from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import LocalGitHub

pytest_plugins = ["github_fixtures"]


def test_a_pull_request_from_a_fork(lab: Lab) -> None:
    local = lab.github
    number = local.open_pull_request("patch", "stranger", fork="stranger", files={"x.txt": "1"})
    pull = lab.repo().get_pull(number)
    assert (pull.head.label, pull.head.repo.full_name, pull.head.repo.fork) == (
        "stranger:patch",
        "stranger/widget",
        True,
    )
    assert pull.head.repo.id != pull.base.repo.id == local.repository_id
    sha = local.push(number, {"x.txt": "2"}, by="stranger")
    assert lab.repo().get_pull(number).head.sha == sha
    # Forks share storage: the base answers for a commit that no branch of it has.
    assert lab.repo().get_git_commit(sha).sha == sha
    assert sha not in lab.repository.refs("refs/heads").values()
    assert lab.request("/repos/octo/widget/branches/patch").status == 404
    assert lab.request("/repos/stranger/widget/branches/patch").json["commit"]["sha"] == sha
    assert lab.repo().compare("main", "stranger:patch").ahead_by == 2
    local.delete_fork("stranger")
    answer = lab.request(f"/repos/octo/widget/pulls/{number}").json
    assert (answer["head"]["repo"], answer["head"]["sha"]) == (None, sha)
    assert local.leftovers() == []


def test_heads_move(lab: Lab) -> None:
    local = lab.github
    first = local.head(lab.pull)
    pushed = local.push(lab.pull, {"more.txt": "x"})
    assert lab.repository.refs("refs/pull") == {f"refs/pull/{lab.pull}/head": pushed}
    elsewhere = local.open_pull_request("other", files={"other.txt": "x"})
    direct = lab.repository.commit("feature", {"direct.txt": "x"})
    assert lab.pull_request().head.sha == direct
    assert local.head(elsewhere) == lab.repository.head("other")
    forced = local.push("feature", {"forced.txt": "x"}, force_from="main")
    assert local.head(lab.pull) == forced
    assert lab.repository.distance("main", forced) == (1, 0)
    local.close(lab.pull)
    local.push("feature", {"after.txt": "x"})
    assert local.head(lab.pull) == forced  # Closed pull requests stay where they were.
    local.reopen(lab.pull)
    assert local.head(lab.pull) == lab.repository.head("feature")
    assert lab.repository.show(first) is not None


def test_whatever_was_written_and_not_taken_is_left_over(lab: Lab) -> None:
    local = lab.github
    comment_id = local.comment(lab.pull, "writer", "/beaker run")["comment"]["id"]
    comment = lab.issue().create_comment("answer\nin two lines")
    lab.issue().get_comment(comment_id).create_reaction("eyes")
    lab.repo().create_check_run("tests", local.head(lab.pull), status="queued")
    lab.request("/nope")
    sha = local.head(lab.pull)[:8]
    assert local.leftovers() == [
        f"comment {comment.id} on #{lab.pull}: answer in two lines",
        f"reaction eyes on comment {comment_id}",
        f"check run 'tests' on {sha}: queued",
        "violation: GET /nope: no such operation here",
    ]
    with pytest.raises(AssertionError, match=r"(?s)there is no new check run other.*reaction eyes"):
        local.take_check("other")
    local.take_comment(lab.pull)
    local.take_check()
    assert local.take_reactions(comment_id) == ["eyes"]
    local.take_violations()
    assert local.leftovers() == []
    comment.edit("answer again")  # What was taken and changes is news.
    assert local.take_comment(lab.pull).body == "answer again"


def test_links_open(lab: Lab) -> None:
    local = lab.github
    comment = lab.issue().create_comment("<script>alert(1)</script> & more")
    run = lab.repo().create_check_run(
        "tests <b>",
        local.head(lab.pull),
        conclusion="failure",
        output={"title": "T", "summary": "3 < 4"},
    )
    page = lab.request(comment.html_url)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert f'id="issuecomment-{comment.id}"' in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text
    assert "tests &lt;b&gt;" in text
    assert "3 &lt; 4" in lab.request(run.html_url).body.decode()
    head = local.head(lab.pull)
    for path in ("", f"/pull/{lab.pull}", f"/commit/{head}", f"/blob/{head}/src/widget.py"):
        assert lab.request(local.html_url + path).status == 200
    assert lab.request(local.html_url + "/pull/99").status == 404
    assert all(exchange.path.startswith("/repos/") for exchange in local.exchanges)


def test_what_is_not_there_is_said_plainly(lab: Lab) -> None:
    with pytest.raises(LookupError, match="nobody is called nobody"):
        lab.github.comment(lab.pull, "nobody", "x")
    with pytest.raises(LookupError, match="no pull request #99"):
        lab.github.head(99)
    with pytest.raises(GithubException):
        lab.repo().get_pull(99).complete()


def test_start_and_stop_leave_nothing_running(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with SandboxRepository.create(tmp_path / "r.git", FILES) as repository:
        with LocalGitHub(repository) as local:
            port = int(local.server_url.rpartition(":")[2])
            local.warm_up()
        with LocalGitHub(repository, port=port) as again:  # The port is free again.
            assert again.server_url == local.server_url
    assert set(threading.enumerate()) == before


def test_git_itself_can_fetch_a_pull_request(lab: Lab, tmp_path: Path) -> None:
    def git(*args: str) -> str:
        command = ["git", "-C", str(tmp_path), *args]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    number = lab.github.open_pull_request("p", "stranger", fork="stranger", files={"f": "1"})
    git("init", "--quiet", "clone")
    git("-C", "clone", "fetch", "--quiet", str(lab.repository.path), lab.github.head(number))
    assert git("-C", "clone", "show", "FETCH_HEAD:f") == "1"
    listed = git("ls-remote", str(lab.repository.path))
    assert f"refs/pull/{number}/head" in listed
    assert "refs/forks" not in listed
