"""What merges, labels, pull requests, nights and hands run, without anyone writing a command.

Every event is delivered twice, and once more by somebody who re-runs the workflow: it is one run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from stage import TRAIN, Stage, open_stage

from beaker_ci.sandbox.beaker import ExperimentView, Fault
from beaker_ci.sandbox.github.model import CheckRun
from beaker_ci.sandbox.runner import StepResult

CONFIG_PATH = ".github/beaker-ci.yml"
CONFIG = """\
version: 1
workspace: ai2/widgets
budget: ai2/widgets-budget
on_new_push: stop
limits: {gpu_hours: {run: 8}}
presets:
  gpu-tests:
    command: [python, check.py]
    gpus: 1
    task_timeout: 15m
    on: {merge_group: true, label: gpu}
  eval:
    command: [python, eval.py]
    gpus: 1
    task_timeout: 1h
    on: {push: {branches: [main, "release/*"], paths: ["src/**"]}}
  smoke:
    command: [python, smoke.py]
    task_timeout: 5m
    on: {push: {branches: [main, "release/*"]}, pull_request: true}
  nightly:
    command: [python, nightly.py]
    task_timeout: 1h
    on: {schedule: "0 3 * * *"}
  sweep:
    command: [python, sweep.py]
    task_timeout: 1h
    on: {workflow_dispatch: {inputs: {learning-rate: {type: number, default: 0.1}}}}
"""
TOO_DEAR = CONFIG.replace("run: 8", "run: 0.1")


class Team:
    """A repository with those presets, and what its people do.

    Attributes:
        stage: Where it plays.
        runs: How many workflows were started.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.hub = stage.hub
        self.number = stage.number
        self.runs = 0
        for bot in ("dependabot[bot]", "mergify[bot]"):
            self.hub.add_user(bot, permission="write", kind="Bot")

    def pushes(self, files: Mapping[str, str], by: str = "maintainer") -> dict[str, Any]:
        """Somebody pushes to main."""
        before = self.hub.repository.head("main")
        self.hub.push("main", files, by=by)
        return self.hub.push_event("main", by, before)

    def hears(self, event: str, payload: Mapping[str, Any], rerun_by: str = "admin") -> StepResult:
        """An event that comes twice, and is re-run: each time with the same end, which it tells."""
        self.runs += 1
        first, *others = [
            self.stage.hears(event, payload, again, run=str(self.runs))
            for again in ("", "", rerun_by)
        ]
        for other in others:
            assert (other.exit_code, ended(other)) == (first.exit_code, ended(first))
        return first

    def takes(self, sha: str) -> tuple[ExperimentView, CheckRun]:
        """Takes the oldest run, and its check on that commit."""
        held = self.stage.beaker.take_experiment()
        assert held.env["BEAKER_CI_SHA"] == held.env["GIT_REF"] == sha
        check = self.hub.take_check(held.env["BEAKER_CI_CHECK"], sha)
        assert check.external_id == held.id
        return held, check

    def answer(self) -> str:
        """Takes the oldest comment: its upper part, without what commits of today make of ids."""
        text = self.stage.answer().partition("<details>")[0]
        return re.sub("[0-9a-f]{16}|(?<=run `)[0-9a-f]{8}", "<id>", text)

    def verdicts(self, sha: str) -> dict[str, str]:
        """What GitHub shows of a commit's checks: the newest of each name."""
        return {run.name: run.conclusion or run.status for run in self.hub.check_runs(sha)}


def ended(result: StepResult) -> list[tuple[str, str]]:
    """Reason and run of everything that a step did."""
    told = json.loads(result.outputs["result"])["commands"]
    return [(each["reason-code"], each["workload-id"]) for each in told]


def reasons(result: StepResult) -> list[str]:
    return [reason for reason, _ in ended(result)]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with open_stage(tmp_path, {CONFIG_PATH: CONFIG, "train.py": TRAIN}) as stage:
        yield Team(stage)
        assert stage.leftovers() == []


