"""``beaker-ci digest``: any log, from a file or as it streams, for people and programs."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.__main__ import main as run_program
from beaker_ci.cli import main

LOG = b"""\
loading meta-llama/Llama-3.1-8B
HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz01234567
step 1 loss 2.31
Traceback (most recent call last):
  File "/repo/train.py", line 12, in main
    loss.backward()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
"""
ELASTIC = {
    "message": {
        "message": "ValueError: width is 0",
        "extraInfo": {
            "timestamp": "1700000000",
            "py_callstack": 'Traceback (most recent call last):\n  File "/repo/data.py", line 3, in read\n'
            "    raise ValueError(x)\nValueError: width is 0\n",
        },
    }
}
JUNIT = """<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="1" failures="1">
<testcase classname="tests.test_a" name="test_b" file="tests/test_a.py" line="4">
<failure message="assert 3 == 4">assert 3 == 4</failure></testcase></testsuite></testsuites>"""


def digest(*arguments: str, log: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["digest", *arguments], input=log)


def read(*arguments: str, log: bytes) -> dict[str, Any]:
    result = digest("--format", "json", *arguments, "-", log=log)
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_for_people() -> None:
    assert digest(log=LOG).stdout == snapshot("""\
✗ CUDA out of memory
  torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
  line 7 of 7
  /repo/train.py:12 in main
      loss.backward()
  → Lower the batch size or the sequence length, shard the model over more GPUs, or choose a GPU with more memory.
      in the pull request: /beaker gpus

Around it
  5 │ File "/repo/train.py", line 12, in main
  6 │ loss.backward()
  7 │ torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
""")


def test_for_github() -> None:
    assert digest("--format", "markdown", log=LOG).stdout == snapshot("""\
**CUDA out of memory**

```text
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
```

Line 7 of 7 · `/repo/train.py:12` in `main`

Lower the batch size or the sequence length, shard the model over more GPUs, or choose a GPU with more memory.

```text
/beaker gpus
```

<details><summary>Around it</summary>

```text
5 | File "/repo/train.py", line 12, in main
6 | loss.backward()
7 | torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
```

</details>
""")


def test_for_programs() -> None:
    found = read(log=LOG)
    assert {
        name: found[name] for name in ("schema", "category", "headline", "confidence", "lines")
    } == snapshot(
        {
            "schema": 1,
            "category": "cuda-out-of-memory",
            "headline": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
            "confidence": "high",
            "lines": 7,
        }
    )
    assert found["root_cause"][0] == snapshot(
        {
            "line": 7,
            "text": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
            "stream": "",
        }
    )
    assert found["frame"] == snapshot(
        {
            "file": "/repo/train.py",
            "line": 12,
            "function": "main",
            "source": "loss.backward()",
            "installed": False,
        }
    )
    assert set(found) >= {
        "tests",
        "also_seen",
        "truncated",
        "rules_version",
        "next_step",
        "metrics",
    }


def test_a_file_and_what_streams_are_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "train.log"
    file.write_bytes(LOG)
    answers = {digest(str(file)).stdout, digest("-", log=LOG).stdout, digest(log=LOG).stdout}
    assert len(answers) == 1


def test_no_clear_cause_is_said_with_the_last_lines() -> None:
    assert digest(log=b"starting\nstep 1\nstep 2\n").stdout == snapshot("""\
? No clear cause
  │ starting
  │ step 1
  │ step 2
  → Read the end of the log.
      in the pull request: /beaker logs
""")


def test_an_empty_log() -> None:
    result = digest(log=b"")
    assert (result.exit_code, result.stdout) == snapshot(
        (
            0,
            """\
? No clear cause: the log is empty
  → Read the end of the log.
      in the pull request: /beaker logs
""",
        )
    )


def test_an_empty_log_for_github() -> None:
    assert "The log is empty." in digest("--format", "markdown", log=b"").stdout


def test_where_nothing_can_be_written() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "beaker_ci", "digest"],
            input=b"KeyError: 'rate'",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    told = "Error: the output cannot be written: No space left on device. Write it elsewhere.\n"
    assert (done.returncode, done.stderr.decode()) == (1, told)


def test_what_else_fails_is_not_blamed_on_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    monkeypatch.setattr(sys, "argv", ["beaker-ci", "digest"])
    monkeypatch.setattr("beaker_ci.cli.main", refused)
    with pytest.raises(ConnectionRefusedError):
        run_program()


def test_in_a_terminal_of_another_alphabet() -> None:
    program = [sys.executable, "-m", "beaker_ci", "digest"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for style in ("text", "markdown", "json"):
        done = subprocess.run(
            [*program, "--format", style],
            input="ValueError: é ✗".encode(),
            env=environment,
            capture_output=True,
            check=True,
        )
        assert b"ValueError: " in done.stdout
    closed = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m beaker_ci digest <&-'], capture_output=True
    )
    assert closed.returncode == 2
    assert b"There is no log" in closed.stderr


def test_how_it_ended_is_trusted_before_the_log() -> None:
    assert read("--exit-code", "0", log=LOG)["root_cause"] == []
    assert digest("--exit-code", "0", log=LOG).stdout == snapshot("✓ Nothing failed\n")
    assert read("--exit-code", "137", log=b"step 1\n")["category"] == "host-out-of-memory"
    assert read("--exit-code", "-9", log=b"step 1\n")["category"] == "host-out-of-memory"


def test_what_the_job_wrote_counts_too(tmp_path: Path) -> None:
    (tmp_path / "attempt_0/0").mkdir(parents=True)
    (tmp_path / "attempt_0/0/error.json").write_text(json.dumps(ELASTIC))
    (tmp_path / "report.xml").write_text(JUNIT)
    (tmp_path / "other.xml").write_text("<x/>")
    key = "hf_" + "a1B2" * 9
    (tmp_path / "metrics.json").write_text(f'{{"accuracy": 0.5, "loss": NaN, "note": "{key}"}}')
    (tmp_path / "outside").symlink_to("/proc/self/environ")
    found = read("--results", str(tmp_path), log=b"step 1\n")
    assert found["headline"] == "ValueError: width is 0"
    assert [test["node"] for test in found["tests"]] == snapshot(["tests/test_a.py::test_b"])
    assert found["metrics"] == {"accuracy": 0.5, "loss": "nan", "note": "***"}
    shown = digest("--results", str(tmp_path), log=b"step 1\n").stdout
    assert shown == snapshot("""\
