"""Runs placed jobs as processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.checkouts import CheckoutError, Checkouts
from beaker_ci.sandbox.beaker.containers import Container, Containers
from beaker_ci.sandbox.beaker.errors import Refused
from beaker_ci.sandbox.beaker.life import Life
from beaker_ci.sandbox.beaker.records import Job

_MAX_LINE = 1 << 16  # bytes
# As a shell and a container runtime count.
_NO_COMMAND = 127
_SIGNALED = 128


class Runner:
    """Starts a thread and a process group per job.

    Args:
        containers: Furnishes the job.
        checkouts: Provides its code.

    Attributes:
        grace: Seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, containers: Containers, checkouts: Checkouts) -> None:
        self.grace = 5.0
        self._containers = containers
        self._checkouts = checkouts
        self._running: list[JobProcess] = []
        self._closed = False

    def launch(self, job: Job, life: Life) -> None:
        """Start a placed job; returns at once. The caller holds the server's lock."""
        if self._closed:
            return
        process = JobProcess(job, life, self._containers, self._checkouts, self.grace)
        self._running = [*(each for each in self._running if each.alive), process]
        job.process = process
        process.begin()

    def close(self, monitor: threading.Condition) -> None:
        """Kill every process, start no other, and wait until all are gone."""
        with monitor:
            self._closed = True
        for process in self._running:
            process.kill()
        for process in self._running:
            process.join()


class JobProcess:
    """One job's process, from checkout to exit code."""

    def __init__(
        self, job: Job, life: Life, containers: Containers, checkouts: Checkouts, grace: float
    ) -> None:
        self._job = job
        self._life = life
        self._containers = containers
        self._checkouts = checkouts
        self._grace = grace
        self._lock = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._timers: list[threading.Timer] = []
        self._thread = threading.Thread(target=self._run, name=f"job {job.id}", daemon=True)

    def begin(self) -> None:
        """Start."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread has not ended."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def stop(self) -> None:
        """SIGTERM to the group now, SIGKILL after the grace period; returns at once."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._signal(self._process, signal.SIGTERM)
                self._after(self._grace, self.kill)

    def kill(self) -> None:
        """SIGKILL to the group."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._signal(self._process, signal.SIGKILL)

    def _run(self) -> None:
        exit_code = 1
        try:
            exit_code = self._execute()
        except (CheckoutError, Refused) as error:
            self._job.log.write(str(error).encode())
        except OSError as error:
            self._job.log.write(str(error).encode())
            exit_code = _NO_COMMAND
        finally:
            shutil.rmtree(self._containers.directory(self._job), ignore_errors=True)
            self._life.end(self._job, exit_code)

    def _execute(self) -> int:
        container = self._containers.build(self._job)
        if container.repository:
            self._checkouts.make(container.repository, container.ref, container.directory)
        else:
            container.directory.mkdir(exist_ok=True)
        process = self._spawn(container) if self._life.start(self._job) else None
        if process is None:
            return _SIGNALED + signal.SIGTERM
        with process, contextlib.ExitStack() as cleanup:
            reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
            reader.start()
            cleanup.callback(reader.join)
            code = self._wait(process)
        return code if code >= 0 else _SIGNALED - code

    def _spawn(self, container: Container) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopped:
                return None
            self._process = subprocess.Popen(
                container.command,
                cwd=container.directory,
                env=container.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            details = self._job.message.system_details
            if details.HasField("timeout"):
                self._after(details.timeout.ToNanoseconds() / 1e9, self._time_out)
            return self._process

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        code = process.wait()
        with self._lock:
            for timer in self._timers:
                timer.cancel()
            self._signal(process, signal.SIGKILL)
            for pid in _left_behind(self._job.id):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            self._process = None
        return code

    def _read(self, stream: IO[bytes]) -> None:
        while line := stream.readline(_MAX_LINE):
            self._job.log.write(line.rstrip(b"\r\n"))

    def _time_out(self) -> None:
        self._life.cancel(
            self._job, pb2.CANCELATION_CODE_TIMEOUT, "Job exceeded its timeout and was canceled"
        )

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, do)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _left_behind(job_id: str) -> list[int]:
    """Processes of a job that left its process group, found by their environment (Linux)."""
    mark = f"BEAKER_JOB_ID={job_id}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return [pid for pid in found if pid != os.getpid()]
