"""Secrets of the runner's environment, its files and inputs never come out, in whatever coding."""

from __future__ import annotations

import base64
import itertools
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from stage import CONFIG, Stage, open_stage

from beaker_ci.sandbox import beaker, github
from beaker_ci.sandbox.beaker.defaults import DEFAULT_TOKEN
from beaker_ci.sandbox.runner import StepResult

RUN = "/beaker run -- python train.py"

RULES = (
    CONFIG.replace("timeout: 2h", "timeout: 2h\n  active_runs: 1000").replace(
        "allow:", "allow:\n  secrets: [PIN_SECRET]"
    )
    + "publish_logs: tail\nroles: {approve: {permission: maintain, teams: [octo-labs/ml]}}\n"
)

VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "HF_TOKEN",
    "WANDB_API_KEY",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GITHUB_TOKEN_SECRET",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "BEAKER_TOKEN",
    "BEAKER_PASSWORD",
    "BEAKER_CI_KEY",
    "BEAKER_CI_RECEIPT",
    "BEAKER_CI_SECRET",
    "GANTRY_TOKEN",
    "GANTRY_GITHUB_TOKEN",
    "GANTRY_PYTHON_MANAGER",
    "GANTRY_INSTALL_CMD",
    "GIT_ASKPASS",
    "INPUT_PASSWORD",
    "PIP_INDEX_URL",
    "UV_INDEX_URL",
    "STATE_SECRET",
    "SECRET",
    "train",
)
"""What a workflow's author may have set for other steps."""

FILES = (
    ".beaker/config.yml",
    ".netrc",
    ".git/config",
    ".git-credentials",
    ".gitconfig",
    ".gantry/config.yml",
    ".config/gh/hosts.yml",
    ".env",
    ".aws/credentials",
    "pyproject.toml",
    "gantry.toml",
    ".github/beaker-ci.yml",
    "train.py",
)
"""Below the directory that is home, workspace and current directory at once."""

_FORMS = {
    ".beaker/config.yml": "user_token: {0}\ndefault_workspace: {0}\n",
    ".netrc": "machine 127.0.0.1 login {0} password {0}\ndefault login {0} password {0}\n",
    ".git/config": '[remote "origin"]\n\turl = https://x:{0}@github.com/octo-labs/widget\n',
    "pyproject.toml": '[tool.gantry]\nworkspace = "{0}"\nbudget = "{0}"\nenv = ["X={0}"]\n',
}


def canary(what: str) -> str:
    """A secret that is in no other text: with digits, and characters that codings change."""
    return f"kanarie/{re.sub('[^a-z]', '', what.lower())[:8]}+{secrets.token_hex(8)}"


def codings(secret: str) -> Iterator[str]:
    """What gives a secret away: itself, and whatever it becomes in base64, hex and a URL."""
    raw = secret.encode()
    yield from (secret, secret[::-1], raw.hex(), quote(secret, safe=""), quote_plus(secret))
    for before, after in itertools.product(range(3), range(3)):
        coded = base64.b64encode(b"\xff" * before + raw + b"\xff" * after).decode()
        # Its middle is the same whatever stands around it.
        yield coded[4:-4]
        yield coded[4:-4].replace("+", "-").replace("/", "_")


