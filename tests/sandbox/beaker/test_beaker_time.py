"""What tests do to time: runs of yesterday, and jobs that have been running for hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from beaker import Beaker
from beaker_lab import submit

from beaker_ci.sandbox.beaker import LocalBeaker

pytest_plugins = ["beaker_fixtures"]


def test_experiments_of_yesterday_are_listed_by_their_age(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    first, second = (submit(client, "true", name=name) for name in ("first", "second"))
    local_beaker.age_experiments(25 * 3600, second)
    day_ago = datetime.now(UTC) - timedelta(days=1)

    def found(**filters: datetime) -> list[str]:
        return [each.experiment.id for each in client.workload.list(**filters)]  # type: ignore[arg-type]

    assert found() == [first, second]  # the newest first
    assert found(created_after=day_ago) == [first]
    assert found(created_before=day_ago) == [second]
    local_beaker.age_experiments(25 * 3600)
    assert found(created_after=day_ago) == []


def test_a_running_job_has_run_for_hours_and_earlier_attempts_no_longer(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    local_beaker.hold_jobs = True
    run = submit(client, "true", gpus=1)
    with pytest.raises(LookupError, match="no running job"):
        local_beaker.backdate_job(run, 60)
    local_beaker.start(run)
    local_beaker.backdate_job(run, 3600)
    local_beaker.preempt(run)
    local_beaker.start(run)

    local_beaker.backdate_job(run, 7200)

    (task,) = client.workload.get(run).experiment.tasks
    later, earlier = (job.status for job in client.job.list(task=task))
    ran = earlier.exited.ToDatetime() - earlier.started.ToDatetime()
    assert timedelta(hours=1) <= ran < timedelta(hours=1, minutes=1)
    running = datetime.now(UTC) - later.started.ToDatetime(UTC)
    assert timedelta(hours=2) <= running < timedelta(hours=2, minutes=1)
    assert earlier.exited.ToDatetime() < later.started.ToDatetime()
    local_beaker.finish(run)
