"""How two runs' metrics read beside each other."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import comparisons as examples
import pytest
from github_page import Page
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from report_examples import PRESET_RUN, SHA

from beaker_ci.metrics.model import Comparison, Metric, Row, Word
from beaker_ci.report import (
    Compared,
    Ending,
    MergedView,
    ReplyView,
    RunView,
    comparison_json,
    comparison_notes,
    comparison_table,
    find_marker,
    log_lines,
    merged_comment,
    reply_comment,
    run_check,
    run_comment,
    table_lines,
)
from beaker_ci.report.differences import cells
from beaker_ci.report.figures import figures
from beaker_ci.report.fit import CHECK_LIMIT, COMMENT_LIMIT, TITLE_LIMIT, size

PASSED = Ending("", 0, 754.2, 0.21, 1, metrics=(("accuracy", 0.8813), ("loss", 0.339)))
MERGED = MergedView(
    "1a2b3c4d5e6f7081",
    "eval",
    SHA,
    PRESET_RUN.commit_url,
    "1a2b3c4d",
    PRESET_RUN.experiment_url,
    examples.FAILED,
    "main",
)


def ended(compared: Compared | None, conclusion: str | None = "success") -> RunView:
    """A run that passed on Beaker, its metrics beside those of the base."""
    return replace(
        PRESET_RUN,
        preset="eval",
        status="finished" if conclusion else "running",
        conclusion=conclusion,
        ending=PASSED,
        compared=compared,
        notes=(),
    )


def beside(compared: Compared) -> str:
    """What a comment says before the command that ran."""
    return run_comment(ended(compared)).split("```bash")[0].partition("\n")[2]


def test_who_has_a_metric_that_is_not_compared() -> None:
    pairs: list[tuple[float | None, float | None]]
    pairs = [(None, None), (None, 0.7), (0.7, None), (0.7, math.nan)]
    rows = [examples.row("f1", base, head, Word.NOT_COMPARED) for base, head in pairs]
    shown = [beside(examples.compared(each)) for each in rows]
    notes = [text.partition("<sub>")[2].partition("</sub>")[0] for text in shown]
    assert notes == snapshot(
        [
            "neither has it",
            "the base does not have it",
            "only the base has it",
            "not a finite number",
        ]
    )


def test_a_gate_that_failed() -> None:
    assert beside(examples.FAILED) == snapshot("""\
❌ **Gate failed: `accuracy` dropped by 0.0311, more than `max_drop: 0.01`** · passed on Beaker in 13 min · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `eval` · run `1a2b3c4d`

- `accuracy` dropped by 0.0311, more than `max_drop: 0.01` (95 % interval −0.0522 to −0.0101).

