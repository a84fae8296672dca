"""``beaker-ci plan``: decided by the file alone; nobody is asked, and what is assumed is said."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.cli import main

RULES = """\
version: 1
workspace: ai2/vision
budget: ai2/vision
allow:
  clusters: [ai2/jupiter, "ai2/*-cirrascale"]
  secrets: [HF_TOKEN]
limits:
  gpu_hours: {run: 16}
roles:
  run: {permission: write, teams: [octo/gpu], users: [583231]}
forks: pinned
presets:
  gpu-tests:
    command: [pytest, -v, -m, gpu]
    gpus: 1
    gpu_types: [h100]
    task_timeout: 15m
    clusters: [ai2/saturn]
    env_secrets: [TOKEN=DEPLOY_KEY]
  extras:
    command: [pytest]
    uv_extras: [gpu]
  conda:
    command: [pytest]
    conda_file: envs/gpu.yml
"""
SHA = "9fceb02d0ae598e95dc970b74767f19372d61af8"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a configuration, from which no address can be reached."""

    def refuse(*address: object) -> None:
        raise AssertionError(f"it asked {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/beaker-ci.yml").write_text(RULES)
    return tmp_path


def plan(*words: str) -> Result:
    done = CliRunner().invoke(main, ["plan", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def answer(*words: str) -> str:
    """What stands before the tree, and the exit code."""
    done = plan("--as", "maria", *words)
    return f"{re.split('. request', done.output)[0]}[{done.exit_code}]"


def result(*words: str) -> dict[str, Any]:
    done = plan("--format", "json", *words)
    told: dict[str, Any] = json.loads(done.output)
    assert told["exit_code"] == done.exit_code
    return told


def test_a_preset_that_would_run() -> None:
    done = plan("--as", "maria", "gpu-tests", "--gpus", "2")
    assert done.exit_code == 0
    assert done.output == snapshot("""\
✓ It would run (accepted).
  It would cost at most 0.5 GPU-hours (2 GPUs × 1 replica × 0.25 h × 1 attempt).
  Its code could read the secret `DEPLOY_KEY` as `TOKEN`.

✓ request: /beaker run
  ✓ who: maria (id unknown): the permission write satisfies write (`roles.run`)
  ✓ place
    ✓ pull-request: #1
    ✓ open: #1 is open
  ✓ comment
    ✓ unchanged: never edited
    ✓ recent: 0 min old
  ✓ commit
    ✓ head: <HEAD>, as GitHub says; read again right before it is submitted
    ✓ fork: the head lies in this repository
    ✓ pin: not needed
  ✓ accounts
    ✓ workspace: ai2/vision, from the configuration
    ✓ budget: ai2/vision, from the configuration
  ✓ choices
    ✓ clusters: ai2/saturn, by the preset
    ✓ reads: the secret DEPLOY_KEY as TOKEN
  ✓ limits
    ✓ gpus: 2 of at most 8
    ✓ replicas: 1 of at most 1
    ✓ retries: 0 of at most 2
    ✓ task-timeout: 15m of at most 24h
    ✓ priority: normal of at most normal
    ✓ price: 0.5 GPU-hours (2 GPUs × 1 replica × 0.25 h × 1 attempt) of at most 16
  ✓ spending
    ✓ active-runs: 1 of at most 4
    ✓ pr-hours: 0.5 of at most 256 in 24 h
    ✓ user-hours: 0.5 of at most 512 in 24 h
    ✓ repo-hours: 0.5 of at most 2048 in 24 h

Assumed: maria has the permission write and is in no team; the numeric id of maria is on no list of `users`; the pull request is open and comes from this repository; the comment is new and was never edited; the repository is public; nothing else runs, or ran in the last 24 hours; Beaker knows the workspace, the budget and the clusters.
""")


def test_what_waits_says_who_may_approve() -> None:
    assert answer("gpu-tests", "--gpus", "8", "--task-timeout", "4h") == snapshot("""\
? It would wait for an approval (needs-approval.price).
  32 GPU-hours (8 GPUs × 1 replica × 4 h × 1 attempt); above 16 an approver must let it through
  Who may approve: the permission maintain or more; nobody approves their own.
  → Ask an approver. Ask for fewer `--gpus`, `--replicas` or `--retries`, or a shorter `--task-timeout`.
  It would cost at most 32 GPU-hours (8 GPUs × 1 replica × 4 h × 1 attempt).
  Its code could read the secret `DEPLOY_KEY` as `TOKEN`.

[1]\
""")


def test_what_is_refused_says_what_to_do() -> None:
    assert answer("--permission", "read", "gpu-tests") == snapshot("""\
✗ It would be refused (refused.role).
  maria (id unknown) has the permission read; `roles.run` asks for the permission write or more, or a member of octo/gpu, or a listed account
  → Ask someone who has this role to repeat the command.
  It would cost at most 0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt).
  Its code could read the secret `DEPLOY_KEY` as `TOKEN`.

[1]\
""")
    assert answer("--fork", "gpu-tests") == snapshot("""\
✗ It would be refused (refused.sha-required).
  the head lies in a fork, whose owner can change it at any time: the command must name the commit with all 40 digits
  → Look at the commit, then paste this line as a new comment.
      /beaker run gpu-tests --sha <HEAD>
  It would cost at most 0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt).
  Its code could read the secret `DEPLOY_KEY` as `TOKEN`.

[1]\
""")
    assert answer("gpu-tests", "--cluster", "ai2/saturn") == snapshot("""\
✗ It would be refused (refused.cluster).
  ai2/saturn may not be chosen; `allow.clusters` has ai2/jupiter, ai2/*-cirrascale
  → Choose an allowed one, or ask a maintainer to add it to `allow.clusters`.
  It would cost at most 0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt).
  Its code could read the secret `DEPLOY_KEY` as `TOKEN`.

[1]\
""")


def test_mistakes_in_the_command() -> None:
    assert answer("gpu-test", "--gpus", "2") == snapshot("""\
✗ It would be refused (usage.unknown-preset).
  There is no preset `gpu-test`. Presets here: conda, extras, gpu-tests.
  → Did you mean this?
      /beaker run gpu-tests --gpus 2
[2]\
""")
    assert answer("gpu-tests", "--yes") == snapshot("""\
✗ It would be refused (refused.option).
  `--yes` is not taken from a comment. Nothing is ever asked here, so there is nothing to confirm.
  → Leave it out.
      /beaker run gpu-tests
[1]\
""")
    assert answer("gpu-tests", "--preemptible").splitlines()[1] == snapshot(
        "  Note: `--preemptible` was left out: runs are preemptible by default (no guaranteed run time, resumed on their own). `--min-runtime` and `--no-auto-resume` change that."
    )


@pytest.mark.parametrize(
    ("words", "reason", "code"),
    [
        (["--as", "maria", "gpu-tests"], "accepted", 0),
        (["--as", "maria", "--", "pytest", "-x"], "accepted", 0),
        (["--as", "maria", "--permission", "read", "gpu-tests"], "refused.role", 1),
        (["--as", "maria", "--permission", "none", "gpu-tests"], "refused.role", 1),
        (["--as", "583231", "--permission", "read", "gpu-tests"], "accepted", 0),
        (["--as", "583232", "--permission", "read", "gpu-tests"], "refused.role", 1),
        (["--as", "@maria", "--permission", "admin", "gpu-tests"], "accepted", 0),
        (["--as", "maria", "--permission", "trainer", "gpu-tests"], "refused.role", 1),
        (
            ["--as", "maria", "--permission", "read", "--team", "octo/gpu", "gpu-tests"],
            "accepted",
            0,
        ),
        (
            ["--as", "maria", "--permission", "read", "--team", "octo/x", "gpu-tests"],
            "refused.role",
            1,
        ),
        (["--as", "bot[bot]", "gpu-tests"], "refused.role", 1),
        (["--as", "maria", "--fork", "gpu-tests"], "refused.sha-required", 1),
        (["--as", "maria", "--fork", "gpu-tests", "--sha", SHA.upper()], "accepted", 0),
        (["--as", "maria", "--fork", "plan", "gpu-tests"], "accepted", 0),
        (
            ["--as", "maria", "--fork", f"gpu-tests --sha {SHA} --env-secret A=HF_TOKEN"],
            "refused.secret",
            1,
        ),
        (["--as", "maria", "gpu-tests", "--env-secret", "A=HF_TOKEN"], "accepted", 0),
        (["--as", "maria", "gpu-tests", "--priority", "high"], "needs-approval.priority", 1),
        (["--as", "maria", "gpu-tests", "--cluster", "jupiter"], "accepted", 0),
        (["--as", "maria", "gpu-tests", "--cluster", "ai2/*-cirrascale"], "accepted", 0),
        (["--as", "maria", "gpu-tests", "--cluster", "ai2/*"], "refused.cluster", 1),
        (["--as", "maria", "gpu-tests", "--cluster", "mars"], "refused.cluster", 1),
        (["--as", "maria", "extras"], "accepted", 0),
        (["--as", "maria", "conda"], "accepted", 0),
        (["--as", "maria", "extras", "--no-python"], "usage.bad-value", 2),
        (["--as", "maria", "help"], "usage.unknown-preset", 2),
        (["--as", "maria", "gpu-tests", "--gpus"], "usage.bad-value", 2),
    ],
)
def test_decisions(words: list[str], reason: str, code: int) -> None:
    told = result(*words)
    assert (told["reason"], told["exit_code"]) == (reason, code)
    assert told["outcome"] == ("allow" if code == 0 else told["outcome"])
    assert told["assumed"] or told["reason"].startswith("usage.")


@pytest.mark.parametrize(
    "words",
    [
        ["gpu-tests", "--gpus", "2", "--", "pytest", "-k", "not slow"],
        ["run", "gpu-tests", "--gpus", "2", "--", "pytest", "-k", "not slow"],
        ["gpu-tests --gpus 2 -- pytest -k 'not slow'"],
        ["  run gpu-tests --gpus=2 -- pytest -k 'not slow'"],
        ["/beaker run gpu-tests --gpus 2 -- pytest -k 'not slow'"],
        ["--gpus", "2", "gpu-tests", "--", "pytest", "-k", "not slow"],
        ["--gpus=2", "gpu-tests", "--", "pytest", "-k", "not slow"],
    ],
)
def test_words_apart_or_in_one(words: list[str]) -> None:
    expected = result("--as", "maria", "gpu-tests", "--gpus", "2", "--", "pytest", "-k", "not slow")
    assert result("--as", "maria", *words) == expected
    assert expected["price"] == snapshot(
        {"gpu_hours": 0.5, "gpus": 2, "replicas": 1, "timeout_seconds": 900, "attempts": 1}
    )


def test_dashes_belong_to_the_comment() -> None:
    assert result("--as", "maria", "--no-python", "--", "--", "pytest")["reason"] == "accepted"
    assert result("--as", "maria", "--")["reason"] == "usage.missing-command"
    alone = result("--as", "maria", "--", "gpu-tests", "--config", "mine.yml")
    assert alone["reason"] == "accepted"


def test_a_script_stands_under_its_line() -> None:
    told = result("--as", "maria", "run --gpus 1 --task-timeout 1h\n```\npytest\n```")
    assert (told["reason"], told["price"]["gpu_hours"]) == ("accepted", 1.0)


def test_the_result_for_programs() -> None:
    told = result("--as", "maria", "gpu-tests", "--priority", "high", "--preemptible")
    decision = told.pop("decision")
    assert told == snapshot(
        {
            "schema": 1,
            "exit_code": 1,
            "outcome": "wait",
            "reason": "needs-approval.priority",
            "price": {
                "gpu_hours": 0.25,
                "gpus": 1,
                "replicas": 1,
                "timeout_seconds": 900,
                "attempts": 1,
            },
            "approvers": "the permission maintain or more",
            "reads": ["the secret `DEPLOY_KEY` as `TOKEN`"],
            "notes": [
                "`--preemptible` was left out: runs are preemptible by default (no guaranteed run time, resumed on their own). `--min-runtime` and `--no-auto-resume` change that."
            ],
            "assumed": [
                "maria has the permission write and is in no team",
                "the numeric id of maria is on no list of `users`",
                "the pull request is open and comes from this repository",
                "the comment is new and was never edited",
                "the repository is public",
                "nothing else runs, or ran in the last 24 hours",
                "Beaker knows the workspace, the budget and the clusters",
            ],
        }
    )
    assert decision[0] == snapshot(
        {
            "rule": "request",
            "outcome": "wait",
            "evidence": "/beaker run",
            "reason": "needs-approval.priority",
            "next_step": "",
            "paste": "",
            "depth": 0,
        }
    )
    assert [
        {key: value for key, value in one.items() if value != ""}
        for one in decision
        if one["outcome"] != "allow"
    ][2:] == snapshot(
        [
            {
                "rule": "priority",
                "outcome": "wait",
                "evidence": "high is above normal; an approver may let high through",
                "reason": "needs-approval.priority",
                "next_step": "Ask an approver, or write `--priority normal`.",
                "depth": 2,
            }
        ]
    )
    assert {one["depth"] for one in decision} == {0, 1, 2}


def test_what_is_assumed_is_what_the_answer_rests_on() -> None:
    assert result("--as", "7", "--permission", "trainer", "--team", "octo/gpu", "conda")[
        "assumed"
    ] == snapshot(
        [
            "user 7 has the permission trainer and is in octo/gpu",
            "trainer is a custom role, which satisfies only lines that name it",
            "the pull request is open and comes from this repository",
            "the comment is new and was never edited",
            "the repository is public",
            "nothing else runs, or ran in the last 24 hours",
            "Beaker knows the workspace, the budget and the clusters",
            "the commit has the files that the job needs",
        ]
    )
    pattern = result("--as", "maria", "--fork", f"conda --sha {SHA} --cluster 'ai2/*'")
    assert pattern["assumed"][4:] == snapshot(
        [
            "the comment is new and was never edited",
            "the repository is public",
            "nothing else runs, or ran in the last 24 hours",
            "Beaker knows the workspace, the budget and the clusters",
            "patterns of clusters are judged by their text, not by what they stand for",
            "the commit has the files that the job needs",
        ]
    )


def test_a_private_repository_is_one_with_a_clone_secret(checkout: Path) -> None:
    (checkout / "private.yml").write_text(f"{RULES}github_token_secret: CLONE\n")
    told = result("--as", "maria", "--config", "private.yml", "gpu-tests")
    assert "the repository is private" in told["assumed"]
    assert told["reads"][0] == "the clone token `CLONE`"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gpu-tests"], "Missing option '--as'"),
        (["gpu-tests", "--as", "maria"], "Missing option '--as'"),
        (["--as", "maria"], "Missing argument 'COMMAND...'"),
        (["--as", "ma ria", "gpu-tests"], "it takes a login, such as maria, or a numeric id"),
        (["--as", "maria", "--team", "gpu", "x"], "it takes ORG/SLUG"),
        (["--as", "maria", "gpu-tests", "--help"], "Only what a comment would run"),
        (["--as", "maria", "gpu-tests\n\n/beaker list"], "holds 2 commands, not one"),
        (["--as", "maria", "gpu-tests --cluster 'ai2/[js]*'"], "with Beaker's list of clusters"),
        (["--as", "maria", "--config", "nix.yml", "x"], "`nix.yml` cannot be read: No such file"),
        (["--as", "maria", "--config", ".github", "x"], "`.github` cannot be read: Is a directory"),
        (["--as", "maria", "--config", "bytes", "x"], "`bytes` cannot be read: it is not UTF-8"),
        (["--as", "maria", "--config", "wrong.yml", "x"], "wrong.yml:2: "),
    ],
)
def test_mistakes_of_its_own_call(checkout: Path, words: list[str], said: str) -> None:
    (checkout / "bytes").write_bytes(b"\xff\xfe")
    (checkout / "wrong.yml").write_text("version: 1\nlimit: {}\n")
    done = plan(*words)
    assert done.exit_code == 2
    assert said in done.output


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0"), max_size=12)
        | st.sampled_from(
            ["gpu-tests", "--gpus", "2", "--", "pytest", "--cluster", "ai2/*", "-b", "--env", "A=1"]
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["text", "json"]),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_words_make_a_traceback(words: list[str], style: str) -> None:
    done = plan("--as", "maria", "--format", style, *words)
    assert done.exit_code in (0, 1, 2)
    assert "Traceback" not in done.output
    assert "\x1b" not in done.stdout