def test_a_push_to_main_runs_all_presets_that_it_concerns(team: Team) -> None:
    pushed = team.pushes({"src/model.py": "rate = 0.2\n"})

    result = team.hears("push", pushed)

    assert (result.exit_code, reasons(result)) == (0, ["accepted", "accepted"])
    sha = team.hub.repository.head("main")
    held, check = team.takes(sha)
    team.takes(sha)
    assert (check.name, check.status) == ("beaker / eval", "queued")
    assert held.name.startswith("ci-widget-main-eval-")
    said = {name: held.env[f"BEAKER_CI_{name}"] for name in ("TRIGGER", "ASKER", "ASKER_ID", "PR")}
    assert said == {"TRIGGER": "push", "ASKER": "maintainer", "ASKER_ID": "0", "PR": "0"}
    assert team.stage.tidy(held.description).splitlines()[:2] == snapshot(
        ["python eval.py", "for push by maintainer in https://github.test/octo/widget at <main>"]
    )
    assert "main has a new commit that changes src/model.py (on.push)" in result.summary
    assert "user-hours" not in result.summary  # nobody pays for it but the repository


def test_a_push_that_concerns_nothing_asks_nothing_more(team: Team) -> None:
    team.hub.push("docs", {"README.md": "# Widget\n"})
    before, asked = team.hub.repository.head("docs"), len(team.hub.exchanges)
    team.hub.push("docs", {"README.md": "# Widgets\n"})

    result = team.stage.hears("push", team.hub.push_event("docs", "writer", before))

    assert (result.exit_code, result.reason) == (0, "nothing-to-do")
    assert [each.path for each in team.hub.exchanges[asked:]] == ["/graphql"]


def test_files_outside_of_a_presets_paths(team: Team) -> None:
    result = team.hears("push", team.pushes({"docs/index.md": "Hello\n"}))

    assert reasons(result) == ["accepted"]
    assert team.takes(team.hub.repository.head("main"))[1].name == "beaker / smoke"


def test_two_workflows_hear_at_the_same_moment_and_another_branch_later(team: Team) -> None:
    pushed = team.pushes({"src/model.py": "rate = 0.2\n"}, by="mergify[bot]")
    steps = [team.stage.step(pushed, "push") for _ in range(2)]
    started = [step.start() for step in steps]
    results = [step.result(process.wait(60)) for step, process in zip(steps, started, strict=True)]
    released = team.stage.hears("push", {**pushed, "ref": "refs/heads/release/1"})

    assert ended(results[0]) == ended(results[1]) == ended(released)
    for _ in range(2):
        team.takes(team.hub.repository.head("main"))


def test_who_may_not_run_does_not_repeat_what_did_not_run(team: Team) -> None:
    """Old events can be re-run for a month, by all who may write."""
    old, narrow = "on_new_push: stop", "roles: {run: {permission: maintain}}"
    team.hub.push("main", {CONFIG_PATH: CONFIG.replace(old, narrow)})
    pushed = team.pushes({"docs/index.md": "Hello\n"}, by="writer")
    requested = team.hub.request_merge(team.number)
    night = str(team.hub.start_workflow("schedule"))
    for event, payload in (
        ("push", pushed),
        ("merge_group", requested),
        ("schedule", team.hub.schedule("0 3 * * *")),
    ):
        barred = team.stage.hears(event, payload, "writer", run=night)
        assert (barred.exit_code, reasons(barred)) == (1, ["refused.role"]), barred.log

    # Whoever repeats what did run finds it.
    for again_by in ("", "writer", "maintainer"):
        assert reasons(team.stage.hears("push", pushed, again_by)) == ["accepted"]
    team.takes(team.hub.repository.head("main"))


def test_one_presets_refusal_stops_no_other(team: Team) -> None:
    pushed = team.pushes({CONFIG_PATH: TOO_DEAR, "src/model.py": "rate = 0.2\n"})

    result = team.hears("push", pushed)

    assert (result.exit_code, reasons(result)) == (1, ["needs-approval.price", "accepted"])
    team.takes(team.hub.repository.head("main"))
    assert team.stage.tidy(result.summary).partition("<details>")[0] == snapshot("""\
✋ **Nothing was submitted: a rule forbids it.**

1 GPU-hours (1 GPU × 1 replica × 1 h × 1 attempt); above 0.1 an approver must let it through

- Asked for was the preset `eval`. main has a new commit that changes src/model.py (on.push).

Only what a comment asks for can be approved. Comment on a pull request:

```text
/beaker run eval
```

""")


