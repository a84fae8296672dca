"""A log of a million lines, followed through streams that break every few thousand of them.

Every line's text holds its number, beside bytes that are no UTF-8; seven share a moment, and some
moments are the last nanosecond of their second. Whoever follows is a process of its own, which
counts what it gets: ours through broken streams, beaker-py's own way through the same, and
beaker-py's own way straight through.

    python benchmarks/logs.py [--lines N] [--every N] [--baseline N]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from beaker_ci.sandbox.beaker import LocalBeaker
    from beaker_ci.sandbox.beaker.logs import Line

SECOND = 1_000_000_000
BEGUN = 1_700_000_000 * SECOND
SHARED = 7
ODD = (b"\xff\xfe \xc3(", b"\xed\xa0\x80", "é 🐳".encode(), b"\x00\r")
BROKEN = (
    ("INTERNAL", "Received RST_STREAM with error code 2"),
    ("UNAVAILABLE", "Connection reset by peer"),
    ("UNKNOWN", "Stream removed"),
    ("DEADLINE_EXCEEDED", "Deadline Exceeded"),
    ("RESOURCE_EXHAUSTED", "too many"),
)
WAYS = {
    "ours": "beaker-ci, broken streams",
    "theirs-broken": "beaker-py, the same broken streams",
    "theirs": "beaker-py, no broken stream",
}


class Lines(Sequence["Line"]):
    """A log that is made while it is read."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Line: ...

    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...

    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._count))]
        from beaker_ci.sandbox.beaker.logs import Line

        second, within = divmod(place // SHARED, 3)
        moment = BEGUN + second * SECOND + (0, 500_000_000, 999_999_999)[within]
        return Line(moment, b"%d %s" % (place, ODD[place % len(ODD)]))


@dataclass
class Count:
    """What a follower got.

    Attributes:
        lines: All together.
        lost: Numbers that were passed over.
        doubled: Lines that came again.
        seconds: From the first to the last.
        growth: MB of memory at its peak beyond what the process had before.
        died: Of what, if it did.
    """

    lines: int = 0
    lost: int = 0
    doubled: int = 0
    seconds: float = 0.0
    growth: float = 0.0
    died: str = ""

    def take(self, messages: Iterable[bytes]) -> None:
        """Counts lines by their numbers."""
        following = 0
        for message in messages:
            self.lines += 1
            number = int(message.partition(b" ")[0])
            if number < following:
                self.doubled += 1
            else:
                self.lost += number - following
                following = number + 1


def follow(way: str, job_id: str) -> Count:
    """Follows a job's log to its end in this process."""
    from beaker_ci.beaker.client import connect
    from beaker_ci.beaker.logs import follow_log

    count = Count()
    client = connect(None, os.environ)
    messages: Iterator[bytes]
    if way == "ours":
        messages = (line.message for line in follow_log(client, job_id))
    else:
        messages = _as_beaker_py_does(job_id)
    client.job.get(job_id)
    before, began = _memory("VmRSS"), time.monotonic()
    try:
        count.take(messages)
    except Exception as error:
        code = getattr(error, "code", None)
        count.died = code().name if code else type(error).__name__
    count.seconds = time.monotonic() - began
    count.growth = _memory("VmHWM") - before
    return count


def _as_beaker_py_does(job_id: str) -> Iterator[bytes]:
    from beaker import Beaker

    with Beaker.from_env(check_for_upgrades=False) as client:
        for log in client.job.logs(client.job.get(job_id), follow=True):
            yield log.message


def _memory(what: str) -> float:
    """What this process holds (``VmRSS``), or the most that it ever held (``VmHWM``), in MB."""
    # Not getrusage: what the parent held counts there too.
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


def measure(beaker: LocalBeaker, job_id: str, way: str, every: int) -> Count:
    """Lets a process of its own follow."""
    from beaker_ci.sandbox.beaker.logs import Break

    broken = (Break(every, *how) for how in cycle(BROKEN))
    beaker.log(job_id).break_streams(() if way == "theirs" else broken)
    done = subprocess.run(
        [sys.executable, __file__, "--follow", way, "--job", job_id],
        env=beaker.environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Count(**json.loads(done.stdout))


def prepare(beaker: LocalBeaker, name: str, lines: int) -> str:
    """A job that has ended, whose log has so many lines; answers its id."""
    beaker.hold_jobs = True
    spec: dict[str, Any] = {
        "version": "v2",
        "budget": "ai2/widgets-budget",
        "tasks": [
            {
                "image": {"beaker": "beaker-py/gantry"},
                "command": ["true"],
                "context": {"priority": "normal"},
                "constraints": {"cluster": ["ai2/jupiter"]},
                "result": {"path": "/results"},
            }
        ],
    }
    (workload,) = beaker.add_experiments("ai2/widgets", {name: spec})
    beaker.start(workload)
    job_id = beaker.experiment(workload).jobs[0].id
    beaker.log(job_id).serve(Lines(lines))
    beaker.finish(workload)
    return job_id


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=4000, help="lines between two breaks")
    parser.add_argument("--baseline", type=int, default=200_000, help="lines for beaker-py")
    parser.add_argument("--follow", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.follow:
        print(json.dumps(asdict(follow(options.follow, options.job))))
        return
    from beaker_ci.sandbox.beaker import LocalBeaker

    print(f"A broken stream every {options.every:,} lines\n")
    print("| way | of lines | lines | lost | doubled | seconds | memory growth | ended |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        beaker = stack.enter_context(LocalBeaker(directory / "beaker", {}))
        for way, name in WAYS.items():
            lines = options.lines if way == "ours" else min(options.lines, options.baseline)
            job_id = prepare(beaker, way, lines)
            count = measure(beaker, job_id, way, options.every)
            ended = f"died of {count.died}" if count.died else "at the end"
            print(
                f"| {name} | {lines:,} | {count.lines:,} | {count.lost:,} | {count.doubled:,} "
                f"| {count.seconds:.1f} | {count.growth:.1f} MB | {ended} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
