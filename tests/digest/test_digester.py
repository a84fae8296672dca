"""What a digest holds, how much memory it takes, and that no bytes break it."""

from __future__ import annotations

import codecs
import tracemalloc

import pytest
from digest_logs import digest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.digest import Digester, FailedTest, Frame, Line

DEEP = "".join(
    f'  File "/opt/env/lib/python3.11/site-packages/net/layer{i}.py", line {i}, in forward\n'
    f"    return self.layer{i + 1}(x)\n"
    for i in range(30)
)
FAILURE = f"""\
2026-02-03T11:04:09Z [rank3]: Loading
Traceback (most recent call last):
  File "/data/train/main.py", line 212, in <module>
    main()
  File "/data/train/model.py", line 97, in forward
    hidden = self.layer0(batch)
{DEEP}AssertionError
make: *** [Makefile:7: train] Error 1
"""


def test_the_users_own_frame_is_kept_under_the_libraries() -> None:
    found = digest(FAILURE)
    assert found.frame == Frame(
        "/data/train/model.py", 97, "forward", "hidden = self.layer0(batch)"
    )
    assert [frame.line for frame in found.frames] == [212, 97, *range(24, 30)]
    assert found.headline == "AssertionError: return self.layer30(x)"
    assert [line.line for line in found.root_cause] == [67, 66, 68]
    assert (found.lines, found.confidence, found.infrastructure) == (68, "high", False)


def test_around_a_line() -> None:
    steps = [f"step {step}" for step in range(9)]
    log = "\n".join([*steps, "ERROR: shard 7 has 3 columns", *steps])
    assert [(line.line, line.text) for line in digest(log).excerpt] == snapshot(
        [
            (6, "step 5"),
            (7, "step 6"),
            (8, "step 7"),
            (9, "step 8"),
            (10, "ERROR: shard 7 has 3 columns"),
            (11, "step 0"),
            (12, "step 1"),
            (13, "step 2"),
        ]
    )


def test_equal_lines_are_counted_with_their_streams() -> None:
    log = "".join(
        f"[rank{rank}]: WARNING store: denied (403) when calling Head: part-{part}\n"
        for part in range(50)
        for rank in range(4)
    )
    found = digest(log)
    assert (found.count, found.streams) == (200, ("rank0", "rank1", "rank2", "rank3"))
    assert found.root_cause == (
        Line(1, "WARNING store: denied (403) when calling Head: part-0", "rank0"),
    )


def test_what_else_was_seen() -> None:
    log = "ERROR: a\n" * 3 + "main.py: error: unrecognized arguments: --x\n"
    also = digest(log).also_seen
    assert [(group.text, group.count, group.line) for group in also] == [("ERROR: a", 3, 1)]


def test_failed_tests_are_listed_with_their_places() -> None:
    log = """\
=== FAILURES ===
____ TestIO.test_read ____

>       assert 3 == 4
E       assert 3 == 4

tests/test_io.py:12: AssertionError
____ test_write[a-b c] ____
E       ValueError: width
tests/test_io.py:40: ValueError
=== short test summary info ===
FAILED tests/test_io.py::TestIO::test_read - assert 3 == 4
FAILED tests/test_io.py::test_write[a-b c] - Val...
ERROR tests/test_net.py::test_up - OSError: down
=== 2 failed, 1 error in 0.1s ===
"""
    assert digest(log).tests == (
        FailedTest("tests/test_io.py::TestIO::test_read", "tests/test_io.py", 12, "assert 3 == 4"),
        FailedTest(
            "tests/test_io.py::test_write[a-b c]", "tests/test_io.py", 40, "ValueError: width"
        ),
        FailedTest("tests/test_net.py::test_up", "tests/test_net.py", 0, "OSError: down"),
    )


def test_a_failed_tests_place_is_in_its_own_code() -> None:
    log = """\
=== FAILURES ===
____ test_read ____

>       model(batch)

tests/test_io.py:12:
_ _ _
E       RuntimeError: shapes

/opt/conda/lib/python3.11/site-packages/torch/nn/modules/linear.py:116: RuntimeError
=== short test summary info ===
FAILED tests/test_io.py::test_read - RuntimeError: shapes
"""
    (test,) = digest(log).tests
    assert (test.file, test.line) == ("tests/test_io.py", 12)


@pytest.mark.parametrize(
    "log",
    [
        "KEY=canary-7\nERROR: it said canary-7\nKEY=canary-7",
        "ERROR: it said cana\x1b[31mry-7",
        "ERROR: it said cana\rry-7 and failed to stop",
        "x" * 300_000 + " canary-7 " + "y" * 300_000 + " ERROR: canary-7 failed to start",
        (
            'Traceback (most recent call last):\n  File "canary-7.py", line 3, in canary-7\n'
            "    send(canary-7)\nValueError: canary-7\ncanary-7"
        ),
        (
            "=== FAILURES ===\n___ test_canary-7 ___\nE   canary-7\n"
            "FAILED test_a.py::canary-7 - canary-7\n"
        ),
        "x" * 2044 + " canary-7" + "z" * 90_000 + "\nERROR: x",
    ],
)
def test_nothing_is_kept_that_was_not_hidden(log: str) -> None:
    digester = Digester(hide=lambda text: text.replace("canary-7", "***"))
    for byte in log.encode():
        digester.feed(bytes([byte]))
    shown = repr(digester.finish())
    assert "canary" not in shown
    assert "cana" not in shown
    assert "ry-7" not in shown


