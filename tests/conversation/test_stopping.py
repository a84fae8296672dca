"""``/beaker stop``: Beaker is told, the answer says what, and each run's report says who."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from inline_snapshot import snapshot
from stage import CONFIG, Stage

from beaker_ci.sandbox.beaker import Fault

RUN = "/beaker run gpu-tests"


def begin(
    stage: Stage, command: str = RUN, number: int | None = None, ago: int = 0
) -> tuple[str, str]:
    """A run that was asked for so many seconds ago; its workload and its short id."""
    moment = datetime.now(UTC) - timedelta(seconds=ago)
    asked = stage.hub.comment(number or stage.number, by="writer", body=command, created_at=moment)
    outputs = stage.deliver(asked).outputs
    stage.heard(asked)
    return outputs["workload-id"], outputs["run-id"]


def ask(stage: Stage, command: str, by: str = "writer") -> str:
    """Somebody comments; the answer's reason code."""
    asked = stage.hub.comment(stage.number, by=by, body=command)
    reason = stage.deliver(asked).reason
    stage.heard(asked)
    return reason


def take_run(stage: Stage) -> tuple[str, str | None]:
    """Takes the oldest run and what reports it; its comment, its check's conclusion."""
    stage.beaker.take_experiment()
    check = stage.hub.take_check()
    return stage.answer(), check.conclusion


def statuses(stage: Stage) -> list[str]:
    return [held.status for held in stage.beaker.experiments("ci-bot")]


def notes(body: str) -> list[str]:
    """The sentences of a report that tell who or what stopped the run."""
    return re.findall(r"\S+ stopped it.*", body)


def test_a_run_is_stopped(stage: Stage) -> None:
    workload, run_id = begin(stage)
    stage.beaker.start(workload)
    stage.beaker.backdate_job(workload, 180)
    stage.schedule()
    stage.hub.add_user("alice", permission="write")

    asked = stage.hub.comment(stage.number, by="alice", body=f"/beaker stop {run_id}")
    outputs = stage.deliver(asked).outputs
    stage.heard(asked)

    assert (outputs["reason-code"], outputs["run-id"]) == ("stopped", run_id)
    assert stage.beaker.wait(workload).status == "canceled"
    assert stage.schedule().exit_code == 0
    body, conclusion = take_run(stage)
    assert conclusion == "cancelled"
    assert re.sub(r"after 3 min( \d+ s)?", "after 3 min", body) == snapshot("""\
<!-- beaker-ci:run:fa26a7603d238293 -->
🛑 **Stopped on Beaker after 3 min** · [experiment](https://beaker.test/ex/01ULID) · `gpu-tests` · run `fa26a760`

```bash
python check.py
```

alice stopped it with `/beaker stop`.

[The whole log](https://beaker.test/job/01ULID)

- **Commit** [`<head>`](https://github.test/octo/widget/commit/<head>) · asked for by writer
- **Where** 1 GPU · any cluster · workspace `ai2/widgets`
- **Limits** timeout 15m for each attempt · retries 0 · priority normal
- **Cost** 0.06 of at most 0.25 GPU-hours · budget `ai2/widgets-budget` · left in 24 h: 255.95 of 256 for this pull request, 511.95 of 512 for this person, 2047.95 of 2048 for the repository

<details>
<summary>Why it was allowed, and what exactly runs</summary>

- **Full commit** `<head>`
- **Configuration** `.github/beaker-ci.yml` at `<main>`
- **Experiment** `ci-widget-pr1-gpu-tests-fa26a7603d238293`
- **Check** `beaker / gpu-tests`
- **Plan** `<plan>` · spec SHA-256 `<sha256>`

```text
✓ request           /beaker run
  ✓ who             writer (7000004): the permission write satisfies write (`roles.run`); collaborator permission of user 7000004
  ✓ place
    ✓ pull-request  #1
    ✓ open          #1 is open
  ✓ comment
    ✓ unchanged     never edited
    ✓ recent        0 min old
  ✓ commit
    ✓ head          <head>, as GitHub says; read again right before it is submitted
    ✓ fork          the head lies in this repository
    ✓ pin           not needed
  ✓ accounts
    ✓ workspace     ai2/widgets, from the configuration
    ✓ budget        ai2/widgets-budget, from the configuration
  ✓ choices         nothing to judge
  ✓ limits
    ✓ gpus          1 of at most 8
    ✓ replicas      1 of at most 1
    ✓ retries       0 of at most 2
    ✓ task-timeout  15m of at most 2h
    ✓ priority      normal of at most normal
    ✓ price         0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt) of at most 64
  ✓ spending
    ✓ active-runs   1 of at most 4
    ✓ pr-hours      0.25 of at most 256 in 24 h
    ✓ user-hours    0.25 of at most 512 in 24 h
    ✓ repo-hours    0.25 of at most 2048 in 24 h
```

</details>
""")
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000003 -->
> `/beaker stop fa26a760`

