"""The runner's side of a step: inputs, event, outputs, state, summary, log, signals."""

from __future__ import annotations

import json
import logging
import secrets
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.report import Redactor, ReplyView, RunView

OUTPUTS = (
    "reason-code",
    "run-id",
    "workload-id",
    "experiment-url",
    "status",
    "conclusion",
)
"""The outputs besides ``result``."""

AWAITED = "awaited"
"""What the step tells its post step by: the names of experiments that it waits for."""


class Exit(IntEnum):
    """What the process says to the workflow."""

    HANDLED = 0
    FAILED = 1
    USAGE = 2
    SERVICE_AWAY = 3


def exit_code(reason: Reason, *, answered: bool) -> Exit:
    """The exit code of the contract for one command's end.

    Args:
        reason: How it ended.
        answered: Whether whoever asked reads that in a comment: then the step did its work.
    """
    away = reason in (Reason.BEAKER_UNAVAILABLE, Reason.GITHUB_UNAVAILABLE)
    if away or (reason is Reason.GITHUB_FORBIDDEN and not answered):
        return Exit.SERVICE_AWAY
    if answered or "." not in reason:
        return Exit.HANDLED
    mistaken = reason.family in ("usage", "config", "event") or reason in (
        Reason.BEAKER_UNAUTHORIZED,
        Reason.BEAKER_BUDGET_UNKNOWN,
        Reason.BEAKER_WORKSPACE_UNKNOWN,
    )
    return Exit.USAGE if mistaken else Exit.FAILED


@dataclass(frozen=True)
class Inputs:
    """The action's inputs and the parts of the runner's environment that we read.

    Attributes:
        run: The workflow run and its attempt: ``7:1``.
        actor: Login of who started this attempt.
        is_rerun: Whether it is not the first attempt.
        awaited: In the post step: the experiments that the step was still waiting for, as JSON.
    """

    event_name: str
    event_path: str
    github_token: str
    org_token: str
    beaker_token: str
    config: str
    command: str
    wait: str
    pull_request: str
    sha: str
    branch: str
    run: str
    actor: str
    is_rerun: bool
    api_url: str
    server_url: str
    repository: str
    repository_id: str
    awaited: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Inputs:
        """Reads what the runner set; what it left out is empty, or GitHub's default."""

        def given(name: str, default: str = "") -> str:
            return environment.get(name, "").strip() or default

        return cls(
            event_name=given("GITHUB_EVENT_NAME"),
            event_path=given("GITHUB_EVENT_PATH"),
            github_token=given("INPUT_GITHUB-TOKEN", given("GITHUB_TOKEN")),
            org_token=given("INPUT_ORG-TOKEN"),
            beaker_token=given("INPUT_BEAKER-TOKEN"),
            config=given("INPUT_CONFIG", ".github/beaker-ci.yml"),
            command=given("INPUT_COMMAND"),
            wait=given("INPUT_WAIT", "false"),
            pull_request=given("INPUT_PULL-REQUEST"),
            sha=given("GITHUB_SHA"),
            branch=given("GITHUB_REF_NAME"),
            run=f"{given('GITHUB_RUN_ID')}:{given('GITHUB_RUN_ATTEMPT', '1')}",
            actor=given("GITHUB_TRIGGERING_ACTOR"),
            is_rerun=given("GITHUB_RUN_ATTEMPT", "1") != "1",
            api_url=given("GITHUB_API_URL", "https://api.github.com"),
            server_url=given("GITHUB_SERVER_URL", "https://github.com"),
            repository=given("GITHUB_REPOSITORY"),
            repository_id=given("GITHUB_REPOSITORY_ID"),
            awaited=given(f"STATE_{AWAITED}"),
        )


def wait_seconds(text: str) -> float:
    """How long the input ``wait`` lets us follow a run; 0 for not at all.

    Raises:
        Problem: When it says nothing that we understand.
    """
    if text in ("false", "true"):
        return float("inf") if text == "true" else 0.0
    from beaker_ci.quantities import Duration

    try:
        return float(Duration.parse(text).seconds)
    except ValueError as error:
        raise Problem(
            Reason.USAGE_BAD_VALUE,
            "The input `wait` cannot be read.",
            why=f"It is {text!r}; {error}.",
            next_step="Set it to `false`, `true`, or a duration:",
            paste="wait: 10m",
        ) from None


