"""A digest of a large log against grep and a plain read of its lines, in one run on the same file.

The log is what a training run of eight ranks prints: steps, bars, NCCL's chatter, a tracker,
warnings, exceptions that were survived, and at the end one rank's error, the others' and a
teardown. Each way is a process of its own; its memory is the peak of its resident set, less that of
an idle interpreter.

    python benchmarks/digest.py [--megabytes 200 1000] [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

MB = 1_000_000
PYTHON = [sys.executable, "-I", "-X", "utf8"]
DIGEST = """
import sys
from beaker_ci.digest import Digester
digester = Digester()
with open(sys.argv[1], "rb", buffering=0) as log:
    while chunk := log.read(1 << 20):
        digester.feed(chunk)
found = digester.finish()
print(found.lines, found.headline)
"""
READ = """
import sys
with open(sys.argv[1], "rb") as log:
    print(sum(1 for line in log))
"""
SEARCH = """
import sys
with open(sys.argv[1], "rb") as log:
    print(sum(1 for line in log if b"Error" in line or b"Exception" in line))
"""
CAUSE = "ValueError: expected 4096 columns, got 4095 in shard 17"
SURVIVED = """WARNING loader: batch {0} skipped
Traceback (most recent call last):
  File "/data/train/data.py", line 88, in fetch
    return self.cache[key]
KeyError: 'shard-{0}'
"""
FAILED = """[rank{0}]: Traceback (most recent call last):
[rank{0}]:   File "/data/train/main.py", line 212, in <module>
[rank{0}]:     main()
[rank{0}]:   File "/data/train/model.py", line 97, in forward
[rank{0}]:     raise {1}
[rank{0}]: {2}
"""


@dataclass(frozen=True)
class Run:
    """What one process took."""

    seconds: float
    cpu: float
    peak: int
    output: str


def lines(random: Random) -> Iterator[str]:
    """Ordinary lines without end."""
    for step in count(1):
        rank, loss, speed = step % 8, 9 / step**0.2 + random.random() / 10, random.random() * 1e5
        now = f"2026-02-03T11:{step // 60 % 60:02d}:{step % 60:02d}.120Z"
        yield f"{now} [default{rank}]: step {step} loss={loss:.4f} lr=1.0e-04 tok/s={speed:.0f}\n"
        if step % 4 == 0:
            yield f"INFO 02-03 11:04:09 [trainer.py:312] epoch {step // 5000} | mfu 0.43\n"
        if step % 10 == 0:
            yield "".join(f"\r{bar(part)}" for part in range(0, 100, 20)) + "\n"
        if step % 25 == 0:
            yield f"node-3:{4000 + rank}:99 [{rank}] NCCL INFO Channel 02/0 : {rank} -> 4[4]\n"
        if step % 200 == 0:
            yield f"wandb: uploading history steps {step - 200}-{step}, summary, lines\n"
            yield f"eval step {step}: accuracy=0.71 error_rate=0.29 failed=0 nan_batches=0\n"
        if step % 1000 == 0:
            yield "/opt/env/torch/utils.py:91: UserWarning: falling back to the slow path\n"
        if step % 20_000 == 0:
            yield SURVIVED.format(step)


def bar(part: int) -> str:
    """A progress bar at a percentage."""
    blocks = "█" * (part // 10)
    return f"Training: {part:3d}%|{blocks:10}| {part * 50}/5000 [03:12<02:08, 41.07it/s]"


def write(path: Path, size: int) -> None:
    """Writes a log of about the size, in bytes."""
    random, written, batch = Random(1), 0, []  # noqa: S311 - nothing secret
    with path.open("wb") as log:
        for line in lines(random):
            batch.append(line)
            if len(batch) >= 20_000:
                written += log.write("".join(batch).encode())
                batch.clear()
                if written >= size:
                    break
        log.write(FAILED.format(3, CAUSE.replace(": ", "(", 1) + ")", CAUSE).encode())
        for rank in (0, 5):
            lost = "RuntimeError: Connection closed by peer"
            log.write(FAILED.format(rank, "error", lost).encode())
        trailer = Path(__file__).resolve().parents[1] / "tests" / "digest" / "trailer.log"
        log.write(trailer.read_bytes())


def run(command: Sequence[str]) -> Run:
    """Runs a command and measures it."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101 - it was asked for
    output = process.stdout.read().strip()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    seconds = time.perf_counter() - start
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, output)


def best(command: Sequence[str], rounds: int) -> Run:
    """The fastest of some runs."""
    return min((run(command) for _ in range(rounds)), key=lambda each: each.seconds)


def main() -> int:
    """Prints the table; 1 if the cause was not found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    idle = run([*PYTHON, "-c", "pass"])
    right = True
    version, idling = sys.version.split()[0], idle.peak / 1024
    print(f"Python {version}, {os.cpu_count()} cores; idle: {idling:.0f} MiB\n")
    print("| log | way | seconds | MB/s | MB/s of CPU time | peak memory above the interpreter |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in options.megabytes:
            path = Path(folder, f"{megabytes}.log")
            write(path, megabytes * MB)
            size = path.stat().st_size / MB
            ways = {
                "beaker-ci's digest": [*PYTHON, "-c", DIGEST, str(path)],
                "`grep -cE 'Error\\|Exception'`": ["grep", "-cE", "Error|Exception", str(path)],
                "Python, count lines": [*PYTHON, "-c", READ, str(path)],
                "Python, two words in each line": [*PYTHON, "-c", SEARCH, str(path)],
            }
            for name, command in ways.items():
                took = best(command, options.rounds)
                memory = max(0, took.peak - (0 if command[0] == "grep" else idle.peak)) / 1024
                speed = f"{took.seconds:.2f} | {size / took.seconds:.0f} | {size / took.cpu:.0f}"
                print(f"| {size:.0f} MB | {name} | {speed} | {memory:.0f} MiB |", flush=True)
                right = right and (DIGEST not in command or took.output.endswith(CAUSE))
            path.unlink()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
