"""The engines that can build and run the image: Docker, or buildah where no daemon can run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

TAG = "beaker-ci:trial"
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class ImageError(Exception):
    """What happened, why, and what to do next, in one text."""


@dataclass(frozen=True)
class Container:
    """One container, as the runner describes it.

    Attributes:
        entrypoint: Path of a program in the image.
        arguments: Its arguments.
        mounts: Host path to container path.
        environment: Its variables, besides those of the image.
        workdir: Working directory.
    """

    name: str
    entrypoint: str
    arguments: Sequence[str] = ()
    mounts: Mapping[Path, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"


class Engine(Protocol):
    """What a trial needs of an engine."""

    @property
    def name(self) -> str:
        """The engine and its version."""

    @property
    def forwards_signals(self) -> bool:
        """Whether a signal to the client's process reaches the container as on a runner."""

    def has(self, image: str) -> bool:
        """Whether an image is here already."""

    def pull(self, image: str) -> bool:
        """Fetches an image; False when no registry has it for us."""

    def build(self, context: Path, tag: str) -> None:
        """Builds a folder's Dockerfile.

        Raises:
            ImageError: When that failed.
        """

    def size(self, image: str) -> int:
        """Bytes of an image, unpacked."""

    def layers(self, image: str) -> int:
        """How many layers an image has."""

    def save(self, image: str, file: Path) -> None:
        """Writes an image into an archive."""

    def start(self, container: Container, log: Path) -> subprocess.Popen[bytes]:
        """Runs a container to its end in a process; both streams go to ``log``."""

    def kill(self, container: Container) -> None:
        """Ends a container with SIGKILL, as a machine's end would."""

    def remove(self, image: str) -> None:
        """Forgets an image, if it is here."""


