"""Run the locked uv; by default, make .venv ready from uv.lock.

A clean Debian has a python3 without pip, ensurepip or uv. This script needs that python3 and its
standard library only: it takes the address and hash of uv from uv.lock, where uv stands as a
development dependency, so one pin serves the bootstrap, the developers and the container image.

    python3 scripts/bootstrap.py                 uv sync --locked --all-extras
    python3 scripts/bootstrap.py lock --upgrade  any other uv command
"""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import platform
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
TIMEOUT_SECONDS = 60


class BootstrapError(Exception):
    """What happened, why, and what to do next, in one text."""


class Wheel(NamedTuple):
    """One wheel of the lock: where it is and what it must hash to."""

    url: str
    sha256: str


class Machine(NamedTuple):
    """What decides which wheel fits; `glibc` is None on musl and on macOS."""

    system: str
    architecture: str
    glibc: tuple[int, int] | None

    @classmethod
    def here(cls) -> Machine:
        """Describe the machine that runs this Python."""
        name, version = platform.libc_ver()
        glibc = re.match(r"(\d+)\.(\d+)", version) if name == "glibc" else None
        return cls(
            platform.system(),
            platform.machine(),
            (int(glibc[1]), int(glibc[2])) if glibc else None,
        )


def locked_uv(lock: dict[str, Any]) -> tuple[str, list[Wheel]]:
    """Find uv in a parsed uv.lock.

    Returns:
        Its version, and its wheels for every platform.

    Raises:
        BootstrapError: If the lock holds no uv.
    """
    for package in lock.get("package", []):
        if package["name"] == "uv":
            wheels = [
                Wheel(wheel["url"], wheel["hash"].removeprefix("sha256:"))
                for wheel in package.get("wheels", [])
            ]
            return package["version"], wheels
    raise BootstrapError(
        "uv.lock holds no package 'uv', so there is nothing to set .venv up with.\n"
        "Keep uv among the development dependencies of pyproject.toml and lock again."
    )


def fits(tag: str, machine: Machine) -> bool:
    """Tell whether a wheel with this platform tag runs on this machine."""
    parts = re.fullmatch(r"(manylinux|musllinux|macosx)_(\d+)_(\d+)_(\w+)", tag)
    if not parts or parts[4] != machine.architecture:
        return False
    if parts[1] == "macosx":
        return machine.system == "Darwin"
    if machine.system != "Linux":
        return False
    if parts[1] == "musllinux":
        return machine.glibc is None
    return machine.glibc is not None and machine.glibc >= (int(parts[2]), int(parts[3]))


def choose(wheels: list[Wheel], machine: Machine) -> Wheel:
    """Pick the wheel for this machine.

    Raises:
        BootstrapError: If no wheel fits.
    """
    for wheel in wheels:
        tags = wheel.url.rsplit("/", 1)[-1].removesuffix(".whl").rsplit("-", 1)[-1]
        if any(fits(tag, machine) for tag in tags.split(".")):
            return wheel
    libc = f" with glibc {machine.glibc[0]}.{machine.glibc[1]}" if machine.glibc else ""
    raise BootstrapError(
        f"No locked wheel of uv runs on {machine.system} {machine.architecture}{libc}.\n"
        "Linux and macOS on x86-64 or ARM are supported. Elsewhere, install uv yourself and type:\n"
        "  uv sync --locked --all-extras"
    )


def download(wheel: Wheel) -> bytes:
    """Fetch a wheel, with the proxy and certificates that the environment names.

    Raises:
        BootstrapError: If it cannot be had, or is not what was locked.
    """
    try:
        with urllib.request.urlopen(wheel.url, timeout=TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise BootstrapError(_why_not_downloaded(wheel, error)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != wheel.sha256:
        raise BootstrapError(
            f"{wheel.url}\nis not the file that uv.lock names: its SHA-256 is {found},\n"
            f"expected was {wheel.sha256}. It was not used.\n"
            "A proxy may have answered in its place: open the address, or try another network."
        )
    return content


def _why_not_downloaded(wheel: Wheel, error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        advice = (
            "Python trusts no certificate authority that vouches for this server. Install them\n"
            "(on Debian: apt-get install ca-certificates), or name your own:\n"
            "  export SSL_CERT_FILE=/path/to/ca-bundle.pem"
        )
    elif isinstance(error, urllib.error.HTTPError):
        advice = "The server, or a proxy in between, refused. Open the address to see why."
    else:
        advice = (
            "The first set-up needs the network. Check the connection; behind a proxy, type:\n"
            "  export https_proxy=http://proxy.example:8080"
        )
    return f"Could not download uv from\n{wheel.url}\n({reason}).\n{advice}"


def unpack(content: bytes, folder: Path) -> Path:
    """Write the uv program of a wheel into `folder`, executable."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        program = folder / "uv"
        program.write_bytes(archive.read(name))
    program.chmod(0o755)
    return program


def is_version(program: Path, version: str) -> bool:
    """Tell whether `program` is a working uv of this very version."""
    try:
        command = [str(program), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.split()[:2] == ["uv", version]


def run_uv(program: Path, arguments: list[str]) -> int:
    """Run uv on this checkout, this Python and this machine's certificates."""
    environment = os.environ | {"UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    environment.setdefault("UV_PROJECT_ENVIRONMENT", str(VENV))
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    environment.pop("VIRTUAL_ENV", None)
    command = [str(program), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def bootstrap(arguments: list[str]) -> int:
    """Run the locked uv: the one in .venv, or a fresh download that is thrown away.

    Returns:
        uv's exit code.

    Raises:
        BootstrapError: If uv cannot be had.
    """
    import tomllib  # not at the top: an older Python shall reach the message in `main`

    version, wheels = locked_uv(tomllib.loads((ROOT / "uv.lock").read_text("utf-8")))
    ours = VENV / "bin" / "uv"
    if is_version(ours, version):
        return run_uv(ours, arguments)
    wheel = choose(wheels, Machine.here())
    sys.stderr.write(f"Fetching uv {version} and the locked packages; this takes a minute.\n")
    # In the checkout, because /tmp may refuse to execute programs. The sync itself puts the same
    # version into .venv for the next time.
    with tempfile.TemporaryDirectory(prefix=".uv-", dir=ROOT) as folder:
        return run_uv(unpack(download(wheel), Path(folder)), arguments)


def main() -> int:
    """Run as a script."""
    if sys.version_info < OLDEST_PYTHON:
        return _fail(
            f"beaker-ci needs Python {'.'.join(map(str, OLDEST_PYTHON))} or newer, and\n"
            f"{sys.executable} is {platform.python_version()}.\n"
            "Install a newer one and name it:\n"
            "  make PYTHON=/path/to/python3.12 test"
        )
    try:
        return bootstrap(sys.argv[1:] or ["sync", "--locked", "--all-extras", "--quiet"])
    except BootstrapError as error:
        return _fail(str(error))


def _fail(message: str) -> int:
    sys.stderr.write(f"bootstrap: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