Against [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.912 | 0.881 | −0.031 | [−0.052, −0.010] | **regressed** · breaks `max_drop` |
| loss | 0.341 | 0.339 | −0.002 | [−0.031, +0.027] | no evidence of change <sub>a change of 0.041 would show; needs about 34 more seeds</sub> |
| robustness.f1 | – | 0.71 | – | – | not compared <sub>the base does not have it</sub> |

<details>
<summary>On the default branch, the oldest first; the last point is this run</summary>

```mermaid
xychart-beta
    title "accuracy"
    x-axis ["0a1b2c3", "1b2c3d4", "2c3d4e5", "3d4e5f6", "1a2b3c4", "this run"]
    y-axis 0.87812 --> 0.91628
    line [0.9071, 0.9102, 0.9088, 0.9131, 0.9124, 0.8813]
```

</details>

""")


def test_an_improvement() -> None:
    assert beside(examples.IMPROVED) == snapshot("""\
✅ **Passed on Beaker in 13 min · `accuracy` improved** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `eval` · run `1a2b3c4d`

Against [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.881 | 0.912 | +0.031 | [+0.010, +0.052] | **improved** |
| loss | 0.341 | 0.339 | −0.002 | [−0.031, +0.027] | no evidence of change <sub>a change of 0.041 would show; needs about 34 more seeds</sub> |

""")


def test_what_noise_explains() -> None:
    assert beside(examples.EXCUSED) == snapshot("""\
✅ **Passed on Beaker in 13 min · no metric moved** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `eval` · run `1a2b3c4d`

Against [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.912 | 0.901 | −0.012 | [−0.033, +0.010] | no evidence of change <sub>a change of 0.031 would show; excused by noise</sub> |
| loss | 0.341 | 0.339 | −0.002 | [−0.031, +0.027] | no evidence of change <sub>a change of 0.041 would show; needs about 34 more seeds</sub> |

- `accuracy` dropped by 0.0117, more than `max_drop: 0.01`; noise explains it (95 % interval −0.0331 to +0.0097).

""")


def test_without_intervals() -> None:
    assert beside(examples.POINTS) == snapshot("""\
⚠️ **Passed on Beaker in 13 min · `accuracy` regressed, `tokens per second` changed (no interval)** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `eval` · run `1a2b3c4d`

Against [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.9124 | 0.9107 | −0.0017 | no interval | **regressed** |
| tokens per second | 1,234.5 | 1,301.0 | +66.5 | no interval | **changed** |
| loss | 0.3412 | 0.3412 | 0.0000 | no interval | no evidence of change |

<sub>No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`. Changed: nobody said which way is better. Say so by `higher_is_better` in the preset's `compare.metrics`.</sub>

""")


def test_no_base() -> None:
    assert beside(examples.NO_BASE) == snapshot("""\
❌ **Gate failed: `accuracy` cannot be judged** · passed on Beaker in 13 min · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `eval` · run `1a2b3c4d`

- `accuracy` has nothing to compare with: there is no run of the base, so `max_drop: 0.01` cannot be judged.

None of the 14 commits that this one builds on has a result of `eval`. This makes one at the tip of `main`, for all that will build on it:

```text
gh workflow run beaker-ci.yml --ref main -f command="run eval"
```

""")


def test_what_a_harness_measured_is_shown_without_a_base() -> None:
    """It stands in no ``metrics.json``, and there is no table of differences."""
    rows = tuple(
        examples.row(name, None, value, Word.NOT_COMPARED)
        for name, value in (("gsm8k.exact_match", 0.55), ("wikitext.ppl", math.inf), ("f1", None))
    )
    told = replace(examples.NO_BASE, comparison=Comparison(rows))
    view = replace(ended(told), ending=replace(PASSED, metrics=()))
    assert [line for line in run_comment(view).splitlines() if line.startswith("|")] == snapshot(
        [
            "| Metric | Value |",
            "| :-- | --: |",
            "| gsm8k.exact\\_match | `0.55` |",
            "| wikitext.ppl | `∞` |",
        ]
    )
    assert "metric      gsm8k.exact_match = 0.55" in log_lines([view], "b" * 16)


def test_the_bases_run_goes_on() -> None:
    comment = run_comment(ended(examples.WAITS, None))
    assert comment.split("```bash")[0].partition("\n")[2] == snapshot("""\
⏳ **Passed on Beaker in 13 min · waits for the base's run** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `eval` · run `1a2b3c4d`

Waits for the base's run: [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B). Nothing is decided before it has ended.

""")


def test_what_is_beyond_fifteen_is_folded() -> None:
    shown, _, folded = beside(examples.MANY).partition("<details>")
    assert shown.count("| mmlu.") == 15
    assert folded.count("| mmlu.") == 7
    assert folded.splitlines()[1] == snapshot(
        "<summary>7 more metrics, none of them moved</summary>"
    )


def test_titles() -> None:
    views = [
        *(ended(each) for each in (examples.IMPROVED, examples.EXCUSED, examples.POINTS)),
        *(ended(each, "failure") for each in (examples.FAILED, examples.NO_BASE)),
        ended(examples.MANY),
        ended(examples.WAITS, None),
        ended(Compared(waits=True), None),
        ended(Compared(missing="Run `1a2b3c4d` left no metrics.")),
        replace(ended(examples.FAILED, "failure"), ending=replace(PASSED, exit_code=3)),
    ]
    assert [run_check(view).title for view in views] == snapshot(
        [
            "Passed · accuracy improved · 13 min · 0.21 of 0.25 GPU-hours",
            "Passed · no metric moved · 13 min · 0.21 of 0.25 GPU-hours",
            "Passed · accuracy regressed, tokens per second changed (no interval) · 13 min · 0.21 of 0.25 GPU-hours",
            "Gate failed · accuracy dropped by 0.0311, more than max_drop: 0.01 · 13 min · 0.21 of 0.25 GPU-hours",
            "Gate failed · accuracy cannot be judged · 13 min · 0.21 of 0.25 GPU-hours",
            "Passed · mmlu.subject_00.acc and mmlu.subject_01.acc improved · 13 min · 0.21 of 0.25 GPU-hours",
            "Waits for the base's run · 13 min · 0.21 of 0.25 GPU-hours",
            "Not compared yet · 13 min · 0.21 of 0.25 GPU-hours",
            "Passed · nothing to compare with · 13 min · 0.21 of 0.25 GPU-hours",
            "Failed · exit code 3 · 13 min · 0.21 of 0.25 GPU-hours",
        ]
    )


def test_the_check_says_the_same() -> None:
    view = ended(examples.FAILED, "failure")
    assert run_check(view).summary in run_comment(view)
    assert "breaks `max_drop`" in run_check(view).summary


def test_a_log() -> None:
    told = log_lines([ended(examples.FAILED, "failure")], "5f0e1d2c3b4a5968").split("\n")
    assert [told[1], *(line for line in told if line.startswith("  compared"))] == snapshot(
        [
            "Gate failed: `accuracy` dropped by 0.0311, more than `max_drop: 0.01` · passed on Beaker in 13 min: pytest -v -m gpu",
            "  compared    against 1a2b3c4, the merge base, run 9f8e7d6c",
            "  compared    `accuracy` dropped by 0.0311, more than `max_drop: 0.01` (95 % interval −0.0522 to −0.0101).",
            "  compared    accuracy: 0.912 → 0.881, −0.031 [−0.052, −0.010], regressed; breaks max_drop",
            "  compared    loss: 0.341 → 0.339, −0.002 [−0.031, +0.027], no evidence of change; a change of 0.041 would show; needs about 34 more seeds",
            "  compared    robustness.f1: – → 0.71, – –, not compared; the base does not have it",
        ]
    )


def test_what_a_merge_moved() -> None:
    comment = merged_comment(MERGED)
    assert find_marker(comment) == ("merged", MERGED.marker)
    assert comment.partition("\n")[2] == snapshot("""\
❌ **`accuracy` dropped by 0.0311, more than `max_drop: 0.01`** with this merge into `main` · `eval` at [`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8) · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · run `1a2b3c4d`

- `accuracy` dropped by 0.0311, more than `max_drop: 0.01` (95 % interval −0.0522 to −0.0101).

Against [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.912 | 0.881 | −0.031 | [−0.052, −0.010] | **regressed** · breaks `max_drop` |

<sub>No evidence of change in 1 other metric.</sub>
""")


def test_an_answer_names_both_runs() -> None:
    both = replace(
        examples.IMPROVED,
        head_run_id="1a2b3c4d",
        head_url=PRESET_RUN.experiment_url,
        head_sha=SHA,
        head_commit_url=PRESET_RUN.commit_url,
    )
    view = ReplyView(
        "", "answered", "alice", "/beaker compare", "`accuracy` improved", compared=both
    )
    assert reply_comment([view], "42").split("| Metric")[0].partition("\n")[2] == snapshot("""\
> `/beaker compare`

💡 **`accuracy` improved**

[`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8), run [`1a2b3c4d`](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) against [`1a2b3c4`](https://github.com/octo-lab/vision/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d), the merge base, run [`9f8e7d6c`](https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B):

""")


def test_a_terminal() -> None:
    assert comparison_notes(examples.FAILED) == snapshot(
        [
            "against 1a2b3c4, the merge base, run 9f8e7d6c",
            "`accuracy` dropped by 0.0311, more than `max_drop: 0.01` (95 % interval −0.0522 to −0.0101).",
        ]
    )
    assert table_lines(comparison_table(examples.FAILED)) == snapshot("""\
  Metric         Base   Head   Difference  95 % interval     Verdict                     Note
  accuracy       0.912  0.881  −0.031      [−0.052, −0.010]  regressed; breaks max_drop  –
  loss           0.341  0.339  −0.002      [−0.031, +0.027]  no evidence of change       a change of 0.041 would show; needs about 34 more seeds
  robustness.f1  –      0.71   –           –                 not compared                the base does not have it\
""")


def test_for_programs() -> None:
    odd = examples.row("f1", math.nan, 0.5, Word.NOT_COMPARED)
    value = comparison_json(replace(examples.FAILED, comparison=Comparison((odd,), gated=True)))
    assert json.loads(json.dumps(value, allow_nan=False)) == snapshot(
        {
            "schema": 1,
            "level": 0.05,
            "gate": "failed",
            "moved": False,
            "base": {
                "run_id": "9f8e7d6c",
                "url": "https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5B",
                "sha": "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
                "is": "the merge base",
            },
            "head": {"run_id": "", "url": "", "sha": "", "is": ""},
            "missing": "",
            "broken": [],
            "metrics": [
                {
                    "name": "f1",
                    "verdict": "not compared",
                    "base": {"value": "nan", "stderr": None, "n": None, "values": []},
                    "head": {"value": 0.5, "stderr": None, "n": None, "values": []},
                    "difference": "nan",
                    "low": None,
                    "high": None,
                    "p": None,
                    "method": "",
                    "detectable": None,
                    "seeds_needed": None,
                    "excused": [],
                    "note": "",
                }
            ],
            "left_out": 0,
        }
    )
    assert comparison_json(examples.WAITS)["gate"] == "undecided"
    assert comparison_json(examples.POINTS)["gate"] is None
    whole = comparison_json(examples.FAILED)
    assert whole["broken"][0]["rule"] == "max_drop"
    assert [each["verdict"] for each in whole["metrics"]] == [
        "regressed",
        "no evidence of change",
        "not compared",
    ]


@pytest.mark.parametrize(
    ("base", "head", "around", "text"),
    [
        (0.9124, 0.8813, (-0.0522, -0.0101), "0.912 0.881 −0.031 [−0.052, −0.010]"),
        (12345.0, 12401.0, (-210.0, 322.0), "12,345 12,401 +56 [−210, +322]"),
        (0.0004, 12.0, (-24.0, 48.0), "0.0004 12 +12 [−24, +48]"),
        (1e-7, 3e-7, (1e-7, 3e-7), "1e-07 3e-07 +2e-07 [+1e-07, +3e-07]"),
        (0.5, 0.5, (0.0, 0.0), "0.5 0.5 0.0 [0.0, 0.0]"),
        (0.25, 0.5, None, "0.25 0.50 +0.25 no interval"),
        (1e20, 3e20, (-math.inf, math.inf), "1e+20 3e+20 +2e+20 [−∞, +∞]"),
        (5.0, -0.00001, (-9.0, -1.0), "5.0 −0.00001 −5.0 [−9.0, −1.0]"),
    ],
)
def test_figures(base: float, head: float, around: tuple[float, float] | None, text: str) -> None:
    low, high = around or (None, None)
    shown = figures(examples.row("m", base, head, Word.NO_EVIDENCE, low=low, high=high))
    assert f"{shown.base} {shown.head} {shown.difference} {shown.interval}" == text


def test_what_else_is_to_be_known_of_a_row() -> None:
    seeds = [replace(examples.LOSS, seeds_needed=each) for each in (1, 99, 100, None)]
    apart = replace(examples.LOSS, low=0.001, seeds_needed=None, detectable=None)
    told = [cells(row, examples.compared(apart, *seeds))[-1] for row in (*seeds, apart)]
    assert told == snapshot(
        [
            "a change of 0.041 would show; needs about 1 more seed",
            "a change of 0.041 would show; needs about 99 more seeds",
            "a change of 0.041 would show; needs many more seeds",
            "a change of 0.041 would show",
            "may be chance among so many metrics",
        ]
    )


@settings(max_examples=60, deadline=None)
@given(st.builds(Row, st.just("m"), *[st.builds(Metric, st.just("m"), st.floats())] * 2,
                 st.sampled_from(Word), *[st.none() | st.floats()] * 3))  # fmt: skip
def test_any_numbers_are_short(row: Row) -> None:
    shown = figures(row)
    assert all(len(text) < 30 for text in (shown.base, shown.head, shown.difference))
    assert "-" not in (shown.difference[:1], shown.base[:1], shown.head[:1])


def test_a_huge_table_fits() -> None:
    row = replace(examples.LOSS, name="𝕊$" * 100, excused=("$𝕊" * 100,))
    rows = tuple(replace(row, name=f"{at}{row.name}") for at in range(200))
    huge = ended(replace(examples.FAILED, comparison=Comparison(rows, (examples.BROKEN,) * 200)))
    comment, check = run_comment(huge), run_check(huge)
    assert size(comment) <= COMMENT_LIMIT
    assert size(check.summary) <= CHECK_LIMIT
    assert size(check.title) <= TITLE_LIMIT
    assert Page(comment).open == []
    assert "- **Commit**" in comment
    assert "more did not fit here._" in comment


def test_a_history_shows_where_the_values_are() -> None:
    comment = run_comment(ended(examples.FAILED))
    (axis,) = [line.strip() for line in comment.split("\n") if "y-axis" in line]
    assert axis == snapshot("y-axis 0.87812 --> 0.91628")
    own: Any = (("accuracy", (*"abc", SHA[:7]), (0.1, 0.2, 0.3, 0.8813)),)
    on_main = run_comment(ended(replace(examples.FAILED, history=own)))
    assert f'"{SHA[:7]}"' not in on_main
    assert '"this run"' in on_main