def test_a_label_runs_its_preset_at_the_head(team: Team) -> None:
    labelled = team.hub.set_label(team.number, "GPU", by="writer")

    result = team.hears("pull_request_target", labelled, rerun_by="maintainer")

    assert (result.exit_code, reasons(result)) == (0, ["accepted"])
    held, _ = team.takes(team.hub.head(team.number))
    assert (held.env["BEAKER_CI_TRIGGER"], held.env["BEAKER_CI_PR"]) == ("label", "1")
    assert team.answer() == snapshot("""\
<!-- beaker-ci:run:<id> -->
⏳ **Queued on Beaker** · [experiment](https://beaker.test/ex/01ULID) · `gpu-tests` · run `<id>`

```bash
python check.py
```

- **Commit** [`<head>`](https://github.test/octo/widget/commit/<head>) · asked for by writer
- **Where** 1 GPU · any cluster · workspace `ai2/widgets`
- **Limits** timeout 15m for each attempt · retries 0 · priority normal
- **Costs** at most 0.25 GPU-hours · budget `ai2/widgets-budget` · left in 24 h: 255.75 of 256 for this pull request, 511.75 of 512 for this person, 2047.75 of 2048 for the repository

""")

    team.hub.remove_label(team.number, "gpu")
    again = team.hub.set_label(team.number, "gpu", by="writer")
    assert ended(team.hears("pull_request_target", again, rerun_by="writer")) != ended(result)
    team.takes(team.hub.head(team.number))
    team.stage.answer()
    other = team.hub.set_label(team.number, "docs", by="writer")
    assert team.stage.hears("pull_request_target", other).reason == "nothing-to-do"


def test_a_label_that_runs_nothing_is_answered(team: Team) -> None:
    """Without the role, at a head that is none any more, or beyond what nobody has to approve."""
    by_triager = team.hub.set_label(team.number, "gpu", by="triager")
    result = team.hears("pull_request_target", by_triager)
    assert (result.exit_code, reasons(result)) == (1, ["refused.role"])
    assert "the permission triage" in team.stage.answer()

    late = team.hub.set_label(team.number, "gpu", by="writer")
    team.hub.push(team.number, {"model.py": "rate = 0.3\n"})
    result = team.hears("pull_request_target", late)
    assert (result.exit_code, reasons(result)) == (1, ["refused.head-moved"])
    assert f"--sha {team.hub.head(team.number)}" in team.stage.answer_as_it_is()

    team.hub.push("main", {CONFIG_PATH: TOO_DEAR})
    dear = team.hub.set_label(team.number, "gpu", by="writer")
    result = team.hears("pull_request_target", dear)
    assert (result.exit_code, reasons(result)) == (1, ["needs-approval.price"])
    assert team.answer() == snapshot("""\
<!-- beaker-ci:reply:label-<id> -->
✋ **Nothing was submitted: a rule forbids it.**

0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt); above 0.1 an approver must let it through

- Asked for was the preset `gpu-tests`. The label gpu was set (on.label).

Only what a comment asks for can be approved. Comment on a pull request:

```text
/beaker run gpu-tests
```

""")

    # The limit is raised, and the workflow re-run: what it was answered is taken back.
    team.hub.push("main", {CONFIG_PATH: CONFIG})
    again = team.stage.hears("pull_request_target", dear, "writer")
    assert reasons(again) == ["accepted"]
    team.takes(team.hub.head(team.number))
    assert "Queued on Beaker" in team.stage.answer()
    assert team.hub.take_comment(team.number).deleted


