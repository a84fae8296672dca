"""Options of the task itself: its limits, replicas and how its command is started."""

from __future__ import annotations

from typing import Final

from beaker_ci.commands.options.model import Access, Kind, Option

_TASK: Final = "Task"
_REPLICAS: Final = "Several nodes"
_RUNTIME: Final = "Runtime"

TASK: Final = (
    Option(
        field="task_name",
        spellings=("--task-name", "-t"),
        help="the task's name",
        group=_TASK,
        pattern=r"[A-Za-z0-9._][A-Za-z0-9._-]{0,127}",
        form="1 to 128 letters, digits and . _ -",
    ),
    Option(
        field="priority",
        spellings=("--priority",),
        kind=Kind.CHOICE,
        choices=("low", "normal", "high", "urgent", "immediate"),
        help="the job's priority",
        group=_TASK,
        access=Access.LIMITED,
        rule="priority",
    ),
    Option(
        field="task_timeout",
        spellings=("--task-timeout",),
        kind=Kind.DURATION,
        help="the longest run time, such as `4h`",
        group=_TASK,
        access=Access.LIMITED,
        rule="timeout",
    ),
    Option(
        field="min_runtime",
        spellings=("--min-runtime",),
        kind=Kind.DURATION,
        help="run time guaranteed before preemption",
        group=_TASK,
        access=Access.LIMITED,
        rule="min-runtime",
    ),
    Option(
        field="auto_resume",
        negative=("--no-auto-resume",),
        kind=Kind.FLAG,
        help="do not start again after a preemption",
        group=_TASK,
    ),
    Option(
        field="preemptible",
        spellings=("--preemptible",),
        kind=Kind.FLAG,
        help="superseded: runs are preemptible by default",
        group=_TASK,
        dropped=True,
        note="`--preemptible` was left out: runs are preemptible by default (no guaranteed run "
        "time, resumed on their own). `--min-runtime` and `--no-auto-resume` change that.",
    ),
    Option(
        field="preemptible",
        negative=("--not-preemptible",),
        kind=Kind.FLAG,
        help="superseded by `--min-runtime`",
        group=_TASK,
        access=Access.REFUSED,
        refusal="It used to mean a guarantee of 8 hours, for which a job may wait for days.",
        instead="Name the time that you need, such as `--min-runtime 30m`.",
    ),
    Option(
        field="retries",
        spellings=("--retries",),
        kind=Kind.INTEGER,
        help="automatic retries; each can cost the full price",
        group=_TASK,
        access=Access.LIMITED,
        rule="retries",
    ),
)

REPLICAS: Final = (
    Option(
        field="replicas",
        spellings=("--replicas",),
        kind=Kind.INTEGER,
        minimum=1,
        help="how many nodes",
        group=_REPLICAS,
        access=Access.LIMITED,
        rule="replicas",
    ),
    Option(
        field="leader_selection",
        spellings=("--leader-selection",),
        negative=("--no-leader-selection",),
        kind=Kind.FLAG,
        help="the first replica leads; the others learn its address",
        group=_REPLICAS,
    ),
    Option(
        field="host_networking",
        spellings=("--host-networking",),
        negative=("--no-host-networking",),
        kind=Kind.FLAG,
        help="replicas use the network of their node",
        group=_REPLICAS,
        access=Access.LIMITED,
        rule="host-networking",
    ),
    Option(
        field="propagate_failure",
        spellings=("--propagate-failure",),
        negative=("--no-propagate-failure",),
        kind=Kind.FLAG,
        help="stop all when one fails",
        group=_REPLICAS,
    ),
    Option(
        field="propagate_preemption",
        spellings=("--propagate-preemption",),
        negative=("--no-propagate-preemption",),
        kind=Kind.FLAG,
        help="stop all when one is preempted",
        group=_REPLICAS,
    ),
    Option(
        field="synchronized_start_timeout",
        spellings=("--synchronized-start-timeout",),
        kind=Kind.DURATION,
        help="how long replicas wait for each other",
        group=_REPLICAS,
        access=Access.LIMITED,
        rule="timeout",
    ),
    Option(
        field="skip_tcpxo_setup",
        spellings=("--skip-tcpxo-setup",),
        kind=Kind.FLAG,
        help="superseded by `--skip-nccl-setup`",
        group=_REPLICAS,
        becomes="skip_nccl_setup",
        note="`--skip-tcpxo-setup` is now called `--skip-nccl-setup` and was read as that.",
    ),
    Option(
        field="skip_nccl_setup",
        spellings=("--skip-nccl-setup",),
        kind=Kind.FLAG,
        help="leave NCCL as it is",
        group=_REPLICAS,
    ),
)

RUNTIME: Final = (
    Option(
        field="runtime_dir",
        spellings=("--runtime-dir",),
        kind=Kind.DIRECTORY,
        help="where the repository is checked out in the job",
        group=_RUNTIME,
        access=Access.LIMITED,
        rule="form",
    ),
    Option(
        field="exec_method",
        spellings=("--exec-method",),
        kind=Kind.CHOICE,
        choices=("exec", "bash"),
        help="`bash` lets a shell in the job read the command",
        group=_RUNTIME,
        access=Access.LIMITED,
        rule="commands",
    ),
    Option(
        field="torchrun",
        spellings=("--torchrun",),
        kind=Kind.FLAG,
        help="start the command with torchrun on all GPUs",
        group=_RUNTIME,
    ),
    Option(
        field="pre_setup",
        spellings=("--pre-setup",),
        help="a command before the checkout",
        group=_RUNTIME,
        access=Access.REFUSED,
        longest=4096,
        refusal="It runs before the commit is checked out and could put another in its place.",
        instead="Use `--post-setup`. A maintainer can put it into a preset on the default branch.",
        policy_only=True,
    ),
    Option(
        field="post_setup",
        spellings=("--post-setup",),
        help="a command after the set-up",
        longest=4096,
        group=_RUNTIME,
        access=Access.LIMITED,
        rule="commands",
    ),
)
