"""``plan``, ``go`` and ``approve``: agreeing to exactly one job, with nothing stored anywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from stage import CONFIG, Stage, open_stage

from beaker_ci.sandbox.runner import StepResult

PLAN = "/beaker plan --gpus 1 -- python train.py"
HIGH = "/beaker run --priority high -- python train.py"


def plan_id(stage: Stage, body: str = PLAN, by: str = "writer", **how: Any) -> str:
    """Somebody asks for a plan; its id as the answer shows it."""
    asked = stage.hub.comment(stage.number, by=by, body=body, **how)
    result = stage.deliver(asked)
    stage.heard(asked)
    found = re.search(r"/beaker (?:go|approve) (\d+-[0-9a-f]{16})", stage.answer_as_it_is())
    assert found, result.outputs
    assert result.outputs["run-id"] == found[1]
    return found[1]


def agrees(stage: Stage, word: str, plan: str, by: str, **how: Any) -> StepResult:
    """Somebody agrees; the bot hears it."""
    asked = stage.hub.comment(stage.number, by=by, body=f"/beaker {word} {plan}", **how)
    result = stage.deliver(asked)
    stage.heard(asked)
    return result


def took(stage: Stage) -> str:
    """Takes the one run that is expected, with its report."""
    stage.hub.take_check()
    held = stage.beaker.take_experiment()
    return held.name


def test_go_submits_exactly_the_plan(stage: Stage) -> None:
    plan = plan_id(stage)

    result = agrees(stage, "go", plan, by="maintainer")

    assert (result.exit_code, result.reason) == (0, "accepted")
    report = stage.answer()
    assert "Let go by maintainer" in report
    held = stage.beaker.take_experiment()
    assert held.env["GIT_REF"] == stage.hub.head(stage.number)
    assert held.env["BEAKER_CI_ASKER"] == "writer"
    assert plan.endswith(held.env["BEAKER_CI_PLAN"])
    stage.hub.take_check()


def test_a_plan_is_submitted_once_whoever_says_go(stage: Stage) -> None:
    plan = plan_id(stage)
    first = agrees(stage, "go", plan, by="writer")
    stage.answer()

    second = agrees(stage, "go", plan, by="maintainer")

    assert [first.reason, second.reason] == ["accepted", "accepted"]
    assert first.outputs["workload-id"] == second.outputs["workload-id"]
    took(stage)


def test_a_priority_that_needs_an_approval(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=HIGH)

    waiting = stage.deliver(asked)

    stage.heard(asked)
    assert (waiting.reason, waiting.outputs["status"]) == (
        "needs-approval.priority",
        "waiting-approval",
    )
    plan = waiting.outputs["run-id"]
    answer = stage.answer()
    assert answer[: answer.index("<details>")] == snapshot("""\
<!-- beaker-ci:reply:comment-3300000001 -->
> `/beaker run --priority high -- python train.py`

✋ **Nothing was submitted yet: it needs an approval.**

high is above normal; an approver may let high through

Ask an approver, or write `--priority normal`. Who may approve: the permission maintain or more. The approver's line:

```text
/beaker approve 3300000001-<plan>
```

""")

    refused = [
        agrees(stage, "go", plan, by="writer"),
        agrees(stage, "approve", plan, by="writer"),
    ]
    approved = agrees(stage, "approve", plan, by="maintainer")

    assert [one.reason for one in refused] == ["needs-approval.priority", "refused.role"]
    assert approved.reason == "accepted"
    for _ in refused:
        stage.answer()
    assert "Approved by maintainer" in stage.answer()
    took(stage)


def test_nobody_approves_their_own(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="maintainer", body=HIGH)
    plan = stage.deliver(asked).outputs["run-id"]
    stage.heard(asked)
    stage.answer()

    result = agrees(stage, "approve", plan, by="maintainer")

    assert result.reason == "refused.self-approval"
    assert stage.answer()[:200] == snapshot("""\
<!-- beaker-ci:reply:comment-3300000003 -->
> `/beaker approve 3300000001-<plan>`

⛔ **Nothing was submitted: a rule forbids it.**

maintainer (7000003) asked for it

