"""What was said once, said again: by a re-run workflow, by others, about something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from beaker import Beaker, BeakerExperimentSpec
from stage import CONFIG, Stage, open_stage
from test_agreements import PLAN, agrees, plan_id

from beaker_ci.sandbox import github
from beaker_ci.sandbox.beaker import DEFAULT_TOKEN, OTHER_TOKEN, ExperimentView
from beaker_ci.sandbox.github import LocalGitHub
from beaker_ci.sandbox.runner import StepResult

RUN = "/beaker run -- python train.py"


def rerun(stage: Stage, asked: Mapping[str, Any], by: str) -> StepResult:
    """Somebody re-runs the workflow of an event: the same payload, another attempt."""
    stage.extra |= {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": by}
    return stage.deliver(asked)


def weeks_later(stage: Stage, asked: dict[str, Any]) -> dict[str, Any]:
    """Lets three weeks pass over a comment and what came of it; answers the event as it was."""
    then = datetime.now(UTC) - timedelta(weeks=3)
    stage.hub.backdate_comment(asked["comment"]["id"], then)
    stage.beaker.age_experiments(timedelta(weeks=3).total_seconds())
    moment = then.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**asked, "comment": {**asked["comment"], "created_at": moment, "updated_at": moment}}


def submitted(stage: Stage, asked: Mapping[str, Any]) -> ExperimentView:
    """Delivers a comment that is accepted, and takes what comes of it."""
    assert stage.deliver(asked).reason == "accepted"
    stage.heard(asked)
    stage.answer()
    stage.hub.take_check()
    return stage.beaker.take_experiment()


def delete(stage: Stage, held: ExperimentView) -> None:
    """Somebody deletes an experiment on Beaker."""
    with stage.beaker.client() as client:
        client.workload.delete(client.workload.get(held.id))


@pytest.mark.parametrize("by", ["writer", "maintainer"])
def test_three_weeks_later_nothing_is_submitted(stage: Stage, by: str) -> None:
    """Not even if nothing holds the run's name any more."""
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    delete(stage, submitted(stage, asked))

    result = rerun(stage, weeks_later(stage, asked), by)

    assert (result.exit_code, result.reason) == (0, "refused.stale")
    assert "`refused.stale`" in stage.answer()


def test_three_weeks_later_the_run_is_found(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    held = submitted(stage, asked)
    stage.beaker.finish(held.id)
    assert stage.schedule().exit_code == 0
    assert "Passed" in stage.answer()
    stage.hub.take_check()

    result = rerun(stage, weeks_later(stage, asked), "writer")

    assert (result.exit_code, result.reason) == (0, "accepted")
    assert result.outputs["workload-id"] == held.id
    assert (result.outputs["status"], result.outputs["conclusion"]) == ("finished", "success")


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("writer", "accepted"),
        ("WRITER", "accepted"),
        ("maintainer", "accepted"),
        ("reader", "refused.role"),
        ("stranger", "refused.role"),
        ("helper[bot]", "refused.role"),
        ("nobody-any-more", "refused.role"),
        ("", "event.invalid"),
    ],
)
def test_who_re_runs_is_judged_too(stage: Stage, by: str, reason: str) -> None:
    stage.hub.add_user("helper[bot]", permission="admin", kind="Bot")
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)

    result = rerun(stage, asked, by)

    assert result.reason == reason
    if reason == "event.invalid":
        assert stage.hub.exchanges == []
        return
    stage.heard(asked)
    if reason == "accepted":
        # It still is the writer's request.
        assert stage.beaker.take_experiment().env["BEAKER_CI_ASKER"] == "writer"
        stage.hub.take_check()
    stage.answer()


def test_the_author_is_still_judged_when_somebody_else_re_runs(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="reader", body=RUN)

    result = rerun(stage, asked, "maintainer")

    assert result.reason == "refused.role"
    stage.heard(asked)
    stage.answer()


def test_who_re_runs_cannot_be_looked_up(stage: Stage) -> None:
    stage.hub.faults.add(github.Fault("GET", "/users/maintainer$", status=403, times=None))
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)

    result = rerun(stage, asked, "maintainer")

    assert (result.exit_code, result.reason) == (0, "github.forbidden")
    stage.heard(asked)
    assert "looking up the account maintainer" in stage.answer()


