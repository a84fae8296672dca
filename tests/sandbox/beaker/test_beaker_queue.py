"""Which job runs when, and what follows from how it ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from beaker import Beaker, BeakerExperimentSpec, BeakerSortOrder
from beaker.exceptions import BeakerExperimentConflict
from beaker_lab import new_task, submit

from beaker_ci.sandbox.beaker import LocalBeaker

pytest_plugins = ["beaker_fixtures"]

SMALL = "ai2/neptune-cirrascale"  # one node of 8 GPUs


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
        "1 nodes do not have enough slots available",
    )

    local_beaker.finish(first)
    assert local_beaker.wait(second).status == "succeeded"


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


def test_many_jobs_at_once_share_the_slots(local_beaker: LocalBeaker, client: Beaker) -> None:
    def run(number: int) -> str:
        return submit(client, "echo", str(number), cluster=SMALL, gpus=4)

    with ThreadPoolExecutor(8) as pool:
        workloads = list(pool.map(run, range(12)))

    runs = [local_beaker.wait(workload) for workload in workloads]
    assert [run.log for run in runs] == [f"{number}\n" for number in range(12)]


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


def test_what_no_node_can_take_is_canceled_as_impossible(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    run = local_beaker.wait(submit(client, "true", cluster=SMALL, gpus=9))

    assert (run.status, run.jobs[0].canceled_code) == ("canceled", 7)
    job = client.job.get(run.jobs[0].id)
    assert job.status.failed_scheduling_message == "No eligible node has 9 slots"


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