def test_the_merge_queue(team: Team) -> None:
    """The head gets a check that lets it be queued; the preset runs at the group's commit."""
    opened = team.hub.pull_request_event(team.number, "opened", "dependabot[bot]")
    assert team.hears("pull_request_target", opened).reason == "nothing-to-do"
    head = team.hub.head(team.number)
    stand_in = team.hub.take_check("beaker / gpu-tests", head)
    assert (stand_in.conclusion, stand_in.title) == ("neutral", "Runs in the merge queue")
    assert stand_in.summary == snapshot("""\
`gpu-tests` has not run at this commit. It runs when the pull request is in the merge queue, at the commit that would be merged; this check only lets it get there. To run it now, comment:

```text
/beaker run gpu-tests
```\
""")

    requested = team.hub.request_merge(team.number)
    sha = requested["merge_group"]["head_sha"]
    # Somebody opens a pull request at the group's own commit, before its event was heard.
    opened["pull_request"]["head"]["sha"] = sha
    assert team.hears("pull_request_target", opened).reason == "nothing-to-do"
    assert team.verdicts(sha) == {}
    opened["pull_request"]["head"]["sha"] = head
    result = team.hears("merge_group", requested)

    assert (result.exit_code, reasons(result)) == (0, ["accepted"])
    held, check = team.takes(sha)
    assert held.name.startswith("ci-widget-queue-pr1-gpu-tests-")
    assert (check.name, check.status) == ("beaker / gpu-tests", "queued")
    assert team.stage.tidy(held.description).splitlines()[1].startswith("for merge group by ")
    team.stage.beaker.finish(held.id, exit_code=1)
    assert team.stage.schedule().exit_code == 0
    assert team.hub.take_check().conclusion == "failure"
    assert team.verdicts(sha) == {"beaker / gpu-tests": "failure"}

    # Somebody wants to know before: the real check is the newer one, and counts.
    asked = team.hub.comment(team.number, by="writer", body="/beaker run gpu-tests")
    team.stage.deliver(asked)
    team.stage.heard(asked)
    team.takes(head)
    team.stage.answer()
    assert team.verdicts(head) == {"beaker / gpu-tests": "queued"}
    assert team.hears("pull_request_target", opened).reason == "nothing-to-do"
    assert team.verdicts(head) == {"beaker / gpu-tests": "queued"}


def test_a_merge_queue_never_waits_for_what_does_not_run(team: Team) -> None:
    team.hub.push("main", {CONFIG_PATH: TOO_DEAR})
    requested = team.hub.request_merge(team.number)
    sha = requested["merge_group"]["head_sha"]

    result = team.hears("merge_group", requested)

    assert (result.exit_code, reasons(result)) == (1, ["needs-approval.price"])
    refused = team.hub.take_check("beaker / gpu-tests", sha)
    assert (refused.conclusion, refused.title) == ("failure", "Not run: needs-approval.price")
    assert team.stage.tidy(refused.summary or "").partition("<details>")[0] == snapshot("""\
✋ **Nothing was submitted: a rule forbids it.**

0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt); above 0.1 an approver must let it through

- Asked for was the preset `gpu-tests`. The merge queue asks before it merges into main (on.merge\\_group).

Only what a comment asks for can be approved. Comment on a pull request:

```text
/beaker run gpu-tests
```

""")

    team.hub.push("main", {CONFIG_PATH: CONFIG})
    assert reasons(team.stage.hears("merge_group", requested, "maintainer")) == ["accepted"]
    team.takes(sha)
    assert team.verdicts(sha) == {"beaker / gpu-tests": "queued"}


def test_a_merge_queue_hears_that_beaker_is_away(team: Team) -> None:
    team.stage.beaker.faults.add(Fault("POST experiments", code=503, times=None))
    requested = team.hub.request_merge(team.number)

    result = team.hears("merge_group", requested)

    assert (result.exit_code, result.reason) == (3, "beaker.unavailable")
    check = team.hub.take_check("beaker / gpu-tests", requested["merge_group"]["head_sha"])
    assert (check.conclusion, check.title) == ("failure", "Not run: beaker.unavailable")


def test_an_outage_takes_no_verdict_back(team: Team) -> None:
    requested = team.hub.request_merge(team.number)
    sha = requested["merge_group"]["head_sha"]
    team.stage.hears("merge_group", requested)
    held, _ = team.takes(sha)
    team.stage.beaker.finish(held.id)
    team.stage.schedule()
    assert team.hub.take_check("beaker / gpu-tests", sha).conclusion == "success"

    team.stage.beaker.faults.add(Fault(".*", code=503, times=None))
    result = team.hears("merge_group", requested)

    assert (result.exit_code, result.reason) == (3, "beaker.unavailable")
    assert team.verdicts(sha) == {"beaker / gpu-tests": "success"}


def test_a_merge_queue_takes_the_result_that_the_same_files_had(team: Team) -> None:
    asked = team.hub.comment(team.number, by="writer", body="/beaker run gpu-tests")
    team.stage.deliver(asked)
    team.stage.heard(asked)
    held, _ = team.takes(team.hub.head(team.number))
    team.stage.beaker.finish(held.id)
    team.stage.schedule()
    team.hub.take_check()
    team.stage.answer()

    requested = team.hub.request_merge(team.number)
    result = team.hears("merge_group", requested)

    assert (result.exit_code, ended(result)) == (0, [("reused", held.id)])
    sha = requested["merge_group"]["head_sha"]
    assert team.hub.take_check("beaker / gpu-tests", sha).conclusion == "success"


