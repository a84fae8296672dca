"""Jobs really run: code, environment, mounts, results, ends."""

from __future__ import annotations

import math
import os
import re
import select
from pathlib import Path

import pytest
from beaker import Beaker
from beaker_lab import Repository, launch, submit

from beaker_ci.sandbox.beaker import LocalBeaker
from beaker_ci.sandbox.beaker.containers import replace_paths

pytest_plugins = ["beaker_fixtures"]

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


def test_a_loss_that_became_no_number(local_beaker: LocalBeaker, client: Beaker) -> None:
    local_beaker.hold_jobs = True
    workload = submit(client, "true")

    written = '{"loss": NaN, "best": {"at": [1, 1e999]}, "tag": null}'
    local_beaker.finish(workload, results={"metrics.json": written})

    metrics = local_beaker.experiment(workload).jobs[0].metrics
    loss = metrics.pop("loss")
    assert (math.isnan(loss), metrics) == (True, {"best": {"at": [1, math.inf]}, "tag": None})


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
