"""A workflow step as GitHub's runner starts it: environment, event file, output files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ALLOWED = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR")
"""What of this process's environment a step sees: a container would see none of the rest."""


TOKEN_PERMISSIONS = {
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
"""What a workflow's job has to grant its token."""


@dataclass(frozen=True)
class StepResult:
    """What a step left behind.

    Attributes:
        log: Standard output and standard error, as the runner shows them.
    """

    exit_code: int
    outputs: Mapping[str, str]
    summary: str
    log: str

    @property
    def reason(self) -> str:
        """The output ``reason-code``."""
        return self.outputs.get("reason-code", "")


@dataclass(frozen=True)
class Step:
    """One step that runs ``beaker-ci action``.

    Attributes:
        directory: Where its files go; new for every attempt.
        environment: The whole environment of the process.
        python: The interpreter of the environment that the action is installed in.
    """

    directory: Path
    environment: Mapping[str, str]
    python: str = sys.executable

    @classmethod
    def prepare(
        cls,
        directory: Path,
        *,
        event: str,
        payload: Mapping[str, Any] | bytes,
        repository: str,
        api_url: str,
        server_url: str,
        inputs: Mapping[str, str],
        extra: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> Step:
        """Writes the step's files and its environment.

        Args:
            directory: A parent for the step's own new directory.
            event: The event's name.
            payload: The event file's content.
            repository: ``owner/name``.
            api_url: GitHub's REST root.
            server_url: GitHub for people.
            inputs: The action's inputs by their names in ``action.yml``.
            extra: Further variables, such as those of a local Beaker.
            python: See the attribute.
        """
        own = Path(tempfile.mkdtemp(prefix="step-", dir=directory))
        (own / "event.json").write_bytes(
            payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        )
        for name in ("output", "summary", "state"):
            (own / name).touch()
        environment = {name: os.environ[name] for name in ALLOWED if name in os.environ}
        environment |= {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": api_url,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(own / "event.json"),
            "GITHUB_OUTPUT": str(own / "output"),
            "GITHUB_REPOSITORY": repository,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": server_url,
            "GITHUB_STATE": str(own / "state"),
            "GITHUB_STEP_SUMMARY": str(own / "summary"),
            "GITHUB_WORKSPACE": str(own),
            "HOME": str(own),
            "RUNNER_TEMP": str(own),
        }
        environment |= {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
        return cls(own, environment | dict(extra or {}), python)

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the step's process, with no standard input; its streams go to the log."""
        with (self.directory / "log").open("wb") as log:
            return subprocess.Popen(
                [self.python, "-m", "beaker_ci", "action"],
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, timeout: float = 120) -> StepResult:
        """Runs the step to its end.

        Raises:
            subprocess.TimeoutExpired: When it did not end within ``timeout`` seconds.
        """
        process = self.start()
        try:
            process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return self.result(process.returncode)

    def run_post(self, timeout: float = 60) -> StepResult:
        """Runs the action's post step with the state that the step left.

        Its log is its own; outputs and summary are still the step's.

        Raises:
            subprocess.TimeoutExpired: When it did not end within ``timeout`` seconds.
        """
        state = read_outputs((self.directory / "state").read_text())
        left = {f"STATE_{name}": value for name, value in state.items()}
        ended = subprocess.run(
            [self.python, "-c", "from beaker_ci.__main__ import post; post()", "action"],
            cwd=self.directory,
            env={**self.environment, **left},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        log = ended.stdout.decode(errors="replace")
        return replace(self.result(ended.returncode), log=log)

    def result(self, exit_code: int) -> StepResult:
        """Reads what the step left behind."""
        return StepResult(
            exit_code=exit_code,
            outputs=read_outputs((self.directory / "output").read_text()),
            summary=(self.directory / "summary").read_text(),
            log=_obeyed((self.directory / "log").read_text(errors="replace")),
        )


def _obeyed(log: str) -> str:
    """A log without the lines at its beginning by which the runner learns what to hide."""
    while log.startswith("::add-mask::"):
        log = log.partition("\n")[2]
    return log


def read_outputs(text: str) -> dict[str, str]:
    """Reads an output file as the runner does; the last value of a name counts.

    Raises:
        ValueError: When a value's delimiter never comes, as the runner fails the step.
    """
    values: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, separator, delimiter = line.partition("<<")
        if not separator:
            name, _, value = line.partition("=")
            values[name] = value
            continue
        held: list[str] = []
        for following in lines:
            if following == delimiter:
                break
            held.append(following)
        else:
            raise ValueError(f"the value of {name} has no end")
        values[name] = "\n".join(held)
    return values
