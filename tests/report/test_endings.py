"""How the end of a run reads."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from report_examples import PRESET_RUN

from beaker_ci.redaction import Hiding
from beaker_ci.report import (
    Ending,
    RunView,
    flatten_metrics,
    log_lines,
    run_check,
    run_comment,
    step_summary,
)
from beaker_ci.report.metrics import MOST, format_metric
from beaker_ci.report.texts import duration

FAILED = Ending(
    why="",
    exit_code=3,
    seconds=754.2,
    gpu_hours=0.21,
    attempts=2,
    metrics=(("accuracy", 0.91), ("loss.train", 1.25e-5), ("steps", 12345.0)),
    log=("Traceback (most recent call last):", '  File "train.py", line 3', "ValueError: NaN"),
    log_url="https://beaker.org/job/01JZ3V6M8Q4T2N5R7W9X1Y3A5C",
)
NEVER_RAN = Ending("It was cancelled. Beaker says: by ada", None, None, 0.0, 0)


def ended(ending: Ending, conclusion: str) -> RunView:
    return replace(PRESET_RUN, status="finished", conclusion=conclusion, ending=ending, notes=())


def above_the_facts(view: RunView) -> str:
    return run_comment(view).split("- **Commit**")[0]


def test_a_failure_shows_its_last_lines_first() -> None:
    assert above_the_facts(ended(FAILED, "failure")) == snapshot("""\
<!-- beaker-ci:run:1a2b3c4d5e6f7081 -->
❌ **Failed on Beaker with exit code 3 after 13 min** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `gpu-tests` · run `1a2b3c4d`

```bash
pytest -v -m gpu
```

```text
Traceback (most recent call last):
  File "train.py", line 3
ValueError: NaN
```

| Metric | Value |
| :-- | --: |
| accuracy | `0.91` |
| loss.train | `1.25e-05` |
| steps | `12,345` |

