"""``beaker-ci status``, ``list``, ``logs``, ``results``, ``open``, ``stop`` and ``gpus``."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from inline_snapshot import snapshot
from questions import KEY, RUN, submit, take
from stage import Stage
from typed import Shell

from beaker_ci.sandbox.beaker.defaults import OTHER_TOKEN
from beaker_ci.sandbox.github import Fault

FAILURE = """\
Traceback (most recent call last):
  File "train.py", line 9, in main
    rate = settings["rate"]
KeyError: 'rate'"""
TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm-256color"}


@pytest.fixture
def shell(stage: Stage) -> Shell:
    """In a checkout of the pull request's branch, with the bot's own Beaker token."""
    directory = stage.directory / "checkout"
    directory.mkdir()
    remote = f"https://github.com/{stage.hub.full_name}.git"
    for words in (
        ["clone", "-q", "--branch", "feature", str(stage.hub.repository.path), "."],
        ["remote", "set-url", "origin", remote],
    ):
        subprocess.run(["git", *words], cwd=directory, check=True)
    environment = stage.extra | {
        "GITHUB_TOKEN": stage.hub.add_token("user", user="writer"),
        "GITHUB_API_URL": stage.hub.api_url,
        "GITHUB_SERVER_URL": stage.hub.server_url,
        "HOME": str(stage.directory),
    }
    return Shell(directory, environment)


def tidy(stage: Stage, text: str) -> str:
    return re.sub(r"(?<=een at )\d\d:\d\d", "12:34", stage.tidy(text))


def test_where_a_run_stands(stage: Stage, shell: Shell) -> None:
    workload = submit(stage)
    stage.beaker.start(workload)
    stage.beaker.write_log(workload, "train:  45%|####5     | 450/1000 [05:00<06:07,  1.50it/s]")
    stage.beaker.backdate_job(workload, 300)

    status = shell.type("status")
    told = shell.type("status --json").json

    assert status.code == 0
    assert tidy(stage, status.text) == snapshot("""\
Running on Beaker · run `fa26a760`
  • ▰▰▰▰▱▱▱▱▱▱ 45 % · 450 of 1,000 · about 6 min left · train
  • 5 min of at most 15 min · seen at 12:34 UTC
  • Preset `gpu-tests` at commit `<head>`, asked for by writer
  • Cost so far 0.08 of at most 0.25 GPU-hours
  │ train:  45%|####5     | 450/1000 [05:00<06:07,  1.50it/s]
  https://beaker.test/ex/01ULID
""")
    assert (told["schema"], told["workload_id"], told["phase"]) == (1, workload, "running")
    assert told["progress"]["fraction"] == 0.45
    assert [task["name"] for task in told["tasks"]] == ["main"]
    assert told["cause"] is None
    stage.beaker.write_log(workload, FAILURE)
    stage.beaker.finish(workload, exit_code=3)
    ended = shell.type("status --json --pr 1").json
    assert (ended["verdict"], ended["conclusion"], ended["exit_code"]) == ("failed", "failure", 3)
    assert ended["cause"] == snapshot(
        {
            "category": "exception",
            "title": "Error in the code",
            "headline": "KeyError: 'rate'",
            "lines": [{"line": 0, "text": "KeyError: 'rate'"}],
            "frame": {
                "file": "train.py",
                "line": 9,
                "function": "main",
                "source": 'rate = settings["rate"]',
                "installed": False,
            },
            "confidence": "high",
            "infrastructure": False,
            "next_step": "Start at the frame shown.",
            "paste": "",
        }
    )
    assert tidy(stage, shell.type("status").text) == snapshot("""\
KeyError · failed on Beaker with exit code 3 after 5 min · run `fa26a760`
  • Preset `gpu-tests` at commit `<head>`, asked for by writer
  • Cost 0.09 of at most 0.25 GPU-hours
  │ KeyError: 'rate'
  https://beaker.test/ex/01ULID