🛑 **1 run was told to stop.**

A run's own report says `cancelled` once Beaker has ended its jobs.

| Run | What | Stage | Outcome |
| :-- | :-- | :-- | :-- |
| [`fa26a760`](https://beaker.test/ex/01ULID) | gpu-tests | running | told to stop |

<sub>for alice · `stopped`</sub>
""")


def test_the_latest_is_meant_where_none_is_named(stage: Stage) -> None:
    first, second = begin(stage), begin(stage)

    assert ask(stage, "/beaker stop") == "stopped"
    assert statuses(stage) == ["queued", "canceled"]
    assert ask(stage, "/beaker stop") == "nothing-to-do"
    assert statuses(stage) == ["queued", "canceled"]
    assert ask(stage, f"/beaker stop {first[1][:5]}") == "stopped"
    assert ask(stage, "/beaker stop") == "nothing-to-do"

    stage.schedule()
    bodies = [take_run(stage), take_run(stage)]
    assert [conclusion for _, conclusion in bodies] == ["cancelled"] * 2
    assert f"/beaker stop {second[1]}" not in bodies[0][0]
    stage.answer()
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000007 -->
> `/beaker stop`

ℹ️ **Run `b5504e88` has ended already.**

It ended as `cancelled`. writer stopped it with `/beaker stop`.

| Run | Experiment | Stage |
| :-- | :-- | :-- |
| fa26a760 | ci-widget-pr1-gpu-tests-fa26a7603d238293 | queued |

These are open; to stop one:

```text
/beaker stop fa26a760
```

<sub>for writer · `nothing-to-do`</sub>
""")
    stage.answer()
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000011 -->
> `/beaker stop`

ℹ️ **Run `b5504e88` has ended already.**

It ended as `cancelled`. writer stopped it with `/beaker stop`.

No run here is open.

<sub>for writer · `nothing-to-do`</sub>
""")


def test_all_in_whatever_stage(stage: Stage) -> None:
    runs = [begin(stage, ago=10) for _ in range(4)]
    stage.beaker.finish(runs[0][0])
    stage.beaker.start(runs[2][0])
    stage.beaker.start(runs[3][0])
    stage.schedule()
    while_ago = datetime.now(UTC) - timedelta(seconds=5)
    asked = stage.hub.comment(
        stage.number, by="writer", body="/beaker stop --all", created_at=while_ago
    )

    assert stage.deliver(asked).reason == "stopped"

    assert statuses(stage) == ["succeeded", "canceled", "canceled", "canceled"]
    told = [take_run(stage) for _ in runs]
    assert [conclusion for _, conclusion in told] == ["success"] + ["cancelled"] * 3
    assert [notes(body) for body, _ in told] == snapshot(
        [
            [],
            ["writer stopped it with `/beaker stop`."],
            ["writer stopped it with `/beaker stop`."],
            ["writer stopped it with `/beaker stop`."],
        ]
    )
    # Delivered once more, when all is over: the answer stays what it was but for the stages.
    assert stage.deliver(asked).reason == "stopped"
    stage.heard(asked)
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000009 -->
> `/beaker stop --all`

🛑 **3 runs were told to stop.**

A run's own report says `cancelled` once Beaker has ended its jobs.

| Run | What | Stage | Outcome |
| :-- | :-- | :-- | :-- |
| [`89a3e915`](https://beaker.test/ex/01ULID) | gpu-tests | finished | stopped |
| [`6c66e1ac`](https://beaker.test/ex/01ULID) | gpu-tests | finished | stopped |
| [`b5504e88`](https://beaker.test/ex/01ULID) | gpu-tests | finished | stopped |

<sub>for writer · `stopped`</sub>
""")
    assert ask(stage, "/beaker stop --all") == "nothing-to-do"
    assert "No run of this pull request is open." in stage.answer()


