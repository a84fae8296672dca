"""Comments full of commands that try something: an answer to each, nothing submitted, nothing leaked."""

from __future__ import annotations

import json

import pytest
from stage import Stage

CANARY = "c4n4ry-of-the-runner"
TRIED = {
    "options": """\
        -yu/etc/passwd:/x -- x           | refused.option
        --mount=/:/host -- x             | refused.option
        --hostname jupiter-1 -- x        | refused.option
        --pre-setup 'git config x' -- x  | refused.option
        --env CANARY -- x                | usage.bad-value
        --env-secret CANARY -- x         | usage.bad-value
        --env XDG_CONFIG_HOME=/w -- x    | refused.option
        --env TAR_OPTIONS=--x -- x       | refused.option
        --ref main -- x                  | refused.option
        --remote evil/repo -- x          | refused.option""",
    "values": """\
        --task-timeout 999999999h -- x         | usage.bad-value
        --gpus 999999999 --retries 999 -- x    | refused.limit
        --cpus 0.000001 --memory 9999TiB -- x  | refused.limit
        --weka x/../y:/w -- x                  | usage.bad-value
        --weka x:/var/lib/tcpxo -- x           | usage.bad-value
        --docker-image evil/miner -- x         | refused.image
        --dataset other/x:/x -- x              | refused.dataset
        --group mine -- x                      | refused.group
        --budget ai2/gold -- x                 | refused.budget
        --cluster evil/jupiter -- x            | refused.cluster""",
    "words": """\
        ../../etc/passwd               | usage.bad-value
        run                            | usage.unknown-preset
        gpu‑tests                      | usage.bad-value
        “gpu-tests”                    | usage.bad-value
        —gpus 1 -- x                   | usage.bad-value
        --gрus 1 -- x                  | usage.unknown-option
        -gpus 1 -- x                   | usage.unknown-option
        --priority immediate -- x      | refused.priority
        --sha 9fceb02d0ae5 -- x        | usage.bad-value
        gpu-tests --env-secret T=CANARY  | refused.secret""",
}


@pytest.mark.parametrize("theme", TRIED)
def test_nothing_of_it_runs(stage: Stage, theme: str) -> None:
    rows = [row.rpartition("|") for row in TRIED[theme].splitlines()]
    stage.extra |= dict.fromkeys(("CANARY", "HF_TOKEN", "XDG_CONFIG_HOME"), CANARY)
    body = "\n".join(f"/beaker run {words.strip()}" for words, _, _ in rows)
    asked = stage.hub.comment(stage.number, by="writer", body=body)

    result = stage.deliver(asked)

    assert result.exit_code == 0, result.log
    found = [one["reason-code"] for one in json.loads(result.outputs["result"])["commands"]]
    assert found == [code.strip() for _, _, code in rows]
    stage.heard(asked)
    answer = stage.answer()
    assert CANARY not in answer + result.log + result.summary + str(result.outputs)
    assert stage.beaker.experiments("ci-bot") == []


def test_of_what_runs_nothing_is_the_runners(stage: Stage) -> None:
    names = ("CANARY", "HF_TOKEN", "RESULTS_DIR", "GANTRY_RUNTIME_DIR", "GIT_DIR_X")
    stage.extra |= dict.fromkeys(names, f"/{CANARY}")
    words = (
        "/beaker run --env A=$CANARY --env 'B=${HF_TOKEN}' --description 'beaker-ci:open 1 {}' "
        '-- echo $CANARY `id` "$(env)"'
    )
    asked = stage.hub.comment(stage.number, by="writer", body=words)

    result = stage.deliver(asked)

    assert result.reason == "accepted", result.log
    held = stage.beaker.take_experiment()
    assert (held.env["A"], held.env["B"]) == ("$CANARY", "${HF_TOKEN}")
    assert held.spec["tasks"][0]["arguments"][-4:] == ["echo", "$CANARY", "`id`", "$(env)"]
    stage.heard(asked)
    assert held.spec["description"].startswith("beaker-ci open 1 {}\n")
    assert held.spec["description"].count("beaker-ci:") == 1
    told = (held.spec, held.description, stage.answer(), stage.hub.take_check(), result)
    assert CANARY not in repr(told)