""")
    # Reports are the bot's alone.
    assert all("Failed" not in body for body in take(stage))


def test_the_list(stage: Stage, shell: Shell) -> None:
    submit(stage)
    done = submit(stage, f"{RUN} --gpus 2")
    stage.beaker.finish(done)

    assert tidy(stage, shell.type("list").text) == snapshot("""\
2 of 2 runs here, the newest first.

  Run       What       State      Commit   Asked by  GPU-hours     When
  b5504e88  gpu-tests  succeeded  <head>  writer    0.01          just now
  fa26a760  gpu-tests  queued     <head>  writer    at most 0.25  just now
""")
    told = shell.type("list --json --state succeeded --mine").json
    assert [run["workload_id"] for run in told["runs"]] == [done]
    assert (told["schema"], told["found"], told["matching"]) == (1, 2, 1)
    shown = shell.type("list --latest 1", **TERMINAL).text
    assert "\x1b]8;id=" in shown  # its first column leads to the run's page
    assert "More of them" in shown
    assert shell.type("list --latest 51").code == 2
    take(stage)


def test_logs(stage: Stage, shell: Shell) -> None:
    workload = submit(stage)
    waiting = shell.type("logs")
    stage.beaker.start(workload)
    stage.beaker.write_log(workload, f"one {KEY}\ntwo\x1b[2J\u202e")

    assert "has no log and no results yet: no job of it has started" in waiting.text
    assert shell.type("logs").text == f"one {KEY}\ntwo\x1b[2J\u202e\n"
    assert shell.type("logs --tail 1", **TERMINAL).text == "two\n"
    assert shell.type("logs --replica 7").code == 2
    stage.beaker.finish(workload, exit_code=1)
    followed = shell.type("logs --follow --tail 1")
    assert (followed.code, followed.text) == (1, "two\x1b[2J\u202e\n")
    take(stage)


def test_a_log_that_grows(stage: Stage, shell: Shell) -> None:
    workload = submit(stage)
    with ThreadPoolExecutor(1) as pool:
        followed = pool.submit(shell.type, "logs --follow")
        stage.until(lambda: stage.beaker.requests.count("ListSummarizedJobEvents"))
        for words in ("one", "two"):
            stage.beaker.start(workload)
            stage.beaker.write_log(workload, words)
            stage.until(lambda: stage.beaker.requests.count("StreamJobLogs"))
            stage.beaker.requests.clear()
            if words == "one":
                stage.beaker.preempt(workload)
        stage.beaker.finish(workload)
        printed = followed.result(30)

    assert (printed.code, printed.text) == (0, "one\ntwo\n")
    assert re.sub(r"for \d+ s", "for 0 s", printed.error) == snapshot("""\
--- Waiting for 0 s: ai2/jupiter has room right now, but Beaker has not placed it there yet. ---
--- main: another attempt ---
""")
    take(stage)


def test_results(stage: Stage, shell: Shell) -> None:
    workload = submit(stage)
    assert "no job of it has started" in shell.type("results").text
    stage.beaker.finish(workload, results={"metrics.json": "{}", "out/model.bin": "x" * 3000})
    stage.beaker.plant_result(workload, "../escape", b"1")

    assert tidy(stage, shell.type("results").text) == snapshot("""\
3 files, 2.94 KiB, in the results of run `fa26a760`, task `main`.

  File           Size
  ../escape      1 B
  metrics.json   2 B
  out/model.bin  2.93 KiB
  https://beaker.test/ds/01ULID
  → To have them on your own machine:
      beaker-ci results fa26a760 --fetch results
""")
    assert shell.type("results --json").json["count"] == 3
    fetched = shell.type("results --fetch got")

    assert (fetched.code, fetched.error) == (1, "")
    assert fetched.text == snapshot("""\
2 files in got, 2.94 KiB.

  Left out   Why
  ../escape  Its path leads elsewhere: it has an empty part, `.` or `..`.
""")
    got = stage.directory / "checkout/got"
    assert (got / "out/model.bin").read_text() == "x" * 3000
    assert not (got.parent / "escape").exists()
    assert shell.type("results --fetch got --json").json["kept"] == 2
    take(stage)


def test_open_and_gpus(stage: Stage, shell: Shell) -> None:
    workload = submit(stage)

    assert shell.type("open --print").text == f"{stage.beaker.address}/ex/{workload}\n"
    assert shell.type("gpus --type h100").text == snapshot("""\
