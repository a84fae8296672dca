"""Builds the action's image and tries it as GitHub's runner would, end to end.

It takes the running Docker, else a daemon of its own, else buildah; the official base image where a
registry can be reached, else a stand-in from Debian's packages and a CPython of this host. Then the
image answers real comments on a local GitHub and submits to a local Beaker, with the runner's
mounts, environment and signals. What was started is ended, and what was built is removed.

    python scripts/image.py [--rounds N] [--work DIR]
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from container.base import Base
from container.engine import TAG, Engine, ImageError
from container.find import engine_with
from container.step import Phases
from container.trial import Cancelled, Trial, open_trial

ROOT = Path(__file__).resolve().parent.parent
MB = 1_000_000


def built(engine: Engine, base: Base, *, official: bool, work: Path) -> Iterator[tuple[str, str]]:
    """Builds the image; yields the table's rows about that."""
    yield "engine", engine.name
    kind = "official" if official else "stand-in"
    yield f"base, {kind}", f"{base.image}, {engine.size(base.image) / MB:.0f} MB"
    started = time.monotonic()
    engine.build(ROOT, TAG)
    yield "build, everything downloaded", f"{time.monotonic() - started:.0f} s"
    added = engine.size(TAG) - engine.size(base.image)
    packed = packed_size(engine, base, work)
    yield "on top of the base", f"{added / MB:.0f} MB; {packed / MB:.0f} MB to pull"


def packed_size(engine: Engine, base: Base, work: Path) -> int:
    """Bytes that a registry would send for what the image adds to its base."""
    archive = work / "image.tar"
    archive.unlink(missing_ok=True)
    engine.save(TAG, archive)
    total = 0
    with tarfile.open(archive) as saved:
        manifest = saved.extractfile("manifest.json")
        names = json.load(manifest)[0]["Layers"] if manifest else []
        for name in names[engine.layers(base.image) :]:
            layer = saved.extractfile(name)
            packer = zlib.compressobj(6)
            while layer and (block := layer.read(1 << 20)):
                total += len(packer.compress(block))
            total += len(packer.flush())
    archive.unlink()
    return total


def tried(trial: Trial, engine: Engine, rounds: int) -> Iterator[tuple[str, str]]:
    """Tries the image; yields the table's rows about that."""
    yield "container that does nothing", str(trial.start_alone(rounds))
    answered = trial.answer(rounds)
    yield "`docker run` to the reaction", str(answered.reaction)
    yield "whole step: one experiment, comment, check", str(answered.whole)
    yield "post step with nothing to do", str(trial.post_with_nothing_to_do(rounds))
    if not engine.forwards_signals:
        yield "signals", "not tried: this engine's client is not the runner's"
        return
    for first in (signal.SIGINT, signal.SIGTERM):
        yield f"{first.name} while waiting", told(trial.cancel(first), "step")
    yield "container killed, then the post step", told(trial.vanish(), "post step")


def told(seen: Cancelled, what: str) -> str:
    """How an awaited job was stopped."""
    return f"job stopped after {seen.stopped:.2f} s, {what} ended after {seen.ended:.2f} s"


def main() -> int:
    """Runs as a script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--work", type=Path, help="keep an engine's files and the stand-in here for the next time"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave nothing behind then either
    with ExitStack() as stack:
        work = options.work or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="beaker-ci-image-"))
        )
        work.mkdir(parents=True, exist_ok=True)
        services = stack.enter_context(tempfile.TemporaryDirectory(prefix="beaker-ci-trial-"))
        try:
            base = Base.of((ROOT / "Dockerfile").read_text("utf-8"))
            engine, official = stack.enter_context(engine_with(base, work.resolve()))
            stack.callback(engine.remove, TAG)
            print("| what | measured |\n|---|---|")
            show(built(engine, base, official=official, work=work))
            phases = Phases.read(ROOT / "action.yml")
            trial = stack.enter_context(open_trial(engine, phases, Path(services)))
            show(tried(trial, engine, options.rounds))
        except ImageError as error:
            sys.stderr.write(f"image: {error}\n")
            return 1
    return 0


def show(rows: Iterator[tuple[str, str]]) -> None:
    """Prints each row of the table as soon as it is known."""
    for what, measured in rows:
        print(f"| {what} | {measured} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