✗ Error in the code
  ValueError: width is 0
  as the job's results say
  /repo/data.py:3 in read
      raise ValueError(x)
  → Start at the frame shown.

Around it
    │ File "/repo/data.py", line 3, in read
    │ raise ValueError(x)
    │ ValueError: width is 0

Failed tests
  tests/test_a.py::test_b  assert 3 == 4

Metrics
  accuracy: 0.5
  loss: NaN
  note: ***
""")
    assert key not in digest("--results", str(tmp_path), "--format", "markdown", log=b"").stdout


@pytest.mark.parametrize("text", [b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b""])
def test_broken_files_are_passed_over(text: bytes, tmp_path: Path) -> None:
    for name in ("metrics.json", "error.json", "report.xml"):
        (tmp_path / name).write_bytes(b"<testsuite" * (name == "report.xml") + text)
    assert read("--results", str(tmp_path), log=LOG)["category"] == "cuda-out-of-memory"


@pytest.mark.parametrize("style", ["text", "json", "markdown"])
def test_secrets_are_hidden(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PIN", "open sesame")
    log = LOG + b"ValueError: open%20sesame is no PIN=1 of OTHER=2\nOTHER=12 34\n"
    asked = ("--format", style, "--secret", "MY_PIN", "--secret", "OTHER")
    shown = digest(*asked, log=log).stdout
    assert "hf_abc" not in shown
    assert "open%20sesame" not in shown
    assert "OTHER=2" not in shown
    assert "12 34" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.log"], "`nowhere.log` cannot be read: No such file or directory."),
        (["/"], "`/` cannot be read: Is a directory."),
        (["--results", "nowhere"], "Directory 'nowhere' does not exist."),
        (["--exit-code", "x"], "'x' is not a valid integer range."),
        (["--format", "xml"], "'xml' is not one of 'text', 'json', 'markdown'."),
    ],
)
def test_mistakes(arguments: list[str], said: str) -> None:
    result = digest(*arguments, log=LOG)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["text", "json", "markdown"]))
def test_rubbish_is_read(rubbish: bytes, style: str) -> None:
    result = digest("--format", style, log=rubbish + b"\nERROR failed: " + rubbish)
    assert (result.exit_code, result.stderr) == (0, "")
    # In Markdown, our own word joiner keeps references from becoming alive.
    shown = result.stdout.replace("\u2060", "") if style == "markdown" else result.stdout
    assert all(character.isprintable() or character in "\n\t" for character in shown)


def on_terminal(*arguments: str, log: bytes | None = None) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the real program, both on a terminal."""
    keyboard, program_side = pty.openpty()
    screen, screen_side = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "beaker_ci", "digest", *arguments],
        stdin=subprocess.PIPE if log is not None else program_side,
        stdout=screen_side,
        stderr=program_side,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    if program.stdin is not None and log is not None:
        program.stdin.write(log)
        program.stdin.close()
    code = program.wait(30)
    shown = []
    for side, end in ((screen, screen_side), (keyboard, program_side)):
        os.close(end)
        shown.append(_all(side))
        os.close(side)
    return code, shown[0], shown[1]


def _all(terminal: int) -> str:
    text = b""
    while True:
        try:
            more = os.read(terminal, 1 << 16)
        except OSError:  # the other side is closed and all is read
            return text.decode()
        text += more


def test_on_a_terminal_it_is_coloured_and_harmless(tmp_path: Path) -> None:
    file = tmp_path / "train.log"
    file.write_bytes(LOG + "ValueError: \x1b]0;owned\x07\x9b31m \u202e evil\n".encode())
    code, shown, progress = on_terminal(str(file))
    assert code == 0
    assert "\x1b[1;31m✗" in shown
    assert "owned" not in shown
    assert not {"\x07", "\x9b", "\u202e"} & set(shown)
    assert "bytes" in progress


def test_a_stream_shows_how_much_was_read() -> None:
    code, shown, progress = on_terminal(log=LOG)
    assert code == 0
    assert "CUDA out of memory" in shown
    assert "bytes" in progress


def test_without_a_log_it_does_not_wait_for_the_keyboard() -> None:
    code, shown, said = on_terminal()
    assert (code, shown) == (2, "")
    assert "beaker-ci logs | beaker-ci digest" in said


def test_it_starts_without_what_it_does_not_need() -> None:
    program = (
        "import sys; from beaker_ci.cli import main\n"
        "main(['digest', '--format', 'json', '-'], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=LOG, capture_output=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stderr.decode().split()}
    assert loaded.isdisjoint({"rich", "jinja2", "pydantic", "yaml", "grpc", "beaker", "github"})
