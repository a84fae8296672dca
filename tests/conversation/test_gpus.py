"""Which GPUs are free, as a pull request hears it."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot
from stage import CONFIG, Stage, open_stage

NO_LIST = CONFIG.replace('allow:\n  clusters: ["ai2/*"]\n', "")
BY_PRESET = NO_LIST.replace("    gpus: 1\n", "    gpus: 1\n    clusters: [saturn]\n")
BY_ALIAS = CONFIG.replace("ai2/*", "ai2/jupiter-cirrascale-2").replace(
    "limits:\n", "limits:\n  gpus: 4\n"
)


def asks(stage: Stage, line: str = "/beaker gpus") -> str:
    asked = stage.hub.comment(stage.number, by="writer", body=line)
    result = stage.deliver(asked)
    assert (result.exit_code, result.reason) == (0, "answered")
    stage.heard(asked)
    return stage.answer()


def part(answer: str) -> str:
    """What stands above the table."""
    return answer.partition("\n\n|")[0].partition("💡 ")[2]


def clusters(answer: str) -> list[str]:
    """The first cells of the table."""
    rows = [line for line in answer.split("\n") if line.startswith("| ")]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]]


def test_the_whole_answer(stage: Stage) -> None:
    world = stage.beaker.world
    europa = world.add_cluster("europa", gpu_type="NVIDIA_B200", gpus=8, tags=["interconnect:ib"])
    europa.budget_restrictions.append("ai2/other")
    europa.expected_node_count = 3
    world.add_cluster("titan", gpus=4).node_shape.gpu_type = 99  # type: ignore[assignment]
    lost = next(node for node in world.nodes.values() if node.hostname.startswith("saturn"))
    stage.beaker.lose_node(lost.hostname)
    stage.beaker.requests.clear()

    assert asks(stage) == snapshot("""\
<!-- beaker-ci:reply:comment-3300000001 -->
> `/beaker gpus`

💡 **44 of 52 GPUs are free on 5 clusters.**

Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.

| Cluster | Type | Free | Free on one node | Nodes | Queue | Notes |
| :-- | :-- | :-- | :-- | :-- | :-- | :-- |
| ai2/jupiter | NVIDIA H100 | 16 of 16 | 8 | 2 × 8 GPUs, 128 GiB per GPU | 0 | ib, weka |
| ai2/europa | NVIDIA B200 | 8 of 8 | 8 | 1 × 8 GPUs, 128 GiB per GPU | 0 | ib, 2 missing, for some budgets only |
| ai2/neptune-cirrascale | NVIDIA L40 | 8 of 8 | 8 | 1 × 8 GPUs, 128 GiB per GPU | 0 | weka |
| ai2/saturn | NVIDIA A100 80GB | 8 of 16 | 8 | 2 × 8 GPUs, 128 GiB per GPU | 0 | weka, 1 out of service |
| ai2/titan | unknown | 4 of 4 | 4 | 1 × 4 GPUs, 256 GiB per GPU | 0 | – |

On `ai2/jupiter`, a run with 8 GPUs for each replica could start right now:

```text
/beaker run --gpus 8 --cluster ai2/jupiter -- python train.py
```

<sub>for writer · `answered`</sub>
""")
    assert stage.beaker.requests.table() == snapshot(
        {"GetUser": 1, "ResolveOrganizationName": 1, "ListWorkloads": 1, "ListClusters": 1}
    )


def test_one_type(stage: Stage) -> None:
    world = stage.beaker.world
    world.add_cluster("rhea", gpu_type="NVIDIA_L40S", gpus=8)
    world.add_cluster("dione", gpu_type="NVIDIA_A100_40GB", gpus=8)

    answers = {line: asks(stage, f"/beaker gpus --type {line}") for line in ("L40", "a100", "40gb")}
    answers |= {line: asks(stage, f"/beaker gpus --type {line}") for line in ("A100-80GB", "l4")}

    assert {line: clusters(answer) for line, answer in answers.items()} == snapshot(
        {
            "L40": ["ai2/neptune-cirrascale"],
            "a100": ["ai2/saturn", "ai2/dione"],
            "40gb": ["ai2/dione"],
            "A100-80GB": ["ai2/saturn"],
            "l4": ["ai2/neptune-cirrascale", "ai2/rhea"],
        }
    )
    assert part(answers["L40"]) == snapshot("""\
**8 of 8 GPUs are free on 1 cluster.**

In a run, `--gpu-type L40` takes NVIDIA L40S as well. Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.\
""")
    assert part(answers["l4"]) == snapshot("""\
**16 of 16 GPUs are free on 2 clusters.**

No type is called `l4`; these have it in their names. Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.\
""")


def test_a_type_that_is_nowhere(stage: Stage) -> None:
    assert asks(stage, "/beaker gpus --type tpu") == snapshot("""\
<!-- beaker-ci:reply:comment-3300000001 -->
> `/beaker gpus --type tpu`

💡 **There are no such GPUs where this repository may run.**

No GPU is of type `tpu`; there are NVIDIA A100 80GB, NVIDIA H100, NVIDIA L40. Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.

Without `--type`, all are listed:

```text
/beaker gpus
```

<sub>for writer · `answered`</sub>
""")


@pytest.mark.parametrize("config", [NO_LIST, BY_PRESET, BY_ALIAS], ids=["none", "preset", "alias"])
def test_by_which_rule(tmp_path: Path, config: str) -> None:
    with open_stage(tmp_path, {".github/beaker-ci.yml": config}) as stage:
        answer = asks(stage)
        told = (clusters(answer), part(answer), answer.rpartition("|\n\n")[2])
        assert stage.leftovers() == []
    if config is NO_LIST:
        assert told == snapshot(
            (
                ["ai2/jupiter", "ai2/saturn", "ai2/neptune-cirrascale"],
                """\
**40 of 40 GPUs are free on 3 clusters.**

Neither `allow.clusters` nor a preset names a cluster with GPUs: a run goes wherever Beaker has room for it, and a command cannot choose.\
""",
                """\
On `ai2/jupiter`, a run with 8 GPUs for each replica could start right now:

```text
/beaker run --gpus 8 -- python train.py
```

<sub>for writer · `answered`</sub>
""",
            )
        )
    elif config is BY_PRESET:
        assert told == snapshot(
            (
                ["ai2/saturn"],
                """\
**16 of 16 GPUs are free on 1 cluster.**

Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.\
""",
                """\
On `ai2/saturn`, a run with 8 GPUs for each replica could start right now.

<sub>for writer · `answered`</sub>
""",
            )
        )
    else:
        assert told == snapshot(
            (
                ["ai2/jupiter"],
                """\
**16 of 16 GPUs are free on 1 cluster.**

Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.\
""",
                """\
On `ai2/jupiter`, a run with 4 GPUs for each replica could start right now:

```text
/beaker run --gpus 4 --cluster ai2/jupiter -- python train.py
```

<sub>for writer · `answered`</sub>
""",
            )
        )


def test_where_all_is_taken(stage: Stage) -> None:
    world = stage.beaker.world
    for node in world.nodes.values():
        stage.beaker.lose_node(node.hostname)

    answer = asks(stage, "/beaker gpus --type h100")

    assert part(answer) == snapshot("""\
**0 of 16 GPUs are free on 1 cluster.**

Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.\
""")
    assert "No more can start right now" in answer
