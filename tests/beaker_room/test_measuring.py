"""What runs measured, found among their results through the real client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from room import Room, open_room

from beaker_ci.bot import measuring
from beaker_ci.bot.measuring import FILES, LISTED, measured
from beaker_ci.history import State
from beaker_ci.metrics.model import Metric, Metrics
from beaker_ci.problem import Problem
from beaker_ci.run import Run

OLD, NEW = "2026-01-31T12-00-00.123456", "2026-01-31T12-00-01"


class Runs:
    """A room that all tests here share, and its runs."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._runs = 0

    def leave(self, *tasks: Mapping[str, object]) -> tuple[Run, State]:
        """A new run each of whose replicas left these files, and its state."""
        self._runs += 1
        more: dict[str, Any] = {"replicas": len(tasks)} if len(tasks) > 1 else {}
        run = self.room.submit(self._runs, gpus=0, retries=0, **more)
        for job, files in zip(self.room.held(run).jobs, tasks, strict=True):
            texts = {
                path: content if isinstance(content, str) else json.dumps(content)
                for path, content in files.items()
            }
            self.room.beaker.finish(job.id, results=texts)
        return self.room.session.look(run.workload_id, 2e9)

    def measured(self, *tasks: Mapping[str, object]) -> Metrics:
        """What that run measured."""
        return measured(self.room.session, *self.leave(*tasks))

    def values(self, files: Mapping[str, object]) -> dict[str, float]:
        """The values alone."""
        return {metric.name: metric.value for metric in self.measured(files).metrics}

    def requests(self) -> int:
        """How many there were."""
        return self.room.beaker.requests.count()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with open_room(tmp_path_factory.mktemp("measured")) as opened:
        yield Runs(opened)


def harness(task: str, accuracy: float) -> dict[str, object]:
    """What the lm-evaluation-harness writes of one task."""
    return {
        "results": {task: {"alias": task, "acc,none": accuracy, "acc_stderr,none": 0.01}},
        "versions": {task: 1.0},
        "n-samples": {task: {"original": 2376, "effective": 100}},
        "higher_is_better": {task: {"acc": True}},
    }


def olmes(task: str, score: float) -> dict[str, object]:
    """What olmes writes of one task."""
    config = {"primary_metric": "acc_raw"}
    metrics = {"primary_score": score}
    return {"task_name": task, "metrics": metrics, "num_instances": 9, "task_config": config}


def test_a_job_that_wrote_only_results_of_the_harness(runs: Runs) -> None:
    results = {f"eval/org__model/results_{NEW}.json": harness("arc", 0.7)}
    run, state = runs.leave(results)
    assert not state.metrics
    before = runs.requests()
    assert measured(runs.room.session, run, state) == Metrics(
        (Metric("arc.acc", 0.7, 0.01, 100, higher_is_better=True),), "lm-evaluation-harness"
    )
    assert runs.requests() - before == 2


def test_what_beaker_tells_takes_no_request(runs: Runs) -> None:
    run, state = runs.leave(
        {"metrics.json": {"a": 1}, f"x/results_{NEW}.json": harness("arc", 0.7)}
    )
    before = runs.requests()
    assert measured(runs.room.session, run, state) == Metrics((Metric("a", 1),))
    assert runs.requests() == before


def test_several_files(runs: Runs) -> None:
    again = {
        f"m/results_{OLD}.json": harness("arc", 0.5),
        f"m/results_{NEW}.json": harness("arc", 0.7),
        "m/results_2026-01-30T12-00-00.json": harness("boolq", 0.6),
        "m/results.json": {"epoch": 7},
    }
    assert runs.values(again) == {"arc.acc": 0.7, "boolq.acc": 0.6}
    models = {f"out/{name}/results_{NEW}.json": harness("arc", 0.7) for name in ("a", "b/c")}
    assert runs.values(models) == {"a.arc.acc": 0.7, "b/c.arc.acc": 0.7}
    many = {f"task-{task:03}-t{task}-metrics.json": olmes(f"t{task}", 0.5) for task in range(10)}
    found = runs.measured(many)
    assert (len(found.metrics), found.left_out, found.shape) == (FILES, 2, "olmes")


def test_where_files_lie(runs: Runs) -> None:
    found = {
        "out/metrics.json": {"a": 1},
        "out/checkpoint-5/metrics.json": {"a": 2},
        ".gantry/metrics.json": {"a": 3},
        "scores.json": {"a": 4},
    }
    assert runs.values(found) == {"a": 1}
    lines = "\n".join(json.dumps(olmes(task, 0.5)) for task in ("x", "y"))
    assert runs.values({"o/metrics-all.jsonl": f"{lines}\n"}) == {
        "x.primary_score": 0.5,
        "y.primary_score": 0.5,
    }
    assert runs.values({f"scores_{NEW}.json": harness("arc", 0.7)}) == {"arc.acc": 0.7}
    assert runs.values({"1/2/3/4/5/metrics.json": {"a": 1}}) == {}


def test_what_cannot_be_read(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "FILE_BYTES", 300)
    files = {
        "a/metrics.json": "{",
        "b/metrics.json": "[" * 299,
        "c/metrics.json": {"a": "x" * 300, "b": 1},
        "d/metrics.json": "1" * 299,
        "e/metrics.json": b"\xff".decode("latin-1"),
    }
    assert runs.measured(files) == Metrics()


def test_of_several_tasks_the_first_that_has_any(runs: Runs) -> None:
    two = ({"log.txt": "x"}, {"out/metrics.json": {"a": 2}})
    assert runs.measured(*two) == Metrics((Metric("a", 2),))


def test_the_runs_own_secrets_are_in_no_name(runs: Runs) -> None:
    run, state = runs.leave(
        {"metrics.json": {"a": 1, "MY_OWN": 2, "x MY_OWN=plain8": 3, "x.my_own.y": 4, "MY": 5}}
    )
    own = replace(run, secrets=("MY_OWN",))
    assert measured(runs.room.session, own, state) == Metrics(
        (Metric("MY", 5), Metric("a", 1)), left_out=3
    )
    assert len(measured(runs.room.session, run, state).metrics) == 5


def test_no_more_than_so_many_files_are_listed(runs: Runs) -> None:
    files = {f"a{number:04}.bin": "" for number in range(LISTED)}
    run, state = runs.leave({**files, "z/metrics.json": {"a": 1}})
    before = runs.requests()
    assert measured(runs.room.session, run, state) == Metrics()
    assert runs.requests() - before == LISTED / 50


def test_results_that_are_gone(runs: Runs) -> None:
    run, state = runs.leave({"x.txt": "x"})
    latest = state.tasks[0].latest
    assert latest is not None
    client = runs.room.client
    client.dataset.delete(client.dataset.get(latest.results))
    with pytest.raises(Problem, match="does not have these results"):
        measured(runs.room.session, run, state)
