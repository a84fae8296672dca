"""What a merge or a pull request does to a preset's metrics, beside an honest base."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from in_process import Watch, run_of, services
from inline_snapshot import snapshot
from stage import TRAIN, Stage, open_stage
from test_replays import copies

from beaker_ci.bot.reporting import Reporter, place_of
from beaker_ci.bot.rules import SharedRules
from beaker_ci.github import CheckState, connect, ensure_check
from beaker_ci.problem import Problem
from beaker_ci.sandbox.beaker.defaults import OTHER_TOKEN
from beaker_ci.sandbox.github import CheckRun, Fault

HOUR = 3600

CONFIG = """\
version: 1
workspace: ai2/widgets
budget: ai2/widgets-budget
limits: {gpu_hours: {run: 8}}
presets:
  eval:
    command: [python, eval.py]
    gpus: 1
    task_timeout: 1h
    on: {push: {branches: [main]}}
    compare: {metrics: {accuracy: {higher_is_better: true, max_drop: 0.01}}}
  other:
    command: [python, other.py]
"""


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tmp_path, {".github/beaker-ci.yml": CONFIG, "train.py": TRAIN}) as stage:
        yield stage
        assert stage.leftovers() == []


@pytest.fixture
def payer(tmp_path: Path) -> Iterator[Stage]:
    """A team that has bases run."""
    rules = CONFIG.replace("compare: {", "compare: {base: run, ")
    with open_stage(tmp_path, {".github/beaker-ci.yml": rules, "train.py": TRAIN}) as stage:
        yield stage
        assert stage.leftovers() == []


def pushed(stage: Stage, before: str) -> str:
    """The bot hears that main moved; the run that it submits."""
    result = stage.hears("push", stage.hub.push_event("main", "maintainer", before))
    assert (result.exit_code, result.reason) == (0, "accepted"), result.log
    return result.outputs["workload-id"]


def asked(stage: Stage, number: int, command: str = "/beaker run eval") -> str:
    """Somebody asks for a run on a pull request."""
    comment = stage.hub.comment(number, by="writer", body=command)
    result = stage.deliver(comment)
    assert (result.exit_code, result.reason) == (0, "accepted"), result.log
    stage.heard(comment)
    return result.outputs["workload-id"]


def finished(stage: Stage, workload: str, exit_code: int = 0, **metrics: object) -> None:
    stage.beaker.finish(workload, exit_code, results={"metrics.json": json.dumps(metrics)})
    stage.beaker.wait(workload)


def ends(stage: Stage, workload: str, exit_code: int = 0, **metrics: object) -> CheckRun:
    """A run ends, and the clock has it reported; its check."""
    finished(stage, workload, exit_code, **metrics)
    result = stage.schedule()
    assert result.exit_code == 0, result.log
    stage.beaker.take_experiment()
    return stage.hub.take_check()


def beside(stage: Stage, number: int) -> str:
    """What the oldest new comment says, up to what the run was given and cost."""
    text = stage.tidy(stage.hub.take_comment(number).body).partition("```bash\n")[0]
    return re.sub(r"\b[0-9a-f]{7,40}\b", "<id>", text)


def test_a_merge_is_measured_and_measures_the_next_pull_request(team: Stage) -> None:
    # Nothing that the pull request builds on was measured: what cannot be judged never passes.
    check = ends(team, asked(team, team.number), accuracy=0.9)
    assert check.conclusion == "failure"
    asked_for = "gh workflow run beaker.yml --ref main -f command="
    assert asked_for in team.hub.take_comment(team.number).body
    comment = team.hub.comment(team.number, by="writer", body="/beaker compare")
    assert team.deliver(comment).reason == "usage.unknown-run"
    team.heard(comment)
    assert beside(team, team.number) == snapshot("""\
<!-- beaker-ci:reply:comment-<id> -->
> `/beaker compare`

🤔 **There is nothing to compare run `<id>` with.**

