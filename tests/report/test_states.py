"""What a person reads, state by state."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_examples as examples
from inline_snapshot import snapshot

from beaker_ci.report import log_lines, reply_comment, run_check, run_comment, step_summary


def test_queued_run() -> None:
    assert run_comment(examples.RUN) == snapshot("""\
<!-- beaker-ci:run:1a2b3c4d5e6f7081 -->
⏳ **Queued on Beaker** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · run `1a2b3c4d`

```bash
python train.py --lr 3e-4
```

- **Commit** [`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8) · asked for by alice
- **Where** 2 GPUs · h100, a100 on ai2/jupiter · workspace `octo-lab/vision`
- **Limits** timeout 24h · retries 0 · priority normal
- **Costs** at most 48 GPU-hours · budget `octo-lab/vision-ci`

<details>
<summary>Why it was allowed, and what exactly runs</summary>

- **Full commit** `9fceb02d0ae598e95dc970b74767f19372d61af8`
- **Configuration** .github/beaker-ci.yml at 0c1d2e\u20603
- **Experiment** `ci-vision-pr7-run-1a2b3c4d5e6f7081`
- **Check** `beaker / run 1a2b3c4d`

```text
✓ run
  ✓ role    alice has write on octo-lab/vision
  ✓ fork    the head branch lies in octo-lab/vision
  ✓ budget  octo-lab/vision-ci, from the configuration
  ✓ gpus    1 asked for, 8 allowed
```

</details>
""")


def test_queued_preset_with_notes() -> None:
    assert run_comment(examples.PRESET_RUN) == snapshot("""\
<!-- beaker-ci:run:1a2b3c4d5e6f7081 -->
⏳ **Queued on Beaker** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `gpu-tests` · run `1a2b3c4d`

```bash
pytest -v -m gpu
```

- **Commit** [`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8) · asked for by alice
- **Where** 1 GPU · h100, a100 on ai2/jupiter · workspace `octo-lab/vision`
- **Limits** timeout 15m · start timeout 30m · retries 0 · priority normal
- **Costs** at most 0.25 GPU-hours · budget `octo-lab/vision-ci`

> [!NOTE]
> `--gpu-type` may be written `--gpu-types` too; both mean the same.

<details>
<summary>Why it was allowed, and what exactly runs</summary>

- **Full commit** `9fceb02d0ae598e95dc970b74767f19372d61af8`
- **Configuration** .github/beaker-ci.yml at 0c1d2e\u20603
- **Experiment** `ci-vision-pr7-gpu-tests-1a2b3c4d5e6f7081`
- **Check** `beaker / gpu-tests`

```text
✓ run
  ✓ role    alice has write on octo-lab/vision
  ✓ fork    the head branch lies in octo-lab/vision
  ✓ budget  octo-lab/vision-ci, from the configuration
  ✓ gpus    1 asked for, 8 allowed
```

</details>
""")


def test_adopted_run_on_cpus() -> None:
    assert run_comment(examples.CPU_RUN) == snapshot("""\
<!-- beaker-ci:run:1a2b3c4d5e6f7081 -->
⏳ **Queued on Beaker** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · run `1a2b3c4d`

```bash
set -x
make data
pytest -q
```