def halves(secret: str) -> tuple[str, str]:
    """What a carriage return in the middle makes of it."""
    return secret[: len(secret) // 2], secret[len(secret) // 2 :]


class Canaries:
    """A stage full of secrets, and all that ever came out of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.tokens = {
            "github-token": stage.token,
            "org-token": stage.hub.add_token("user", user="maintainer"),
            "beaker-token": canary("beaker"),
        }
        (bot,) = (user for user in stage.beaker.world.users.values() if user.name == "ci-bot")
        stage.beaker.world.tokens[self.tokens["beaker-token"]] = bot.id
        stage.hub.add_team("octo-labs/ml", ["writer", "maintainer"])
        stage.inputs |= self.tokens
        self.variables = {name: canary(name) for name in VARIABLES}
        stage.extra |= self.variables
        self.files = {name: canary(name) for name in FILES}
        self.own = canary("own")
        self.told: list[str] = []

    @property
    def echo(self) -> str:
        """What a careless server says: the tokens that it was sent, in its favourite codings."""
        words = []
        for token in self.tokens.values():
            raw = token.encode()
            basic = [base64.b64encode(user + raw).decode() for user in (b"", b"x", b"x:")]
            words += [f"Authorization: token {token}", *basic, raw.hex(), quote(token, safe="")]
            words.append(f"{token[:9]}\x1b[0m{token[9:14]}\u200b{token[14:]}")
        return " ".join(words)

    def play(self, payload: Mapping[str, Any], event: str = "issue_comment") -> StepResult:
        """Handles an event on a runner full of secrets; keeps what the runner shows."""
        step = self.stage.step(payload, event)
        for name, secret in self.files.items():
            file = step.directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_FORMS.get(name, "secret = '{0}'\n").format(secret))
        process = step.start()
        result = step.result(process.wait(60))
        self.told += [result.log, *result.outputs.values(), result.summary]
        self.told += [(step.directory / name).read_text() for name in ("output", "state")]
        return result

    def asks(self, body: str, by: str = "writer", **how: Any) -> StepResult:
        """Somebody comments."""
        return self.play(self.stage.hub.comment(self.stage.number, by=by, body=body, **how))

    def schedule(self) -> StepResult:
        """The clock starts the workflow."""
        self.stage.extra["GITHUB_REPOSITORY_ID"] = str(self.stage.hub.repository_id)
        return self.play({"schedule": "*/15 * * * *"}, "schedule")

    def expect_nothing_told(self) -> str:
        """No secret is in anything that anybody can read; answers all of it."""
        hub = self.stage.hub
        told = [*self.told, *(each.body for each in hub.comments(self.stage.number))]
        told += [str(vars(check)) for check in hub.check_runs()]
        for held in self.stage.beaker.experiments("ci-bot"):
            told += [held.name, held.description, json.dumps(held.spec, ensure_ascii=False)]
        # What breaks words for GitHub's filters, and escapes, hide nothing from a reader.
        text = re.sub(r"[\u2060\\]", "", "\n".join(told))
        secrets_ = {**self.tokens, **self.variables, **self.files, "PIN": self.own}
        assert not [half for each in secrets_.values() for half in halves(each) if half in text]
        found = {
            name: coding
            for name, secret in secrets_.items()
            for coding in codings(secret)
            if coding.lower() in text.lower()
        }
        assert found == {}
        return text


@pytest.fixture
def canaries(tmp_path: Path) -> Iterator[Canaries]:
    with open_stage(tmp_path, {".github/beaker-ci.yml": RULES, "train.py": "x = 1\n"}) as stage:
        yield Canaries(stage)


def test_conversations_tell_no_secret(canaries: Canaries) -> None:
    """Whatever is asked: nothing of the runner gets anywhere."""
    names = " ".join(f"--env {name}" for name in VARIABLES)
    asked = {
        RUN: "accepted",
        "/beaker run gpu-tests": "accepted",
        "/beaker run --gpus 1\n```bash\nenv | sort\n```": "accepted",
        "/beaker run --env A=$SECRET --env 'B=${HF_TOKEN}' -- echo $GITHUB_TOKEN": "accepted",
        f"/beaker run {names} -- env": "usage.bad-value",
        "/beaker run --env-secret HF_TOKEN -- env": "usage.bad-value",
        "/beaker run --env-secret A=HF_TOKEN -- env": "refused.secret",
        "/beaker plan -- python train.py": "answered",
        "/beaker help": "answered",
        "/beaker rnu": "usage.unknown-command",
        "/beaker run --priority high -- true": "needs-approval.priority",
        "/beaker run --mount src=/,dst=/x -- env": "refused.option",
    }
    results = {body: canaries.asks(body) for body in asked}
    assert {body: result.reason for body, result in results.items()} == asked
    plan = results["/beaker plan -- python train.py"].outputs["run-id"]
    assert canaries.asks(f"/beaker go {plan}").reason == "accepted"
    assert canaries.asks(RUN, by="stranger").reason == "refused.role"
    for held in canaries.stage.beaker.experiments("ci-bot"):
        canaries.stage.beaker.finish(held.id, exit_code=1)
    assert canaries.schedule().exit_code == 0

    assert "Failed on Beaker" in canaries.expect_nothing_told()


def test_a_log_that_prints_our_tokens(canaries: Canaries) -> None:
    """Whoever gave a job the same token: log, metrics and Beaker's words are shown without it."""
    with canaries.stage.beaker.client() as client:
        client.secret.write("PIN_SECRET", canaries.own)
    canaries.asks("/beaker run --env-secret PIN=PIN_SECRET -- python train.py")
    canaries.asks("/beaker run gpu-tests")
    ended, preempted = (held.id for held in canaries.stage.beaker.experiments("ci-bot"))
    canaries.stage.beaker.start(ended)
    canaries.stage.beaker.write_log(ended, f"{canaries.echo}\nthe end of it")
    cut = ["\r".join(halves(each)) for each in (*canaries.tokens.values(), f"PIN={canaries.own}")]
    lines = [f"it is {each} here\n" for each in cut]
    canaries.stage.beaker.log(ended).write("".join(lines).encode())
    metrics = {token: f"a{token}z" for token in canaries.tokens.values()}
    metrics |= {"PIN": canaries.own, "said": f"PIN={canaries.own}", "cut": " ".join(cut)}
    canaries.stage.beaker.finish(ended, 1, results={"metrics.json": json.dumps(metrics)})
    canaries.stage.beaker.start(preempted)
    canaries.stage.beaker.preempt(preempted, 5, canaries.echo)
    assert canaries.schedule().exit_code == 0

    told = canaries.expect_nothing_told()

    assert "the end of it" in told
    assert "Authorization: token ***" in told


def test_the_runner_is_asked_to_mask_them_first(canaries: Canaries) -> None:
    step = canaries.stage.step({"action": "started"}, "watch")
    assert step.start().wait(60) == 0
    first = (step.directory / "log").read_text().splitlines()[:5]
    given = {*canaries.tokens.values(), canaries.variables["BEAKER_TOKEN"], DEFAULT_TOKEN}
    assert {line.removeprefix("::add-mask::") for line in first} == given


def test_servers_that_echo_what_they_were_sent(canaries: Canaries) -> None:
    """Every call of a submission and of its report fails in turn, quoting our tokens."""
    stage = canaries.stage

    def play() -> None:
        canaries.asks(RUN)
        canaries.schedule()

    canaries.asks(RUN, by="stranger")
    play()
    calls = {(each.method, re.sub(r"\d{3,}", "X", each.path)) for each in stage.hub.exchanges}
    body = {"message": canaries.echo, "errors": [{"message": canaries.echo}]}
    for at, (method, path) in enumerate(sorted(calls)):
        where = re.escape(path).replace("X", r"\d+") + "$"
        status = (403, 404, 422)[at % 3]
        stage.hub.faults.add(
            github.Fault(method=method, path=where, status=status, times=None, body=body)
        )
        play()
        stage.hub.faults.clear()
    for at, name in enumerate(sorted(stage.beaker.requests.table())):
        code = (
            (400, 403)[at % 2] if " " in name else ("INVALID_ARGUMENT", "PERMISSION_DENIED")[at % 2]
        )
        fault = beaker.Fault(re.escape(name), code=code, message=canaries.echo, times=None)
        stage.beaker.faults.add(fault)
        play()
        stage.beaker.faults.clear()
    # The official client warns of what it repeats, in the server's words.
    stage.beaker.faults.add(beaker.Fault("ListWorkloads", code="INTERNAL", message=canaries.echo))
    canaries.schedule()

    assert canaries.expect_nothing_told().count("Authorization: token ***") > 20
