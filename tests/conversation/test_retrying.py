"""``/beaker retry``: the same again, judged afresh; and what failed of it, in place."""

from __future__ import annotations

from inline_snapshot import snapshot
from stage import CONFIG, Stage

from beaker_ci.sandbox.beaker import Fault
from beaker_ci.sandbox.runner import StepResult

RUN = "/beaker run gpu-tests"


def run(stage: Stage, line: str = RUN) -> str:
    """A run whose first report is written."""
    asked = stage.hub.comment(stage.number, by="writer", body=line)
    workload = stage.deliver(asked).outputs["workload-id"]
    stage.heard(asked)
    return workload


def ended(stage: Stage, line: str = RUN, exit_code: int = 1) -> str:
    """A run that has ended and was reported."""
    workload = run(stage, line)
    stage.beaker.finish(workload, exit_code)
    assert stage.schedule().exit_code == 0
    return workload


def retry(stage: Stage, line: str = "/beaker retry", by: str = "writer") -> StepResult:
    asked = stage.hub.comment(stage.number, by=by, body=line)
    result = stage.deliver(asked)
    assert set(stage.hub.take_reactions(asked["comment"]["id"])) == {"eyes"}
    return result


def take(stage: Stage) -> str:
    """Takes a run with its check; returns its comment."""
    stage.beaker.take_experiment()
    stage.hub.take_check()
    return stage.answer()


def jobs(stage: Stage, workload: str) -> int:
    return len(stage.beaker.experiment(workload).jobs)


def test_a_new_run_of_the_same(stage: Stage) -> None:
    first = ended(stage, "/beaker run gpu-tests --gpus 2 -- python other.py 'a b'")
    result = retry(stage)

    assert result.outputs["reason-code"] == "accepted"
    second = result.outputs["workload-id"]
    assert second != first
    before, after = stage.beaker.experiment(first), stage.beaker.experiment(second)
    same = ("BEAKER_CI_RECIPE", "BEAKER_CI_REQUEST", "BEAKER_CI_SHA")
    assert {name: before.env[name] for name in same} == {name: after.env[name] for name in same}
    assert before.env["BEAKER_CI_KEY"] != after.env["BEAKER_CI_KEY"]
    take(stage)
    told = take(stage).split("> [!NOTE]")[1].split("\n")[1]
    assert told.replace(before.env["BEAKER_CI_KEY"][:8], "<first>") == snapshot(
        "> Asked for again: the same command as run `<first>`, which was at <head>."
    )


def test_a_script_comes_along(stage: Stage) -> None:
    first = ended(stage, "/beaker run --gpus 1\n```\necho one\necho two\n```")
    second = retry(stage).outputs["workload-id"]
    names = ("BEAKER_CI_RECIPE", "BEAKER_CI_REQUEST")
    specs = [stage.beaker.experiment(workload).env for workload in (first, second)]
    assert [specs[0][name] for name in names] == [specs[1][name] for name in names]
    take(stage)
    take(stage)


def test_twice_delivered(stage: Stage) -> None:
    ended(stage)
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker retry")
    results = [stage.deliver(asked) for _ in range(3)]
    stage.heard(asked)
    assert len({result.outputs["workload-id"] for result in results}) == 1
    take(stage)
    take(stage)


def test_at_the_head_as_it_is_now(stage: Stage) -> None:
    ended(stage)
    stage.hub.repository.commit("feature", {"model.py": "rate = 0.2\n"}, message="Faster")
    second = retry(stage).outputs["workload-id"]
    assert stage.beaker.experiment(second).env["BEAKER_CI_SHA"] == stage.hub.repository.head(
        "feature"
    )
    take(stage)
    take(stage)


def test_by_todays_rules(stage: Stage) -> None:
    ended(stage, f"{RUN} --gpus 2")
    stage.hub.repository.commit(
        "main",
        {".github/beaker-ci.yml": CONFIG.replace("  timeout: 2h", "  timeout: 2h\n  gpus: 1")},
        message="One is enough",
    )
    result = retry(stage)
    assert result.outputs["reason-code"] == "refused.limit"
    take(stage)
    assert "`limits.gpus`" in stage.answer()


def test_it_has_not_ended(stage: Stage) -> None:
    run(stage)
    result = retry(stage)
    assert result.outputs["reason-code"] == "nothing-to-do"
    take(stage)
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000003 -->
> `/beaker retry`

ℹ️ **Run `fa26a760` has not ended yet: there is nothing to repeat.**

[Open on Beaker](https://beaker.test/ex/01ULID)

To end it:

```text
/beaker stop fa26a760
```

<sub>for writer · `nothing-to-do`</sub>
""")


def test_no_such_run(stage: Stage) -> None:
    assert retry(stage).outputs["reason-code"] == "usage.unknown-run"
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000001 -->
> `/beaker retry`

🤔 **There is no run here yet.**

Only runs of this pull request are looked for.

Submit one:

```text
/beaker run gpu-tests
```

<sub>for writer · `usage.unknown-run`</sub>
""")