16 of 16 GPUs are free on 1 cluster.
  Only clusters that `allow.clusters` or a preset names; a run without one goes wherever Beaker has room for it.

  Cluster      Type         Free      Free on one node  Nodes                        Queue  Notes
  ai2/jupiter  NVIDIA H100  16 of 16  8                 2 × 8 GPUs, 128 GiB per GPU  1      ib, weka
  → On `ai2/jupiter`, a run with 8 GPUs for each replica could start right now:
      /beaker run --gpus 8 --cluster ai2/jupiter -- python train.py
""")
    told = shell.type("gpus --json").json
    assert {"name": "ai2/jupiter", "available": 16}.items() <= told["clusters"][0].items()
    take(stage)


def test_stop(stage: Stage, shell: Shell) -> None:
    first, second, third = submit(stage), submit(stage), submit(stage)

    stopped = shell.type("stop")

    assert (stopped.code, tidy(stage, stopped.text)) == snapshot(
        (
            0,
            """\
1 run was told to stop.
  A run's own report says `cancelled` once Beaker has ended its jobs.

  Run       What       Stage   Outcome
  6c66e1ac  gpu-tests  queued  told to stop
""",
        )
    )
    statuses = [stage.beaker.experiment(one).status for one in (first, second, third)]
    assert statuses == ["queued", "queued", "canceled"]
    mark = stage.mark(stage.beaker.experiment(third))
    assert mark is not None
    assert mark.stopped == "by writer"
    assert "had ended already" in shell.type("stop").text
    assert shell.type("stop --all").code == 0
    assert shell.type("stop --all").text == "No run of the pull request is open.\n"
    assert stage.beaker.experiment(first).status == "canceled"
    assert shell.type("stop --all fa26a760").code == 2
    take(stage)


def test_with_ones_own_beaker_token(stage: Stage, shell: Shell) -> None:
    """Marks are sealed with the bot's token: by another one, specs tell all."""
    workload = submit(stage)
    stage.beaker.start(workload)
    other = stage.hub.open_pull_request("main", by="writer", title="Another")
    submit(stage, number=other)
    mine = {"BEAKER_CONFIG": str(stage.beaker.config_file(OTHER_TOKEN))}

    unknown = shell.type("status", **mine)

    assert (unknown.code, unknown.error) == snapshot(
        (
            2,
            """\
usage.unknown-run: There is no run here yet.
  Only runs of this pull request are looked for. Runs were looked for under your token's own Beaker account; for those that the bot submitted, name its account with `--account NAME` or BEAKER_CI_ACCOUNT.
  → Submit one:
      /beaker run gpu-tests
""",
        )
    )
    assert "--account NAME" in shell.type("list", **mine).text
    found = shell.type("status --json", **mine, BEAKER_CI_ACCOUNT="ci-bot").json
    assert (found["workload_id"], found["asker"], found["phase"]) == (workload, "writer", "running")
    listed = shell.type("list --json --account ci-bot --mine --state running", **mine).json
    assert [run["workload_id"] for run in listed["runs"]] == [workload]
    nobody = shell.type("status --account nobody", **mine)
    assert (nobody.code, nobody.error.split("\n")[0]) == snapshot(
        (2, "usage.bad-value: Beaker knows no account nobody.")
    )
    before = stage.beaker.experiment(workload).description
    shell.type("stop --account ci-bot", **mine)
    assert stage.beaker.experiment(workload).description == before
    assert stage.beaker.experiment(workload).status == "canceled"
    take(stage)