def test_all_replicas(stage: Stage) -> None:
    stage.hub.push(
        "main", {".github/beaker-ci.yml": CONFIG.replace("limits:", "limits:\n  replicas: 3")}
    )
    workload, run_id = begin(stage, f"{RUN} --replicas 3")
    stage.beaker.start(workload)

    assert ask(stage, f"/beaker stop {run_id}") == "stopped"

    assert stage.beaker.wait(workload).status == "canceled"
    assert {job.status for job in stage.beaker.experiment(workload).jobs} == {"canceled"}
    stage.schedule()
    assert take_run(stage)[1] == "cancelled"
    stage.answer()


def test_who_may_not_and_what_is_not_here(stage: Stage) -> None:
    workload, run_id = begin(stage)
    other = stage.hub.open_pull_request("other", files={"x": "1"})
    stage.hub.add_user("stranger", permission="read")

    assert ask(stage, f"/beaker stop {run_id}", by="stranger") == "refused.role"
    asked = stage.hub.comment(other, by="writer", body=f"/beaker stop {run_id}")
    assert stage.deliver(asked).reason == "usage.unknown-run"
    stage.heard(asked)
    asked = stage.hub.comment(other, by="writer", body="/beaker stop --all")
    assert stage.deliver(asked).reason == "nothing-to-do"
    stage.heard(asked)

    assert stage.beaker.experiment(workload).status == "queued"
    take_run(stage)
    stage.answer()
    for _ in range(2):
        stage.hub.take_comment(other)


@pytest.mark.parametrize("fault", [{"drop": True, "after": True}, {"code": "UNAVAILABLE"}])
def test_the_answer_to_the_order_is_lost(stage: Stage, fault: dict[str, object]) -> None:
    workload, _ = begin(stage)
    stage.beaker.faults.add(Fault("CancelWorkloads", **fault))  # type: ignore[arg-type]

    assert ask(stage, "/beaker stop") == "stopped"

    assert stage.beaker.experiment(workload).status == "canceled"
    assert take_run(stage)[1] == "cancelled"
    stage.answer()


def test_beaker_goes_away_in_the_middle(stage: Stage) -> None:
    """What was told to stop is said, and so is what was not; word of that is left all the same."""
    runs = [begin(stage) for _ in range(3)]
    stage.beaker.faults.add(Fault("CancelWorkloads", nth=2, times=None, code="UNAVAILABLE"))
    asked = stage.hub.comment(stage.number, by="writer", body="/beaker stop --all")

    result = stage.deliver(asked)

    stage.heard(asked)
    assert (result.reason, result.exit_code) == ("beaker.unavailable", 3)
    assert statuses(stage) == ["queued", "queued", "canceled"]
    stage.beaker.faults.clear()
    assert stage.schedule().exit_code == 0
    assert statuses(stage) == ["canceled"] * 3
    for _ in runs:
        body, conclusion = take_run(stage)
        assert (notes(body), conclusion) == (
            ["writer stopped it with `/beaker stop`."],
            "cancelled",
        )
    assert stage.answer() == snapshot("""\
<!-- beaker-ci:reply:comment-3300000007 -->
> `/beaker stop --all`

🔌 **2 of 3 runs may not have been stopped.**

Beaker did not answer. CancelWorkloads: injected fault

| Run | What | Stage | Outcome |
| :-- | :-- | :-- | :-- |
| [`6c66e1ac`](https://beaker.test/ex/01ULID) | gpu-tests | queued | told to stop |
| [`b5504e88`](https://beaker.test/ex/01ULID) | gpu-tests | queued | not certain |
| [`fa26a760`](https://beaker.test/ex/01ULID) | gpu-tests | queued | not certain |

Asking again does no harm:

```text
/beaker stop b5504e88
/beaker stop fa26a760
```

<sub>for writer · `beaker.unavailable`</sub>
""")


