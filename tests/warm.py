"""Processes that start in no time: forked from one that has loaded everything already.

Every step and every typed command is a process of its own: it has its own environment, directory
and streams, hears signals, and can be killed. Only the half second in which Python loads the
program is saved.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from beaker_ci.patience import PATIENCE, Patience
from beaker_ci.sandbox.runner import Step

QUICK = replace(PATIENCE, first_pause=0.02, longest_pause=0.1, limit_wait=0.1)
"""What a step has in tests: pauses that cost nothing, and every other number as it is."""

NOT_LOADED = {"__main__", "sandbox"}
LAZY = ("google_crc32c.cext", "grpc._channel", "grpc._simple_stubs", "rich._emoji_codes")
"""What others load where it is used."""

FOLLOWED = 0.05
"""Seconds between two looks of ``logs --follow``."""


@dataclass
class WarmProcess:
    """A forked process; like :class:`subprocess.Popen` as far as tests need it."""

    pid: int
    starter: Starter
    returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end.

        Raises:
            subprocess.TimeoutExpired: When it goes on for longer.
        """
        self.returncode = self.starter.wait(self.pid, timeout)
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        self.returncode = self.starter.codes.get(self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it."""
        self.send_signal(signal.SIGKILL)


class Starter:
    """The process that forks the others."""

    def __init__(self) -> None:
        self.codes: dict[int, int] = {}
        self._ended = threading.Condition()
        self._starting = threading.Lock()
        self._begun: list[int] = []
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def start(
        self,
        directory: Path,
        environment: Mapping[str, str],
        streams: Sequence[Path],
        *,
        patience: Patience | None = None,
        words: Sequence[str] = (),
    ) -> WarmProcess:
        """Forks a step, which has ``patience``, or a command of ``words``.

        Args:
            directory: Where it works.
            environment: All of it.
            streams: The files of its standard output and its standard error; may be the same one.
            patience: How long and how often a step asks both services.
            words: What is typed after ``beaker-ci``.
        """
        order = {
            "directory": str(directory),
            "environment": dict(environment),
            "streams": [str(path) for path in streams],
            "patience": patience and asdict(patience),
            "words": list(words),
        }
        assert self._process.stdin is not None
        # One by one: who is forked is told in the order of the orders.
        with self._starting, self._ended:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            assert self._ended.wait_for(lambda: self._begun, 30), "nothing was forked"
            return WarmProcess(self._begun.pop(), self)

    def wait(self, pid: int, timeout: float | None) -> int:
        """The exit code of a step, negative for the signal that killed it."""
        with self._ended:
            if not self._ended.wait_for(lambda: pid in self.codes, timeout):
                raise subprocess.TimeoutExpired("step", timeout or 0)
            return self.codes[pid]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            with self._ended:
                if "begun" in told:
                    self.codes.pop(told["begun"], None)  # an earlier one may have had that number
                    self._begun.append(told["begun"])
                else:
                    self.codes[told["ended"]] = told["code"]
                self._ended.notify_all()


@cache
def starter() -> Starter:
    """One for every worker of the tests."""
    return Starter()


@dataclass(frozen=True)
class WarmStep(Step):
    """A step that is forked.

    Attributes:
        patience: How long and how often it asks both services.
    """

    patience: Patience = QUICK

    def start(self) -> Any:
        """Starts the step's process; see :meth:`Step.start`."""
        log = self.directory / "log"
        log.touch()
        streams = (log, log)
        return starter().start(self.directory, self.environment, streams, patience=self.patience)


@dataclass(frozen=True)
class Printed:
    """What a command printed.

    Attributes:
        error: What it printed to standard error.
    """

    code: int
    text: str
    error: str

    @property
    def json(self) -> Any:
        """Its output, read."""
        return json.loads(self.text)


def type_command(words: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Printed:
    """Types a command of ``beaker-ci`` and waits for its end.

    Args:
        words: What stands after ``beaker-ci``.
        directory: Where it is typed.
        environment: All of it.
    """
    with tempfile.TemporaryDirectory() as kept:
        streams = (Path(kept, "text"), Path(kept, "error"))
        code = starter().start(directory, environment, streams, words=words).wait(60)
        return Printed(code, *(path.read_text("utf-8") for path in streams))


def serve() -> None:
    """Forks a process for each line of standard input; tells of beginnings and ends."""
    load()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    orders = selectors.DefaultSelector()
    orders.register(sys.stdin.buffer, selectors.EVENT_READ)
    orders.register(reading, selectors.EVENT_READ)
    while True:
        for key, _ in orders.select():
            if key.fd == reading:
                os.read(reading, 4096)
                reap()
            else:
                line = sys.stdin.buffer.readline()
                if not line:
                    return
                pid = os.fork()
                if pid == 0:
                    become(json.loads(line))
                tell(begun=pid)


def load() -> None:
    """Loads what steps and commands load."""
    import beaker_ci
    from beaker_ci.commands import parse_comment
    from beaker_ci.report import warm_up

    own = (module.name for module in pkgutil.walk_packages(beaker_ci.__path__, "beaker_ci."))
    for name in (*own, *LAZY):
        if name.split(".")[1] not in NOT_LOADED:
            importlib.import_module(name)
    from beaker_ci.setup_commands.runs_commands import logs_command

    logs_command.PAUSE = FOLLOWED
    parse_comment("/beaker help")
    warm_up()
    gc.freeze()  # a collection would copy every page that the steps share


def reap() -> None:
    """Tells of every process that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def tell(**what: int) -> None:
    """Writes a line to the tests."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def become(order: Mapping[str, Any]) -> NoReturn:
    """Takes the place of a fresh process: environment, directory, streams, signals."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    paths = (os.devnull, *order["streams"])
    for own, path in enumerate(paths):
        os.dup2(
            os.open(path, os.O_APPEND | os.O_CREAT | (os.O_WRONLY if own else os.O_RDONLY)), own
        )
    if order["patience"]:
        from beaker_ci.action import main

        main(Patience(**order["patience"]))
    from beaker_ci.cli import main as command_line

    sys.exit(command_line(order["words"], prog_name="beaker-ci"))


if __name__ == "__main__":
    serve()