def read_event(inputs: Inputs) -> bytes:
    """The event's payload.

    Raises:
        Problem: ``event.invalid`` when the runner left none.
    """
    if not inputs.event_path:
        raise Problem(
            Reason.EVENT_INVALID,
            "There is no event to handle.",
            why="GITHUB_EVENT_PATH is not set.",
            next_step="Run this as a step of a GitHub workflow.",
        )
    try:
        return Path(inputs.event_path).read_bytes()
    except OSError as error:
        raise Problem(
            Reason.EVENT_INVALID,
            "There is no event to handle.",
            why=f"GITHUB_EVENT_PATH is {inputs.event_path!r}: {error.strerror}.",
            next_step="Run this as a step of a GitHub workflow, or set the variable to a payload.",
        ) from None


def listen() -> threading.Event:
    """From now on, SIGINT and SIGTERM ask us to end instead of ending us.

    A runner that cancels a step sends both, and kills 10 s after the first. What is under way
    takes a second; only waiting has to stop.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


@dataclass(frozen=True)
class Files:
    """What the runner reads: files when the step is over, however it ends, and the log.

    Attributes:
        redactor: Hides our own tokens in whatever we tell.
    """

    environment: Mapping[str, str]
    redactor: Redactor

    def write_outputs(self, commands: Sequence[Mapping[str, str]], **more: object) -> None:
        """Writes the outputs: those of the last command, and all of them in ``result``."""
        from beaker_ci.report import outputs_file

        last = commands[-1] if commands else {"reason-code": Reason.NOTHING_TO_DO.value}
        values = {name: last.get(name, "") for name in OUTPUTS}
        whole = [{"command": "", **dict.fromkeys(OUTPUTS, ""), **each} for each in commands]
        result = {"schema": 1, **values, "commands": whole, **more}
        values["result"] = json.dumps(result, separators=(",", ":"))
        self._append("GITHUB_OUTPUT", outputs_file(values, f"end-{secrets.token_hex(16)}"))

    def write_awaited(self, names: Sequence[str]) -> None:
        """Tells the post step which experiments we wait for from now on."""
        self._append("GITHUB_STATE", f"{AWAITED}={json.dumps(list(names)) if names else ''}\n")

    def write_summary(self, views: Sequence[ReplyView | RunView]) -> None:
        """Writes the step's summary anew."""
        from beaker_ci.report import step_summary

        hidden = [self.redactor.view(view) for view in views]
        self._write("GITHUB_STEP_SUMMARY", step_summary(hidden), "w")

    def log(self, views: Sequence[ReplyView | RunView]) -> None:
        """Writes to the step's log what the views say."""
        from beaker_ci.report import log_lines

        if views:
            hidden = [self.redactor.view(view) for view in views]
            told = log_lines(hidden, secrets.token_hex(16))
            sys.stdout.buffer.write(told.encode("utf-8", "replace"))
            sys.stdout.flush()

    def _append(self, variable: str, text: str) -> None:
        self._write(variable, text, "a")

    def _write(self, variable: str, text: str, mode: str) -> None:
        path = self.environment.get(variable)
        if path:
            with Path(path).open(mode, encoding="utf-8", errors="replace") as file:
                file.write(text)


def silence_libraries() -> None:
    """Lets no library write to the log: what it quotes of a server went through no filter."""
    logging.basicConfig(handlers=[logging.NullHandler()])


def mask(environment: Mapping[str, str], redactor: Redactor) -> None:
    """Asks the runner to hide our tokens wherever this job prints them from now on.

    Elsewhere than on a runner that would only show them.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    for token in redactor.tokens:
        escaped = token.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        sys.stdout.write(f"::add-mask::{escaped}\n")
    sys.stdout.flush()


def beaker_tokens(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The tokens that the official client would find in an environment."""
    file = Path(environment.get("BEAKER_CONFIG") or "~/.beaker/config.yml")
    return (environment.get("BEAKER_TOKEN", ""), _configured(file))


def _configured(file: Path) -> str:
    """The token in a configuration of the official client; empty if there is none."""
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError):
        return ""  # whoever connects with it says so
    import yaml

    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError:
        return ""
    return str(values.get("user_token") or "") if isinstance(values, dict) else ""
