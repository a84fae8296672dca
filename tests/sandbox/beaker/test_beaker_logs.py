"""Logs: streamed, resumed, of any bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from beaker import Beaker
from beaker import beaker_pb2 as pb2
from beaker_lab import submit
from grpc import RpcError

from beaker_ci.sandbox.beaker import LocalBeaker

pytest_plugins = ["beaker_fixtures"]


def test_logs_stream_while_the_job_runs_and_resume(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    workload = submit(client, "true")
    local_beaker.start(workload)
    local_beaker.write_log(workload, "one\ntwo\nthree")
    job = client.workload.get_latest_job(client.workload.get(workload))
    assert job is not None

    following = iter(client.job.logs(job, follow=True))
    first = [next(following) for _ in range(3)]
    local_beaker.write_log(workload, "four")
    fourth = next(following)
    local_beaker.finish(workload)

    assert list(following) == []
    assert [line.message for line in [*first, fourth]] == [b"one", b"two", b"three", b"four"]
    assert [line.message for line in client.job.logs(job, tail_lines=2)] == [b"three", b"four"]
    since = first[1].timestamp.ToDatetime()
    assert [line.message for line in client.job.logs(job, since=since)][-2:] == [b"three", b"four"]


def test_output_need_not_be_text(local_beaker: LocalBeaker, client: Beaker) -> None:
    run = local_beaker.wait(submit(client, "printf", r"\377\r\n<b>last"))

    job = client.job.get(run.jobs[0].id)
    assert [line.message for line in client.job.logs(job)] == [b"\xff", b"<b>last"]
    assert run.log == "\N{REPLACEMENT CHARACTER}\n<b>last\n"


def test_timestamps_come_from_the_given_clock(tmp_path: Path) -> None:
    now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    with LocalBeaker(tmp_path / "beaker", {}, clock=lambda: now) as beaker:
        beaker.hold_jobs = True
        with beaker.client() as client:
            workload = submit(client, "true")
            beaker.start(workload)
            beaker.write_log(workload, "one\ntwo")
            now += timedelta(minutes=5)
            beaker.finish(workload)

            job = client.job.get(beaker.experiment(workload).jobs[0].id)
            assert job.status.started.ToDatetime(UTC) == now - timedelta(minutes=5)
            assert job.status.finalized.ToDatetime(UTC) == now
            first, second = (line.timestamp.ToNanoseconds() for line in client.job.logs(job))
            assert first < second


def test_closing_ends_a_reader_of_logs(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    workload = submit(client, "true")
    local_beaker.start(workload)
    local_beaker.write_log(workload, "one")
    job = local_beaker.experiment(workload).jobs[0]
    lines = client.service.StreamJobLogs(
        pb2.StreamJobLogsRequest(job_id=job.id, follow=True),
        metadata=[("authorization", f"bearer {client.config.user_token}")],
    )
    assert next(lines).message == b"one"

    local_beaker.close()

    with pytest.raises(RpcError):
        next(lines)