def call(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    timeout: float = 900,
) -> str:
    """What a program wrote to its standard output.

    Raises:
        ImageError: When it failed, with all that it wrote.
    """
    done = subprocess.run(
        [str(word) for word in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        told = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise ImageError(f"`{' '.join(map(str, command))}` failed:\n{told}")
    return done.stdout


def succeeds(command: Sequence[str], environment: Mapping[str, str] | None = None) -> bool:
    """Whether a program can be started and ends well."""
    try:
        call(command, environment)
    except (ImageError, OSError, subprocess.TimeoutExpired):
        return False
    return True


@dataclass(frozen=True)
class Docker:
    """A Docker daemon; which one, ``environment`` says."""

    environment: Mapping[str, str]

    @classmethod
    def connect(cls, host: str | None = None) -> Docker | None:
        """The daemon at an address, by default the machine's own; None when it does not answer."""
        environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
        if not succeeds(["docker", "version"], environment):
            return None
        if not succeeds(["docker", "buildx", "version"], environment):
            environment["DOCKER_BUILDKIT"] = "0"  # a newer client builds with nothing else then
        return cls(environment)

    @property
    def name(self) -> str:
        """The engine and its version."""
        return f"Docker {self._call('version', '--format', '{{.Server.Version}}').strip()}"

    @property
    def forwards_signals(self) -> bool:
        """As on a runner: it is the same client."""
        return True

    def has(self, image: str) -> bool:
        """Whether an image is here already."""
        return succeeds(["docker", "image", "inspect", image], self.environment)

    def pull(self, image: str) -> bool:
        """Fetches an image; False when no registry has it for us."""
        return succeeds(["docker", "pull", "--quiet", image], self.environment)

    def build(self, context: Path, tag: str) -> None:
        """Builds on the host's network, with the host's proxies."""
        self._call("build", "--network", "host", *_proxies(), "--tag", tag, context)

    def size(self, image: str) -> int:
        """Bytes of an image, unpacked."""
        return int(self._call("image", "inspect", "--format", "{{.Size}}", image))

    def layers(self, image: str) -> int:
        """How many layers an image has."""
        return int(self._call("image", "inspect", "--format", "{{len .RootFS.Layers}}", image))

    def save(self, image: str, file: Path) -> None:
        """Writes an image into an archive."""
        self._call("save", "--output", file, image)

    def start(self, container: Container, log: Path) -> subprocess.Popen[bytes]:
        """Runs a container with the runner's own arguments, on the host's network."""
        command = ["docker", "run", "--name", container.name, "--rm", "--network", "host"]
        command += ["--workdir", container.workdir, "--entrypoint", container.entrypoint]
        for host, inside in container.mounts.items():
            command += ["--volume", f"{host}:{inside}"]
        for variable in container.environment:
            command += ["--env", variable]
        environment = {**self._own(), **container.environment}
        return _open([*command, TAG, *container.arguments], environment, log)

    def kill(self, container: Container) -> None:
        """Ends a container with SIGKILL, as a machine's end would."""
        self._call("kill", container.name)

    def remove(self, image: str) -> None:
        """Forgets an image, if it is here."""
        succeeds(["docker", "rmi", "--force", image], self.environment)

    def _own(self) -> dict[str, str]:
        """What the client itself needs; HOME is the container's."""
        names = ("PATH", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT")
        own = {name: self.environment[name] for name in names if name in self.environment}
        return {"DOCKER_CONFIG": str(Path.home() / ".docker"), **own}

    def _call(self, *arguments: str | Path) -> str:
        return call(["docker", *arguments], self.environment)


@dataclass(frozen=True)
class Buildah:
    """Buildah without a daemon; its containers are plain processes in another root directory."""

    environment: Mapping[str, str]

    @classmethod
    def prepare(cls, work: Path) -> Buildah | None:
        """Buildah with a storage of its own; None when it is not installed."""
        storage = work / "storage.conf"
        storage.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{work}/images"\nrunroot = "{work}/run"\n'
        )
        environment = {
            **os.environ,
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": str(storage),
            "STORAGE_DRIVER": "vfs",
        }
        return cls(environment) if succeeds(["buildah", "version"], environment) else None

    @property
    def name(self) -> str:
        """The engine and its version."""
        return f"buildah {self._call('version').split()[1]}"

    @property
    def forwards_signals(self) -> bool:
        """Not as on a runner: its client is another one."""
        return False

    def has(self, image: str) -> bool:
        """Whether an image is here already."""
        return succeeds(["buildah", "inspect", "--type", "image", image], self.environment)

    def pull(self, image: str) -> bool:
        """Fetches an image; False when no registry has it for us."""
        return succeeds(["buildah", "pull", "--quiet", image], self.environment)

    def build(self, context: Path, tag: str) -> None:
        """Builds on the host's network, with the host's proxies."""
        arguments = ("--pull-never", "--network", "host", *_proxies(), "--tag", tag)
        self._call("bud", *arguments, context)

    def size(self, image: str) -> int:
        """Bytes of an image, unpacked."""
        held = json.loads(self._call("images", "--json", image))
        number, unit = held[0]["size"].split()
        return int(float(number) * {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}[unit])

    def layers(self, image: str) -> int:
        """How many layers an image has."""
        told = json.loads(self._call("inspect", "--type", "image", image))
        return len(told["OCIv1"]["rootfs"]["diff_ids"])

    def save(self, image: str, file: Path) -> None:
        """Writes an image into an archive."""
        self._call("push", "--quiet", image, f"docker-archive:{file}:{image}")

    def start(self, container: Container, log: Path) -> subprocess.Popen[bytes]:
        """Runs a program in a fresh copy of the image."""
        self._call("from", "--pull-never", "--name", container.name, TAG)
        command = ["buildah", "run", "--isolation", "chroot", "--network", "host"]
        command += ["--workingdir", container.workdir]
        for host, inside in container.mounts.items():
            command += ["--volume", f"{host}:{inside}"]
        for variable, value in container.environment.items():
            command += ["--env", f"{variable}={value}"]  # it takes none from its own environment
        command += ["--", container.name, container.entrypoint, *container.arguments]
        return _open(command, self.environment, log)

    def kill(self, container: Container) -> None:
        """Has no daemon to ask; see ``forwards_signals``."""
        raise ImageError(f"buildah cannot end {container.name} from outside.")

    def remove(self, image: str) -> None:
        """Forgets an image, if it is here, and what was run from it."""
        succeeds(["buildah", "rm", "--all"], self.environment)
        succeeds(["buildah", "rmi", "--force", image], self.environment)

    def _call(self, *arguments: str | Path) -> str:
        return call(["buildah", *arguments], self.environment)


def _proxies() -> list[str]:
    """Proxies are build arguments that every Dockerfile has, and that no image keeps."""
    given = [name for name in PROXIES if name in os.environ]
    return [word for name in given for word in ("--build-arg", f"{name}={os.environ[name]}")]


def _open(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
