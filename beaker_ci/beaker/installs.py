"""Whether gantry's installation failed in a job that succeeded all the same.

With uv, gantry's entrypoint installs the project in a subshell whose exit code nobody looks at: the
command then runs without what was to be installed. What the entrypoint logs tells. A step that it
installs by itself ends with an error of its own; a command of the user's ends with nothing at all,
so that only the missing ``Done.`` shows it. With conda, an environment whose file failed half-way
can still be activated.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import closing

import grpc
from beaker import beaker_pb2 as pb2
from beaker.exceptions import BeakerError

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.logs import read_log
from beaker_ci.history import State, failed_install
from beaker_ci.problem import Problem

MOST_LINES, MOST_BYTES = 20_000, 4 << 20
"""Where reading ends if gantry's setup does not: nothing is known then."""

LONGEST_QUOTE = 200
"""Characters of what the log says that are told."""

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_STAMP = r"(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s+)?"
_HEADER = re.compile(_STAMP + r"### \[GANTRY\] (.+?) ###")
_BUILDING, _COMPLETE = "Building Python env...", "Setup complete"
_BEGUN = re.compile(
    _STAMP
    + r"❯ \[GANTRY INFO\] "
    + r"(Installing local project\.\.\.|Installing packages from requirements\.txt\.\.\."
    + r"|Running user-defined install command: .*|Sourcing user-defined install script .*)"
)
# What is printed before may lack the end of its line.
_DONE = re.compile(r"❯ \[GANTRY INFO\] Done\.\s*\Z")
_FAILED = re.compile(
    _STAMP
    + r"❯ \[GANTRY ERROR\] (Command '(?:uv pip install|conda (?:env )?create) .*' failed\.)"
    + r" Showing logs:"
)


def check_installs(client: BoundedBeaker, workload: pb2.Workload, state: State) -> State:
    """The same state; a failure if the installation failed in any job that it rests on.

    A request per task, repeated where Beaker does not answer: a success is told once. A log that
    cannot be read even so says nothing.

    Args:
        client: Beaker.
        workload: As Beaker describes it now.
        state: A success.
    """
    bare = {task.id for task in workload.experiment.tasks if _has_no_python(task)}
    for task in state.tasks:
        if task.latest is None or task.id in bare:
            continue
        line = _failure_of(client, task.latest.id)
        if line is not None:
            return failed_install(state, task.latest.id, line)
    return state


def find_failure(lines: Iterable[str]) -> str | None:
    """What gantry says of an installation that failed; None if it did not, or that is not known.

    Args:
        lines: Of a job's log, from its beginning. Read no further than to the end of the setup.
    """
    begun: str | None = None
    building = False
    for line in lines:
        text = _ANSI.sub("", line)
        if header := _HEADER.match(text):
            if building or header[1] == _COMPLETE:
                return begun and f"“{begun}” did not get to its end."
            building = header[1] == _BUILDING
        elif building and (failed := _FAILED.match(text)):
            return _shortened(failed[1])
        elif building and (found := _BEGUN.match(text)):
            begun = _shortened(found[1].rstrip())
        elif _DONE.search(text):
            begun = None
    return None


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _has_no_python(task: pb2.Task) -> bool:
    """Whether gantry was told to leave Python alone: what it installs then, it looks at."""
    variables = task.container_spec.environment_variables
    return any(each.name == "GANTRY_NO_PYTHON" and each.literal for each in variables)


def _failure_of(client: BoundedBeaker, job_id: str) -> str | None:
    try:
        with closing(_read_head(client, job_id)) as lines:
            return find_failure(lines)
    except (BeakerError, grpc.RpcError, Problem):
        return None  # what nobody can read takes nothing from a success


def _read_head(client: BoundedBeaker, job_id: str) -> Generator[str]:
    """The first lines of a job's log; who stops early closes the stream."""
    lines = size = 0
    with closing(read_log(client, job_id)) as log:
        for message in log:
            yield from message.decode("utf-8", "replace").removesuffix("\n").split("\n")
            lines, size = lines + 1, size + len(message)
            if lines >= MOST_LINES or size >= MOST_BYTES:
                return
