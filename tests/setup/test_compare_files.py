"""``beaker-ci compare`` with two files: what it says of metrics that tell little, and of mistakes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from inline_snapshot import snapshot

from beaker_ci.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(here: Path, base: object, head: object, *options: str) -> tuple[int, str]:
    for name, metrics in (("base.json", base), ("head.json", head)):
        (here / name).write_text(json.dumps(metrics))
    done = CliRunner().invoke(main, ["compare", "base.json", "head.json", *options])
    return done.exit_code, done.output.partition("for help.\n\n")[2] or done.output


def test_values_alone(here: Path) -> None:
    assert compare(here, {"acc": 0.91, "loss": 0.4}, {"acc": 0.9, "loss": 0.4}) == snapshot(
        (
            0,
            """\
`acc` changed (no interval).
  against base.json

  Metric  Base  Head  Difference  95 % interval  Verdict                Note
  acc     0.91  0.90  −0.01       no interval    changed                –
  loss    0.4   0.4   0.0         no interval    no evidence of change  –

  No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`.
  Changed: nobody said which way is better. Say so by `higher_is_better` in the preset's `compare.metrics`.
""",
        )
    )


def test_one_side_alone_knows_its_noise(here: Path) -> None:
    assert compare(here, {"acc": 0.91, "acc_n": 2000}, {"acc": 0.9}) == snapshot(
        (
            0,
            """\
No metric moved.
  against base.json

  Metric  Base   Head   Difference  95 % interval     Verdict                Note
  acc     0.910  0.900  −0.010      [−0.028, +0.008]  no evidence of change  a change of 0.027 would show

  Only one side's uncertainty is known; the other is taken to be as noisy.
""",
        )
    )


def test_nothing_to_judge(here: Path) -> None:
    assert compare(here, {"acc": 0.91}, {"accuracy": 0.9}) == snapshot(
        (
            2,
            """\
Error: base.json and head.json have no metric in common.
base.json: acc
head.json: accuracy
""",
        )
    )
    assert compare(here, {"acc": 0.91}, {"acc": float("nan")}) == snapshot(
        (
            0,
            """\
No metric could be compared.
  against base.json

  Metric  Base  Head  Difference  95 % interval  Verdict       Note
  acc     0.91  NaN   –           –              not compared  not a finite number
""",
        )
    )


def test_what_is_not_there(here: Path) -> None:
    assert compare(here, {"acc": 1}, {"acc": 1}, "--preset", "eval") == snapshot(
        (
            2,
            """\
Error: .github/beaker-ci.yml cannot be read: No such file or directory.
The rules of --preset stand there; --config names another file.
""",
        )
    )
    (here / "results").mkdir()
    done = CliRunner().invoke(main, ["compare", "results", "head.json"])
    assert (done.exit_code, done.output.splitlines()[-2:]) == snapshot(
        (
            2,
            [
                "Error: results is a directory.",
                "Name the file in it, such as results/metrics.json.",
            ],
        )
    )
    done = CliRunner().invoke(main, ["compare", f"{'a' * 300}.json", "head.json"])
    assert (done.exit_code, "There is no file aaa" in done.output) == (2, True)


def test_numbers_that_are_out_of_reach(here: Path) -> None:
    deep: object = 0.5
    for _ in range(9):
        deep = {"k": deep}
    for metrics in (deep, {"losses": [0.5] * 1001}):
        assert compare(here, metrics, {"acc": 1})[1].splitlines()[0] == snapshot(
            "Error: base.json holds no metrics: its numbers lie more than eight levels deep, or in lists of more than 1,000."
        )
    assert compare(here, {}, {"acc": 1})[1].splitlines()[0] == snapshot(
        "Error: base.json holds no metrics: no number under any name."
    )


def test_what_a_shell_pipes_in(here: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"acc": 1}')
    os.close(writing)
    (here / "head.json").write_text('{"acc": 2}')
    done = CliRunner().invoke(main, ["compare", f"/dev/fd/{reading}", "head.json"])
    os.close(reading)
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "`acc` changed (no interval).")
