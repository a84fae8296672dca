"""A comment becomes one experiment, one comment and one check."""

from __future__ import annotations

import json
from pathlib import Path

from inline_snapshot import snapshot
from stage import CONFIG, TRAIN, Stage, open_stage


def test_a_command_of_ones_own(stage: Stage) -> None:
    asked = stage.hub.comment(
        stage.number, by="writer", body="Let's see.\n\n/beaker run -- python train.py\n\nThanks!"
    )

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (0, "accepted")
    stage.heard(asked)
    assert stage.answer() == snapshot()
    check = stage.hub.take_check(sha=stage.hub.head(stage.number))
    held = stage.beaker.take_experiment()
    assert (check.name, check.status, check.conclusion) == snapshot()
    assert check.title == snapshot()
    assert check.external_id == held.id
    assert f"{stage.beaker.address}/ex/{held.id}" in str(check.summary)
    assert held.name == snapshot()
    assert (held.workspace, held.budget) == ("ai2/widgets", "ai2/widgets-budget")
    assert stage.tidy(json.dumps(held.env, indent=1)) == snapshot()
    assert held.spec["tasks"][0]["arguments"] == ["python", "train.py"]
    assert stage.tidy(held.description).splitlines()[:2] == snapshot()


def test_what_the_workflow_gets(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker run -- python train.py")

    result = stage.deliver(asked)

    stage.heard(asked)
    stage.answer()
    check, held = stage.hub.take_check(), stage.beaker.take_experiment()
    assert {name: stage.tidy(text) for name, text in result.outputs.items()} == snapshot()
    assert json.loads(result.outputs["result"])["workload-id"] == held.id == check.external_id
    assert stage.tidy(result.summary) == snapshot()


def test_at_most_eight_requests_to_github(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker run -- python train.py")

    stage.deliver(asked)

    assert [f"{made.method} {made.path}" for made in stage.hub.exchanges] == snapshot()
    stage.heard(asked)
    stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


def test_the_job_really_runs(stage: Stage) -> None:
    stage.beaker.hold_jobs = False
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker run -- python train.py")

    result = stage.deliver(asked)

    held = stage.beaker.wait(result.outputs["workload-id"])
    assert (held.status, held.log, held.jobs[0].metrics) == (
        "succeeded",
        "step 1/1 loss 0.5\n",
        {"loss": 0.5},
    )
    stage.heard(asked)
    stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


def test_a_preset_unmodified_has_its_own_check(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker run gpu-tests")

    stage.deliver(asked)

    assert stage.hub.take_check().name == "beaker / gpu-tests"
    held = stage.beaker.take_experiment()
    assert held.name.startswith("ci-widget-pr1-gpu-tests-")
    assert held.spec["tasks"][0]["resources"]["gpuCount"] == 1
    stage.heard(asked)
    stage.answer()


def test_a_preset_with_another_command_has_not(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker run gpu-tests -- true")

    stage.deliver(asked)

    assert stage.hub.take_check().name.startswith("beaker / run ")
    assert stage.beaker.take_experiment().spec["tasks"][0]["arguments"] == ["true"]
    stage.heard(asked)
    stage.answer()


def test_a_script_under_the_command(stage: Stage) -> None:
    script = "/beaker run --gpus 1\n```bash\necho one\necho two\n```\n"
    stage.beaker.hold_jobs = False
    asked = stage.hub.comment(stage.number, by="writer", body=script)

    result = stage.deliver(asked)

    assert stage.beaker.wait(result.outputs["workload-id"]).log == "one\ntwo\n"
    stage.heard(asked)
    stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


def test_several_commands_are_each_answered(stage: Stage) -> None:
    asked = stage.hub.comment(
        stage.number,
        by="writer",
        body="/beaker run gpu-tests\n/beaker run -- python train.py\n/beaker rnu gpu-tests",
    )

    result = stage.deliver(asked)

    commands = json.loads(result.outputs["result"])["commands"]
    assert [one["reason-code"] for one in commands] == [
        "accepted",
        "accepted",
        "usage.unknown-command",
    ]
    assert result.reason == "usage.unknown-command"
    stage.heard(asked)
    assert "python check.py" in stage.answer()
    assert "python train.py" in stage.answer()
    assert "Did you mean `/beaker run`?" in stage.answer()
    assert {stage.hub.take_check().name for _ in range(2)} >= {"beaker / gpu-tests"}
    names = [stage.beaker.take_experiment().name for _ in range(2)]
    assert len(set(names)) == 2


def test_a_plan_submits_nothing(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker plan gpu-tests")

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (0, "answered")
    assert result.outputs["status"] == "planned"
    stage.heard(asked)
    assert stage.answer() == snapshot()


def test_help(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="stranger", body="/beaker help run")

    result = stage.deliver(asked)

    assert (result.exit_code, result.reason) == (0, "answered")
    stage.heard(asked)
    assert "--gpus" in stage.answer()


def test_chatter_costs_nothing(stage: Stage) -> None:
    for body in ("Looks good!", "`/beaker run gpu-tests`", "> /beaker run gpu-tests", "/beakers"):
        result = stage.says(body)
        assert (result.exit_code, result.reason) == (0, "nothing-to-do")
    assert stage.hub.exchanges == []


def test_without_a_configuration_gantrys_own_counts(tmp_path: Path) -> None:
    project = '[tool.gantry]\nworkspace = "ai2/widgets"\nbudget = "ai2/widgets-budget"\n'
    with open_stage(tmp_path, {"pyproject.toml": project, "train.py": TRAIN}) as stage:
        asked = stage.hub.comment(stage.number, by="writer", body="/beaker run -- python train.py")

        result = stage.deliver(asked)

        assert (result.exit_code, result.reason) == (0, "accepted")
        held = stage.beaker.take_experiment()
        assert held.budget == "ai2/widgets-budget"
        # gantry installs a project with all of its extras, as it does from a local checkout.
        assert held.env["GANTRY_UV_ALL_EXTRAS"] == "1"
        stage.heard(asked)
        assert "no configuration file" in stage.answer()
        stage.hub.take_check()
        assert stage.leftovers() == []


def test_a_private_repository_needs_a_clone_token(tmp_path: Path) -> None:
    with open_stage(tmp_path, private=True) as stage:
        asked = stage.hub.comment(stage.number, by="writer", body="/beaker run gpu-tests")

        result = stage.deliver(asked)

        assert (result.exit_code, result.reason) == (0, "config.clone-secret")
        stage.heard(asked)
        assert stage.answer() == snapshot()
        assert stage.leftovers() == []


def test_a_private_repository_with_one(tmp_path: Path) -> None:
    files = {".github/beaker-ci.yml": CONFIG + "github_token_secret: CLONE_TOKEN\n"}
    with open_stage(tmp_path, files, private=True) as stage:
        with stage.beaker.client() as client:
            client.secret.write("CLONE_TOKEN", "ghp_clone")
        asked = stage.hub.comment(stage.number, by="writer", body="/beaker run gpu-tests")

        result = stage.deliver(asked)

        assert (result.exit_code, result.reason) == (0, "accepted")
        assert stage.beaker.take_experiment().secrets == {"GITHUB_TOKEN": "CLONE_TOKEN"}
        stage.heard(asked)
        stage.answer()
        stage.hub.take_check()
        assert stage.leftovers() == []
