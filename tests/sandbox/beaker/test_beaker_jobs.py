"""Jobs really run: code, environment, results, logs, ends."""

from __future__ import annotations

import os
import re
import select
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from beaker import Beaker, BeakerExperimentSpec, BeakerSortOrder
from beaker import beaker_pb2 as pb2
from beaker.exceptions import BeakerExperimentConflict
from beaker_lab import Repository, launch, new_task, submit
from grpc import RpcError

from beaker_ci.sandbox.beaker import LocalBeaker
from beaker_ci.sandbox.beaker.containers import replace_paths

pytest_plugins = ["beaker_fixtures"]

SMALL = "ai2/neptune-cirrascale"  # one node of 8 GPUs
FOREVER = ("sh", "-c", "echo started; while :; do sleep 1; done")


def test_a_job_runs_the_commit_it_was_asked_for(
    local_beaker: LocalBeaker, client: Beaker, widgets: Repository
) -> None:
    workload = launch(client, widgets.head, "python", "train.py", name="first")

    run = local_beaker.wait(workload)

    assert (run.status, run.log) == ("succeeded", "training\n")
    assert run.jobs[0].metrics == {"accuracy": 0.93, "steps": 10}
    old = local_beaker.wait(launch(client, widgets.old, "ls", name="second"))
    assert (old.status, old.log) == ("succeeded", "README.md\n")


