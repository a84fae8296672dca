"""The container's two entries: the step, and the post step that the runner starts after it."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from beaker_ci.patience import PATIENCE, Patience
from beaker_ci.problem import Problem
from beaker_ci.runner import (
    Exit,
    Files,
    Inputs,
    beaker_tokens,
    exit_code,
    listen,
    mask,
    silence_libraries,
)
from beaker_ci.step import Step, connect

if TYPE_CHECKING:
    from beaker_ci.report import Redactor


def main(patience: Patience = PATIENCE) -> NoReturn:
    """Runs one step and ends the process with its exit code."""
    stopping = listen()
    silence_libraries()
    # No plugin of pydantic's is wanted; looking for one reads what every installed package says.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A step lives for a second: looking for garbage while loading, and looking through every
    # object once more on the way out, costs it a quarter of that.
    gc.disable()
    code = run_action(os.environ, stopping, patience)
    # All is written and closed. Taking the interpreter apart would only cost more.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run_action(
    environment: Mapping[str, str], stopping: threading.Event, patience: Patience = PATIENCE
) -> int:
    """Handles the event that the runner names, writes outputs and summary.

    Args:
        environment: The runner's.
        stopping: Set when the runner asks us to end.
        patience: How long and how often both services are asked.

    Returns:
        The exit code of the contract: 0 handled, 1 did not succeed, 2 usage, 3 a service is away.
    """
    inputs = Inputs.read(environment)
    files = Files(environment, _redactor(inputs, environment))
    mask(environment, files.redactor)
    step = Step(inputs, files, environment, stopping, patience)
    return _guarded(step.run, files)


def _redactor(inputs: Inputs, environment: Mapping[str, str]) -> Redactor:
    """What hides every token that this process may send to anybody."""
    from beaker_ci.report import Redactor

    given = (inputs.github_token, inputs.org_token, inputs.beaker_token)
    return Redactor([*given, *beaker_tokens(environment)])


def post() -> NoReturn:
    """Stops what the step still waited for when it vanished, if the rules say so."""
    silence_libraries()
    inputs = Inputs.read(os.environ)
    files = Files(os.environ, _redactor(inputs, os.environ))
    sys.exit(_guarded(lambda: _stop_orphans(inputs, os.environ, files.redactor), files))


def _stop_orphans(inputs: Inputs, environment: Mapping[str, str], redactor: Redactor) -> int:
    names = [str(name) for name in json.loads(inputs.awaited or "[]")]
    if not names:
        return Exit.HANDLED
    from beaker_ci.bot.waiting import stop_orphans

    services = connect(inputs, inputs.repository, environment, redactor)
    try:
        for run in stop_orphans(services, names):
            sys.stdout.write(f"Stopped {run.name}, which this step was waiting for.\n")
    finally:
        services.beaker.close()
    return Exit.HANDLED


def _guarded(work: Callable[[], int], files: Files) -> int:
    """The exit code of some work, whatever becomes of it."""
    try:
        try:
            return work()
        except Problem as problem:
            _report(files, problem)
            return exit_code(problem.reason, answered=False)
    except Exception as error:
        _confess(error)
        return Exit.FAILED


def _report(files: Files, problem: Problem) -> None:
    from beaker_ci.report import ReplyView

    files.write_outputs([{"reason-code": problem.reason.value}])
    view = ReplyView.of_problem(problem)
    files.write_summary([view])
    files.log([view])


def _confess(error: Exception) -> None:
    """Says where we went wrong ourselves, without the values that a traceback could show."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    sys.stderr.write(
        f"beaker-ci made a mistake: {type(error).__name__} at {where}. Nothing more was done; "
        "re-running the workflow is safe. Please report it.\n"
    )
