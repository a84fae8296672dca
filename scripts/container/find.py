"""Finds an engine with the base image on it, or starts one of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from container.base import Base, build_stand_in
from container.engine import Buildah, Docker, Engine, ImageError, succeeds

OFFLINE = (
    "--bridge=none",
    "--ip-forward=false",
    "--ip-masq=false",
    "--ip6tables=false",
    "--iptables=false",
)
"""A daemon that leaves the machine's network alone; its containers use the host's."""

START_SECONDS = 30


@contextmanager
def engine_with(base: Base, work: Path) -> Iterator[tuple[Engine, bool]]:
    """An engine with the base image: the running Docker, else one of our own.

    A stand-in is built only in an engine of our own: nobody's images are replaced.

    Yields:
        The engine, and whether the base is the official one.

    Raises:
        ImageError: When no engine can be had here.
    """
    running = Docker.connect() if shutil.which("docker") else None
    if running and (running.has(base.image) or running.pull(base.image)):
        yield running, True
        return
    with _own_engine(work) as engine:
        official = engine.pull(base.image)
        if not official and not engine.has(base.image):
            build_stand_in(engine, base, work)
        yield engine, official


@contextmanager
def _own_engine(work: Path) -> Iterator[Engine]:
    with _own_docker(work) as docker:
        engine = docker or Buildah.prepare(work)
        if engine is None:
            raise ImageError(
                "There is no container engine: no Docker daemon answers that has, or can pull,\n"
                "the base image; none can be started here (that takes root, docker and dockerd);\n"
                "and buildah is not installed. Install one of them, on Debian for example:\n"
                "  apt-get install docker.io"
            )
        yield engine


@contextmanager
def _own_docker(work: Path) -> Iterator[Docker | None]:
    """A daemon whose every file is under ``work``; None where none can run."""
    if os.geteuid() or not shutil.which("docker") or not shutil.which("dockerd"):
        yield None
        return
    address = f"unix://{work}/docker.sock"
    places = (f"--data-root={work}/images", f"--exec-root={work}/run", f"--pidfile={work}/pid")
    with (work / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(
            ["dockerd", *places, f"--host={address}", *OFFLINE],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _wait_for(daemon, address)
    finally:
        daemon.terminate()
        try:
            daemon.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        _unmount(work)


def _unmount(folder: Path) -> None:
    """Takes away what a daemon leaves mounted, so that its folder can be removed."""
    mounted = [Path(line.split()[1]) for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in reversed(mounted):
        if place.is_relative_to(folder):
            succeeds(["umount", str(place)])


def _wait_for(daemon: subprocess.Popen[bytes], address: str) -> Docker | None:
    give_up = time.monotonic() + START_SECONDS
    while daemon.poll() is None and time.monotonic() < give_up:
        if docker := Docker.connect(address):
            return docker
        time.sleep(0.1)
    return None