def test_a_go_is_replayed(stage: Stage) -> None:
    plan = plan_id(stage)
    asked = stage.hub.comment(stage.number, by="writer", body=f"/beaker go {plan}")

    stranger = rerun(stage, asked, "reader")
    late = rerun(stage, weeks_later(stage, asked), "maintainer")

    stage.heard(asked)
    assert [stranger.reason, late.reason] == ["refused.role", "refused.stale"]
    for _ in range(2):
        stage.answer()


class Copies:
    """What people can write on Beaker: descriptions of the workspace, experiments of their own."""

    def __init__(self, client: Beaker) -> None:
        self._client = client

    def describe(self, held: ExperimentView, description: str) -> None:
        """Somebody edits an experiment's description."""
        workload = self._client.workload.get(held.id)
        self._client.workload.update(workload, description=description)

    def create(self, held: ExperimentView, name: str, **variables: str) -> str:
        """Creates a copy of an experiment; answers its id.

        Args:
            held: The original.
            name: Of the copy.
            variables: What stands in its spec instead.
        """
        spec = BeakerExperimentSpec.from_json(held.spec)
        for variable in spec.tasks[0].env_vars or []:
            variable.value = variables.get(variable.name, variable.value)
        workload = self._client.experiment.create(name=name, spec=spec)
        self._client.workload.update(workload, description=held.description)
        return workload.experiment.id


@contextmanager
def copies(stage: Stage, token: str = DEFAULT_TOKEN) -> Iterator[Copies]:
    """Somebody at Beaker: with our own account, unless another's token is given."""
    with stage.beaker.client(token) as client:
        client.config.default_workspace = "ai2/widgets"
        yield Copies(client)


def first_and_second(stage: Stage) -> tuple[ExperimentView, ExperimentView]:
    """Two runs on two pull requests, each reported."""
    first = submitted(stage, stage.hub.comment(stage.number, by="writer", body=RUN))
    stage.hub.push("other", {"other.py": "x = 1\n"})
    elsewhere = stage.hub.open_pull_request("other", by="writer")
    asked = stage.hub.comment(elsewhere, by="writer", body=RUN)
    assert stage.deliver(asked).reason == "accepted"
    stage.heard(asked)
    stage.hub.take_comment(elsewhere)
    stage.hub.take_check()
    return first, stage.beaker.take_experiment()


def test_a_mark_copied_to_another_pull_requests_run(stage: Stage) -> None:
    """It leads nobody to the other one's comment and check."""
    first, second = first_and_second(stage)
    with copies(stage) as somebody:
        somebody.describe(second, stage.beaker.experiment(first.id).description)
    stage.beaker.finish(second.id, exit_code=1)

    assert stage.schedule().exit_code == 0

    other = stage.hub.take_comment(stage.number + 1)
    assert "failed" in other.body.lower()
    assert second.id in other.body
    assert stage.hub.take_check().external_id == second.id
    (mine,) = (one for one in stage.hub.comments(stage.number) if first.id in one.body)
    assert "Queued" in mine.body


def test_a_closed_mark_copied_to_an_open_run(tmp_path: Path) -> None:
    """It frees no room: a run whose mark is not believed counts until its jobs have ended."""
    rules = CONFIG.replace("  timeout: 2h", "  timeout: 2h\n  active_runs: 1")
    with open_stage(tmp_path, {".github/beaker-ci.yml": rules}) as stage:
        first = submitted(stage, stage.hub.comment(stage.number, by="writer", body=RUN))
        stage.beaker.finish(first.id)
        assert stage.schedule().exit_code == 0
        stage.settle()
        stage.answer()
        stage.hub.take_check()
        second = submitted(stage, stage.hub.comment(stage.number, by="writer", body=RUN))
        with copies(stage) as somebody:
            somebody.describe(second, stage.beaker.experiment(first.id).description)

        result = stage.deliver(asked := stage.hub.comment(stage.number, by="writer", body=RUN))

        assert result.reason == "refused.limit"
        stage.heard(asked)
        assert "limits.active_runs" in stage.answer()
        assert stage.leftovers() == []


def test_a_mark_copied_to_another_repositorys_run(stage: Stage) -> None:
    """The same bot serves both: a run belongs where its spec says, whatever its mark says."""
    first = submitted(stage, stage.hub.comment(stage.number, by="writer", body=RUN))
    key = "0123456789abcdef"
    with copies(stage) as somebody:
        name = f"ci-gadget-pr1-run-{key}"
        variables = {"BEAKER_CI_KEY": key, "BEAKER_CI_REPO_ID": "910000002"}
        copy = somebody.create(first, name, **variables)
    stage.beaker.take_experiment(name)
    stage.beaker.finish(copy)

    result = stage.schedule()

    assert (result.exit_code, result.outputs["reason-code"]) == (0, "nothing-to-do")
    assert copy not in result.outputs["result"]


