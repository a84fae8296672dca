"""Typical views, to be varied by ``dataclasses.replace``."""

from __future__ import annotations

from dataclasses import replace

from beaker_ci.report import ReplyView, RunView, TreeLine

SHA = "9fceb02d0ae598e95dc970b74767f19372d61af8"

ALLOWED = (
    TreeLine(0, "run", "allow", ""),
    TreeLine(1, "role", "allow", "alice has write on octo-lab/vision"),
    TreeLine(1, "fork", "allow", "the head branch lies in octo-lab/vision"),
    TreeLine(1, "budget", "allow", "octo-lab/vision-ci, from the configuration"),
    TreeLine(1, "gpus", "allow", "1 asked for, 8 allowed"),
)

REFUSED = (
    TreeLine(0, "run", "refuse", ""),
    TreeLine(1, "role", "allow", "alice has write on octo-lab/vision"),
    TreeLine(1, "limits", "refuse", ""),
    TreeLine(2, "gpus", "refuse", "16 asked for, 8 allowed"),
    TreeLine(2, "timeout", "allow", "2h asked for, 24h allowed"),
)

RUN = RunView(
    marker="1a2b3c4d5e6f7081",
    run_id="1a2b3c4d",
    check_name="beaker / run 1a2b3c4d",
    status="queued",
    conclusion=None,
    command_line="python train.py --lr 3e-4",
    preset=None,
    asker="alice",
    repository="octo-lab/vision",
    pull_request=7,
    sha=SHA,
    commit_url=f"https://github.com/octo-lab/vision/commit/{SHA}",
    workspace="octo-lab/vision",
    budget="octo-lab/vision-ci",
    priority="normal",
    where="h100, a100 on ai2/jupiter",
    gpus=2,
    replicas=1,
    gpu_hours=48.0,
    limits=(("timeout", "24h"), ("retries", "0")),
    experiment_name="ci-vision-pr7-run-1a2b3c4d5e6f7081",
    experiment_url="https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B",
    notes=(),
    config_source=".github/beaker-ci.yml at 0c1d2e3",
    decision=ALLOWED,
)

REFUSAL = ReplyView(
    marker="1a2b3c4d5e6f7081",
    reason="refused.limit",
    asker="alice",
    source="/beaker run --gpus 16 -- python train.py",
    what="The run asks for 16 GPUs, and 8 are allowed here.",
    why="`limits.gpus: 8` in `.github/beaker-ci.yml`, line 14.",
    next_step="Ask for 8 or fewer:",
    paste="/beaker run --gpus 8 -- python train.py",
    decision=REFUSED,
)

PRESET_RUN = replace(
    RUN,
    check_name="beaker / gpu-tests",
    command_line="pytest -v -m gpu",
    preset="gpu-tests",
    gpus=1,
    gpu_hours=0.25,
    limits=(("timeout", "15m"), ("start timeout", "30m"), ("retries", "0")),
    experiment_name="ci-vision-pr7-gpu-tests-1a2b3c4d5e6f7081",
    notes=("`--gpu-type` may be written `--gpu-types` too; both mean the same.",),
)

CPU_RUN = replace(
    RUN,
    command_line="set -x\nmake data\npytest -q",
    where="",
    gpus=0,
    gpu_hours=0.0,
    limits=(("timeout", "1h"),),
    notes=(
        "The block under the command is run by `bash -euo pipefail`.",
        "`--cpu` was read as `--cpus`.",
    ),
    config_source="no configuration file",
    decision=(),
    adopted=True,
)

HELP = ReplyView(
    marker="42-0",
    reason="answered",
    asker="alice",
    source="/beaker help",
    what="Comment one of these on a pull request.",
    help_text="- `/beaker run [PRESET] [OPTIONS] [-- COMMAND ARG...]` submits a run\n"
    "- `/beaker help [COMMAND]` explains a command",
)

UNKNOWN_OPTION = ReplyView(
    marker="42-1",
    reason="usage.unknown-option",
    asker="alice",
    source="/beaker run --gpu 8 -- python train.py",
    what="`run` has no option `--gpu`.",
    next_step="Did you mean `--gpus`?",
    paste="/beaker run --gpus 8 -- python train.py",
)

OUTAGE = ReplyView(
    marker="42-2",
    reason="beaker.unavailable",
    asker="alice",
    source="/beaker run gpu-tests",
    what="Beaker did not answer, so nothing was submitted.",
    why="CreateExperiment: UNAVAILABLE\nfailed to connect to all addresses\n\x1b[31mtimeout\x1b[0m",
    next_step="Comment the same line again in a few minutes: it cannot be submitted twice.",
    paste="/beaker run gpu-tests",
)
