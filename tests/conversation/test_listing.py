"""``/beaker list``: the runs of a pull request, with what became of each."""

from __future__ import annotations

from collections import Counter

from inline_snapshot import snapshot
from questions import RUN, ask, comment, submit, take
from stage import Stage

LIST = "/beaker list"


def rows(answer: str) -> list[str]:
    """What and state of every row."""
    lines = [line for line in answer.split("\n") if line.startswith("| [")]
    return [" | ".join(line.split(" | ")[1:3]) for line in lines]


def test_the_whole_answer(stage: Stage) -> None:
    passed = submit(stage)
    failed = submit(stage, "/beaker run --gpus 2 -- python train.py --note 'a|b' @team" + " x" * 40)
    running = submit(stage, f"{RUN} --retries 1")
    stage.beaker.start(passed)
    stage.beaker.backdate_job(passed, 360)
    stage.beaker.finish(passed)
    stage.beaker.start(running)
    assert stage.schedule().exit_code == 0
    stage.beaker.finish(failed, exit_code=1)  # and nobody has reported that yet
    submit(stage, "/beaker run -- python train.py")
    stage.beaker.age_experiments(400_000, passed)
    stage.beaker.age_experiments(7320, failed)
    stage.beaker.requests.clear()

    assert ask(stage, LIST) == snapshot("""\
💡 **4 of 4 runs here, the newest first.**

| Run | What | State | Commit | Asked by | GPU-hours | When |
| :-- | :-- | :-- | :-- | :-- | :-- | :-- |
| [`89a3e915`](https://beaker.test/ex/01ULID) | python train.py | queued | <head> | writer | 0 | just now |
| [`6c66e1ac`](https://beaker.test/ex/01ULID) | gpu-tests | running | <head> | writer | at most 0.5 | just now |
| [`b5504e88`](https://beaker.test/ex/01ULID) | python train.py --note 'a\\|b' @team x x x x x x x x x x x x … | failed | <head> | writer | 0 | 2 h 2 min ago |
| [`fa26a760`](https://beaker.test/ex/01ULID) | gpu-tests | succeeded | <head> | writer | 0.1 | 4 days ago |\
""")
    take(stage)


def test_only_some_of_them(stage: Stage) -> None:
    done = submit(stage)
    lost = comment(stage, f"{RUN} --gpus 2", by="maintainer").outputs["workload-id"]
    gone = submit(stage, f"{RUN} --gpus 3")
    busy = submit(stage, f"{RUN} --gpus 4")
    stage.beaker.finish(done)
    stage.beaker.finish(lost, exit_code=1)
    stage.beaker.cancel(gone, by="ci-bot")
    assert stage.schedule().exit_code == 0
    stage.beaker.start(busy)
    new = comment(stage, "/beaker run -- late", by="maintainer").outputs["workload-id"]
    stage.beaker.finish(new, exit_code=1)
    stage.beaker.age_experiments(60, done, lost, gone, busy)

    asked = {
        words: rows(ask(stage, f"{LIST} {words}"))
        for words in (
            "--state open",
            "--state queued",
            "--state running",
            "--state finished",
            "--state succeeded",
            "--state failed",
            "--state cancelled",
            "--mine",
            "--mine --state failed",
            "--latest 2",
        )
    }

    assert asked == snapshot(
        {
            "--state open": ["gpu-tests | running"],
            "--state queued": [],
            "--state running": ["gpu-tests | running"],
            "--state finished": [
                "late | failed",
                "gpu-tests | cancelled",
                "gpu-tests | failed",
                "gpu-tests | succeeded",
            ],
            "--state succeeded": ["gpu-tests | succeeded"],
            "--state failed": ["late | failed", "gpu-tests | failed"],
            "--state cancelled": ["gpu-tests | cancelled"],
            "--mine": ["gpu-tests | running", "gpu-tests | cancelled", "gpu-tests | succeeded"],
            "--mine --state failed": [],
            "--latest 2": ["late | failed", "gpu-tests | running"],
        }
    )
    assert ask(stage, f"{LIST} --mine --state failed") == snapshot("""\
💡 **None of 5 runs here fits `--state failed --mine`.**

All of them:

```text
/beaker list
```\
""")
    assert ask(stage, f"{LIST} --latest 1 --state finished").partition("\n")[0] == snapshot(
        "💡 **1 of 4 runs that fit `--state finished`, among 5 runs here; the newest first.**"
    )
    assert ask(stage, f"{LIST} --latest 1 --state finished").rpartition("|\n")[2] == snapshot("""\

More of them:

```text
/beaker list --state finished --latest 50
```\
""")
    take(stage)


def test_nothing_there_and_nothing_of_other_pull_requests(stage: Stage) -> None:
    other = stage.hub.open_pull_request("main", by="writer", title="Another")
    submit(stage, number=other)

    assert ask(stage, LIST) == snapshot("""\
💡 **There is no run here yet.**

Submit one:

```text
/beaker run --gpus 1 -- python train.py
```\
""")
    take(stage)


def test_others_cannot_put_runs_into_it(stage: Stage) -> None:
    """Whoever may write to the workspace can copy a mark, but not seal it."""
    ours = submit(stage)
    held = stage.beaker.experiment(ours)
    stage.beaker.take_experiment()
    (forged,) = stage.beaker.add_experiments("ai2/widgets", {"ci-x-0123456789abcdef": held.spec})
    with stage.beaker.client() as client:
        client.workload.update(client.workload.get(forged), description=held.description)

    assert rows(ask(stage, LIST)) == ["gpu-tests | queued"]
    take(stage)


def test_few_requests(stage: Stage) -> None:
    for _ in range(3):
        submit(stage)
    stage.beaker.requests.clear()

    ask(stage, LIST)

    names = [request.name for request in stage.beaker.requests.all]
    assert Counter(names) == snapshot(
        Counter(
            {
                "GetUser": 1,
                "ResolveOrganizationName": 1,
                "ListWorkloads": 2,
                "GetWorkload": 3,
                "GetExperimentYamlSpec": 3,
                "GetWorkspace": 1,
            }
        )
    )
    take(stage)
