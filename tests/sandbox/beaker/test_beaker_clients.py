"""Every area of the official client, against the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from beaker import (
    Beaker,
    BeakerSortOrder,
    BeakerWorkloadStatus,
    BeakerWorkloadType,
)
from beaker import beaker_pb2 as pb2
from beaker.exceptions import (
    BeakerClusterNotFound,
    BeakerDatasetConflict,
    BeakerDatasetNotFound,
    BeakerError,
    BeakerExperimentConflict,
    BeakerImageNotFound,
    BeakerSecretNotFound,
    BeakerWorkloadNotFound,
    BeakerWorkspaceNotFound,
)
from beaker_lab import submit
from grpc import RpcError

from beaker_ci.sandbox.beaker import OTHER_TOKEN, LocalBeaker

pytest_plugins = ["beaker_fixtures"]


def test_people_and_organization(client: Beaker) -> None:
    assert client.user_name == "ci-bot"
    assert client.org_name == "ai2"
    assert client.user.get("mallory").name == "mallory"
    assert {user.name for user in client.user.list()} >= {"ci-bot", "mallory"}
    assert [organization.name for organization in client.organization.list()] == ["ai2"]


def test_workspaces_and_budgets(local_beaker: LocalBeaker, client: Beaker) -> None:
    widgets = client.workspace.get()
    assert (widgets.name, widgets.HasField("budget_id")) == ("ai2/widgets", True)
    assert not client.workspace.get("ai2/no-budget").HasField("budget_id")
    assert client.workspace.get("ai2/calm").maximum_workload_priority == pb2.JOB_PRIORITY_NORMAL
    with pytest.raises(BeakerWorkspaceNotFound):
        client.workspace.get("ai2/nowhere")
    made = client.workspace.create("ai2/fresh", description="New")
    assert [each.name for each in client.workspace.list(name_or_description="fresh")] == [made.name]

    service = client.service
    metadata = [("authorization", f"bearer {client.config.user_token}")]
    named = pb2.ResolveBudgetNameRequest(organization_name="ai2", budget_name="old-budget")
    budget_id = service.ResolveBudgetName(named, metadata=metadata).budget_id
    request = pb2.GetBudgetRequest(budget_id=budget_id)
    assert service.GetBudget(request, metadata=metadata).budget.HasField("deprecated")
    for deprecated, count in ((False, 1), (True, 2)):
        options = pb2.ListBudgetsRequest.Opts(include_deprecated=deprecated)
        listing = pb2.ListBudgetsRequest(options=options)
        assert len(service.ListBudgets(listing, metadata=metadata).budgets) == count
    assert local_beaker.leftovers() == []


def test_clusters_and_nodes_with_occupancy(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    local_beaker.start(submit(client, "true", cluster="ai2/jupiter-cirrascale-2", gpus=3))

    jupiter = client.cluster.get("ai2/jupiter", include_cluster_occupancy=True)

    slots = jupiter.cluster_occupancy.slot_counts
    assert (slots.total, slots.available, slots.occupied) == (16, 13, 3)
    assert jupiter.cluster_occupancy.running_jobs_count == 1
    assert list(jupiter.tags) == ["storage:weka", "interconnect:ib"]
    nodes = list(client.node.list(cluster=jupiter))
    assert [node.node_resources.gpu_type for node in nodes] == [pb2.GPU_TYPE_NVIDIA_H100] * 2
    ganymede = client.cluster.get("ai2/ganymede")
    assert ganymede.HasField("max_task_timeout")
    assert ganymede.max_task_timeout.ToSeconds() == 0
    assert not jupiter.HasField("max_task_timeout")
    with pytest.raises(BeakerClusterNotFound):
        client.cluster.get("ai2/pluto")


def test_images(client: Beaker) -> None:
    assert client.image.get("beaker-py/gantry-v3.7.0").name == "gantry-v3.7.0"
    assert len(list(client.image.list(workspace=client.workspace.get()))) == 2
    with pytest.raises(BeakerImageNotFound):
        client.image.get("beaker-py/nothing")


def test_secrets(client: Beaker) -> None:
    secret = client.secret.write("API_KEY", "first")
    client.secret.write("API_KEY", "second")

    assert client.secret.read(secret) == "second"
    assert [each.name for each in client.secret.list()] == ["API_KEY", "HF_TOKEN"]
    client.secret.delete(secret)
    with pytest.raises(BeakerSecretNotFound):
        client.secret.get("API_KEY")


def test_datasets(client: Beaker, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one.txt").write_text("0123456789")
    made = client.dataset.create("data", tmp_path / "a", description="Digits", commit=False)
    client.dataset.upload(made, b"more", "two/three.txt")

    files = {file.path: file.size for file in client.dataset.list_files(made)}
    assert files == {"one.txt": 10, "two/three.txt": 4}
    part = client.dataset.stream_file(made, "one.txt", offset=2, length=3)
    assert b"".join(part) == b"234"
    assert client.dataset.commit(made).HasField("committed")
    assert client.dataset.get("ci-bot/data").description == "Digits"
    assert client.dataset.update(made, description="Changed").description == "Changed"
    assert [each.name for each in client.dataset.list(results=False, committed=True)] == ["data"]
    with pytest.raises(BeakerDatasetConflict):
        client.dataset.create("data", tmp_path / "a")
    with pytest.raises(BeakerError):
        client.dataset.upload(made, b"late", "late.txt")
    client.dataset.delete(made)
    with pytest.raises(BeakerDatasetNotFound):
        client.dataset.get("ci-bot/data")


def test_files_over_the_request_limit_are_uploaded_in_parts(
    client: Beaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(client.dataset), "REQUEST_SIZE_LIMIT", 1000)
    content = bytes(range(256)) * 10
    made = client.dataset.create("large", commit=False)

    client.dataset.upload(made, content, "large.bin")

    assert b"".join(client.dataset.stream_file(made, "large.bin")) == content


def test_groups(local_beaker: LocalBeaker, client: Beaker) -> None:
    run = local_beaker.wait(
        submit(client, "sh", "-c", "echo '{\"loss\": 1.5}' > /results/metrics.json")
    )
    group = client.group.create("ablations", experiment_ids=[run.id])

    rows = list(client.group.list_task_metrics(group))
    assert [(row.task_name, row.experiment_id) for row in rows] == [("main", run.id)]
    assert rows[0].metrics[0].value.number_value == 1.5
    assert client.group.update(group, description="All").description == "All"
    assert [each.full_name for each in client.group.list()] == [
        "ci-bot/ablations",
        "ci-bot/nightly",
    ]
    client.group.delete(group)
    assert [each.name for each in client.group.list()] == ["nightly"]


def test_workloads_are_found_and_changed(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    workload = client.workload.get(submit(client, "true", name="find-me"))

    assert client.workload.get("ci-bot/find-me").experiment.id == workload.experiment.id
    client.workload.update(workload, description="Described")
    assert client.workload.get(workload.experiment.id).experiment.description == "Described"
    client.workload.update(workload, name="renamed")
    with pytest.raises(BeakerWorkloadNotFound):
        client.workload.get("ci-bot/find-me")
    spec = client.experiment.get_spec(workload)
    assert spec.tasks[0].command == ["true"]
    client.workload.delete(workload)
    with pytest.raises(BeakerWorkloadNotFound):
        client.workload.get("ci-bot/renamed")


def test_workloads_are_listed_by_filter(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    done, waiting = (submit(client, "true", name=name) for name in ("done", "waiting"))
    local_beaker.finish(done)
    now = datetime.now(UTC)

    def found(**filters: object) -> list[str]:
        return [each.experiment.name for each in client.workload.list(**filters)]  # type: ignore[arg-type]

    assert found() == ["waiting", "done"]
    assert found(sort_order=BeakerSortOrder.ascending) == ["done", "waiting"]
    assert found(finalized=True) == ["done"]
    assert found(statuses=[BeakerWorkloadStatus.queued]) == ["waiting"]
    assert found(author=client.user.get("mallory")) == []
    assert found(workspace=client.workspace.get("ai2/calm")) == []
    assert found(workload_type=BeakerWorkloadType.environment) == []
    assert found(name_or_description="wait") == ["waiting"]
    assert found(created_after=now + timedelta(hours=1)) == []
    assert found(created_before=now + timedelta(hours=1)) == ["waiting", "done"]
    local_beaker.finish(waiting)


def test_long_lists_come_in_pages_that_keep_their_filter(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    names = [f"many-{number}" for number in range(55)]
    for name in names:
        submit(client, "true", name=name)
    submit(client, "true", name="other")
    local_beaker.requests.clear()

    listed = [each.experiment.name for each in client.workload.list(name_or_description="many")]

    assert listed == names[::-1]
    assert local_beaker.requests.count("ListWorkloads") == 2


def test_a_name_is_taken_for_its_author_only(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    first = client.workload.get(submit(client, "true", name="mine"))
    with pytest.raises(BeakerExperimentConflict):
        submit(client, "true", name="mine")

    with local_beaker.client(OTHER_TOKEN) as mallory:
        assert mallory.user_name == "mallory"
        submit(mallory, "true", name="mine")
        mallory.workload.cancel(first)

    assert [each.author for each in local_beaker.experiments()] == ["ci-bot", "mallory"]
    assert local_beaker.experiment(first.experiment.id).jobs[0].canceled_for == (
        "Canceled by user mallory"
    )
    client.workload.delete(first)
    submit(client, "true", name="mine")


def test_an_unknown_token_is_refused_on_both_protocols(local_beaker: LocalBeaker) -> None:
    with local_beaker.client("stolen") as stranger:
        with pytest.raises(RpcError, match="UNAUTHENTICATED"):
            stranger.user.get()
        with pytest.raises(BeakerError, match=r"\[code=401\] invalid user token"):
            stranger.dataset.http_request("datasets/x")
