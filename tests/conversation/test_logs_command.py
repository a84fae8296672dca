"""``/beaker logs``: the end of a log as far as it may be published, and the files of results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from questions import KEY, RUN, ask, comment, newest, submit, take
from stage import CONFIG, Stage, open_stage

LOGS = "/beaker logs"
REPLICAS = CONFIG.replace("    gpus: 1\n", "    gpus: 1\n    replicas: 2\n").replace(
    "  timeout: 2h\n", "  timeout: 2h\n  replicas: 2\n"
)
PRIVATE_KEY = [
    "-----BEGIN PRIVATE KEY-----",
    *("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" for _ in range(100)),
    "-----END PRIVATE KEY-----",
]


def play(directory: Path, config: str, scene: Callable[[Stage], None]) -> None:
    with open_stage(directory, {".github/beaker-ci.yml": config, "train.py": ""}) as stage:
        scene(stage)
        take(stage)
        assert stage.leftovers() == []


def lines(answer: str) -> list[str]:
    """The lines of the excerpt."""
    return answer.partition("```text\n")[2].partition("\n```")[0].split("\n")


def test_the_last_lines(tmp_path: Path) -> None:
    def scene(stage: Stage) -> None:
        workload = submit(stage)
        stage.beaker.start(workload)
        for number in range(500):
            stage.beaker.write_log(workload, f"step {number} of 500, token {KEY}")

        answer = ask(stage, LOGS)

        assert answer.partition("\n")[0] == snapshot(
            "💡 **The last lines of run `fa26a760`, task `main`.**"
        )
        assert len(lines(answer)) == 60
        assert lines(answer)[0] == "step 440 of 500, token ***"
        assert answer.endswith("\n[Open on Beaker](https://beaker.test/job/01ULID)")
        assert lines(ask(stage, f"{LOGS} --tail 1")) == ["step 499 of 500, token ***"]
        assert lines(ask(stage, f"{LOGS} --tail 99999"))[0] == "step 100 of 500, token ***"
        assert "At most 400 are shown" in newest(stage)
        result = comment(stage, f"{LOGS} --tail 1")
        assert (result.outputs["workload-id"], result.outputs["status"]) == (workload, "running")

    play(tmp_path, f"{CONFIG}publish_logs: tail\n", scene)


def test_no_more_than_the_digest(stage: Stage) -> None:
    workload = submit(stage)
    stage.beaker.start(workload)
    stage.beaker.write_log(workload, "\n".join(f"line {number}" for number in range(30)))

    assert lines(ask(stage, LOGS)) == [f"line {number}" for number in range(10, 30)]
    assert lines(ask(stage, f"{LOGS} --tail 3")) == ["line 27", "line 28", "line 29"]
    assert ask(stage, f"{LOGS} --tail 21").split("\n")[2] == snapshot(
        "At most 20 are shown: `publish_logs` is `digest`."
    )
    take(stage)


def test_nothing_where_the_file_forbids_it(tmp_path: Path) -> None:
    def scene(stage: Stage) -> None:
        workload = submit(stage)
        stage.beaker.start(workload)
        stage.beaker.write_log(workload, "the secret plan")

        assert ask(stage, f"{LOGS} --tail 5") == snapshot("""\
💡 **The configuration keeps logs off GitHub.**

`publish_logs` is `none`\\: the log of run `fa26a760`, task `main`, is on Beaker alone.