@pytest.mark.parametrize("wait", ["false", "true"])
def test_while_the_first_report_is_being_written(stage: Stage, wait: str) -> None:
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    stage.inputs["wait"] = wait
    step = stage.step(asked)
    stage.inputs["wait"] = "false"
    stopped = []

    def stop() -> None:
        stopped.append(ask(stage, "/beaker stop"))

    stage.hub.faults.before("POST", "/check-runs", stop)
    process = step.start()
    result = step.result(process.wait(30))

    stage.heard(asked)
    assert stopped == ["stopped"]
    assert result.exit_code == (1 if wait == "true" else 0)
    workload = stage.beaker.experiments("ci-bot")[0].id
    assert stage.beaker.experiment(workload).status == "canceled"
    stage.schedule()
    comments = [stage.answer(), stage.answer()]
    report = next(body for body in comments if "told to stop" not in body)
    assert notes(report) == ["writer stopped it with `/beaker stop`."]
    stage.beaker.take_experiment()
    assert stage.hub.take_check().conclusion == "cancelled"


@pytest.mark.parametrize("wait", ["false", "2s"])
def test_just_when_the_first_report_is_noted(stage: Stage, wait: str) -> None:
    """Our word takes the ids away that were noted at that moment: nothing is posted twice."""
    asked = stage.hub.comment(stage.number, by="writer", body=RUN)
    stage.inputs["wait"] = wait
    step = stage.step(asked)
    stage.inputs["wait"] = "false"
    order = stage.hub.comment(stage.number, by="writer", body="/beaker stop")
    stop = stage.step(order)
    stopping, at_the_mark = [], threading.Event()

    def note() -> None:
        at_the_mark.set()
        stage.until_shown(stage.beaker.experiments("ci-bot")[0].id)

    def before_the_check() -> None:
        stage.beaker.faults.add(Fault("UpdateWorkload", do=note))
        stopping.append(stop.start())
        assert at_the_mark.wait(30)

    stage.hub.faults.before("POST", "/check-runs", before_the_check)
    process = step.start()
    step.result(process.wait(60))
    assert stop.result(stopping[0].wait(60)).reason == "stopped"

    stage.heard(asked)
    stage.heard(order)
    held = stage.beaker.experiments("ci-bot")[0]
    assert held.status == "canceled"
    if wait == "false":
        mark = stage.mark(held)
        assert mark is not None
        assert (mark.stopped, mark.is_reported()) == ("by writer", False)
    stage.age_marks(600)
    stage.schedule()
    bodies = [stage.answer(), stage.answer()]
    report = next(body for body in bodies if "told to stop" not in body)
    assert notes(report) == ["writer stopped it with `/beaker stop`."]
    stage.beaker.take_experiment()
    assert stage.hub.take_check().conclusion == "cancelled"


@pytest.mark.parametrize("command", ["/beaker stop", "/beaker stop --all"])
def test_delivered_again_after_another_run(stage: Stage, command: str) -> None:
    """It means the runs that there were when it was written, however late it is heard."""
    stopped, _ = begin(stage, ago=60)
    while_ago = datetime.now(UTC) - timedelta(seconds=30)
    asked = stage.hub.comment(stage.number, by="writer", body=command, created_at=while_ago)
    assert stage.deliver(asked).reason == "stopped"
    goes_on, _ = begin(stage)

    stage.deliver(asked)

    stage.heard(asked)
    assert stage.beaker.experiment(stopped).status == "canceled"
    assert stage.beaker.experiment(goes_on).status == "queued"
    assert [take_run(stage)[1] for _ in range(2)] == ["cancelled", None]
    stage.answer()
