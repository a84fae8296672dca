"""gantry's own entry point in the local Beaker, where the machine allows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from beaker import Beaker
from beaker_lab import REPOSITORY, Repository, launch

from beaker_ci.sandbox.beaker import LocalBeaker, namespaces

pytest_plugins = ["beaker_fixtures"]

GANTRYS_WORDS = ("Validating environment", "Cloning source code", "Setup complete")


@pytest.fixture
def local_beaker(tmp_path: Path, widgets: Repository) -> Iterator[LocalBeaker]:
    repositories = {REPOSITORY: widgets.path}
    with LocalBeaker(tmp_path / "beaker", repositories, entrypoint=True) as beaker:
        yield beaker


def test_it_runs_exactly_where_there_are_namespaces(local_beaker: LocalBeaker) -> None:
    assert local_beaker.runs_entrypoint is namespaces.are_available()


def test_a_job_runs_through_it(
    local_beaker: LocalBeaker, client: Beaker, widgets: Repository
) -> None:
    where = 'pwd; git rev-parse HEAD; ls "$RESULTS_DIR"; python train.py; exit 3'
    workload = launch(client, widgets.head, "bash", "-c", where)

    ended = local_beaker.wait(workload)

    # With gantry's own script, or without it: the commit, the results and the exit code are right.
    for words in GANTRYS_WORDS:
        assert (words in ended.log) is local_beaker.runs_entrypoint
    assert ("/gantry-runtime\n" in ended.log) is local_beaker.runs_entrypoint
    assert f"{widgets.head}\n" in ended.log
    assert ended.log.endswith("training\n")
    (job,) = ended.jobs
    assert (job.exit_code, job.metrics["accuracy"]) == (3, 0.93)


def test_a_job_that_is_stopped_leaves_nothing(
    local_beaker: LocalBeaker, client: Beaker, widgets: Repository
) -> None:
    workload = launch(client, widgets.head, "sleep", "1000")
    local_beaker.wait(workload, "running")

    client.workload.cancel(client.workload.get(workload))

    assert local_beaker.wait(workload).status == "canceled"
    assert "running job" not in " ".join(local_beaker.leftovers())


def test_paths_of_this_machine_are_never_covered() -> None:
    assert namespaces.fits("/results-of-a-job")
    assert not any(namespaces.fits(path) for path in ("/", "/usr", "results", ""))