@pytest.mark.parametrize(
    "log",
    [
        (
            'Traceback (most recent call last):\n  File "/data/cana\rry-7.py", line 3, in <module>\n'
            '    load("canary-7")\n  File "/data/main.py", line 9, in load\n    open("cana\rry-7")\n'
            "ValueError: cana\rry-7 is bad\nKeyError: cana\rry-7\n"
        ),
        "key cana\rry-7\nERROR: shard 7 failed to load\nkey cana\rry-7\n",
        "=== FAILURES ===\n___ test_a ___\nE   cana\rry-7\nFAILED test_a.py::cana\rry-7 - cana\rry-7\n",
        "x" * 5000 + " cana\rry-7\nERROR: shard 7 failed to load",
        'Traceback (most recent call last):\n  File "cana\rry-7.py", line 3, in cana\rry-7\n',
    ],
    ids=["traceback", "context", "tests", "long", "broken off"],
)
def test_no_half_of_a_secret_survives_a_carriage_return(log: str) -> None:
    digester = Digester(hide=lambda text: text.replace("canary-7", "***"))
    digester.feed(log.encode())
    shown = repr(digester.finish())
    assert "cana" not in shown
    assert "ry-7" not in shown


@pytest.mark.parametrize("size", [1, 2, 3, 100_000])
@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_a_log_in_utf_16_is_read(name: str, size: int) -> None:
    log = ("\ufeff" + "step\r\n" * 3 + FAILURE + "schön 🎉\r\n").encode(name)
    digester = Digester()
    for start in range(0, len(log), size):
        digester.feed(log[start : start + size])
    found = digester.finish()
    assert found.headline == "AssertionError: return self.layer30(x)"
    assert (found.root_cause[0].line, found.tail[-1]) == (70, "schön 🎉")


@pytest.mark.parametrize("size", [1, 2, 3, 100_000])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_mark_alone_makes_no_log_utf_16(mark: bytes, size: int) -> None:
    for log in (mark + b"step\n" + FAILURE.encode(), mark + FAILURE.encode() * 30):
        digester = Digester()
        for start in range(0, len(log), size):
            digester.feed(log[start : start + size])
        assert digester.finish().headline == "AssertionError: return self.layer30(x)"


def test_secrets_of_several_lines_are_hidden_in_the_context() -> None:
    log = "BEGIN KEY\nabcdef\nEND KEY\nERROR: shard 7 has 3 columns\n"

    def hide(text: str) -> str:
        return text.replace("BEGIN KEY\nabcdef\nEND KEY", "***")

    digester = Digester(hide)
    digester.feed(log.encode())
    assert "abcdef" not in repr(digester.finish())


pieces = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"\n", b"\r", b"\r\n", b"\x1b[", b"\x1b]", b"\x08", b"\xff\xfe", b"\x1a\x1a",
                b"Traceback (most recent call last):\n", b'  File "a.py", line 3, in f\n',
                b"ValueError: x\n", b"[rank3]: ", b"ERROR ", b"=== FAILURES ===\n", b"E   x\n",
                b"attempt 2 of 3\n", b"Exception ignored in: x\n", b"x" * 70_000, "│ ❱".encode(),
                b"\nDuring handling of the above exception, another exception occurred:\n",
            ]
        ),
    ),
    max_size=60,
)  # fmt: skip


@given(pieces)
def test_no_bytes_break_it(parts: list[bytes]) -> None:
    log = b"".join(parts)
    whole, bits = Digester(), Digester()
    whole.feed(log)
    for part in parts:
        bits.feed(part)
    found = whole.finish()
    assert found == bits.finish()
    if 0 in log[{codecs.BOM_UTF16_LE: 3, codecs.BOM_UTF16_BE: 2}.get(log[:2], 512) : 512 : 2]:
        log = log.decode("utf-16", "replace").encode()
    assert found.lines == log.count(b"\n") + (not log.endswith(b"\n") and bool(log))
    assert len(found.root_cause) <= 10
    assert len(found.excerpt) <= 10
    assert len(found.tail) <= 60
    assert all(0 < line.line <= found.lines for line in (*found.root_cause, *found.excerpt))


@pytest.mark.parametrize(
    "piece",
    [
        b"x" * 262_144,
        b"step\r" * 40_000,
        b"ERROR: shard 7 failed to load\n" * 700,
        b'Traceback (most recent call last):\n  File "a.py", line 3, in f\n' * 500,
        b"".join(b"[rank%d]: Traceback (most recent call last):\n" % i for i in range(600)),
        b"".join(b"ERROR: %s is bad\n" % (b"xyz"[i % 3 : i % 3 + 1] * i) for i in range(300)),
        bytes(range(256)) * 256,
    ],
    ids=["no end", "returns", "errors", "tracebacks", "streams", "many errors", "rubbish"],
)
def test_memory_is_bounded(piece: bytes) -> None:
    digester = Digester()
    digester.feed(piece)
    tracemalloc.start()
    for _ in range(12):
        digester.feed(piece)
    digester.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 << 20


@pytest.mark.parametrize(
    ("log", "limit"),
    [
        ("FAILED tests/test_io.py::test_read - {}\n", 500),
        ("=== FAILURES ===\n____ test_read ____\nE       {}\n\n=== 1 failed in 1s ===\n", 500),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    {}\nKeyError: 1\n',
            300,
        ),
        ("{0}\nERROR: boom\n{0}\n", 1000),
    ],
)
def test_no_line_is_cut_before_it_is_hidden(log: str, limit: int) -> None:
    """Half a secret has no shape."""
    secret = "canary-" + "7" * 30
    digester = Digester(hide=lambda text: text.replace(secret, "***"))
    digester.feed(log.format("a " * (limit // 2 - 10) + secret).encode())
    assert "canary" not in str(digester.finish())


def test_a_message_that_is_too_long_to_be_read_leaves_the_code_that_raised_it() -> None:
    frame = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    x = y["lr"]\n'
    assert digest(f"{frame}KeyError: {'q' * 200_000}\n").headline == 'KeyError: x = y["lr"]'