Ask another approver. `roles.appr\
""")


def test_nobody_approves_what_they_committed(stage: Stage) -> None:
    stage.hub.push("feature", {"more.py": "x = 1\n"}, by="maintainer")
    asked = stage.hub.comment(stage.number, by="writer", body=HIGH)
    plan = stage.deliver(asked).outputs["run-id"]
    stage.heard(asked)
    stage.answer()

    result = agrees(stage, "approve", plan, by="maintainer")

    assert result.reason == "refused.self-approval"
    assert "the commit is by maintainer" in stage.answer()


def test_approvers_may_approve_their_own_where_the_rules_say_so(tmp_path: Path) -> None:
    rules = CONFIG + "roles: {approve: {permission: maintain, self: true}}\n"
    with open_stage(tmp_path, {".github/beaker-ci.yml": rules}) as stage:
        asked = stage.hub.comment(stage.number, by="maintainer", body=HIGH)
        plan = stage.deliver(asked).outputs["run-id"]
        stage.heard(asked)
        stage.answer()

        assert agrees(stage, "approve", plan, by="maintainer").reason == "accepted"

        stage.answer()
        took(stage)
        assert stage.leftovers() == []


def test_what_changes_the_plan(stage: Stage) -> None:
    """The head, the rules: whatever moved, it is not that plan any more."""
    plan = plan_id(stage)
    stage.hub.push("feature", {"evil.py": "import os\n"})
    moved = agrees(stage, "go", plan, by="writer")
    answer = stage.answer()
    assert answer[: answer.index("<sub>")] == snapshot("""\
<!-- beaker-ci:reply:comment-3300000003 -->
> `/beaker go 3300000001-<plan>`

⛔ **It is not that plan any more: nothing was submitted.**

Its commit, the configuration on the default branch, Beaker's clusters or the version of beaker-ci changed since it was made; the head is now <head>.

Look at the change, then ask again:

```text
/beaker plan --gpus 1 -- python train.py
```

""")

    plan = plan_id(stage)
    stage.hub.push("main", {".github/beaker-ci.yml": CONFIG + "on_new_push: stop\n"})
    reruled = agrees(stage, "go", plan, by="writer")
    stage.answer()

    plan = plan_id(stage)
    stage.hub.push("main", {"README.md": "nothing that a plan rests on\n"})
    unrelated = agrees(stage, "go", plan, by="writer")
    stage.answer()

    assert [moved.reason, reruled.reason] == ["refused.plan-changed"] * 2
    assert unrelated.reason == "accepted"
    took(stage)


def test_a_plan_id_is_worth_nothing_elsewhere(stage: Stage) -> None:
    plan = plan_id(stage)
    comment, _, hash_ = plan.partition("-")
    stage.hub.push("other", {"other.py": "x = 1\n"})
    elsewhere = stage.hub.open_pull_request("other", by="writer")
    copied = stage.hub.comment(elsewhere, by="writer", body=f"/beaker go {plan}")
    chatter = stage.hub.comment(stage.number, by="writer", body="looks good to me")["comment"]["id"]

    results = [
        stage.deliver(copied),
        agrees(stage, "go", f"{comment}-{'0' * 16}", by="writer"),
        agrees(stage, "go", f"{chatter}-{hash_}", by="writer"),
        agrees(stage, "go", f"999{comment}-{hash_}", by="writer"),
    ]

    assert [one.reason for one in results] == [
        "refused.plan-changed",
        "refused.plan-changed",
        "refused.plan-changed",
        "refused.edited",
    ]
    stage.heard(copied)
    stage.hub.take_comment(elsewhere)
    for _ in results[1:]:
        stage.answer()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [("edited", "refused.edited"), ("deleted", "refused.edited"), ("demoted", "refused.role")],
)
def test_the_asker_is_judged_afresh(stage: Stage, happens: str, reason: str) -> None:
    plan = plan_id(stage)
    comment = int(plan.partition("-")[0])
    if happens == "edited":
        stage.hub.backdate_comment(comment, datetime.now(UTC) - timedelta(minutes=5))
        stage.hub.edit_comment(comment, f"{PLAN} ", by="writer")
    elif happens == "deleted":
        stage.hub.delete_comment(comment)
    else:
        stage.hub.add_user("writer", permission="read")

    result = agrees(stage, "go", plan, by="maintainer")

    assert result.reason == reason
    assert f"`{reason}`" in stage.answer()


def test_plans_hold_for_three_days(stage: Stage) -> None:
    now = datetime.now(UTC)
    plans = [
        plan_id(stage, created_at=now - timedelta(minutes=50)),
        plan_id(stage, created_at=now - timedelta(minutes=40)),
    ]
    ages = {plans[0]: timedelta(hours=71, minutes=50), plans[1]: timedelta(hours=72, minutes=5)}
    for plan, age in ages.items():
        stage.hub.backdate_comment(int(plan.partition("-")[0]), now - age)

    results = [agrees(stage, "go", plan, by="writer") for plan in plans]

    assert [one.reason for one in results] == ["accepted", "refused.expired"]
    stage.answer()
    assert "plans hold for 72 hours" in stage.answer()
    took(stage)


def test_an_old_or_edited_go_is_not_obeyed(stage: Stage) -> None:
    plan = plan_id(stage)
    old = agrees(
        stage, "go", plan, by="writer", created_at=datetime.now(UTC) - timedelta(minutes=61)
    )
    edited = stage.hub.comment(stage.number, by="writer", body=f"/beaker go {plan}")
    stage.hub.edit_comment(edited["comment"]["id"], f"/beaker go {plan} ", by="maintainer")

    results = [old, stage.deliver(edited)]

    stage.heard(edited)
    assert [one.reason for one in results] == ["refused.stale", "refused.edited"]
    for _ in results:
        stage.answer()


def test_a_go_is_a_pin(tmp_path: Path) -> None:
    with open_stage(tmp_path, {".github/beaker-ci.yml": CONFIG + "forks: pinned\n"}) as stage:
        stage.hub.push("idea", {"idea.py": "x = 1\n"}, fork="stranger")
        stage.number = stage.hub.open_pull_request("idea", by="stranger", fork="stranger")
        head = stage.hub.head(stage.number)
        plan = plan_id(stage, "/beaker plan gpu-tests")

        assert agrees(stage, "go", plan, by="writer").reason == "accepted"

        stage.hub.take_comment(stage.number)
        assert stage.beaker.take_experiment().env["GIT_REF"] == head
        stage.hub.take_check(sha=head)
        assert stage.leftovers() == []


def test_a_delivery_that_comes_twice_finds_the_run(stage: Stage) -> None:
    plan = plan_id(stage)
    asked = stage.hub.comment(stage.number, by="writer", body=f"/beaker go {plan}")
    first = stage.deliver(asked)
    stage.hub.push("feature", {"more.py": "x = 1\n"})

    second = stage.deliver(asked)

    assert [first.reason, second.reason] == ["accepted", "accepted"]
    stage.heard(asked)
    stage.answer()
    stage.hub.take_check()
    stage.beaker.take_experiment()


def test_a_plan_that_was_made_anew_does_not_find_the_former_ones_run(stage: Stage) -> None:
    """The same comment, delivered again after a push, makes another plan: its run is taken."""
    asked = stage.hub.comment(stage.number, by="writer", body=PLAN)
    first = stage.deliver(asked).outputs["run-id"]
    assert agrees(stage, "go", first, by="writer").reason == "accepted"
    submitted_at = stage.hub.head(stage.number)
    stage.hub.push("feature", {"more.py": "x = 1\n"})
    second = stage.deliver(asked).outputs["run-id"]
    stage.heard(asked)

    result = agrees(stage, "go", second, by="writer")

    assert first != second
    assert result.reason == "refused.plan-changed"
    stage.answer()
    stage.answer()
    assert "has its run already" in stage.answer()
    assert stage.beaker.take_experiment().env["GIT_REF"] == submitted_at
    stage.hub.take_check()


def test_what_is_offered_again_keeps_its_script(stage: Stage) -> None:
    plan = plan_id(stage, "/beaker plan gpu-tests\n```bash\npython mine.py\n```")
    stage.hub.push("feature", {"more.py": "x = 1\n"})

    assert agrees(stage, "go", plan, by="writer").reason == "refused.plan-changed"

    assert "/beaker plan gpu-tests\n```\npython mine.py\n```\n" in stage.answer()


def test_nobody_re_runs_another_ones_approval(stage: Stage) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=HIGH)
    plan = stage.deliver(asked).outputs["run-id"]
    approval = stage.hub.comment(stage.number, by="maintainer", body=f"/beaker approve {plan}")
    stage.extra |= {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "writer"}

    assert stage.deliver(approval).reason == "refused.stale"

    stage.heard(asked)
    stage.heard(approval)
    stage.answer()
    assert "writer re-runs the workflow" in stage.answer()