[Open on Beaker](https://beaker.test/job/01ULID)\
""")

    play(tmp_path, f"{CONFIG}publish_logs: none\n", scene)


def test_hostile_lines_and_a_key_that_began_before(stage: Stage) -> None:
    workload = submit(stage)
    stage.beaker.start(workload)
    for line in PRIVATE_KEY:
        stage.beaker.write_log(workload, line)
    stage.beaker.write_log(workload, "```\n@octo/team /beaker run\n\x1b[31mred \u202eevil ![x](y)")
    stage.beaker.log(workload).write(b"\xff bytes \r 10% \r 20%")

    assert lines(ask(stage, LOGS))[0] == "***"
    assert ask(stage, LOGS) == snapshot("""\
💡 **The last lines of run `fa26a760`, task `main`.**

````text
***
```
@octo/team /beaker run
red evil ![x](y)
� bytes   10%   20%
````

[Open on Beaker](https://beaker.test/job/01ULID)\
""")
    take(stage)


def test_what_the_runs_own_secrets_are_set_to(tmp_path: Path) -> None:
    """Of any form: nobody but Beaker knows the values."""
    config = CONFIG.replace("    gpus: 1\n", "    gpus: 1\n    env_secrets: [PIN=HF_TOKEN]\n")
    config = config.replace("allow:\n", "allow:\n  secrets: [HF_TOKEN]\n")

    def scene(stage: Stage) -> None:
        workload = submit(stage)
        stage.beaker.start(workload)
        stage.beaker.write_log(workload, "P\x1b[1mIN=open sesame\nPIN=open sesame:  45%|##  | 9/20")
        shown = [ask(stage, LOGS), ask(stage, "/beaker status")]
        stage.beaker.write_log(workload, "export PIN='open sesame'")
        stage.beaker.log(workload).write(b"PIN=\ropen sesame\r 9%\nP\rIN='open\r sesame'\n")
        metrics = {"PIN": "open sesame", "k": "PIN=open sesame", "n": {"pin": 31415926}}
        results = {"metrics.json": json.dumps(metrics), "PIN=open sesame": ""}
        stage.beaker.finish(workload, exit_code=1, results=results)
        stage.schedule()
        shown.append(ask(stage, f"{LOGS} --results"))

        assert "PIN=***" in shown[0]
        shown += take(stage)
        assert "export PIN='***'" in "".join(shown)
        assert "sesame" not in "".join(shown)
        assert "31415926" not in "".join(shown)

    play(tmp_path, f"{config}publish_logs: tail\n", scene)


def test_nothing_has_started(stage: Stage) -> None:
    workload = submit(stage)

    assert ask(stage, LOGS) == snapshot("""\
💡 **Run `fa26a760` has no log and no results yet: no job of it has started.**

Waiting for 0 s: ai2/jupiter has room right now, but Beaker has not placed it there yet.

[Open on Beaker](https://beaker.test/ex/01ULID)\
""")
    assert ask(stage, f"{LOGS} --results") == newest(stage)
    stage.beaker.start(workload)
    assert ask(stage, LOGS).partition("\n")[0] == snapshot(
        "💡 **There is nothing in the log of run `fa26a760`, task `main`.**"
    )
    assert ask(stage, f"{LOGS} --results") == snapshot("""\
💡 **There is nothing in the results of run `fa26a760`, task `main`.**

It goes on: Beaker has them once it has ended.

[Open on Beaker](https://beaker.test/ds/01ULID)\
""")
    take(stage)


def test_the_log_of_a_replica(tmp_path: Path) -> None:
    def scene(stage: Stage) -> None:
        workload = submit(stage)
        first, second = stage.beaker.experiment(workload).jobs
        for job, word in ((first, "one"), (second, "two")):
            stage.beaker.start(job.id)
            stage.beaker.write_log(job.id, word)

        assert lines(ask(stage, f"{LOGS} --replica 0")) == ["one"]
        assert lines(ask(stage, f"{LOGS} --task main-1")) == ["two"]
        for words in ("--replica 7", "--task other", "--task main-0 --replica 1"):
            assert ask(stage, f"{LOGS} {words}", reason="usage.bad-value").count("`main-1`") == 1
        assert newest(stage) == snapshot("""\
🤔 **The run has no task `main-0`, replica 1.**

It has task `main-0`, replica 0; task `main-1`, replica 1.

Name one of those with `--task` or `--replica`.\
""")
        # Where nothing is chosen, the log of the one that is to blame.
        stage.beaker.finish(first.id, exit_code=1)
        stage.beaker.finish(second.id)
        assert lines(ask(stage, LOGS)) == ["one"]

    play(tmp_path, REPLICAS, scene)


def test_the_files_of_the_results(stage: Stage) -> None:
    workload = submit(stage)
    stage.beaker.finish(workload, results={"metrics.json": "{}", "out/model.bin": "x" * 3000})
    stage.beaker.plant_result(workload, "../../@team|`x`", b"")

    assert ask(stage, f"{LOGS} --results") == snapshot("""\
💡 **3 files, 2.94 KiB, in the results of run `fa26a760`, task `main`.**

| File | Size |
| :-- | :-- |
| ../../@team\\|\\`x\\` | 0 B |
| metrics.json | 2 B |
| out/model.bin | 2.93 KiB |

[Open on Beaker](https://beaker.test/ds/01ULID)

To have them on your own machine:

```text
beaker-ci results fa26a760 --fetch results
```\
""")

    for number in range(60):
        stage.beaker.plant_result(workload, f"file-{number}", b"1")

    answer = ask(stage, f"{LOGS} --results")
    assert answer.partition("\n")[0] == snapshot(
        "💡 **63 files, 3 KiB, in the results of run `fa26a760`, task `main`.**"
    )
    assert sum(line.startswith("| ") for line in answer.split("\n")) == 52
    take(stage)


@pytest.mark.parametrize("target", ["ffffffff", "fa2"])
def test_a_run_that_is_none(stage: Stage, target: str) -> None:
    comment(stage, RUN)

    told = ask(stage, f"{LOGS} {target}", reason="usage.unknown-run")
    assert "`fa26a760`" in told
    assert ("It takes at least 4 digits." in told) == (len(target) < 4)
    take(stage)