def test_a_copy_by_a_foreign_author_is_not_adopted(stage: Stage) -> None:
    """Whoever hears the comment knows the run's name: the copy may be there first."""
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    held = submitted(stage, asked)
    delete(stage, held)
    with copies(stage, OTHER_TOKEN) as somebody:
        copy = somebody.create(held, held.name)
    stage.beaker.take_experiment(held.name)

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (0, "accepted")
    own = stage.beaker.take_experiment()
    assert (own.author, own.name) == ("ci-bot", held.name)
    assert result.outputs["workload-id"] == own.id != copy
    assert own.id in stage.answer_as_it_is()
    assert stage.hub.take_check().external_id == own.id


def test_a_copy_by_a_foreign_author_is_neither_counted_nor_reported(tmp_path: Path) -> None:
    rules = CONFIG.replace("  timeout: 2h", "  timeout: 2h\n  active_runs: 2")
    with open_stage(tmp_path, {".github/beaker-ci.yml": rules}) as stage:
        first = submitted(stage, stage.hub.comment(stage.number, by="writer", body=RUN))
        with copies(stage, OTHER_TOKEN) as somebody:
            copy = somebody.create(stage.beaker.experiment(first.id), first.name)
        stage.beaker.take_experiment(first.name)

        submitted(stage, stage.hub.comment(stage.number, by="writer", body=RUN))
        stage.beaker.finish(copy, exit_code=1)

        assert stage.schedule().outputs["reason-code"] == "nothing-to-do"
        assert stage.leftovers() == []


def test_a_plan_id_copied_to_another_repository(stage: Stage) -> None:
    """Even one that has the same comment, person, commit and rules under the same numbers."""
    plan = plan_id(stage)
    with LocalGitHub(stage.hub.repository, "octo/gadget") as hub:
        other = Stage(stage.directory, hub, stage.beaker)
        assert other.number == stage.number
        asked = hub.comment(other.number, by="writer", body=PLAN)
        assert str(asked["comment"]["id"]) == plan.partition("-")[0]

        result = agrees(other, "go", plan, by="writer")

        assert result.reason == "refused.plan-changed"
        other.answer()
        assert agrees(other, "go", plan_id(other), by="writer").reason == "accepted"
        other.answer()
        assert other.beaker.take_experiment().env["BEAKER_CI_REPO"] == "octo/gadget"
        hub.take_check()
        assert hub.leftovers() == []


PYPROJECT = """\
[tool.gantry]
workspace = "ai2/widgets"
budget = "ai2/widgets-budget"
"""


def lose_the_right(stage: Stage) -> None:
    """The workflow's token may read no contents any more: GitHub says 404 for all of them."""
    rights = {"checks": "write", "issues": "write", "pull_requests": "write"}
    stage.inputs["github-token"] = stage.hub.add_token("actions", permissions=rights)


def lose_the_file(stage: Stage) -> None:
    """GitHub says 404 for the configuration alone, and nothing by GraphQL."""
    stage.hub.faults.add(github.Fault(path="/graphql$", status=502, times=None))
    path = "/contents/.github/beaker-ci.yml$"
    stage.hub.faults.add(github.Fault(method="GET", path=path, status=404, times=None))


@pytest.mark.parametrize("lose", [lose_the_right, lose_the_file])
def test_rules_that_answer_404_are_not_absent(
    tmp_path: Path, lose: Callable[[Stage], None]
) -> None:
    """Else what `pyproject.toml` allows, and every default limit, would hold from then on."""
    files = {
        ".github/beaker-ci.yml": CONFIG + "github_token_secret: HF_TOKEN\n",
        "pyproject.toml": PYPROJECT,
    }
    with open_stage(tmp_path, files, private=True) as stage:
        plan = plan_id(stage)
        lose(stage)
        asked = stage.hub.comment(stage.number, by="writer", body=RUN)

        results = [agrees(stage, "go", plan, by="writer"), stage.deliver(asked)]

        assert [one.reason for one in results] == ["config.unreadable"] * 2
        stage.heard(asked)
        for _ in results:
            assert "`config.unreadable`" in stage.answer()
        assert stage.leftovers() == []