def test_the_pull_request_at_hand(stage: Stage, shell: Shell) -> None:
    workload = submit(stage)
    checkout = stage.directory / "checkout"
    commit = ["git", "-c", "user.name=w", "-c", "user.email=w@x", "commit", "-q", "--allow-empty"]
    subprocess.run([*commit, "-m", "Not pushed"], cwd=checkout, check=True)

    assert shell.type("status --json").json["workload_id"] == workload
    subprocess.run(["git", "branch", "--unset-upstream"], cwd=checkout, check=True)
    none = shell.type("status")
    assert (none.code, re.sub("commit [0-9a-f]{7}", "commit <sha>", none.error)) == snapshot(
        (
            2,
            """\
usage.bad-value: There is no pull request at hand.
  octo/widget has no open one with the commit <sha>.
  → Push the branch and open one, or name one by its number, as in:
      --pr 12
""",
        )
    )
    subprocess.run(["git", "checkout", "-q", "--detach", "HEAD~1"], cwd=checkout, check=True)
    stage.hub.open_pull_request("feature", by="admin", title="The same again")
    several = shell.type("status")
    assert (several.code, stage.tidy(several.error)) == snapshot(
        (
            2,
            """\
usage.bad-value: More than one open pull request has this checkout's commit.
  <head> is in #1, #2.
  → Name the one that is meant, as in:
      --pr 2
""",
        )
    )
    assert shell.type("status --json --pr 1").json["workload_id"] == workload
    elsewhere = shell.type("status --pr 12")
    assert (elsewhere.code, "no run here" in elsewhere.error) == (2, True)
    take(stage)


def test_what_is_not_there(stage: Stage, shell: Shell) -> None:
    told = {
        "no token": shell.type("status", GITHUB_TOKEN=None),
        "no Beaker token": shell.type("status", BEAKER_CONFIG="/none"),
        "no repository": shell.type("status --repo here"),
        "a token that is unknown": shell.type("status", GITHUB_TOKEN="wrong-token"),
    }

    assert {
        name: (one.code, one.error.splitlines()[-2:]) for name, one in told.items()
    } == snapshot(
        {
            "no token": (
                2,
                [
                    "Error: There is no GitHub token, to find the pull request by.",
                    "Type: export GITHUB_TOKEN=$(gh auth token)",
                ],
            ),
            "no Beaker token": (
                2,
                [
                    "  BeakerConfigurationError; BEAKER_CONFIG was given",
                    "  → Set BEAKER_TOKEN to a token of yours, or write it to the official client's file with: beaker configure",
                ],
            ),
            "no repository": (2, ["", "Error: --repo takes OWNER/NAME, not 'here'."]),
            "a token that is unknown": (
                3,
                [
                    "  HTTP 401: {'message': 'Bad credentials', 'documentation_url': 'https://docs.github.com/rest', 'status': '401'}",
                    "  → Check GITHUB_TOKEN: it has to be yours, and to read this repository. Type: export GITHUB_TOKEN=$(gh auth token)",
                ],
            ),
        }
    )
    stage.hub.faults.add(Fault(status=429, headers={"retry-after": "9999"}, times=None))
    away = shell.type("list", GITHUB_TOKEN=stage.token)
    stage.hub.faults.clear()
    assert (away.code, away.error.startswith("github.unavailable")) == (3, True)


def test_asking_again(stage: Stage, shell: Shell) -> None:
    stage.beaker.finish(submit(stage), exit_code=1)
    key = stage.beaker.experiments("ci-bot")[0].env["BEAKER_CI_KEY"]
    take(stage)
    asked = shell.type("retry --failed")

    comment = stage.hub.take_comment(1)
    assert (comment.author.login, comment.body) == ("writer", f"/beaker retry {key[:8]} --failed")
    assert asked.code == 0
    assert asked.text.splitlines() == [
        comment.body,
        f"Asked at {stage.hub.server_url}/octo/widget/pull/1#issuecomment-{comment.id}",
    ]

    stage.hub.faults.add(Fault("POST", r".*/issues/1/comments", after=True, status=502))
    shell.type("retry")
    assert stage.hub.take_comment(1).body == f"/beaker retry {key[:8]}"


def test_only_a_person_asks_again(stage: Stage, shell: Shell) -> None:
    submit(stage)
    told = shell.type("retry", GITHUB_TOKEN=stage.token)
    assert told.code == 3
    assert "github.forbidden" in told.error
    assert "it has to be yours" in told.error
    take(stage)