No commit of `main` that it builds on has a finished success of `eval`.

Ask again when a run there has ended, or name any commit that has one with `--base`. This makes one at the tip of `main`\\:

```text
gh workflow run beaker.yml --ref main -f command="run eval"
```

<sub>for writer · `usage.unknown-run`</sub>
""")

    # The first result on the branch is what later ones are held against.
    root = team.hub.repository.head("main")
    tip = team.hub.push("main", {"a": "1"})
    first = pushed(team, root)
    check = ends(team, first, accuracy=0.9)
    assert (check.head_sha, check.conclusion) == (tip, "success")
    assert "what comes later is compared with this one" in (check.summary or "")

    team.hub.merge(team.number)
    second = pushed(team, tip)
    before = len(team.hub.exchanges)
    team.beaker.requests.clear()
    check = ends(team, second, accuracy=0.85)
    assert (check.conclusion, check.title) == snapshot(
        (
            "failure",
            "Gate failed · accuracy dropped by 0.05, more than max_drop: 0.01 · 0 s · 0.01 of 1 GPU-hour",
        )
    )
    assert [f"{each.method} {each.path}" for each in team.hub.exchanges[before:]] == snapshot(
        [
            "POST /graphql",
            "POST /graphql",
            "POST /graphql",
            "PATCH /repos/octo/widget/check-runs/54000000003",
            "GET /repos/octo/widget/issues/1/comments",
            "POST /repos/octo/widget/issues/1/comments",
            "GET /repos/octo/widget/issues/1/comments",
            "GET /repos/octo/widget/issues/comments",
        ]
    )
    assert team.beaker.requests.table() == snapshot(
        {
            "ListWorkloads": 3,
            "GetWorkload": 3,
            "GetExperimentYamlSpec": 2,
            "ListJobs": 2,
            "StreamJobLogs": 2,
            "GetUser": 1,
            "ResolveOrganizationName": 1,
            "GetWorkspace": 1,
            "UpdateWorkload": 1,
        }
    )
    assert beside(team, team.number) == snapshot("""\
