"""How an unfinished run reads that somebody watches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from inline_snapshot import snapshot
from report_examples import PRESET_RUN

from beaker_ci.progress import Progress
from beaker_ci.report import RunView, log_lines, run_check, run_comment
from beaker_ci.report.texts import bar
from beaker_ci.report.views import Activity

HALF = Progress(450, 1000, 0.45, "train @all | `x`", 722)
AT_WORK = Activity(
    "running",
    at=1_780_000_000.0,
    seconds=754.0,
    allowed=86400,
    progress=HALF,
    metrics=(("loss", 0.25),),
)


def watched(activity: Activity, status: str = "running", waiting: str = "") -> RunView:
    return replace(PRESET_RUN, status=status, activity=activity, waiting=waiting, notes=())


def above_the_facts(view: RunView) -> str:
    return run_comment(view).split("- **Commit**")[0].split("```\n", 1)[1]


def test_at_work() -> None:
    view = watched(AT_WORK)
    assert above_the_facts(view) == snapshot("""\

▰▰▰▰▱▱▱▱▱▱ 45 % · 450 of 1,000 · about 12 min left · train @\u2060all \\| \\`x\\`

| Metric | Value |
| :-- | --: |
| loss | `0.25` |

<sub>12 min of at most 24 h · seen at 20:26 UTC</sub>

""")
    assert above_the_facts(view).strip() in run_check(view).summary
    assert log_lines([view], "5f0e1d2c3b4a5968") == snapshot("""\
::stop-commands::5f0e1d2c3b4a5968
Running on Beaker: pytest -v -m gpu
  run         1a2b3c4d
  experiment  https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B
  commit      9fceb02d0ae598e95dc970b74767f19372d61af8
  asked by    alice
  where       1 GPU, h100, a100 on ai2/jupiter, workspace octo-lab/vision
  limits      timeout 15m, start timeout 30m, retries 0, priority normal
  at most     0.25 GPU-hours of octo-lab/vision-ci
  progress    ▰▰▰▰▱▱▱▱▱▱ 45 % · 450 of 1,000 · about 12 min left · train @all | `x`
  time        12 min of at most 24 h · seen at 20:26 UTC
  metric      loss = 0.25
::5f0e1d2c3b4a5968::
""")


def test_why_it_waits() -> None:
    again = Activity("queued", at=0.0, attempt=2, after="preemption", allowed=900)
    view = watched(again, "queued", "Waiting for 5 min: `ai2/jupiter` is full, says @beaker.")
    assert above_the_facts(view) == snapshot("""\

Waiting for 5 min: `ai2/jupiter` is full, says @\u2060beaker.

<sub>attempt 2, after preemption · seen at 00:00 UTC</sub>

""")


@pytest.mark.parametrize(
    ("activity", "status", "headline", "title"),
    [
        (AT_WORK, "running", "Running on Beaker", "Running · 45 % · 12 min of 24 h"),
        (
            replace(AT_WORK, progress=None, allowed=0, seconds=59),
            "running",
            "Running on Beaker",
            "Running · under a minute",
        ),
        (
            Activity("starting", at=0.0),
            "queued",
            "Starting on Beaker",
            "Starting · 1 GPU · up to 0.25 GPU-hours",
        ),
        (
            replace(AT_WORK, phase="stopping", progress=None),
            "running",
            "Stopping on Beaker",
            "Stopping · 12 min of 24 h",
        ),
        (
            replace(AT_WORK, phase="uploading", progress=None),
            "running",
            "Uploading its results to Beaker",
            "Uploading · 12 min of 24 h",
        ),
    ],
)
def test_phases(activity: Activity, status: str, headline: str, title: str) -> None:
    view = watched(activity, status)
    assert f"**{headline}**" in run_comment(view)
    assert run_check(view).title == title


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (None, ""),
        (Progress(None, None, 0.999), "▰▰▰▰▰▰▰▰▰▱ 99 %"),
        (Progress(None, None, 0.0, remaining=0.0), "▱▱▱▱▱▱▱▱▱▱ 0 % · about 0 s left"),
        (Progress(3, 3, 1.0, remaining=4.0), "▰▰▰▰▰▰▰▰▰▰ 100 % · 3 of 3"),
        (Progress(29, 100, 0.29), "▰▰▱▱▱▱▱▱▱▱ 29 % · 29 of 100"),
        (Progress(1_250_000, None, None), "1.25 M so far"),
        (Progress(2e9, 1e12, 0.002), "▱▱▱▱▱▱▱▱▱▱ 0 % · 2 G of 1 T"),
    ],
)
def test_bars(progress: Progress | None, shown: str) -> None:
    assert bar(watched(replace(AT_WORK, progress=progress))) == shown