def test_a_commit_that_the_repository_lacks_fails_the_job_and_says_so(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    run = local_beaker.wait(launch(client, "0" * 40, "true", name="nowhere"))

    assert (run.status, run.jobs[0].exit_code) == ("failed", 1)
    assert run.log == f"fatal: remote error: upload-pack: not our ref {'0' * 40}\n"


def test_a_job_sees_its_own_environment_only(
    local_beaker: LocalBeaker,
    client: Beaker,
    widgets: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "leaked")
    workload = launch(
        client,
        widgets.head,
        "env",
        env_vars=[("MODEL", "tiny"), ("OUTPUT", "/results/out")],
        env_secrets=[("TOKEN", "HF_TOKEN")],
        gpus=2,
        gpu_types=["h100"],
    )

    run = local_beaker.wait(workload)

    found = dict(line.split("=", 1) for line in run.log.splitlines())
    assert found["MODEL"] == "tiny"
    assert found["TOKEN"] == "hf-not-a-real-token"
    assert found["BEAKER_JOB_ID"] == run.jobs[0].id
    assert found["BEAKER_ASSIGNED_GPU_COUNT"] == "2"
    assert found["BEAKER_NODE_HOSTNAME"].startswith("jupiter")
    assert found["OUTPUT"] == f"{found['RESULTS_DIR']}/out"
    assert "SECRET_OF_THE_SERVER" not in found
    assert found["HOME"] != os.environ["HOME"]
    assert run.env["MODEL"] == "tiny"
    assert run.secrets == {"TOKEN": "HF_TOKEN"}


def test_results_become_a_dataset_also_of_a_failed_job(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    script = (
        'mkdir /results/a; echo x > /results/a/b; echo "{\\"loss\\": 2}" > /results/metrics.json'
    )
    run = local_beaker.wait(submit(client, "sh", "-c", f"{script}; exit 3"))

    assert (run.status, run.jobs[0].exit_code) == ("failed", 3)
    assert run.jobs[0].metrics == {"loss": 2}
    results = client.job.get_results(client.job.get(run.jobs[0].id))
    assert results is not None
    assert results.HasField("committed")
    assert [file.path for file in client.dataset.list_files(results)] == ["a/b", "metrics.json"]
    assert b"".join(client.dataset.stream_file(results, "a/b")) == b"x\n"


@pytest.mark.parametrize("metrics", ["not json", "[1]", '{"big": 1' + "0" * 400 + "}", "[" * 5000])
def test_metrics_that_are_none_harm_nobody(
    local_beaker: LocalBeaker, client: Beaker, metrics: str
) -> None:
    local_beaker.hold_jobs = True
    workload = submit(client, "true")
    local_beaker.start(workload)

    local_beaker.finish(workload, results={"metrics.json": metrics})

    run = local_beaker.experiment(workload)
    assert (run.status, run.jobs[0].metrics) == ("succeeded", {})


def test_custom_steps_run_first_and_their_failure_is_the_jobs(
    local_beaker: LocalBeaker, client: Beaker, widgets: Repository
) -> None:
    passing = launch(client, widgets.head, "sh", "-c", "echo $STEP", pre_setup="export STEP=1")
    failing = launch(client, widgets.head, "echo", "never", post_setup="false")
    shell = launch(
        client, widgets.head, "echo", "$GIT_REF", "|", "tr", "a", "A", exec_method="bash"
    )

    assert local_beaker.wait(passing).log == "1\n"
    failed = local_beaker.wait(failing)
    assert (failed.status, failed.log) == ("failed", "")
    assert local_beaker.wait(shell).log == widgets.head.replace("a", "A") + "\n"


def test_only_whole_paths_of_the_container_are_replaced() -> None:
    paths = {"/results": Path("/job/r"), "/results/deep/": Path("/job/d")}

    for text, replaced in {
        "/results": "/job/r",
        "--out=/results/a /results": "--out=/job/r/a /job/r",
        "/results/deep/x": "/job/d/x",
        "/results2 /my/results https://x.org/results ./results": None,
    }.items():
        assert replace_paths(text, paths) == (replaced or text)


def test_a_program_that_is_not_there_is_said(local_beaker: LocalBeaker, client: Beaker) -> None:
    run = local_beaker.wait(submit(client, "no-such-program"))

    assert (run.status, run.jobs[0].exit_code) == ("failed", 127)
    assert "no-such-program" in run.log


def test_the_task_timeout_ends_a_job_that_ignores_the_polite_signal(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.grace = 0.1
    script = "trap '' TERM; echo started; while :; do sleep 0.05; done"

    run = local_beaker.wait(submit(client, "sh", "-c", script, timeout="1s"))

    assert run.status == "canceled"
    assert (run.jobs[0].canceled_code, run.jobs[0].exit_code) == (5, 137)
    assert run.log == "started\n"


def test_canceling_a_running_job(local_beaker: LocalBeaker, client: Beaker) -> None:
    workload = submit(client, *FOREVER)
    local_beaker.wait(workload, "running")

    client.workload.cancel(client.workload.get(workload))

    run = local_beaker.wait(workload)
    assert (run.status, run.jobs[0].canceled_code) == ("canceled", 4)
    assert run.jobs[0].canceled_for == "Canceled by user ci-bot"
    seen = client.workload.get(workload).experiment
    assert seen.HasField("canceled")
    assert seen.canceled_for == "Canceled by user ci-bot"


def test_canceling_a_queued_job_leaves_it_without_exit_code_or_results(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    workload = client.workload.get(submit(client, "true"))

    client.workload.cancel(workload)

    job = client.workload.get_latest_job(workload)
    assert job is not None
    assert job.status.canceled_code == 4
    assert job.status.HasField("finalized")
    assert not job.status.HasField("exit_code")
    assert not job.assignment_details.HasField("result_dataset_id")


def test_a_job_waits_for_slots_and_says_why(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    first, second = (submit(client, "true", cluster=SMALL, gpus=8) for _ in range(2))
    local_beaker.start(first)
    local_beaker.release(second)

    job = client.workload.get_latest_job(client.workload.get(second))
    assert job is not None
    assert local_beaker.experiment(second).status == "queued"
    latest = next(iter(client.job.list_summarized_events(job)))
    assert (latest.status, latest.latest_message) == (
        "unschedulable",
        "8/8 slots used on 1 nodes, 8 needed",
    )

    local_beaker.finish(first)
    assert local_beaker.wait(second).status == "succeeded"


def test_what_no_node_can_take_is_canceled_as_impossible(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    run = local_beaker.wait(submit(client, "true", cluster=SMALL, gpus=9))

    assert (run.status, run.jobs[0].canceled_code) == ("canceled", 7)
    job = client.job.get(run.jobs[0].id)
    assert job.status.failed_scheduling_message == "No eligible node has 9 slots"


def test_retries_are_new_jobs(local_beaker: LocalBeaker, client: Beaker) -> None:
    workload = submit(client, "sh", "-c", "exit 2", retries=2)

    run = local_beaker.wait(workload)

    assert run.status == "failed"
    assert [job.exit_code for job in run.jobs] == [2, 2, 2]
    task = client.workload.get(workload).experiment.tasks[0]
    newest_first = client.job.list(task=task, sort_order=BeakerSortOrder.descending)
    latest, middle, first = newest_first
    assert (latest.retry_ancestor_id, middle.retry_ancestor_id) == (middle.id, first.id)
    assert not first.HasField("retry_ancestor_id")


def test_a_preempted_job_gets_a_successor_only_if_it_resumes(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    resuming = submit(client, "true")
    lasting = submit(client, "true", auto_resume=False, min_runtime="1h")
    for workload in (resuming, lasting):
        local_beaker.start(workload)
        local_beaker.preempt(workload)

    assert local_beaker.experiment(resuming).status == "queued"
    local_beaker.finish(resuming)
    run = local_beaker.experiment(resuming)
    assert [job.status for job in run.jobs] == ["canceled", "succeeded"]
    assert [job.canceled_code for job in run.jobs] == [1, None]
    assert local_beaker.experiment(lasting).status == "canceled"


def test_a_lost_node_takes_its_jobs_with_it(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    workload = submit(client, "true", cluster=SMALL)
    local_beaker.start(workload)
    job = client.workload.get_latest_job(client.workload.get(workload))
    assert job is not None

    local_beaker.lose_node(job.assignment_details.node_id)

    run = local_beaker.experiment(workload)
    assert [each.status for each in run.jobs] == ["canceled", "queued"]
    assert run.jobs[0].canceled_code == 6
    assert client.node.get(job.assignment_details.node_id).HasField("cordon_details")


def test_replicas_are_tasks_and_a_failure_spreads_if_asked(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    script = 'echo "$BEAKER_REPLICA_RANK/$BEAKER_REPLICA_COUNT"; [ $BEAKER_REPLICA_RANK = 0 ]'
    workload = submit(
        client, "sh", "-c", f"{script} && sleep 60", replicas=2, propagate_failure=True
    )

    run = local_beaker.wait(workload)

    assert {job.task: job.log for job in run.jobs} == {"main-0": "0/2\n", "main-1": "1/2\n"}
    assert {job.task: job.canceled_code for job in run.jobs} == {"main-0": 8, "main-1": None}
    assert run.status == "failed"


def test_several_tasks_are_judged_together(local_beaker: LocalBeaker, client: Beaker) -> None:
    spec = BeakerExperimentSpec(
        tasks=[new_task("true", name="good"), new_task("false", name="bad")]
    )
    workload = client.experiment.create(spec=spec)

    run = local_beaker.wait(workload.experiment.id)

    assert run.status == "failed"
    assert {job.task: job.status for job in run.jobs} == {"good": "succeeded", "bad": "failed"}
    restarted = client.workload.restart_tasks(client.workload.get(run.id))
    assert local_beaker.wait(restarted.experiment.id).jobs[-1].task == "bad"


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


def test_nothing_of_a_job_survives_it(local_beaker: LocalBeaker, client: Beaker) -> None:
    daemon = "setsid sleep 1000 >/dev/null 2>&1 & echo $!; sleep 0.1"

    run = local_beaker.wait(submit(client, "sh", "-c", daemon))

    assert re.fullmatch(r"\d+\n", run.log)
    assert ended(int(run.log))


def test_closing_kills_what_still_runs(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.grace = 100
    workload = submit(client, "sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.1; done")
    local_beaker.wait(workload, "running")
    job = client.workload.get_latest_job(client.workload.get(workload))
    assert job is not None
    pid = int(next(iter(client.job.logs(job, follow=True))).message)

    local_beaker.close()

    assert ended(pid)


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


def test_datasets_secrets_and_shared_disks_are_mounted(
    local_beaker: LocalBeaker, client: Beaker, widgets: Repository
) -> None:
    data = client.dataset.create("corpus", commit=False)
    client.dataset.upload(data, b"words", "train/words.txt")
    client.dataset.commit(data)
    mounts = {
        "datasets": ["ci-bot/corpus:train:/data"],
        "dataset_secrets": ["HF_TOKEN:/token"],
        "weka": ["oe-eval-default:/weka"],
    }
    read = "cat /data/words.txt /token; echo kept > /weka/file"

    first = local_beaker.wait(launch(client, widgets.head, "sh", "-c", read, **mounts))
    second = local_beaker.wait(launch(client, widgets.head, "cat", "/weka/file", **mounts))

    assert (first.status, first.log) == ("succeeded", "wordshf-not-a-real-token\n")
    assert (second.status, second.log) == ("succeeded", "kept\n")


def test_one_of_many_racing_for_a_name_wins(local_beaker: LocalBeaker, client: Beaker) -> None:
    def race(_: int) -> bool:
        try:
            submit(client, "true", name="race")
        except BeakerExperimentConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(16)))

    assert sum(won) == len(local_beaker.experiments()) == 1


def test_many_jobs_at_once_share_the_slots(local_beaker: LocalBeaker, client: Beaker) -> None:
    def run(number: int) -> str:
        return submit(client, "echo", str(number), cluster=SMALL, gpus=4)

    with ThreadPoolExecutor(8) as pool:
        workloads = list(pool.map(run, range(12)))

    runs = [local_beaker.wait(workload) for workload in workloads]
    assert [run.log for run in runs] == [f"{number}\n" for number in range(12)]


def test_the_queue_goes_by_priority(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    blocking = submit(client, "true", cluster=SMALL, gpus=8)
    local_beaker.start(blocking)
    urgent_last = [
        submit(client, "true", cluster=SMALL, gpus=8, priority=priority)
        for priority in ("low", "normal", "urgent")
    ]
    for workload in urgent_last:
        local_beaker.release(workload)
    local_beaker.finish(blocking)

    runs = [local_beaker.wait(workload) for workload in urgent_last]

    started = [client.job.get(run.jobs[0].id).status.started.ToNanoseconds() for run in runs]
    assert started == sorted(started, reverse=True)


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


def ended(pid: int) -> bool:
    """Whether a process ends within seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 5)[0])
    finally:
        os.close(handle)
