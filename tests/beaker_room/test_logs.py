"""Logs read through streams that break: every line once, in Beaker's order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from room import Room, open_room

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.logs import (
    LONGEST_LINE,
    LogLine,
    follow_log,
    read_log,
    read_tail,
    shortened,
)
from beaker_ci.patience import Calls, Patience
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.sandbox.beaker.logs import Break, Line
from beaker_ci.sandbox.beaker.wire import Wire

SECOND = 1_000_000_000
BEGUN = 1_700_000_000 * SECOND
BROKEN = (
    ("INTERNAL", "Received RST_STREAM with error code 2"),
    ("UNAVAILABLE", "Connection reset by peer"),
    ("INTERNAL", "panic"),
    ("UNKNOWN", "Stream removed"),
    ("DEADLINE_EXCEEDED", "Deadline Exceeded"),
    ("RESOURCE_EXHAUSTED", "too many"),
    ("ABORTED", "aborted"),
    ("OK", ""),
)


class Reader:
    """A client of our own whose pauses take no time, and the job whose log it reads."""

    def __init__(self, room: Room) -> None:
        run = room.submit()
        room.beaker.start(run.workload_id)
        self.room = room
        self.run = run
        self.job = room.held(run).jobs[0].id
        self.log = room.beaker.log(self.job)
        self.pauses: list[float] = []
        self.client = self.connect(room.client.config.rpc_address)

    def connect(self, address: str, sleep: Callable[[float], None] | None = None) -> BoundedBeaker:
        """A client of its own; its pauses take no time, unless it sleeps."""
        pause = sleep or self.pauses.append
        calls = Calls("Beaker", Reason.BEAKER_UNAVAILABLE, Patience(), sleep=pause)
        config = replace(self.room.client.config, rpc_address=address)
        return type(self.room.client)(config, calls=calls)

    def finish(self) -> None:
        """The job's end."""
        self.room.beaker.finish(self.job)

    def read(self, **how: int | bool) -> list[bytes]:
        """The messages of all lines."""
        return [line.message for line in follow_log(self.client, self.job, **how)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A job that runs as long as nobody finishes it, for tests that serve a log of their own."""
    with open_room(tmp_path_factory.mktemp("logs")) as opened:
        yield Reader(opened)


@pytest.fixture
def one(room: Room) -> Reader:
    """A job for one test."""
    return Reader(room)


def message(number: int) -> bytes:
    """Any bytes, among them no UTF-8, nothing, line ends and an emoji."""
    odd = (b"\xff\xfe \xc3(", b"", b"plain", b"\r", "é 🐳".encode(), b"\x00\xed\xa0\x80")
    return odd[number % len(odd)] + (b"" if number % 6 == 1 else b" %d" % number)


def moment(number: int) -> int:
    """Up to seven lines share one; some are the last nanosecond of a second."""
    group = number // 7 if number % 3 else number // 7 * 7 // 7
    second, within = divmod(group, 3)
    return BEGUN + second * SECOND + (0, 500_000_000, 999_999_999)[within]


def test_thousands_of_lines_through_every_kind_of_break(one: Reader) -> None:
    lines = [Line(moment(number), message(number)) for number in range(20_000)]
    one.log.serve(lines)
    one.log.break_streams(
        Break(sent, code, why)
        for sent, (code, why) in islice(zip(cycle((997, 1500, 14)), cycle(BROKEN)), 60)
    )
    one.finish()
    got = []
    with Wire(one.room.client.config.rpc_address) as wire:
        # After a connection is lost, gRPC may take a second until it tries the next one.
        client = one.connect(wire.address, time.sleep)
        for line in follow_log(client, one.job):
            got.append(Line(line.time, line.message))
            if len(got) % 9000 == 0:
                wire.cut()
        client.close()  # type: ignore[no-untyped-call]

    assert got == lines


@given(
    sizes=st.lists(st.integers(1, 4), max_size=30),
    breaks=st.lists(st.tuples(st.integers(5, 20), st.sampled_from(BROKEN)), max_size=8),
    since=st.none() | st.integers(0, 30),
)
def test_any_log_any_breaks_any_beginning(
    reader: Reader,
    sizes: list[int],
    breaks: list[tuple[int, tuple[str, str]]],
    since: int | None,
) -> None:
    lines = [
        Line(BEGUN + group, b"%d %d" % (group, number))
        for group, size in enumerate(sizes)
        for number in range(size)
    ]
    reader.log.serve(lines)
    # What a running job has written by now is read once: a stream that ends well has it all.
    reader.log.break_streams(Break(sent, *how) for sent, how in breaks if how[0] != "OK")
    begin = None if since is None else BEGUN + since

    got = list(follow_log(reader.client, reader.job, since=begin, follow=False))

    assert got == [LogLine(each.time, each.text) for each in lines if each.time >= (begin or 0)]


def test_lines_written_while_it_is_followed_and_after_a_stream_ended_too_soon(one: Reader) -> None:
    one.log.write(b"one", BEGUN)
    one.log.write(b"two", BEGUN)
    one.log.break_streams(
        [Break(1, "OK"), Break(3, "OK"), Break(0, "DEADLINE_EXCEEDED"), Break(4, "OK")]
    )
    following = follow_log(one.client, one.job)
    got = [next(following).message for _ in range(2)]
    one.log.write(b"three", BEGUN)
    got.append(next(following).message)
    # Right after Beaker was asked whether the job has ended.
    asked: list[int] = []

    def end() -> None:
        asked.append(1)
        one.log.write(b"last", BEGUN)
        one.finish()

    one.room.beaker.faults.after("GetJob", end)
    got += [line.message for line in following]

    assert got == [b"one", b"two", b"three", b"last"]
    assert asked == [1]
    assert set(one.pauses) == {1.0}


def test_a_quiet_job_is_asked_for_seldom(one: Reader) -> None:
    one.log.write(b"one", BEGUN)
    one.log.break_streams([Break(1, "OK"), Break(0, "DEADLINE_EXCEEDED"), Break(0, "OK")])
    following = follow_log(one.client, one.job)
    assert next(following).message == b"one"

    def pause(seconds: float) -> None:
        one.pauses.append(seconds)
        if len(one.pauses) == 3:
            one.finish()

    one.client.calls.sleep = pause

    assert list(following) == []
    assert one.pauses == [1.0] * 3


def test_an_outage_ends(reader: Reader) -> None:
    reader.log.serve([Line(BEGUN, b"%d" % number) for number in range(100)])
    reader.log.break_streams(cycle([Break(50, "UNAVAILABLE", "no route to host")]))
    reader.pauses.clear()
    got: list[LogLine] = []

    # All lines share a moment: whatever is asked for, the first fifty come.
    with pytest.raises(Problem) as raised:
        got += follow_log(reader.client, reader.job)

    reader.log.break_streams([])
    problem = raised.value
    assert (problem.reason, problem.what, problem.why, problem.next_step) == snapshot(
        (
            Reason.BEAKER_UNAVAILABLE,
            "Beaker stopped sending the log.",
            "BeakerServerUnavailableError: no route to host",
            "Ask again in a few minutes; the job is not touched by it.",
        )
    )
    assert len(reader.pauses) == 7
    assert sum(reader.pauses) < 32


def test_what_waiting_cannot_mend_ends_it_at_once(reader: Reader) -> None:
    reader.log.break_streams([Break(0, "PERMISSION_DENIED", "not yours")])
    reader.log.serve([Line(BEGUN, b"one")])
    with pytest.raises(Problem) as raised:
        reader.read()
    assert raised.value.reason is Reason.BEAKER_UNAUTHORIZED

    with pytest.raises(Problem) as raised:
        list(follow_log(reader.client, "01NOJOB"))
    problem = raised.value
    assert (problem.reason, problem.what, problem.why, problem.next_step) == snapshot(
        (
            Reason.USAGE_BAD_VALUE,
            "Beaker has no such job.",
            "It was asked for `01NOJOB`.",
            "`/beaker status` shows what the run has.",
        )
    )


def test_a_log_that_is_not_there_is_empty(one: Reader) -> None:
    one.log.write(b"one")
    one.finish()
    one.log.break_streams([Break(0, "NOT_FOUND", "no log")])
    assert one.read() == []
    assert one.read() == [b"one"]


def test_the_last_lines_and_what_follows(one: Reader) -> None:
    for number in range(10):
        one.log.write(b"%d" % number, BEGUN + number // 4)
    following = follow_log(one.client, one.job, tail=3)
    # The third line from the end shares its moment with others.
    got = [next(following).message for _ in range(6)]
    one.log.write(b"10")
    one.finish()
    got += [line.message for line in following]

    assert got == [b"4", b"5", b"6", b"7", b"8", b"9", b"10"]
    assert read_tail(one.client, one.job, 2) == ("9", "10")


def test_a_reader_that_stops_ends_its_stream(one: Reader) -> None:
    one.log.write(b"one")
    following = follow_log(one.client, one.job)
    assert next(following).message == b"one"
    following.close()  # type: ignore[attr-defined]
    assert one.read(follow=False) == [b"one"]


def test_very_long_lines_are_cut_and_counted(reader: Reader) -> None:
    secret = b"ghp_" + b"a" * 36
    half = LONGEST_LINE // 2
    long = (
        b"x " * (half // 2 - 10) + secret + b"," * LONGEST_LINE + secret + b" y" * (half // 2 - 10)
    )
    reader.log.serve([Line(BEGUN, long), Line(BEGUN, b"z" * (1 << 20)), Line(BEGUN, b"next")])

    first, second, third = reader.read(follow=False)

    assert len(first) <= LONGEST_LINE + 40
    assert b"ghp_" not in first
    assert b"aaa" not in first
    assert second.decode() == "… 1,048,576 bytes left out …"
    assert third == b"next"
    assert all(len(line) < 4200 for line in read_tail(reader.client, reader.job, 3))


@given(st.binary(max_size=300), st.integers(2, 200))
def test_a_line_keeps_its_ends(line: bytes, longest: int) -> None:
    cut = shortened(line, longest)
    if len(line) <= longest:
        assert cut == line
        return
    head, _, rest = cut.partition("… ".encode())
    kept = rest.partition(" bytes left out …".encode())[2]
    assert line.startswith(head)
    assert line.endswith(kept)
    assert len(head) + len(kept) <= longest


def test_no_half_of_a_token_is_kept() -> None:
    for token in (b"hf_aB3aB3aB3aB3aB3aB3", b"hf_aB3aB3\raB3aB3aB3aB3"):
        line = b"one " + token + b" two " + token + b" end"
        left_out = f"… {len(line) - 8} bytes left out …".encode()
        assert shortened(line, 30) == b"one " + left_out + b" end"


def test_text_is_decoded_for_people_only() -> None:
    assert LogLine(0, b"\xffa\r\n").text == "\N{REPLACEMENT CHARACTER}a"


def test_a_tail_that_cannot_be_read_is_empty(reader: Reader, tmp_path: Path) -> None:
    reader.log.serve([Line(BEGUN, b"one")])
    reader.log.break_streams([Break(0, "INTERNAL")])
    assert read_tail(reader.client, reader.job, 3) == ()
    assert read_tail(reader.client, reader.job, 3) == ("one",)


def test_a_log_as_it_stands_is_read_once_through_broken_streams(reader: Reader) -> None:
    lines = [Line(moment(number), message(number)) for number in range(500)]
    reader.log.serve(lines)
    reader.log.break_streams([Break(70, "INTERNAL"), Break(300, "DEADLINE_EXCEEDED")])
    got = list(read_log(reader.client, reader.job))
    assert got == [message(number) + b"\n" for number in range(500)]


def test_a_log_as_it_stands_is_given_up_after_all_tries(reader: Reader) -> None:
    reader.log.serve([Line(BEGUN, b"one\n")])
    reader.log.break_streams([Break(0, "INTERNAL")] * 20)
    with pytest.raises(Problem):
        list(read_log(reader.client, reader.job))
    reader.log.break_streams([])
    assert list(read_log(reader.client, reader.job)) == [b"one\n"]
    reader.log.serve([])
    assert list(read_log(reader.client, reader.job)) == []
