"""Faults, hooks, latency, the log of requests, leftovers."""

from __future__ import annotations

import pytest
import requests
from beaker import Beaker
from beaker import beaker_pb2 as pb2
from beaker.exceptions import BeakerServerError, BeakerServerUnavailableError
from beaker_lab import Repository, launch, submit
from grpc import RpcError
from inline_snapshot import snapshot

from beaker_ci.sandbox.beaker import Fault, LocalBeaker

pytest_plugins = ["beaker_fixtures"]


def test_a_lost_answer_leaves_the_experiment(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    local_beaker.faults.add(Fault("POST experiments", drop=True, after=True))

    with pytest.raises(requests.ConnectionError):
        submit(client, "true", name="lost")

    assert client.workload.get("ci-bot/lost").status == pb2.STATUS_QUEUED
    posts = [each for each in local_beaker.requests.all if each.name == "POST experiments"]
    assert [each.outcome for each in posts] == ["DROPPED"]


def test_a_request_that_never_arrived(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.faults.add(Fault("POST experiments", drop=True))

    with pytest.raises(requests.ConnectionError):
        submit(client, "true", name="lost")

    assert local_beaker.experiments() == []


def test_a_fault_hits_the_nth_request_and_so_many(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.faults.add(Fault("GetUser", nth=2, times=2, code="RESOURCE_EXHAUSTED"))
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(client.user.get().name)
        except RpcError as error:
            outcomes.append(error.code().name)

    assert outcomes == ["ci-bot", "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", "ci-bot"]
    assert {each.outcome for each in local_beaker.requests.all} == {"OK", "RESOURCE_EXHAUSTED"}


def test_a_fault_is_told_in_the_words_of_either_protocol(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    workload = client.workload.get(submit(client, "true"))
    local_beaker.wait(workload.experiment.id)
    local_beaker.faults.add(Fault("CancelWorkloads|POST experiments", times=None, code=503))

    with pytest.raises(BeakerServerUnavailableError, match="injected fault"):
        client.workload.cancel(workload)
    with pytest.raises(requests.HTTPError):
        submit(client, "true")

    local_beaker.faults.clear()
    client.workload.cancel(workload)


def test_an_answer_that_nobody_can_read(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    local_beaker.faults.add(Fault("POST experiments", garbled=True, after=True))
    local_beaker.faults.add(Fault("UpdateWorkload", garbled=True, after=True))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        submit(client, "true", name="garbled")
    workload = client.workload.get("ci-bot/garbled")

    with pytest.raises(BeakerServerError, match="deserializing"):
        client.workload.update(workload, description="written")

    assert client.workload.get("ci-bot/garbled").experiment.description == "written"
    assert [each.outcome for each in local_beaker.requests.all].count("GARBLED") == 2


def test_a_log_that_nobody_can_read(local_beaker: LocalBeaker, client: Beaker) -> None:
    workload = client.workload.get(submit(client, "echo", "hello"))
    local_beaker.wait(workload.experiment.id)
    job = client.workload.get_latest_job(workload)
    assert job is not None
    local_beaker.faults.add(Fault("StreamJobLogs", garbled=True))

    assert [log.message for log in client.job.logs(job, follow=False)] == []
    assert [log.message for log in client.job.logs(job, follow=False)] == [b"hello"]

    assert local_beaker.requests.all[-2].outcome == "GARBLED"


def test_weather_meets_every_request(local_beaker: LocalBeaker, client: Beaker) -> None:
    seen: list[str] = []

    def weather(name: str) -> Fault | None:
        seen.append(name)
        return Fault(".*", code="RESOURCE_EXHAUSTED") if len(seen) == 1 else None

    local_beaker.faults.weather(weather)

    with pytest.raises(RpcError, match="injected"):
        client.user.get()
    assert client.user.get().name == "ci-bot"
    local_beaker.faults.clear()
    client.user.get()

    assert seen == ["GetUser", "GetUser"]


def test_hooks_run_right_before_and_after(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    counts = []
    local_beaker.faults.before(
        "POST experiments", lambda: counts.append(len(local_beaker.experiments()))
    )
    local_beaker.faults.after(
        "POST experiments", lambda: counts.append(len(local_beaker.experiments()))
    )

    submit(client, "true")

    assert counts == [0, 1]


def test_the_client_repeats_a_failed_upload_without_its_content(
    local_beaker: LocalBeaker, client: Beaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BACKOFF_FACTOR", 0.01)
    made = client.dataset.create("data", commit=False)
    local_beaker.faults.add(Fault("PUT files", code=503))

    client.dataset.upload(made, b"content", "file")

    (file,) = client.dataset.list_files(made)
    assert (file.path, file.size) == ("file", 0)
    assert local_beaker.requests.count("PUT files") == 2


def test_a_defect_of_the_server_is_left_for_the_test_to_see(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oops")

    local_beaker.faults.before("GetUser", fail)

    with pytest.raises(RpcError, match="the local Beaker has a defect"):
        client.user.get()

    (left,) = local_beaker.leftovers()
    assert left.startswith("crashed request GetUser: Traceback")


def test_latency_is_added_to_each_request(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.latency = 0.03
    client.user.get()

    (request,) = local_beaker.requests.all
    assert (request.name, request.author, request.outcome) == ("GetUser", "ci-bot", "OK")
    assert request.seconds >= 0.03


def test_what_a_submission_asks_for_cold_and_warm(
    local_beaker: LocalBeaker, client: Beaker, widgets: Repository
) -> None:
    local_beaker.hold_jobs = True
    options = {"workspace": "ai2/widgets", "name": "run"}
    launch(client, widgets.head, "true", **options)
    cold = local_beaker.requests.table()
    local_beaker.requests.clear()
    launch(client, widgets.head, "true", **options)

    assert cold == snapshot(
        {
            "ResolveWorkspaceName": 6,
            "GetWorkspace": 4,
            "GetDataset": 2,
            "ListDatasetFiles": 2,
            "ResolveImageName": 1,
            "GetImage": 1,
            "ResolveOrganizationName": 1,
            "ListDatasets": 1,
            "ResolveBudgetName": 1,
            "POST datasets": 1,
            "PUT files": 1,
            "PATCH datasets": 1,
            "POST experiments": 1,
            "GetWorkload": 1,
            "GetUser": 1,
        }
    )
    assert local_beaker.requests.table() == snapshot(
        {
            "ResolveWorkspaceName": 6,
            "GetWorkspace": 4,
            "ListDatasetFiles": 2,
            "POST experiments": 2,
            "ResolveImageName": 1,
            "GetImage": 1,
            "ResolveOrganizationName": 1,
            "ListDatasets": 1,
            "GetWorkload": 1,
        }
    )


def test_leftovers_are_what_nobody_took(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    for name in ("one", "two"):
        submit(client, "true", name=name)

    assert local_beaker.take_experiment("two").name == "two"
    assert local_beaker.leftovers() == ["experiment ci-bot/one"]
    assert local_beaker.take_experiment().name == "one"
    with pytest.raises(LookupError):
        local_beaker.take_experiment()

    with pytest.raises(RpcError):
        client.service.CreateQueue(pb2.CreateQueueRequest())
    assert local_beaker.leftovers() == ["unknown request CreateQueue"]


def test_a_wait_that_ends_in_vain_shows_the_log(local_beaker: LocalBeaker, client: Beaker) -> None:
    run = local_beaker.wait(submit(client, "echo", "hello"))

    with pytest.raises(TimeoutError, match="is succeeded, not failed:\nhello"):
        local_beaker.wait(run.id, "failed", timeout=0)