def test_a_pull_request_runs_at_every_new_head(team: Team) -> None:
    first = team.hub.head(team.number)
    opened = team.hub.pull_request_event(team.number, "opened", "writer")
    assert reasons(team.hears("pull_request_target", opened)) == ["accepted"]
    team.takes(first)
    team.stage.answer()
    team.hub.take_check("beaker / gpu-tests", first)

    second = team.hub.push(team.number, {"model.py": "rate = 0.3\n"})
    moved = team.hub.pull_request_event(team.number, "synchronize", "writer", before=first)
    result = team.stage.hears("pull_request_target", moved)

    assert reasons(result) == ["stopped", "accepted"]
    team.takes(second)
    team.stage.answer()
    team.hub.take_check("beaker / gpu-tests", second)
    assert reasons(team.stage.hears("pull_request_target", moved)) == ["accepted"]
    # The event of the first head comes once more: that is no head any more.
    late = team.stage.hears("pull_request_target", opened)
    assert "no open pull request's head" in late.log
    team.stage.schedule()
    assert team.hub.take_check(sha=first).conclusion == "cancelled"
    assert "superseded" not in team.stage.answer()


def test_whose_pull_request_runs_nothing(team: Team) -> None:
    """A bot's runs nothing, in silence; that of somebody without the role fails its check."""
    queued = CONFIG.replace("pull_request: true", "pull_request: true, merge_group: true")
    team.hub.push("main", {CONFIG_PATH: queued})
    head = team.hub.head(team.number)
    by_bot = team.hub.pull_request_event(team.number, "synchronize", "dependabot[bot]")
    result = team.hears("pull_request_target", by_bot)
    assert (result.exit_code, result.reason) == (0, "nothing-to-do")
    for name in ("beaker / gpu-tests", "beaker / smoke"):
        assert team.hub.take_check(name, head).conclusion == "neutral"

    by_reader = team.hub.pull_request_event(team.number, "reopened", "reader")
    result = team.hears("pull_request_target", by_reader)
    assert (result.exit_code, reasons(result)) == (1, ["refused.role"])
    refused = team.hub.take_check("beaker / smoke", head)
    assert refused.title == "Not run: refused.role"
    assert "to repeat the command.\n\n```text\n/beaker run smoke\n```" in (refused.summary or "")

    for name in [name for name in team.stage.extra if name.startswith("BEAKER")]:
        del team.stage.extra[name]
    asked = len(team.hub.exchanges)
    for event, payload in (
        ("pull_request", by_reader),
        ("push", team.pushes({"src/model.py": "rate = 0.2\n"})),
    ):
        result = team.stage.hears(event, payload)
        assert (result.exit_code, result.reason) == (0, "nothing-to-do")
        assert "there is no Beaker token" in result.log
    assert len(team.hub.exchanges) == asked


def test_who_may_not_run_opens_again_what_ran(team: Team) -> None:
    """The head keeps its verdict: a required check would stay red until the next push."""
    opened = team.hub.pull_request_event(team.number, "opened", "writer")
    team.stage.hears("pull_request_target", opened)
    head = team.hub.head(team.number)
    held, _ = team.takes(head)
    team.stage.beaker.finish(held.id)
    team.stage.schedule()
    assert "Passed" in team.stage.answer()
    team.hub.take_check("beaker / smoke", head)
    team.hub.take_check("beaker / gpu-tests", head)

    reopened = team.hub.pull_request_event(team.number, "reopened", "triager")
    result = team.hears("pull_request_target", reopened, rerun_by="triager")

    assert (result.exit_code, ended(result)) == (0, [("accepted", held.id)])
    assert team.verdicts(head) == {"beaker / smoke": "success", "beaker / gpu-tests": "neutral"}