- **Commit** [`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8) · asked for by alice
- **Where** CPU only · workspace `octo-lab/vision`
- **Limits** timeout 1h · priority normal
- **Costs** no GPU-hours · budget `octo-lab/vision-ci`

This run was on Beaker already when the event came in: nothing was submitted twice.

> [!NOTE]
> - The block under the command is run by `bash -euo pipefail`.
> - `--cpu` was read as `--cpus`.

<details>
<summary>What exactly runs</summary>

- **Full commit** `9fceb02d0ae598e95dc970b74767f19372d61af8`
- **Configuration** no configuration file
- **Experiment** `ci-vision-pr7-run-1a2b3c4d5e6f7081`
- **Check** `beaker / run 1a2b3c4d`

</details>
""")


def test_run_without_pull_request_offers_no_comment_commands() -> None:
    view = replace(examples.RUN, pull_request=None)
    assert "`/beaker" not in run_comment(view)


@pytest.mark.parametrize(
    ("status", "conclusion", "verdict"),
    [
        ("running", None, snapshot("🏃 **Running on Beaker** · experiment · run `1a2b3c4d`")),
        ("finished", "success", snapshot("✅ **Passed on Beaker** · experiment · run `1a2b3c4d`")),
        ("finished", "failure", snapshot("❌ **Failed on Beaker** · experiment · run `1a2b3c4d`")),
        (
            "finished",
            "cancelled",
            snapshot("🛑 **Stopped on Beaker** · experiment · run `1a2b3c4d`"),
        ),
        (
            "finished",
            "timed_out",
            snapshot("⌛ **Timed out on Beaker** · experiment · run `1a2b3c4d`"),
        ),
        (
            "finished",
            None,
            snapshot(
                "❔ **State unknown: what Beaker says of it was not understood** · experiment · run `1a2b3c4d`"
            ),
        ),
        (
            "finished",
            "succeeded?",
            snapshot(
                "❔ **State unknown: what Beaker says of it was not understood** · experiment · run `1a2b3c4d`"
            ),
        ),
        (
            "asleep",
            "success",
            snapshot(
                "❔ **State unknown: what Beaker says of it was not understood** · experiment · run `1a2b3c4d`"
            ),
        ),
    ],
)
def test_verdict_line(status: str, conclusion: str | None, verdict: str) -> None:
    view = replace(examples.RUN, status=status, conclusion=conclusion, experiment_url="")
    assert run_comment(view).splitlines()[1] == verdict


def test_finished_run_offers_what_comes_after() -> None:
    view = replace(examples.RUN, status="finished", conclusion="failure")
    assert [line for line in run_comment(view).splitlines() if line.startswith("Comment")] == (
        snapshot([])
    )


def test_check() -> None:
    output = run_check(examples.PRESET_RUN)
    assert output.title == snapshot("Queued · 1 GPU · up to 0.25 GPU-hours")
    assert output.summary == snapshot("""\
⏳ **Queued on Beaker** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · `gpu-tests` · run `1a2b3c4d`

```bash
pytest -v -m gpu
```

> [!NOTE]
> `--gpu-type` may be written `--gpu-types` too; both mean the same.\
""")
    assert output.text == snapshot("""\
- **Commit** [`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8) · asked for by alice
- **Where** 1 GPU · h100, a100 on ai2/jupiter · workspace `octo-lab/vision`
- **Limits** timeout 15m · start timeout 30m · retries 0 · priority normal
- **Costs** at most 0.25 GPU-hours · budget `octo-lab/vision-ci`
- **Full commit** `9fceb02d0ae598e95dc970b74767f19372d61af8`
- **Configuration** .github/beaker-ci.yml at 0c1d2e\u20603
- **Experiment** `ci-vision-pr7-gpu-tests-1a2b3c4d5e6f7081`
- **Check** `beaker / gpu-tests`

```text
✓ run
  ✓ role    alice has write on octo-lab/vision
  ✓ fork    the head branch lies in octo-lab/vision
  ✓ budget  octo-lab/vision-ci, from the configuration
  ✓ gpus    1 asked for, 8 allowed
```\
""")


@pytest.mark.parametrize(
    ("gpus", "replicas", "gpu_hours", "title"),
    [
        (1, 1, 0.25, snapshot("Queued · 1 GPU · up to 0.25 GPU-hours")),
        (8, 2, 1.0, snapshot("Queued · 2 × 8 GPUs · up to 1 GPU-hour")),
        (3, 1, 1 / 3, snapshot("Queued · 3 GPUs · up to 0.34 GPU-hours")),
        (0, 1, 0.0, snapshot("Queued · CPU only")),
        (0, 4, 0.0, snapshot("Queued · 4 replicas, CPU only")),
        (8, 512, 98_304.0, snapshot("Queued · 512 × 8 GPUs · up to 98,304 GPU-hours")),
        (8, 1, float("inf"), snapshot("Queued · 8 GPUs · up to an unknown number of GPU-hours")),
    ],
)
def test_check_title(gpus: int, replicas: int, gpu_hours: float, title: str) -> None:
    view = replace(examples.RUN, gpus=gpus, replicas=replicas, gpu_hours=gpu_hours)
    assert run_check(view).title == title


def test_help() -> None:
    assert reply_comment([examples.HELP], "42") == snapshot("""\
<!-- beaker-ci:reply:42 -->
> `/beaker help`

💡 **Comment one of these on a pull request.**

- `/beaker run [PRESET] [OPTIONS] [-- COMMAND ARG...]` submits a run
- `/beaker help [COMMAND]` explains a command

<sub>for alice · `answered`</sub>
""")


def test_unknown_option() -> None:
    assert reply_comment([examples.UNKNOWN_OPTION], "42") == snapshot("""\
<!-- beaker-ci:reply:42 -->
> `/beaker run --gpu 8 -- python train.py`

🤔 **`run` has no option `--gpu`.**

Did you mean `--gpus`?

```text
/beaker run --gpus 8 -- python train.py
```

<sub>for alice · `usage.unknown-option`</sub>
""")


def test_refusal_with_its_tree() -> None:
    assert reply_comment([examples.REFUSAL], "42") == snapshot("""\
<!-- beaker-ci:reply:42 -->
> `/beaker run --gpus 16 -- python train.py`

⛔ **The run asks for 16 GPUs, and 8 are allowed here.**

`limits.gpus: 8` in `.github/beaker-ci.yml`, line 14.

Ask for 8 or fewer:

```text
/beaker run --gpus 8 -- python train.py
```

<details>
<summary>Every rule that was checked</summary>

```text
✗ run
  ✓ role       alice has write on octo-lab/vision
  ✗ limits
    ✗ gpus     16 asked for, 8 allowed
    ✓ timeout  2h asked for, 24h allowed
```

</details>

<sub>for alice · `refused.limit`</sub>
""")


def test_outage_with_the_words_of_the_server() -> None:
    assert reply_comment([examples.OUTAGE], "42") == snapshot("""\
<!-- beaker-ci:reply:42 -->
> `/beaker run gpu-tests`

🔌 **Beaker did not answer, so nothing was submitted.**

```text
CreateExperiment: UNAVAILABLE
failed to connect to all addresses
timeout
```

Comment the same line again in a few minutes: it cannot be submitted twice.

```text
/beaker run gpu-tests
```

<sub>for alice · `beaker.unavailable`</sub>
""")


def test_several_answers_in_one_comment() -> None:
    assert reply_comment([examples.UNKNOWN_OPTION, examples.OUTAGE], "42") == snapshot("""\
<!-- beaker-ci:reply:42 -->
> `/beaker run --gpu 8 -- python train.py`

🤔 **`run` has no option `--gpu`.**

Did you mean `--gpus`?

```text
/beaker run --gpus 8 -- python train.py
```

<sub>for alice · `usage.unknown-option`</sub>

---

> `/beaker run gpu-tests`

🔌 **Beaker did not answer, so nothing was submitted.**

```text
CreateExperiment: UNAVAILABLE
failed to connect to all addresses
timeout
```

Comment the same line again in a few minutes: it cannot be submitted twice.

```text
/beaker run gpu-tests
```

<sub>for alice · `beaker.unavailable`</sub>
""")


def test_step_summary_tells_all() -> None:
    assert step_summary([examples.CPU_RUN, examples.UNKNOWN_OPTION]) == snapshot("""\
⏳ **Queued on Beaker** · [experiment](https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B) · run `1a2b3c4d`

```bash
set -x
make data
pytest -q
```

- **Commit** [`9fceb02`](https://github.com/octo-lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8) · asked for by alice
- **Where** CPU only · workspace `octo-lab/vision`
- **Limits** timeout 1h · priority normal
- **Costs** no GPU-hours · budget `octo-lab/vision-ci`

This run was on Beaker already when the event came in: nothing was submitted twice.

> [!NOTE]
> - The block under the command is run by `bash -euo pipefail`.
> - `--cpu` was read as `--cpus`.

<details>
<summary>What exactly runs</summary>

- **Full commit** `9fceb02d0ae598e95dc970b74767f19372d61af8`
- **Configuration** no configuration file
- **Experiment** `ci-vision-pr7-run-1a2b3c4d5e6f7081`
- **Check** `beaker / run 1a2b3c4d`

</details>

---

> `/beaker run --gpu 8 -- python train.py`

🤔 **`run` has no option `--gpu`.**

Did you mean `--gpus`?

```text
/beaker run --gpus 8 -- python train.py
```

<sub>for alice · `usage.unknown-option`</sub>
""")
    assert step_summary([]) == ""


def test_log() -> None:
    assert log_lines([examples.PRESET_RUN, examples.OUTAGE], "0f1e2d3c4b5a6978") == snapshot("""\
::stop-commands::0f1e2d3c4b5a6978
Queued on Beaker: pytest -v -m gpu
  run         1a2b3c4d
  experiment  https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B
  commit      9fceb02d0ae598e95dc970b74767f19372d61af8
  asked by    alice
  where       1 GPU, h100, a100 on ai2/jupiter, workspace octo-lab/vision
  limits      timeout 15m, start timeout 30m, retries 0, priority normal
  at most     0.25 GPU-hours of octo-lab/vision-ci
  note        `--gpu-type` may be written `--gpu-types` too; both mean the same.
beaker.unavailable: Beaker did not answer, so nothing was submitted.
  asked       /beaker run gpu-tests
  why         CreateExperiment: UNAVAILABLE failed to connect to all addresses timeout
  next        Comment the same line again in a few minutes: it cannot be submitted twice.
  type        /beaker run gpu-tests
::0f1e2d3c4b5a6978::
""")
