"""The bare repository below the local GitHub."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaker_ci.sandbox.git import GitError, SandboxRepository


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxRepository]:
    path = tmp_path_factory.mktemp("git") / "r.git"
    with SandboxRepository.create(path, {"a.txt": "a\n", "dir/b.bin": b"\0\1"}) as created:
        yield created


def test_commits_change_only_what_they_name(repository: SandboxRepository) -> None:
    when = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    sha = repository.commit(
        "topic", {"a.txt": None, "c d.txt": "é"}, message="Say\n\nmore", author="A <a@x>", when=when
    )
    assert repository.head("topic") == repository.resolve(sha[:10]) == sha
    assert {entry.path for entry in repository.tree(sha, recursive=True)} == {
        "c d.txt",
        "dir",
        "dir/b.bin",
    }
    assert repository.file("topic", "c d.txt") == "é".encode()
    assert repository.file("topic", "dir/b.bin") == b"\0\1"
    assert repository.file("topic", "a.txt") is None
    assert repository.file("topic", "dir") is None
    commit = repository.show(sha)
    assert commit is not None
    assert (commit.message, commit.author.name, commit.author.date) == ("Say\n\nmore", "A", when)
    assert commit.parents == (repository.head("main"),)
    changes = {change.path: change.status for change in repository.changes("main", "topic")}
    assert changes == {"a.txt": "removed", "c d.txt": "added"}


def test_merging(repository: SandboxRepository) -> None:
    one = repository.commit("one", {"one.txt": "1"})
    repository.commit("two", {"two.txt": "2", "a.txt": "two\n"})
    author = "M <m@x>"
    merge = repository.merge("two", one, message="Merge", author=author)
    assert repository.distance("one", "two") == (2, 0)
    assert repository.merge_base("one", "two") == one
    commit = repository.show(merge)
    assert commit is not None
    assert (len(commit.parents), commit.committer.name) == (2, "M")
    other = repository.commit("three", {"a.txt": "three\n"})
    with pytest.raises(GitError):
        repository.merge("two", other, message="Merge", author=author)


def test_names_that_are_no_names(repository: SandboxRepository) -> None:
    for name in ("main@{1}", "main~1", "main^", ":/Initial", "--all", "a\nb", "", "..", "f" * 40):
        assert repository.resolve(name) is None
    with pytest.raises(GitError, match="no such branch: nope"):
        repository.head("nope")
    with pytest.raises(GitError, match="cannot be written"):
        repository.commit("x", {"a\nb": "x"})


def test_an_existing_repository_is_read_and_never_written(tmp_path: Path) -> None:
    source = tmp_path / "source"

    def git(*args: str) -> str:
        identity = ("-c", "user.name=U", "-c", "user.email=u@x")
        command = ["git", *identity, "-C", str(source), *args]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    source.mkdir()
    git("init", "--quiet", "-b", "trunk")
    (source / "file.txt").write_text("one")
    git("add", ".")
    git("commit", "--quiet", "-m", "One")
    (source / "file.txt").write_text("not committed")
    before = {path: path.stat().st_mtime_ns for path in source.rglob("*")}
    with SandboxRepository.open(source, tmp_path / "copy.git") as copy:
        assert copy.head("main") == git("rev-parse", "HEAD")
        assert copy.file("main", "file.txt") == b"one"
        topic = copy.commit("topic", {"file.txt": "two"})
        assert copy.show(topic) is not None
    assert {path: path.stat().st_mtime_ns for path in source.rglob("*")} == before
    with pytest.raises(GitError):
        SandboxRepository.open(tmp_path / "nothing", tmp_path / "other.git")


def test_a_shallow_clone_is_a_source_too(repository: SandboxRepository, tmp_path: Path) -> None:
    repository.commit("deep", {"deep.txt": "1"})
    tip = repository.commit("deep", {"deep.txt": "2"})
    shallow = tmp_path / "shallow"
    url = repository.path.as_uri()
    command = ["git", "clone", "--quiet", "--depth=1", "--branch=deep", url, str(shallow)]
    subprocess.run(command, check=True)
    with SandboxRepository.open(shallow, tmp_path / "copy.git") as copy:
        assert [commit.sha for commit in copy.commits("main")] == [tip]
        topic = copy.commit("topic", {"x": "1"})
        assert copy.distance("main", topic) == (1, 0)


def test_the_users_configuration_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "gitconfig"
    hostile.write_text(
        "[core]\n\thooksPath = /nope\n[init]\n\tdefaultBranch = other\n[user]\n\tx\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(hostile))
    monkeypatch.setenv("GIT_DIR", os.devnull)
    with SandboxRepository.create(tmp_path / "r.git", {"a": "b"}) as repository:
        assert repository.file("main", "a") == b"b"


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["a", "b b", "ü", ".x", "-y", ":z"]), st.binary(), min_size=1)
)
def test_any_content_comes_back(repository: SandboxRepository, files: dict[str, bytes]) -> None:
    sha = repository.commit("any", files, base="main")
    assert {path: repository.file(sha, path) for path in files} == files
    for change in repository.changes("main", sha):
        assert change.path in files
