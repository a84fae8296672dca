"""Which requests to Beaker are sent again, and after what."""

from __future__ import annotations

import pytest
from beaker import beaker_pb2 as pb2
from room import QUICK, Room

from beaker_ci.beaker.entrypoint import is_damaged
from beaker_ci.problem import Problem
from beaker_ci.sandbox.beaker import Fault

OUTAGES = (
    "ABORTED",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNKNOWN",
)


def test_what_reads_is_repeated_and_what_writes_is_not(room: Room) -> None:
    room.client.calls.patience = QUICK
    run = room.submit()
    workload = pb2.Workload(experiment=pb2.Experiment(id=run.workload_id))
    for code in OUTAGES:
        room.beaker.requests.clear()
        room.beaker.faults.add(Fault("GetWorkload", code=code, times=2))
        assert room.session.refresh(run).workload_id == run.workload_id
        assert room.beaker.requests.count("GetWorkload") == 3

        room.beaker.faults.add(Fault("RestartExperimentTasks", code=code, times=None))
        with pytest.raises(Problem) as caught:
            room.client.workload.restart_tasks(workload)
        assert caught.value.reason == "beaker.unavailable"
        assert room.beaker.requests.count("RestartExperimentTasks") == 1
        room.beaker.faults.clear()

    room.beaker.requests.clear()
    room.beaker.faults.add(Fault("GetWorkload", code="PERMISSION_DENIED", times=None))
    with pytest.raises(Problem) as caught:
        room.session.refresh(run)
    assert caught.value.reason == "beaker.unauthorized"
    assert room.beaker.requests.count("GetWorkload") == 1
    room.beaker.faults.clear()
    room.beaker.take_experiment()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT files", code=503),
        Fault("PUT files", drop=True),
        Fault("PUT files", drop=True, after=True),
        Fault("POST datasets", code=503, after=True),
        Fault("PATCH datasets", code=429),
    ],
    ids=["503", "lost", "answer lost", "made and not said", "too many"],
)
def test_the_entrypoint_is_made_whole_once(room: Room, fault: Fault) -> None:
    room.client.calls.patience = QUICK
    room.beaker.faults.add(fault)

    room.submit()

    tried = room.beaker.requests.table()
    assert tried["POST datasets"] == 1
    assert tried["PUT files"] <= 2
    assert not is_damaged(room.client, "ai2/widgets")
    room.beaker.take_experiment()
