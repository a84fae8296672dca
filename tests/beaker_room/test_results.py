"""Results, listed and fetched: whole, resumed, and never outside of the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from room import Room, open_room

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.fetching import Fetched, fetch_results, read_result
from beaker_ci.beaker.placing import UNFINISHED, Folder
from beaker_ci.beaker.results import ResultFile, dataset_url, list_results
from beaker_ci.patience import Calls
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.sandbox.beaker import Fault

BIG = bytes(range(256)) * 20_000  # some chunks


class Reader:
    """A client of our own whose pauses take no time, and jobs with results."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.faults = room.beaker.faults
        self.pauses: list[float] = []
        self._jobs = 0
        calls = Calls("Beaker", Reason.BEAKER_UNAVAILABLE, sleep=self.pauses.append)
        self.client: BoundedBeaker = type(room.client)(room.client.config, calls=calls)

    def leave(self, files: dict[str, bytes]) -> str:
        """The dataset of a new job that left these files."""
        self._jobs += 1
        run = self.room.submit(self._jobs, gpus=0)
        self.room.beaker.start(run.workload_id)
        job = self.room.held(run).jobs[0].id
        dataset = ""
        for path, content in (files or {"": b""}).items():
            dataset = self.room.beaker.plant_result(job, path, content)
        self.room.beaker.finish(job)
        return dataset

    def fetch(self, dataset: str, directory: Path) -> Fetched:
        """All of it."""
        return fetch_results(self.client, dataset, directory)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Jobs with results, of a Beaker that all tests here share."""
    with open_room(tmp_path_factory.mktemp("results")) as opened:
        yield Reader(opened)


@pytest.fixture(autouse=True)
def _no_faults(reader: Reader) -> None:
    reader.faults.clear()
    reader.pauses.clear()


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def names(directory: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in directory.iterdir())


def test_a_dataset_is_listed_page_by_page(reader: Reader) -> None:
    dataset = reader.leave({f"part-{number:03}": b"x" * number for number in range(120)})
    requests = reader.room.beaker.requests
    requests.clear()

    whole, some = list_results(reader.client, dataset), list_results(reader.client, dataset, 60)

    assert (len(whole.files), whole.count, whole.size) == (120, 120, sum(range(120)))
    assert (len(some.files), some.count, some.size) == (60, 120, sum(range(120)))
    assert (whole.files[7].path, whole.files[7].size) == ("part-007", 7)
    assert requests.count("ListDatasetFiles") == 5
    assert dataset_url(reader.client, dataset).endswith(f"/ds/{dataset}")


def test_what_beaker_does_not_have(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(Problem) as raised:
        list_results(reader.client, "01NODATASET")
    problem = raised.value
    assert (problem.reason, problem.what, problem.why, problem.next_step) == snapshot(
        (
            Reason.REFUSED_DATASET,
            "Beaker does not have these results.",
            "There is no dataset `01NODATASET`: it was deleted, or never made.",
            "Run it again, if they are needed: `/beaker retry`",
        )
    )
    with pytest.raises(Problem) as raised:
        reader.fetch("01NODATASET", tmp_path / "out")
    assert raised.value.what == problem.what


def test_everything_is_fetched_once(reader: Reader, tmp_path: Path) -> None:
    files = {
        "metrics.json": b"{}",
        "empty": b"",
        "a/b/c.bin": BIG,
        "a/odd \n name?#%2e%2e": b"odd",
        "é/🐳": b"whale",
        ".hidden/...": b"dots",
    }
    dataset, seen = reader.leave(files), dict[str, list[int]]()

    def tell(file: ResultFile, size: int) -> None:
        seen.setdefault(file.path, []).append(size)

    first = fetch_results(reader.client, dataset, tmp_path / "new" / "out", tell)
    assert tree(tmp_path / "new" / "out") == files
    again = reader.fetch(dataset, tmp_path / "new" / "out")

    size = sum(map(len, files.values()))
    assert first == Fetched(6, 0, size, ())
    assert again == Fetched(0, 6, size, ())
    assert seen["a/b/c.bin"] == sorted(seen["a/b/c.bin"])
    assert seen["a/b/c.bin"][-1] == len(BIG)
    assert names(tmp_path / "new") == ["out"]
    assert not (tmp_path / "new" / "out" / UNFINISHED).exists()


HOSTILE = {
    "": b"no name",
    ".": b"dot",
    "..": b"dots",
    "../outside": b"!",
    "a/../../outside": b"!",
    "/etc/passwd": b"!",
    "/": b"!",
    "a//b": b"!",
    "./a": b"!",
    "trailing/": b"!",
    "nul\0": b"!",
    "n" * 256: b"!",
    "long/" * 900 + "x": b"!",
    "link/inside": b"!",
    "linked": b"!",
    "dangling": b"!",
    "taken": b"other",
    "folder": b"!",
    "file": b"first",
    "file/below": b"!",
    f"{UNFINISHED}/x": b"!",
    UNFINISHED.upper(): b"!",
    ".git/config": b"!",
    "a/.GIT": b"!",
    ".g\u200cit/HEAD": b"!",
    "pipe": b"!",
    "good": b"good",
}


def test_nothing_is_written_outside_and_the_rest_is_fetched(reader: Reader, tmp_path: Path) -> None:
    outside, directory = tmp_path / "elsewhere", tmp_path / "out"
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    (directory / "folder" / "below").mkdir(parents=True)
    (directory / "link").symlink_to(outside)
    (directory / "linked").symlink_to(outside / "precious")
    (directory / "dangling").symlink_to(outside / "new")
    (directory / "taken").write_bytes(b"taken")
    os.mkfifo(directory / "pipe")

    done = reader.fetch(reader.leave(HOSTILE), directory)

    assert tree(outside) == {"precious": b"precious"}
    assert names(tmp_path) == ["elsewhere", "out"]
    assert not (directory / UNFINISHED).exists()
    assert (directory / "taken").read_bytes() == b"taken"
    assert (directory / "good").read_bytes() == b"good"
    assert stat.S_ISFIFO((directory / "pipe").stat().st_mode)
    # Whichever of the two came first.
    assert done.fetched == 2
    left_out = {each.path[:20]: each.problem.why for each in done.left_out}
    assert len(left_out) == len(HOSTILE) - 2
    assert left_out.pop("file", None) or left_out.pop("file/below", None)
    assert {each.problem.reason for each in done.left_out} == {Reason.REFUSED_DATASET}
    assert left_out == snapshot(
        {
            "..": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "../outside": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "./a": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            ".": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            ".beaker-ci-unfinishe": "Unfinished files of ours are kept under that name.",
            "a//b": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "a/../../outside": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "/etc/passwd": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            ".git/config": "Git would obey it: `.git` names programs that git runs.",
            "a/.GIT": "Git would obey it: `.git` names programs that git runs.",
            ".g\u200cit/HEAD": "Git would obey it: `.git` names programs that git runs.",
            "dangling": "Something else is at its path, or a link or file is on the way. The system says: Too many levels of symbolic links.",
            ".BEAKER-CI-UNFINISHE": "Unfinished files of ours are kept under that name.",
            "/": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "folder": "Something else is at its path, or a link or file is on the way.",
            "link/inside": "Something else is at its path, or a link or file is on the way. The system says: Not a directory.",
            "linked": "Something else is at its path, or a link or file is on the way. The system says: Too many levels of symbolic links.",
            "nnnnnnnnnnnnnnnnnnnn": "Its path is longer than file systems take.",
            "nul\x00": "Its name holds a NUL character.",
            "long/long/long/long/": "Its path is longer than file systems take.",
            "pipe": "Something else is at its path, or a link or file is on the way.",
            "trailing/": "Its path leads elsewhere: it has an empty part, `.` or `..`.",
            "taken": "Another file is at its path, and stays.",
        }
    )


def test_names_that_differ_only_in_case(reader: Reader, tmp_path: Path) -> None:
    files = {"Readme": b"1", "README": b"2", "readme": b"3"}
    done = reader.fetch(reader.leave(files), tmp_path)
    found = tree(tmp_path)

    assert done.fetched == len(found)
    assert done.fetched + len(done.left_out) == 3
    assert all(files[name] == content for name, content in found.items())


def test_a_file_system_that_knows_no_case_loses_nothing(tmp_path: Path) -> None:
    with Folder(tmp_path) as folder:
        for name in ("one", "two"):
            with folder.unfinished(name) as growing:
                growing.write(name.encode())
        folder.place("one", "readme")
        with pytest.raises(Problem, match="was not fetched"):
            folder.place("two", "readme")
    assert (tmp_path / "readme").read_bytes() == b"one"


@given(path=st.text(st.sampled_from("a./\\\0~%:A"), max_size=12))
def test_any_path_is_placed_within_or_refused(
    path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.getbasetemp() / "any"
    directory = top / "within" / "out"
    with Folder(directory) as folder:
        with folder.unfinished("x") as growing:
            growing.write(b"x")
        try:
            folder.check(path)
            folder.place("x", path)
        except Problem:
            pass
        folder.discard("x")
    assert names(top) == ["within"]
    assert names(top / "within") == ["out"]


@pytest.mark.parametrize("ranged", [True, False])
def test_a_download_goes_on_where_it_broke(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ranged: bool
) -> None:
    dataset, broken = reader.leave({"big": BIG}), [3]
    requests = reader.room.beaker.requests
    requests.clear()
    _cut(monkeypatch, reader, broken, ranged=ranged)

    done = reader.fetch(dataset, tmp_path)

    assert done.fetched == 1
    assert tree(tmp_path) == {"big": BIG}
    assert broken == [0]
    assert requests.count("GET files") == 4


def test_a_fetch_that_was_given_up_goes_on_the_next_time(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = reader.leave({"big": BIG})
    with monkeypatch.context() as patch:
        _cut(patch, reader, [1], ranged=True)
        reader.faults.add(Fault("GET files", nth=2, times=None, code=503))
        with pytest.raises(Problem) as raised:
            reader.fetch(dataset, tmp_path)
    assert raised.value.reason is Reason.BEAKER_UNAVAILABLE
    assert tree(tmp_path).keys() != {"big"}
    (half,) = (tmp_path / UNFINISHED).iterdir()
    assert 0 < half.stat().st_size < len(BIG)
    half.write_bytes(b"!" + half.read_bytes()[1:])  # and what is there is not believed

    reader.faults.clear()
    assert reader.fetch(dataset, tmp_path).fetched == 1
    assert tree(tmp_path) == {"big": BIG}


def test_what_is_not_what_was_listed_is_not_kept(reader: Reader, tmp_path: Path) -> None:
    dataset = reader.leave({"good": b"good", "bad": b"listed"})
    held = reader.room.beaker._backend.datasets.readable(dataset, "bad")

    def change() -> None:
        held.write_bytes(b"sent!!")

    reader.faults.before("GET files", change)

    done = reader.fetch(dataset, tmp_path)

    assert tree(tmp_path) == {"good": b"good"}
    assert [(each.path, each.problem.why) for each in done.left_out] == snapshot(
        [("bad", "What Beaker sent is not what its digest and size say.")]
    )


def test_a_file_that_is_gone_is_left_out(reader: Reader, tmp_path: Path) -> None:
    dataset = reader.leave({"good": b"good", "gone": b"gone"})
    reader.faults.add(Fault("GET files", code=404))
    done = reader.fetch(dataset, tmp_path)
    assert done.fetched == 1
    assert [each.problem.why for each in done.left_out] == snapshot(
        ["Beaker lists it, but does not have it."]
    )


def test_a_folder_that_cannot_be_used(reader: Reader, tmp_path: Path) -> None:
    dataset = reader.leave({"good": b"good"})
    (tmp_path / "file").write_text("")
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / UNFINISHED).symlink_to(tmp_path / "elsewhere")
    told = []
    with Folder(tmp_path / "busy"):
        for name in ("file", "trap", "busy"):
            with pytest.raises(Problem) as raised:
                reader.fetch(dataset, tmp_path / name)
            told.append(raised.value.why.replace(str(tmp_path), ""))
    assert told == snapshot(
        [
            "`/file`: File exists.",
            "`/trap`: Not a directory.",
            "`/busy`: another process fetches into it.",
        ]
    )
    assert not (tmp_path / "elsewhere").exists()


def test_no_right_to_read_ends_it(reader: Reader, tmp_path: Path) -> None:
    dataset = reader.leave({"one": b"1", "two": b"2"})
    reader.faults.add(Fault("GET files", times=None, code=403, message="not yours"))
    with pytest.raises(Problem) as raised:
        reader.fetch(dataset, tmp_path)
    assert raised.value.reason is Reason.BEAKER_UNAUTHORIZED


def _cut(
    monkeypatch: pytest.MonkeyPatch, reader: Reader, broken: list[int], *, ranged: bool
) -> None:
    """Lets the server close the connection in the midst of so many downloads."""
    from beaker_ci.sandbox.beaker.rest import _Handler
    from beaker_ci.sandbox.beaker.routes import Answer

    send = _Handler._send

    def cut(handler: _Handler, answer: Answer) -> None:
        file = answer.file
        if file is not None and not ranged:
            answer = replace(answer, status=200, start=0, length=file.stat().st_size)
        if file is None or not broken[0]:
            send(handler, answer)
            return
        broken[0] -= 1
        handler.send_response(answer.status)
        handler.send_header("Content-Length", str(answer.length))
        handler.end_headers()
        with file.open("rb") as content:
            content.seek(answer.start)
            handler.wfile.write(content.read((1 << 20) + 100))
        handler.close_connection = True

    monkeypatch.setattr(_Handler, "_send", cut)


def test_the_beginning_of_one_file(reader: Reader) -> None:
    dataset = reader.leave({"out/error #1.json": BIG})
    assert read_result(reader.client, dataset, "out/error #1.json", 1000) == BIG[:1000]
    assert read_result(reader.client, dataset, "out/error #1.json", 1 << 30) == BIG
    with pytest.raises(Problem):
        read_result(reader.client, dataset, "none", 1000)
