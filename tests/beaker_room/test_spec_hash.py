"""The hash that a spec carries is the hash of what Beaker holds."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime

from beaker import BeakerEnvVar, BeakerExperimentSpec, BeakerTaskSpec
from hypothesis import given
from hypothesis import strategies as st
from room import Room

from beaker_ci.beaker.specs import HASH_VARIABLE, spec_hash, with_hash
from beaker_ci.sandbox.beaker import Fault


def test_what_beaker_holds_has_the_hash_that_the_run_names(room: Room) -> None:
    run = room.submit(
        cpus=1.5,
        memory="2.5GiB",
        clusters=["ai2/jupiter"],
        weka=["oe-eval-default:/weka"],
        priority="low",
        replicas=2,
        env_secrets=[("HF_TOKEN", "HF_TOKEN")],
    )

    held = room.held(run).spec
    bare = deepcopy(held)
    for task in bare["tasks"]:
        named = [each for each in task["envVars"] if each["name"] == HASH_VARIABLE]
        assert named == [{"name": HASH_VARIABLE, "value": run.spec_hash}]
        task["envVars"] = [each for each in task["envVars"] if each["name"] != HASH_VARIABLE]
    assert spec_hash(held) == spec_hash(bare) == run.spec_hash
    assert spec_hash(json.loads(json.dumps(held, sort_keys=True))) == run.spec_hash
    assert spec_hash(held | {"budget": "ai2/other"}) != run.spec_hash
    room.session.write_mark(run, run.new_mark("another", datetime.fromtimestamp(run.created, UTC)))
    seen, _ = room.session.look(run.workload_id, run.created)
    assert (seen.spec_hash, seen.plan_hash) == (run.spec_hash, "0011223344556677")
    assert spec_hash(room.held(run).spec) == run.spec_hash


def test_a_repeated_post_carries_the_same_hash(room: Room) -> None:
    room.beaker.faults.add(Fault("POST experiments", drop=True))
    lost_request = room.submit(1)
    room.beaker.faults.add(Fault("POST experiments", drop=True, after=True))
    lost_answer = room.submit(2)

    for run in (lost_request, lost_answer):
        held = room.held(run)
        assert spec_hash(held.spec) == run.spec_hash == held.env[HASH_VARIABLE]
    assert len(room.beaker.experiments()) == 2


@given(st.lists(st.lists(st.sampled_from(["A", "B", HASH_VARIABLE]), unique=True), min_size=1))
def test_the_variable_is_carried_once_and_does_not_count(tasks: list[list[str]]) -> None:
    spec = BeakerExperimentSpec(
        tasks=[
            BeakerTaskSpec.new(
                f"task-{number}",
                beaker_image="ai2/image",
                env_vars=[BeakerEnvVar(name=name, value="x") for name in names] or None,
            )
            for number, names in enumerate(tasks)
        ]
    )

    carried = with_hash(spec)

    assert with_hash(carried) == carried
    assert spec_hash(carried.to_json()) == spec_hash(spec.to_json())
    for task in carried.tasks:
        names = [each.name for each in task.env_vars or ()]
        assert names.count(HASH_VARIABLE) == 1
        assert names[-1] == HASH_VARIABLE
