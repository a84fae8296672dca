"""The container's entry: the runner's environment in, outputs and an exit code out."""

from __future__ import annotations

import gc
import json
import os
import secrets
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from beaker_ci.events import CommentCreated, Ignored, parse_event
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.bot import Answer, Order
    from beaker_ci.report import ReplyView, RunView


OUTPUTS = (
    "reason-code",
    "run-id",
    "workload-id",
    "experiment-url",
    "status",
    "conclusion",
)
"""The outputs besides ``result``."""


class Exit(IntEnum):
    """What the process says to the workflow."""

    HANDLED = 0
    FAILED = 1
    USAGE = 2
    SERVICE_AWAY = 3


@dataclass(frozen=True)
class Inputs:
    """The action's inputs and the parts of the runner's environment that we read."""

    event_name: str
    event_path: str
    github_token: str
    beaker_token: str
    config: str
    command: str
    wait: str
    pull_request: str
    sha: str
    branch: str
    run: str
    actor: str
    api_url: str
    server_url: str
    repository: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Inputs:
        """Reads what the runner set; what it left out is empty, or GitHub's default."""

        def given(name: str, default: str = "") -> str:
            return environment.get(name, "").strip() or default

        return cls(
            event_name=given("GITHUB_EVENT_NAME"),
            event_path=given("GITHUB_EVENT_PATH"),
            github_token=given("INPUT_GITHUB-TOKEN", given("GITHUB_TOKEN")),
            beaker_token=given("INPUT_BEAKER-TOKEN"),
            config=given("INPUT_CONFIG", ".github/beaker-ci.yml"),
            command=given("INPUT_COMMAND"),
            wait=given("INPUT_WAIT", "false"),
            pull_request=given("INPUT_PULL-REQUEST"),
            sha=given("GITHUB_SHA"),
            branch=given("GITHUB_REF_NAME"),
            run=f"{given('GITHUB_RUN_ID')}:{given('GITHUB_RUN_ATTEMPT', '1')}",
            actor=given("GITHUB_TRIGGERING_ACTOR"),
            api_url=given("GITHUB_API_URL", "https://api.github.com"),
            server_url=given("GITHUB_SERVER_URL", "https://github.com"),
            repository=given("GITHUB_REPOSITORY"),
        )


def main() -> NoReturn:
    """Runs one step and ends the process with its exit code."""
    # A step lives for a second: looking for garbage while loading, and looking through every
    # object once more on the way out, costs it a quarter of that.
    gc.disable()
    code = run_action(os.environ)
    gc.freeze()
    sys.exit(code)


def run_action(environment: Mapping[str, str]) -> int:
    """Handles the event that the runner names, writes outputs and summary.

    Returns:
        The exit code of the contract: 0 handled, 1 did not succeed, 2 usage, 3 a service is away.
    """
    inputs = Inputs.read(environment)
    try:
        try:
            answers = _handle(inputs, environment)
        except Problem as problem:
            from beaker_ci.report import ReplyView

            _write_outputs(environment, {"reason-code": problem.reason.value})
            _report(environment, [ReplyView.of_problem(problem)])
            return exit_code(problem.reason, answered=False)
        _write_outputs(environment, *(_output_of(answer) for answer in answers))
        _report(environment, [answer.view for answer in answers])
    except Exception as error:
        _confess(error)
        return Exit.FAILED
    answered = inputs.event_name == "issue_comment"
    codes = [exit_code(answer.reason, answered=answered) for answer in answers]
    return max(codes, default=Exit.HANDLED)


def _confess(error: Exception) -> None:
    """Says where we went wrong ourselves, without the values that a traceback could show."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    sys.stderr.write(
        f"beaker-ci made a mistake: {type(error).__name__} at {where}. Nothing more was done; "
        "re-running the workflow is safe. Please report it.\n"
    )


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


def _handle(inputs: Inputs, environment: Mapping[str, str]) -> tuple[Answer, ...]:
    event = parse_event(inputs.event_name, _read_event(inputs))
    if isinstance(event, Ignored):
        print(event.why)  # noqa: T201 - the step's log
        return ()
    if inputs.wait != "false":
        raise Problem(
            Reason.USAGE_BAD_VALUE,
            "This version cannot wait for a run yet.",
            why=f"The input `wait` is {inputs.wait!r}.",
            next_step="Leave it out, or set it to `false`.",
        )
    if not inputs.github_token:
        raise Problem(
            Reason.GITHUB_FORBIDDEN,
            "There is no GitHub token.",
            why="The input `github-token` is empty.",
            next_step="Leave the input out: it defaults to the job's own token.",
        )
    from beaker_ci.bot import Services, handle_comment, handle_dispatch

    services = Services.connect(
        repository=event.repository.full_name,
        github_token=inputs.github_token,
        api_url=inputs.api_url,
        server_url=inputs.server_url,
        config_path=inputs.config,
        beaker_token=inputs.beaker_token or None,
        environment=environment,
    )
    if isinstance(event, CommentCreated):
        return handle_comment(event, services)
    return handle_dispatch(event, _order(inputs), services)


def _order(inputs: Inputs) -> Order:
    from beaker_ci.bot import Order

    number = inputs.pull_request.removeprefix("#")
    if number and not (number.isascii() and number.isdecimal() and len(number) < 12):
        raise Problem(
            Reason.USAGE_BAD_VALUE,
            "The input `pull-request` is no number.",
            why=f"It is {inputs.pull_request!r}.",
            next_step="Give the pull request's number, or leave the input out.",
        )
    return Order(
        command=inputs.command,
        number=int(number) if number else None,
        sha=inputs.sha,
        branch=inputs.branch,
        run=inputs.run,
        actor=inputs.actor,
    )


def _read_event(inputs: Inputs) -> bytes:
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


def _output_of(answer: Answer) -> dict[str, str]:
    return {
        "command": answer.command,
        "reason-code": answer.reason.value,
        "run-id": answer.run_id,
        "workload-id": answer.workload_id,
        "experiment-url": answer.url,
        "status": answer.status,
        "conclusion": answer.conclusion,
    }


def _write_outputs(environment: Mapping[str, str], *commands: Mapping[str, str]) -> None:
    """Writes the outputs: those of the last command, and all of them in ``result``."""
    from beaker_ci.report import outputs_file

    last = commands[-1] if commands else {"reason-code": Reason.NOTHING_TO_DO.value}
    values = {name: last.get(name, "") for name in OUTPUTS}
    result = {"schema": 1, **values, "commands": [dict(command) for command in commands]}
    values["result"] = json.dumps(result, separators=(",", ":"))
    _append(environment, "GITHUB_OUTPUT", outputs_file(values, f"end-{secrets.token_hex(16)}"))


def _report(environment: Mapping[str, str], views: Sequence[ReplyView | RunView]) -> None:
    """Writes the step's summary and its log."""
    from beaker_ci.report import log_lines, step_summary

    if views:
        _append(environment, "GITHUB_STEP_SUMMARY", step_summary(views))
        sys.stdout.buffer.write(log_lines(views, secrets.token_hex(16)).encode("utf-8", "replace"))
        sys.stdout.flush()


def _append(environment: Mapping[str, str], variable: str, text: str) -> None:
    path = environment.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