def test_a_retry_gets_no_approval(stage: Stage) -> None:
    ended(stage, f"{RUN} --priority normal")
    stage.hub.repository.commit(
        "main",
        {
            ".github/beaker-ci.yml": f"{CONFIG}priority: "
            "{default: low, max: low, with_approval: high}\n"
        },
        message="Wait for it",
    )
    result = retry(stage)
    assert result.outputs["reason-code"] == "needs-approval.priority"
    assert result.outputs["run-id"] == ""
    take(stage)
    assert stage.answer().split("<details>")[0] == snapshot("""\
<!-- beaker-ci:reply:comment-3300000003 -->
> `/beaker retry`

✋ **Nothing was submitted: it needs an approval, which a retry cannot get.**

normal is above low; an approver may let high through

Ask for it by its own command, which can be approved:

```text
/beaker run gpu-tests --priority normal
```

""")


def test_what_failed_in_place(stage: Stage) -> None:
    workload = ended(stage, exit_code=3)
    result = retry(stage, "/beaker retry --failed")

    assert result.outputs["workload-id"] == workload
    assert (result.outputs["reason-code"], result.outputs["status"]) == ("accepted", "queued")
    assert jobs(stage, workload) == 2
    mark = stage.mark(stage.beaker.experiment(workload))
    assert mark is not None
    assert mark.is_open
    assert 0.25 <= mark.reserved < 0.26

    stage.beaker.finish(workload)
    assert stage.schedule().exit_code == 0
    stage.beaker.take_experiment()
    assert stage.hub.take_check().conclusion == "success"
    assert stage.answer().split("\n")[1].startswith("✅ **Passed on Beaker in ")


def test_in_place_twice_delivered(stage: Stage) -> None:
    workload = ended(stage)
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker retry --failed")
    stage.deliver(asked)
    stage.deliver(asked)
    assert jobs(stage, workload) == 2
    stage.beaker.finish(workload, 1)
    stage.deliver(asked)
    stage.heard(asked)
    assert jobs(stage, workload) == 2
    take(stage)


def test_in_place_killed_in_between(stage: Stage) -> None:
    """The mark is open, nothing was started; the schedule comes first."""
    workload = ended(stage)
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker retry --failed")
    stage.beaker.faults.add(Fault("RestartExperimentTasks", code="INTERNAL", times=None))
    stage.deliver(asked)
    stage.beaker.faults.clear()
    assert jobs(stage, workload) == 1
    stage.schedule()
    stage.deliver(asked)
    stage.heard(asked)
    assert jobs(stage, workload) == 2
    take(stage)
    assert "Beaker did not answer" in stage.answer()  # which was taken back


def test_in_place_only_the_replicas_that_failed(stage: Stage) -> None:
    stage.hub.repository.commit(
        "main",
        {".github/beaker-ci.yml": CONFIG.replace("  timeout: 2h", "  timeout: 2h\n  replicas: 4")},
        message="Four",
    )
    workload = run(stage, f"{RUN} --replicas 3")
    ids = [job.id for job in stage.beaker.experiment(workload).jobs]
    stage.beaker.finish(ids[1], 1)
    stage.beaker.finish(ids[0], 0)
    stage.beaker.finish(ids[2], 0)
    stage.schedule()
    retry(stage, "/beaker retry --failed")
    assert jobs(stage, workload) == 4
    mark = stage.mark(stage.beaker.experiment(workload))
    assert mark is not None
    assert 0.25 <= mark.reserved < 0.3
    take(stage)


def test_in_place_not_at_another_commit(stage: Stage) -> None:
    workload = ended(stage)
    stage.hub.repository.commit("feature", {"model.py": "rate = 0.2\n"}, message="Faster")
    result = retry(stage, "/beaker retry --failed")
    assert result.outputs["reason-code"] == "refused.head-moved"
    assert jobs(stage, workload) == 1
    take(stage)
    assert "/beaker retry " in stage.answer()


def test_in_place_not_by_other_rules(stage: Stage) -> None:
    workload = ended(stage)
    stage.hub.repository.commit(
        "main",
        {".github/beaker-ci.yml": CONFIG.replace("task_timeout: 15m", "task_timeout: 20m")},
        message="Longer",
    )
    result = retry(stage, "/beaker retry --failed")
    assert result.outputs["reason-code"] == "refused.plan-changed"
    assert jobs(stage, workload) == 1
    take(stage)
    stage.answer()


def test_in_place_not_long_after(stage: Stage) -> None:
    workload = ended(stage)
    stage.beaker.age_experiments(25 * 3600, workload)
    assert retry(stage, "/beaker retry --failed").outputs["reason-code"] == "refused.stale"
    assert jobs(stage, workload) == 1
    take(stage)
    stage.answer()


