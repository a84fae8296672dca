"""Options that name, place and size a workload."""

from __future__ import annotations

from typing import Final

from beaker_ci.commands.options.model import Access, Kind, Option

_WORKLOAD: Final = "Workload"
_CONSTRAINTS: Final = "Constraints"
_RESOURCES: Final = "Resources"
_NAME: Final = r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,127}"
_NAME_FORM: Final = "letters, digits and . _ / -, without .."

WORKLOAD: Final = (
    Option(
        field="args",
        help="the command of the job: everything after `--`",
        group=_WORKLOAD,
        repeatable=True,
        access=Access.LIMITED,
        rule="commands",
    ),
    Option(
        field="name",
        spellings=("--name", "-n"),
        help="a label in the experiment's name",
        group=_WORKLOAD,
        access=Access.LIMITED,
        rule="form",
        pattern=r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?",
        form="1 to 20 of a-z, 0-9 and -, with no - at either end",
    ),
    Option(
        field="description",
        spellings=("--description", "-d"),
        help="added to the experiment's description",
        group=_WORKLOAD,
        access=Access.LIMITED,
        rule="form",
        pattern=r".{1,200}",
        form="1 to 200 characters",
    ),
    Option(
        field="workspace",
        spellings=("--workspace", "-w"),
        help="the Beaker workspace",
        group=_WORKLOAD,
        access=Access.LIMITED,
        rule="workspace",
        pattern=_NAME,
        form=_NAME_FORM,
    ),
    Option(
        field="budget",
        spellings=("--budget", "-b"),
        help="the budget account that pays",
        group=_WORKLOAD,
        access=Access.LIMITED,
        rule="budget",
        pattern=_NAME,
        form=_NAME_FORM,
    ),
    Option(
        field="group_names",
        spellings=("--group",),
        help="a group of experiments to add it to",
        group=_WORKLOAD,
        repeatable=True,
        access=Access.LIMITED,
        rule="group",
        pattern=_NAME,
        form=_NAME_FORM,
    ),
)

CONSTRAINTS: Final = (
    Option(
        field="clusters",
        spellings=("--cluster", "-c"),
        help="a cluster, or a pattern such as `'ai2/*-cirrascale'`",
        group=_CONSTRAINTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="cluster",
        pattern=r"(?!.*\.\.)[A-Za-z0-9*?\[][A-Za-z0-9._/*?\[\]!-]{0,127}",
        form=f"{_NAME_FORM}, and * ? [ ] for patterns",
    ),
    Option(
        field="gpu_types",
        spellings=("--gpu-type",),
        help="a type of GPU, such as `h100`",
        group=_CONSTRAINTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="gpu-type",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}",
        form="a GPU's name, such as h100",
    ),
    Option(
        field="interconnect",
        spellings=("--interconnect",),
        kind=Kind.CHOICE,
        choices=("ib", "tcpxo"),
        help="only clusters with this interconnect",
        group=_CONSTRAINTS,
    ),
    Option(
        field="tags",
        spellings=("--tag",),
        help="only clusters with this tag, such as `storage:weka`",
        group=_CONSTRAINTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="tag",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}",
        form="letters, digits and . _ : / -",
    ),
    Option(
        field="hostnames",
        spellings=("--hostname",),
        help="pins single nodes",
        group=_CONSTRAINTS,
        repeatable=True,
        access=Access.REFUSED,
        refusal="A host name goes round the list of allowed clusters and blocks single nodes.",
        instead="Choose with `--cluster` or `--gpu-type`.",
    ),
)

RESOURCES: Final = (
    Option(
        field="cpus",
        spellings=("--cpus",),
        kind=Kind.NUMBER,
        help="CPU cores per replica",
        group=_RESOURCES,
        access=Access.LIMITED,
        rule="cpus",
    ),
    Option(
        field="gpus",
        spellings=("--gpus",),
        kind=Kind.INTEGER,
        help="GPUs per replica",
        group=_RESOURCES,
        access=Access.LIMITED,
        rule="gpus",
    ),
    Option(
        field="memory",
        spellings=("--memory",),
        kind=Kind.SIZE,
        help="memory per replica, such as `64GiB`",
        group=_RESOURCES,
        access=Access.LIMITED,
        rule="memory",
    ),
    Option(
        field="shared_memory",
        spellings=("--shared-memory",),
        kind=Kind.SIZE,
        help="size of `/dev/shm`, such as `10GiB`",
        group=_RESOURCES,
        access=Access.LIMITED,
        rule="memory",
    ),
)