def test_a_night(team: Team) -> None:
    cron = team.hub.schedule("0 3 * * *")
    team.runs = team.hub.start_workflow("schedule") - 1

    result = team.hears("schedule", cron)

    assert (result.exit_code, reasons(result)) == (0, ["accepted"])
    held, check = team.takes(team.hub.repository.head("main"))
    assert check.name == "beaker / nightly"
    assert team.stage.tidy(held.description).splitlines()[1] == snapshot(
        "for schedule in https://github.test/octo/widget at <main>"
    )
    # A re-run of last night's is last night's.
    before = datetime.now(UTC) - timedelta(days=1)
    last_night = team.hub.start_workflow("schedule", created_at=before)
    again = team.stage.hears("schedule", cron, "writer", run=str(last_night))
    assert reasons(again) == ["accepted"]
    assert ended(again) != ended(result)
    team.takes(team.hub.repository.head("main"))
    other = team.stage.hears("schedule", team.hub.schedule("*/15 * * * *"))
    assert (other.exit_code, other.reason) == (0, "nothing-to-do")


def test_a_workflow_started_by_hand_with_a_preset_and_its_inputs(team: Team) -> None:
    inputs = {"preset": "sweep", "learning-rate": "0.01"}

    started = team.hub.dispatch("writer", inputs)
    result, again = (team.stage.hears("workflow_dispatch", started) for _ in range(2))

    assert (result.exit_code, reasons(result)) == (0, ["accepted"])
    assert ended(again) == ended(result)
    held, check = team.takes(team.hub.repository.head("main"))
    assert held.env["LEARNING_RATE"] == "0.01"
    assert held.env["BEAKER_CI_TRIGGER"] == "workflow_dispatch"
    assert check.name.startswith("beaker / run ")  # with other values, it is not the preset itself
    for given, by, code, reason in (
        ({"preset": "sweep"}, "reader", 1, "refused.role"),
        ({"preset": "sweep", "learning-rate": "fast"}, "writer", 2, "usage.bad-value"),
        ({"preset": "eval"}, "writer", 2, "usage.bad-value"),
        ({"preset": ""}, "writer", 2, "usage.missing-command"),
    ):
        result = team.stage.hears("workflow_dispatch", team.hub.dispatch(by, given))
        assert (result.exit_code, result.reason) == (code, reason)
        (told,) = json.loads(result.outputs["result"])["commands"]
        assert set(told) == {"command", *result.outputs} - {"result"}


def test_a_workflow_that_waits_for_what_a_push_ran(team: Team) -> None:
    team.stage.inputs["wait"] = "true"
    step = team.stage.step(team.pushes({"docs/index.md": "Hello\n"}), "push")
    process = step.start()
    (held,) = team.stage.until(team.stage.unseen_experiments)
    team.stage.until_shown(held.id)
    team.stage.beaker.finish(held.id, exit_code=1)

    result = step.result(process.wait(60))

    assert (result.exit_code, result.outputs["conclusion"]) == (1, "failure")
    assert team.takes(team.hub.repository.head("main"))[1].conclusion == "failure"


def test_what_a_trigger_costs(team: Team) -> None:
    """Requests to GitHub and to Beaker: of the first delivery, and of the next ones together."""
    costs: dict[str, list[tuple[int, int]]] = {}

    def count(event: str, payload: Mapping[str, Any]) -> None:
        for _ in range(2):
            before = len(team.hub.exchanges)
            team.stage.beaker.requests.clear()
            assert team.stage.hears(event, payload).exit_code == 0
            asked = len(team.hub.exchanges) - before, team.stage.beaker.requests.count()
            costs.setdefault(event, []).append(asked)

    count("push", team.pushes({"docs/index.md": "Hello\n"}))
    team.takes(team.hub.repository.head("main"))
    requested = team.hub.request_merge(team.number)
    count("merge_group", requested)
    team.takes(requested["merge_group"]["head_sha"])
    count("pull_request_target", team.hub.set_label(team.number, "gpu", by="writer"))
    team.takes(team.hub.head(team.number))
    team.stage.answer()
    count("workflow_dispatch", team.hub.dispatch("writer", {"preset": "sweep"}))
    team.takes(team.hub.repository.head("main"))
    count("schedule", team.hub.schedule("0 3 * * *"))
    team.takes(team.hub.repository.head("main"))
    count("pull_request", team.hub.pull_request_event(team.number, "opened", "writer"))
    team.takes(team.hub.head(team.number))
    team.stage.answer()

    assert costs == snapshot(
        {
            "push": [(2, 28), (1, 17)],
            "merge_group": [(2, 20), (1, 17)],
            "pull_request_target": [(7, 19), (4, 17)],
            "workflow_dispatch": [(4, 19), (3, 17)],
            "schedule": [(4, 20), (3, 18)],
            "pull_request": [(7, 20), (4, 17)],
        }
    )
