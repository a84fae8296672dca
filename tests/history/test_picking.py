"""Which job of a run is meant."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from beaker_ci.history import Job, Task, pick_job
from beaker_ci.problem import Problem

TASKS = (
    Task("A", "train", (Job("a1", 7, started=10.0, rank=0), Job("a2", 4, started=30.0, rank=0))),
    Task("B", "train", (Job("b1", 4, started=20.0, rank=1),)),
    Task("C", "score", (Job("c1", 2),)),
)


@pytest.mark.parametrize(
    ("name", "replica", "job"),
    [
        (None, None, "a2"),
        ("train", None, "a2"),
        ("train", 1, "b1"),
        (None, 1, "b1"),
        (None, 0, "a2"),
    ],
)
def test_the_job_whose_log_is_meant(name: str | None, replica: int | None, job: str) -> None:
    assert pick_job(TASKS, name, replica).id == job


def test_what_there_is_when_something_else_was_asked_for() -> None:
    told = []
    for tasks, name, replica in [
        (TASKS, "score", None),
        (TASKS, "eval", None),
        (TASKS, "train", 2),
        (TASKS, None, 7),
        ((), None, None),
    ]:
        with pytest.raises(Problem) as raised:
            pick_job(tasks, name, replica)
        told.append((raised.value.reason.value, raised.value.what, raised.value.why))
    assert told == snapshot(
        [
            ("nothing-to-do", "It has no log yet: no job of it has started.", ""),
            (
                "usage.bad-value",
                "The run has no task `eval`.",
                "It has task `train` with replicas 0 to 1; task `score`, replica 0.",
            ),
            (
                "usage.bad-value",
                "The run has no task `train`, replica 2.",
                "It has task `train` with replicas 0 to 1; task `score`, replica 0.",
            ),
            (
                "usage.bad-value",
                "The run has no replica 7.",
                "It has task `train` with replicas 0 to 1; task `score`, replica 0.",
            ),
            ("usage.bad-value", "The run has no task.", "It has no task."),
        ]
    )
