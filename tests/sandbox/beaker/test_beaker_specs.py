"""What an experiment may ask for, and how a mistake is told."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from beaker import (
    Beaker,
    BeakerEnvVar,
    BeakerExperimentSpec,
    BeakerTaskResources,
)
from beaker import beaker_pb2 as pb2
from beaker.exceptions import (
    BeakerError,
)
from beaker_lab import new_task, submit

from beaker_ci.sandbox.beaker import LocalBeaker

pytest_plugins = ["beaker_fixtures"]

AT_LEAST_0 = "Input should be greater than or equal to 0"
WRONG_SPECS: list[tuple[dict[str, object], str]] = [
    ({"budget": "ai2/old-budget"}, "budget 'ai2/old-budget' is deprecated"),
    ({"budget": "ai2/none"}, "budget 'ai2/none' not found"),
    ({"groups": ["ci-bot/none"]}, "group 'ci-bot/none' not found"),
    ({"tasks": []}, "tasks: List should have at least 1 item after validation, not 0"),
    ({"version": "v1"}, "version: Input should be 'v2' or 'v2-alpha'"),
    ({"colour": "red"}, "colour: Extra inputs are not permitted"),
]
WRONG_TASKS: list[tuple[dict[str, Any], str]] = [
    ({"cluster": "ai2/pluto"}, "cluster 'ai2/pluto' not found"),
    ({"cluster": "ai2/ganymede"}, "cluster 'ai2/ganymede' does not allow tasks"),
    ({"env_vars": [BeakerEnvVar("A", secret="NONE")]}, "secret 'NONE' not found"),
    ({"timeout": -1}, "tasks.0.timeout: Input should be greater than 0"),
    ({"gpus": -1}, f"tasks.0.resources.gpuCount: {AT_LEAST_0}"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_SPECS)
def test_a_wrong_spec_is_refused_with_the_reason(
    client: Beaker, change: dict[str, object], message: str
) -> None:
    document = BeakerExperimentSpec(tasks=[new_task("true")]).to_json() | change
    workspace = client.workspace.get().id

    with pytest.raises(BeakerError) as refusal:
        client.experiment.http_request(f"workspaces/{workspace}/experiments", "POST", data=document)

    assert str(refusal.value) == f"[code=400] invalid spec: {message}"


@pytest.mark.parametrize(("task", "message"), WRONG_TASKS)
def test_a_wrong_task_is_refused_with_the_reason(
    client: Beaker, task: dict[str, Any], message: str
) -> None:
    with pytest.raises(BeakerError) as refusal:
        submit(client, "true", **task)

    assert str(refusal.value) == f"[code=400] invalid spec: {message}"


def test_a_task_asks_for_resources_in_the_clients_units(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    resources = BeakerTaskResources(cpu_count=1.5, memory="2.5GiB", shared_memory="10 GB")
    task = dataclasses.replace(
        new_task("true", timeout="90m", min_runtime="1h"), resources=resources
    )

    workload = client.experiment.create(spec=BeakerExperimentSpec(tasks=[task]))

    job = client.workload.get_latest_job(workload)
    assert job is not None
    asked = job.container_spec.resource_request
    assert (asked.cpu_count, asked.HasField("gpu_count")) == (1.5, False)
    assert (asked.memory_bytes, asked.shared_memory_bytes) == (5 << 29, 10**10)
    assert job.system_details.timeout.ToSeconds() == 5400
    assert job.system_details.min_runtime.ToSeconds() == 3600
    assert job.system_details.auto_resume
    assert job.system_details.priority == pb2.JOB_PRIORITY_NORMAL
    assert client.workspace.get().queued_slots_non_preemptible == 0


def test_workspaces_bound_the_priority_and_may_lack_a_budget(client: Beaker) -> None:
    urgent = BeakerExperimentSpec(tasks=[new_task("true", priority="urgent")])
    with pytest.raises(BeakerError, match="priority 'urgent' exceeds the workspace's maximum"):
        client.experiment.create(spec=urgent, workspace=client.workspace.get("ai2/calm"))
    plain = BeakerExperimentSpec(tasks=[new_task("true")])
    with pytest.raises(BeakerError, match="no budget specified"):
        client.experiment.create(spec=plain, workspace=client.workspace.get("ai2/no-budget"))