def test_in_place_within_the_limits(stage: Stage) -> None:
    stage.hub.repository.commit(
        "main",
        {
            ".github/beaker-ci.yml": CONFIG.replace(
                "  timeout: 2h", "  timeout: 2h\n  active_runs: 1"
            )
        },
        message="One at a time",
    )
    first = ended(stage)
    run(stage)
    result = retry(stage, f"/beaker retry {run_id(stage, first)} --failed")
    assert result.outputs["reason-code"] == "refused.limit"
    assert jobs(stage, first) == 1
    take(stage)
    take(stage)
    stage.answer()


def run_id(stage: Stage, workload: str) -> str:
    return stage.beaker.experiment(workload).env["BEAKER_CI_KEY"][:8]


def test_nothing_of_it_failed(stage: Stage) -> None:
    workload = ended(stage, exit_code=0)
    assert retry(stage, "/beaker retry --failed").outputs["reason-code"] == "nothing-to-do"
    assert jobs(stage, workload) == 1
    take(stage)
    stage.answer()


def test_strangers_repeat_nothing(stage: Stage) -> None:
    ended(stage)
    asked = stage.hub.comment(stage.number, by="reader", body="/beaker retry")
    assert stage.deliver(asked).outputs["reason-code"] == "refused.role"
    assert stage.hub.take_reactions(asked["comment"]["id"])
    take(stage)
    stage.answer()


def test_delivered_again_after_another_run(stage: Stage) -> None:
    """The latest run is by then another one, of another preset, and so of another name."""
    ended(stage)
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker retry")
    first = stage.deliver(asked).outputs["workload-id"]
    ended(stage, "/beaker run --gpus 1 -- python other.py")
    assert stage.deliver(asked).outputs["workload-id"] == first
    stage.heard(asked)
    for _ in range(3):
        take(stage)


def test_one_comment_asks_for_two(stage: Stage) -> None:
    """Its second run is the latest one when it is delivered again."""
    ended(stage)
    body = "/beaker retry\n/beaker run --gpus 1 -- python other.py"
    asked = stage.hub.comment(stage.number, by="writer", body=body)
    stage.deliver(asked)
    held = stage.beaker.experiments("ci-bot")
    assert len(held) == 3
    for each in held[1:]:
        stage.beaker.finish(each.id)
    stage.schedule()
    stage.deliver(asked)
    stage.heard(asked)
    for _ in range(3):
        take(stage)


def test_in_place_delivered_again_after_another(stage: Stage) -> None:
    workload = ended(stage)
    line = "/beaker retry --failed"
    first, second = (stage.hub.comment(stage.number, by="writer", body=line) for _ in range(2))
    for asked in (first, second):
        stage.deliver(asked)
        stage.beaker.finish(workload, 1)
        stage.schedule()
    assert jobs(stage, workload) == 3
    for asked in (first, second):
        stage.deliver(asked)
        stage.heard(asked)
    assert jobs(stage, workload) == 3
    take(stage)


def test_in_place_counts_for_who_asks(stage: Stage) -> None:
    """Who has no room left has none in the runs of others either, however often."""
    stage.hub.add_user("colleague", permission="write")
    stage.hub.repository.commit(
        "main",
        {
            ".github/beaker-ci.yml": CONFIG.replace(
                "  timeout: 2h", "  timeout: 2h\n  gpu_hours: {user: 0.3}"
            )
        },
        message="A quarter of an hour each",
    )
    workload = ended(stage)
    retry(stage, "/beaker retry --failed", by="colleague")
    assert jobs(stage, workload) == 2
    result = stage.deliver(asked := stage.hub.comment(stage.number, by="colleague", body=RUN))
    stage.heard(asked)
    assert result.outputs["reason-code"] == "refused.limit"
    take(stage)
    assert "`limits.gpu_hours.user`" in stage.answer()


def test_in_place_two_at_the_same_moment(stage: Stage) -> None:
    """Neither was started when the other was judged, and there is room for one of them."""
    stage.hub.repository.commit(
        "main",
        {
            ".github/beaker-ci.yml": CONFIG.replace(
                "  timeout: 2h", "  timeout: 2h\n  gpu_hours: {repository: 0.3}"
            )
        },
        message="Little for all",
    )
    runs = [ended(stage), ended(stage)]
    first, second = (
        stage.hub.comment(
            stage.number, by="writer", body=f"/beaker retry {run_id(stage, each)} --failed"
        )
        for each in runs
    )
    codes: list[str] = []
    stage.beaker.faults.add(
        Fault(
            "RestartExperimentTasks",
            do=lambda: codes.append(stage.deliver(second).outputs["reason-code"]),
        )
    )
    codes.append(stage.deliver(first).outputs["reason-code"])
    assert codes == ["refused.limit", "accepted"]
    assert [jobs(stage, each) for each in runs] == [2, 1]
    for asked in (first, second):
        stage.heard(asked)
    take(stage)
    take(stage)
    assert "`limits.gpu_hours.repository`" in stage.answer()