[The whole log](https://beaker.org/job/01JZ3V6M8Q4T2N5R7W9X1Y3A5C)

""")


def test_a_success_shows_its_numbers_and_folds_its_log() -> None:
    passed = replace(FAILED, exit_code=0, attempts=1)
    assert above_the_facts(ended(passed, "success")) == snapshot("""\
<!-- beaker-ci:run:1a2b3c4d5e6f7081 -->
✅ **Passed on Beaker in 13 min** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `gpu-tests` · run `1a2b3c4d`

```bash
pytest -v -m gpu
```

| Metric | Value |
| :-- | --: |
| accuracy | `0.91` |
| loss.train | `1.25e-05` |
| steps | `12,345` |

<details>
<summary>The log's last lines</summary>

```text
Traceback (most recent call last):
  File "train.py", line 3
ValueError: NaN
```

</details>

[The whole log](https://beaker.org/job/01JZ3V6M8Q4T2N5R7W9X1Y3A5C)

""")


def test_a_run_that_never_ran() -> None:
    assert above_the_facts(ended(NEVER_RAN, "cancelled")) == snapshot("""\
<!-- beaker-ci:run:1a2b3c4d5e6f7081 -->
🛑 **Stopped on Beaker** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `gpu-tests` · run `1a2b3c4d`

```bash
pytest -v -m gpu
```

It was cancelled. Beaker says: by ada

""")


def test_the_cost_is_told() -> None:
    comment = run_comment(ended(FAILED, "failure"))
    (cost,) = [line for line in comment.split("\n") if line.startswith("- **Cost**")]
    assert cost == snapshot(
        "- **Cost** 0.21 of at most 0.25 GPU-hours in 2 attempts · budget `octo-lab/vision-ci`"
    )


def test_titles() -> None:
    titles = [
        run_check(ended(replace(FAILED, exit_code=code), conclusion)).title
        for conclusion, code in (
            ("success", 0),
            ("failure", 3),
            ("cancelled", None),
            ("timed_out", None),
            ("something new", None),
        )
    ]
    assert titles == snapshot(
        [
            "Passed · 13 min · 0.21 of 0.25 GPU-hours",
            "Failed · exit code 3 · 13 min · 0.21 of 0.25 GPU-hours",
            "Stopped · 13 min · 0.21 of 0.25 GPU-hours",
            "Timed out · 13 min · 0.21 of 0.25 GPU-hours",
            "State unknown · 13 min · 0.21 of 0.25 GPU-hours",
        ]
    )


def test_a_long_log_keeps_its_end() -> None:
    long = replace(FAILED, log=tuple(f"line {number} " + "x" * 390 for number in range(60)))
    comment = run_comment(ended(long, "failure"))
    assert "line 59" in comment
    assert "line 10 " not in comment
    assert len(comment) < 10_000


BODY = tuple(f"MIIBody{number:02d}" + "A1b2" * 14 for number in range(25))
KEY = ("-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----")


def all_of(view: RunView) -> str:
    """Everything that a report of the run says anywhere."""
    check = run_check(view)
    log = log_lines([view], "5f0e1d2c3b4a5968")
    return "\n".join((run_comment(view), check.summary, check.text, step_summary([view]), log))


@pytest.mark.parametrize("conclusion", ["failure", "success"])
@pytest.mark.parametrize("key", [KEY, tuple(f"12:03:09 | {line}\r" for line in KEY)])
def test_a_private_key_is_hidden_wherever_the_log_was_cut(
    conclusion: str, key: tuple[str, ...]
) -> None:
    log = ("before", *key, "failed here")
    for begin in range(len(log)):
        for most in (3, 20, 60):
            ending = replace(FAILED, log=log[begin:], log_lines=most)
            said = all_of(ended(ending, conclusion))
            assert "MIIBody" not in said
            assert said.count("failed here") == 4  # comment, check, summary, log


@given(st.integers(0, 40), st.integers(1, 40), st.text(max_size=9))
def test_only_the_last_lines_of_a_log_are_shown(read: int, most: int, text: str) -> None:
    lines = tuple(f"<{number}> {text}" for number in range(read))
    said = run_comment(ended(replace(FAILED, log=lines, log_lines=most), "failure"))
    shown = [number for number in range(read) if f"<{number}>" in said]
    assert shown == list(range(max(read - most, 0), read))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (754, "13 min"),
        (3600, "1 h"),
        (11100, "3 h 5 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (1.25e-5, "1.25e-05"),
        (12345.0, "12,345"),
        (2 / 3, "0.666667"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
        ("0.1, 0.2", "0.1, 0.2"),
    ],
)
def test_values(value: float | str, text: str) -> None:
    assert format_metric(value) == text


def test_nested_metrics_get_dots() -> None:
    metrics = {
        "eval": {"acc": 0.5, "per_class": [0.1, 0.2], "all": list(range(99))},
        "done": True,
        "note": None,
        "huge": 10**400,
    }
    assert flatten_metrics(metrics, Hiding()) == (
        ("done", "true"),
        ("eval.acc", 0.5),
        ("eval.all", "99 values"),
        ("eval.per_class", "0.1, 0.2"),
        ("huge", math.inf),
        ("note", "null"),
    )


def test_metrics_without_secrets() -> None:
    token = "hf_" + "a1B2" * 9
    metrics = {
        "MY_OWN": "plainword9",
        "a": "MY_OWN=plainword8 or so",
        "b": {"my_own": 12345678, "MY_OWNS": 1, "MY_OWN.is": ["plainword7"]},
        "c MY_OWN=plainword6": 0.5,
        "d": ["MY_OWN=plainword5", "x"],
        "e": f"{'long ' * 37}{token}",
        "f": f"{token[:15]}\r{token[15:]}",
        "g": {"password_f1": 0.9, "password": 0.75},
        "h": {"password": "sesame"},
        "j": {"MY\u200b_O\rWN": 31415926},
        "i": "MY_OWN, twice\nMY_OWN is it",
    }
    assert flatten_metrics(metrics, Hiding(["MY_OWN"])) == snapshot(
        (
            ("MY_OWN", "***"),
            ("a", "***"),
            ("b.MY_OWN.is", "***"),
            ("b.MY_OWNS", 1.0),
            ("b.my_own", "***"),
            ("c MY_OWN=***", "***"),
            ("d", "***"),
            (
                "e",
                "long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ***",
            ),
            ("f", "***"),
            ("g.password", 0.75),
            ("g.password_f1", 0.9),
            ("h.password", "***"),
            ("i", "MY_OWN, twice MY_OWN is it"),
            ("j.MY_O WN", "***"),
        )
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=10) | st.dictionaries(st.text(max_size=9), inner, max_size=9)
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.text(max_size=9), JSON, max_size=8))
@settings(max_examples=40, deadline=None)
def test_any_metrics_become_short_names_and_values(metrics: dict[str, Any]) -> None:
    flat = flatten_metrics(metrics, Hiding())
    assert len(flat) <= MOST
    for name, value in flat:
        assert len(name) <= 200
        assert len(format_metric(value)) < 2000
