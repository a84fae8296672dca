"""What attempts cost together."""

from __future__ import annotations

import pytest
from room import Room


def test_attempts_together_may_cost_more_than_was_reserved(room: Room) -> None:
    run = room.submit(gpus=1, task_timeout="15m", retries=0)
    assert run.reserved == 0.25
    for _ in range(3):
        room.beaker.start(run.workload_id)
        room.beaker.backdate_job(run.workload_id, 600)
        room.beaker.preempt(run.workload_id)
    room.beaker.start(run.workload_id)
    room.beaker.backdate_job(run.workload_id, 60)

    _, state = room.session.look(run.workload_id, run.created)

    assert (state.stage, state.attempts) == ("running", 4)
    assert state.gpu_hours == pytest.approx(31 / 60, abs=0.01)
    assert state.gpu_hours > run.reserved
    room.session.cancel(run.workload_id)