<!-- beaker-ci:merged:<id> -->
❌ **`accuracy` dropped by 0.05, more than `max_drop: 0.01`** with this merge into `main` · `eval` at [`<main>`](https://github.test/octo/widget/commit/<main>) · [experiment](https://beaker.test/ex/01ULID) · [check](https://github.test/octo/widget/runs/<id>) · run `<id>`

- `accuracy` dropped by 0.05, more than `max_drop: 0.01` (no interval).

Against [`<id>`](https://github.test/octo/widget/commit/<id>), the commit before it, run [`<id>`](https://beaker.test/ex/01ULID):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.90 | 0.85 | −0.05 | no interval | **regressed** · breaks `max_drop` |

<sub>No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`.</sub>
""")
    team.settle()  # nothing is told twice

    number = team.hub.open_pull_request("topic", by="writer", files={"c": "1"})
    check = ends(team, asked(team, number), accuracy=0.849)
    assert (check.conclusion, check.title) == snapshot(
        ("success", "Passed · accuracy regressed (no interval) · 0 s · 0.01 of 1 GPU-hour")
    )
    assert beside(team, number) == snapshot("""\
<!-- beaker-ci:run:<id> -->
⚠️ **Passed on Beaker in 0 s · `accuracy` regressed (no interval)** · [experiment](https://beaker.test/ex/01ULID) · `eval` · run `<id>`

Against [`<main>`](https://github.test/octo/widget/commit/<main>), the merge base, run [`<id>`](https://beaker.test/ex/01ULID):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.850 | 0.849 | −0.001 | no interval | **regressed** |

<sub>No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`.</sub>

<details>
<summary>On the default branch, the oldest first; the last point is this run</summary>

```mermaid
xychart-beta
    title "accuracy"
    x-axis ["<id>", "<main>", "this run"]
    y-axis 0.8439 --> 0.9051
    line [0.9, 0.85, 0.849]
```

</details>

""")


def test_noise_explains_a_drop_and_a_push_that_moves_nothing_is_silent(team: Stage) -> None:
    root = team.hub.repository.head("main")
    first = team.hub.merge(team.number)
    check = ends(team, pushed(team, root), accuracy={"value": 0.84, "n": 500})
    number = team.hub.open_pull_request("topic", by="writer", files={"c": "1"})
    check = ends(team, asked(team, number), accuracy={"value": 0.82, "n": 500})
    assert check.conclusion == "success"
    assert "noise explains it" in team.hub.take_comment(number).body

    # What is merged with the very files that were tested is not run again, and still is a point.
    before = team.hub.repository.head("main")
    tested = team.hub.merge(number)
    again = team.hears("push", team.hub.push_event("main", "maintainer", before))
    assert again.reason == "reused"
    assert team.hub.take_check().head_sha == tested
    before = team.hub.push("main", {"d": "1"})
    number = team.hub.open_pull_request("next", by="writer", files={"e": "1"})
    tip = team.hub.push("main", {"f": "1"})
    team.hub.merge(number)
    check = ends(team, pushed(team, tip), accuracy={"value": 0.83, "n": 500})
    assert check.conclusion == "success"
    assert f'["{first[:7]}", "{tested[:7]}", "this run"]' in (check.summary or "")


def test_what_the_merge_queue_measured_is_told_once_it_is_merged(team: Stage) -> None:
    rules = CONFIG.replace("on: {", "on: {merge_group: true, ").replace(", max_drop: 0.01", "")
    root = team.hub.repository.head("main")
    tip = team.hub.push("main", {".github/beaker-ci.yml": rules})
    ends(team, pushed(team, root), accuracy=0.9)
    requested = team.hub.request_merge(team.number)
    queued = team.hears("merge_group", requested).outputs["workload-id"]
    ends(team, queued, accuracy=0.95)
    team.hub.merge(team.number)
    for _ in range(2):
        result = team.hears("push", team.hub.push_event("main", "maintainer", tip))
        assert (result.reason, result.outputs["workload-id"]) == ("reused", queued)
    assert team.hub.take_check().head_sha == team.hub.repository.head("main")
    assert beside(team, team.number) == snapshot("""\
<!-- beaker-ci:merged:<id> -->
✅ **`accuracy` improved (no interval)** with this merge into `main` · `eval` at [`<main>`](https://github.test/octo/widget/commit/<main>) · [experiment](https://beaker.test/ex/01ULID) · [check](https://github.test/octo/widget/runs/<id>) · run `<id>`

Against [`<id>`](https://github.test/octo/widget/commit/<id>), the commit before it, run [`<id>`](https://beaker.test/ex/01ULID):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.90 | 0.95 | +0.05 | no interval | **improved** |

<sub>No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`.</sub>
""")


def test_a_result_is_not_reused_for_what_is_a_drop_by_now(team: Stage) -> None:
    root = team.hub.repository.head("main")
    first = team.hub.push("main", {"a": "1"})
    ends(team, pushed(team, root), accuracy=0.8)
    team.hub.push("main", {"b": "1"})
    ends(team, pushed(team, first), accuracy=0.9)
    number = team.hub.open_pull_request("revert", by="writer", files={"b": None})

    # These files passed, before the branch improved.
    check = ends(team, asked(team, number), accuracy=0.8)

    assert (check.head_sha, check.conclusion) == (team.hub.head(number), "failure")
    team.hub.take_comment(number)

    # Nor by rules that nobody had when it passed.
    passed = team.hub.open_pull_request("topic", by="writer", files={"c": "1"})
    check = ends(team, asked(team, passed), accuracy=0.9)
    assert check.conclusion == "success"
    team.hub.take_comment(passed)
    rules = CONFIG.replace("max_drop: 0.01", "min: 0.95").replace("timeout: 1h", "timeout: 2h")
    team.hub.push("main", {".github/beaker-ci.yml": rules})
    check = ends(team, asked(team, passed), accuracy=0.9)
    assert check.conclusion == "failure"
    assert "with other values of the preset, run" in team.hub.take_comment(passed).body
    team.hub.take_comment(passed)  # the former one is collapsed


def forge(stage: Stage, sha: str, *external_ids: str) -> None:
    """Another workflow of the repository writes checks of the preset's name."""
    hub = connect(stage.token, stage.hub.api_url, stage.hub.full_name)
    for external_id in external_ids:
        state = CheckState("beaker / eval", sha, external_id, "completed", "success", "T", "S", "")
        ensure_check(hub, state, look_first=False)
        stage.hub.take_check(sha=sha)


def test_forged_checks_are_not_believed(team: Stage) -> None:
    main = team.hub.repository.head("main")
    true = pushed(team, main)
    ends(team, true, accuracy=0.9)
    middle = team.hub.push("main", {"a": "1"})
    with copies(team, OTHER_TOKEN) as mallory:
        original = team.beaker.experiment(true)
        name = original.name.replace("main", "copy")
        copied = mallory.create(original, name, BEAKER_CI_SHA=middle)
    finished(team, copied, accuracy=0.1)
    team.beaker.take_experiment()
    forge(team, middle, "garbage", "01" + "0" * 24, copied, true)
    tip = team.hub.push("main", {"b": "1"})
    number = team.hub.open_pull_request("topic", by="writer", files={"c": "1"})
    for place, command in enumerate(("run eval --gpus 2", "run other", "run eval")):
        workload = team.dispatch(command, run=str(place)).outputs["workload-id"]
        ends(team, workload, exit_code=int(command == "run eval"), accuracy=0.1)
        forge(team, tip, workload)

    head = asked(team, number)
    team.beaker.requests.clear()
    check = ends(team, head, accuracy=0.895)

    assert check.conclusion == "success"
    assert "2 commits before the merge base" in team.hub.take_comment(number).body
    assert team.beaker.requests.table() == snapshot(
        {
            "GetWorkload": 9,
            "GetExperimentYamlSpec": 6,
            "ListWorkloads": 5,
            "ListJobs": 3,
            "StreamJobLogs": 2,
            "GetUser": 1,
            "ResolveOrganizationName": 1,
            "GetWorkspace": 1,
            "UpdateWorkload": 1,
        }
    )

    # Once it has a run of its own, that is found among any number of them.
    fresh = team.dispatch("run eval --fresh", run="9").outputs["workload-id"]
    ends(team, fresh, accuracy=0.89)
    forge(team, tip, *(f"01{place:024d}" for place in range(40)))
    head = asked(team, number, "/beaker run eval --fresh")
    team.beaker.requests.clear()
    check = ends(team, head, accuracy=0.885)

    body = team.hub.take_comment(number).body
    assert (check.conclusion, fresh in body, "the merge base" in body) == ("success", True, True)
    assert team.beaker.requests.table() == snapshot(
        {
            "ListWorkloads": 6,
            "GetWorkload": 3,
            "GetExperimentYamlSpec": 2,
            "ListJobs": 2,
            "StreamJobLogs": 2,
            "GetUser": 1,
            "ResolveOrganizationName": 1,
            "GetWorkspace": 1,
            "UpdateWorkload": 1,
        }
    )
    team.hub.take_comment(number)  # the former one is collapsed


def test_a_base_that_is_hidden_behind_forged_checks_is_not_taken_for_none(team: Stage) -> None:
    root = team.hub.repository.head("main")
    tip = team.hub.push("main", {"a": "1"})
    ends(team, pushed(team, root), accuracy=0.9)
    for place in range(8):
        tip = team.hub.push("main", {"b": str(place)})
        forge(team, tip, *(f"01{3 * place + each:024d}" for each in range(3)))
    team.hub.push("main", {"c": "1"})

    check = ends(team, pushed(team, tip), accuracy=0.1)

    assert check.conclusion == "failure"


def test_a_base_is_run_once_and_waited_for(payer: Stage) -> None:
    fork_point = payer.hub.repository.head("main")
    workload = asked(payer, payer.number)
    finished(payer, workload, accuracy=0.9)

    (told,) = json.loads(payer.schedule().outputs["result"])["reconciled"]
    assert (told["status"], told["conclusion"]) == ("running", "")

    payer.beaker.take_experiment()
    base = payer.beaker.take_experiment()
    check = payer.hub.take_check("beaker / eval", sha=payer.hub.head(payer.number))
    assert (check.status, check.conclusion, check.title) == snapshot(
        ("in_progress", None, "Waits for the base's run · 0 s · 0.01 of 1 GPU-hour")
    )
    assert payer.hub.take_check("beaker / eval", sha=fork_point).status == "queued"
    assert beside(payer, payer.number) == snapshot("""\
<!-- beaker-ci:run:<id> -->
⏳ **Passed on Beaker in 0 s · waits for the base's run** · [experiment](https://beaker.test/ex/01ULID) · `eval` · run `<id>`

Waits for the base's run: [`<main>`](https://github.test/octo/widget/commit/<main>), the merge base, run [`<id>`](https://beaker.test/ex/01ULID). Nothing is decided before it has ended.

""")
    before = len(payer.hub.exchanges)
    assert payer.schedule().exit_code == 0  # it goes on
    assert [e.path for e in payer.hub.exchanges[before:] if e.method == "PATCH"] == []

    finished(payer, base.id, accuracy=0.95)
    assert payer.schedule().exit_code == 0
    assert payer.hub.take_check(sha=fork_point).conclusion == "success"
    check = payer.hub.take_check()
    assert (check.status, check.conclusion, check.title) == snapshot(
        (
            "completed",
            "failure",
            "Gate failed · accuracy dropped by 0.05, more than max_drop: 0.01 · 0 s · 0.01 of 1 GPU-hour",
        )
    )
    assert beside(payer, payer.number) == snapshot("""\
<!-- beaker-ci:run:<id> -->
❌ **Gate failed: `accuracy` dropped by 0.05, more than `max_drop: 0.01`** · passed on Beaker in 0 s · [experiment](https://beaker.test/ex/01ULID) · `eval` · run `<id>`

- `accuracy` dropped by 0.05, more than `max_drop: 0.01` (no interval).

Against [`<main>`](https://github.test/octo/widget/commit/<main>), the merge base, run [`<id>`](https://beaker.test/ex/01ULID):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.95 | 0.90 | −0.05 | no interval | **regressed** · breaks `max_drop` |

<sub>No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`.</sub>

""")


def test_a_base_that_may_not_be_run_or_fails(payer: Stage) -> None:
    finished(payer, asked(payer, payer.number), accuracy=0.9)
    payer.hub.add_user("writer", permission="read")
    assert payer.schedule().exit_code == 0
    payer.beaker.take_experiment()
    assert payer.hub.take_check().conclusion == "failure"
    assert beside(payer, payer.number) == snapshot("""\
<!-- beaker-ci:run:<id> -->
❌ **Gate failed: `accuracy` cannot be judged** · passed on Beaker in 0 s · [experiment](https://beaker.test/ex/01ULID) · `eval` · run `<id>`

- `accuracy` has nothing to compare with: there is no run of the base, so `max_drop: 0.01` cannot be judged.

The base was not run: writer (<id>) has the permission read; `roles.run` asks for the permission write or more. Ask someone who has this role to repeat the command.

""")

    payer.hub.add_user("writer", permission="write")
    finished(payer, asked(payer, payer.number, "/beaker run eval --fresh"), accuracy=0.9)
    assert payer.schedule().exit_code == 0
    payer.beaker.take_experiment()
    base = payer.beaker.take_experiment()
    finished(payer, base.id, exit_code=1)
    assert payer.schedule().exit_code == 0
    checks = [payer.hub.take_check() for _ in range(2)]
    assert [check.conclusion for check in checks] == ["failure", "failure"]
    assert "did not succeed" in payer.hub.take_comment(payer.number).body
    payer.hub.take_comment(payer.number)  # the former one is collapsed


def test_a_base_that_does_not_end_is_not_waited_for_for_ever(payer: Stage) -> None:
    """The head is a push: its base is run by the configuration's authority, as it was itself."""
    root = payer.hub.repository.head("main")
    payer.hub.push("main", {"a": "1"}, by="stranger")
    workload = pushed(payer, root)
    finished(payer, workload, accuracy=0.9)
    assert payer.schedule().exit_code == 0
    watch = Watch({}, end=1e9)
    with services(payer, watch) as held:
        reporter = Reporter(held, held.beaker(), SharedRules(held))
        run, state = reporter.look(run_of(payer, held, workload))
        waiting = reporter.report(run, None, state)
        before = len(payer.hub.exchanges)
        again = reporter.report(*reporter.look(waiting.run)[:1], None)
        asked_again = payer.hub.exchanges[before:]
        watch.put_forward(25 * HOUR)
        late = reporter.report(again.run, None)
    told = [(each.state.stage, each.view.conclusion, each.waits) for each in (waiting, again, late)]
    assert told == [("running", None, True)] * 2 + [("finished", "failure", False)]
    assert asked_again == []
    assert "did not end within 24 hours" in (payer.hub.take_check(sha=run.sha).summary or "")
    assert payer.hub.take_check(sha=root).status == "queued"
    payer.beaker.take_experiment()
    assert payer.beaker.take_experiment().env["BEAKER_CI_ASKER_ID"] == "0"


def test_nothing_passes_while_github_is_away(team: Stage) -> None:
    workload = asked(team, team.number)
    finished(team, workload, accuracy=0.9)
    for path in ("/graphql", "/compare/"):
        team.hub.faults.add(Fault(path=path, status=502, times=None))

    assert team.schedule().exit_code == 3
    assert team.hub.check_runs()[-1].conclusion is None
    watch = Watch({}, end=1e9)
    with services(team, watch) as held:
        reporter = Reporter(held, held.beaker(), SharedRules(held))
        run, state = reporter.look(run_of(team, held, workload))
        with pytest.raises(Problem):
            reporter.report(run, place_of(run), state)
        watch.put_forward(HOUR + 60)
        reported = reporter.report(run, place_of(run), state)
    assert reported.view.conclusion == "failure"
    check = team.hub.take_check()
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert "could not be compared" in team.hub.take_comment(team.number).body
    team.beaker.take_experiment()


def test_who_waits_hears_of_a_broken_gate(team: Stage) -> None:
    team.inputs["wait"] = "1m"
    comment = team.hub.comment(team.number, by="writer", body="/beaker run eval")
    step = team.step(comment)
    process = step.start()
    (held,) = team.until(team.unseen_experiments)
    team.until_shown(held.id)
    finished(team, held.id, accuracy=0.9)
    process.wait(60)
    result = step.result(process.returncode)
    assert (result.exit_code, result.outputs["conclusion"]) == (1, "failure")
    team.heard(comment)
    team.hub.take_comment(team.number)
    team.hub.take_check()
    team.beaker.take_experiment()

    del team.inputs["wait"]
    told = team.dispatch("status", number=team.number)
    assert (told.outputs["status"], told.outputs["conclusion"]) == ("finished", "failure")
    assert "Gate failed" in told.summary
    assert "gate failed" in team.dispatch("list --state failed", number=team.number).summary
