"""The base image where no registry can be reached: Debian's packages and a CPython of this host.

It stands in under the official image's name, so that the Dockerfile is built as it is. It is larger
than the official one; what it adds is reported apart.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from container.engine import Engine, ImageError, call

PACKAGES = (
    "ca-certificates",
    "libbz2-1.0",
    "libffi8",
    "liblzma5",
    "libncursesw6",
    "libreadline8",
    "libsqlite3-0",
    "libssl3",
    "netbase",
    "tzdata",
    "zlib1g",
)
"""What the official image installs, and what CPython's modules link to."""

UNUSED = shutil.ignore_patterns(
    "__pycache__", "*.a", "config-*", "ensurepip", "idle*", "site-packages", "test", "tkinter"
)
"""What the official image does not have either, and what belongs to the host."""

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

DOCKERFILE = """\
FROM scratch
ADD system.tar /
COPY root/ /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \\
    LANG=C.UTF-8 \\
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN ldconfig && python3 -c "import bz2, ctypes, lzma, readline, sqlite3, ssl, zlib"
CMD ["python3"]
"""


@dataclass(frozen=True)
class Base:
    """The base image that a Dockerfile names.

    Attributes:
        image: Such as ``python:3.12-slim-bookworm``.
        python: Its minor version of Python.
        suite: Its Debian.
    """

    image: str
    python: str
    suite: str

    @classmethod
    def of(cls, dockerfile: str) -> Base:
        """Reads it off a Dockerfile's last stage.

        Raises:
            ImageError: When that starts from something else.
        """
        names = re.findall(r"(?m)^FROM (\S+)", dockerfile)
        match = re.fullmatch(r"python:(\d+\.\d+)-slim-(\w+)", names[-1] if names else "")
        if not match:
            raise ImageError("The Dockerfile does not start from python:VERSION-slim-SUITE.")
        return cls(match[0], match[1], match[2])


def build_stand_in(engine: Engine, base: Base, work: Path) -> None:
    """Builds the stand-in under the official image's name.

    Raises:
        ImageError: When something that it takes is missing here.
    """
    context = work / "base"
    if not shutil.which("mmdebstrap"):
        raise ImageError(
            f"{base.image} cannot be pulled, and its stand-in needs mmdebstrap:\n"
            "  apt-get install mmdebstrap"
        )
    system = context / "system.tar"
    if not system.exists():
        context.mkdir(parents=True, exist_ok=True)
        fresh = context / "fresh.tar"
        packages = f"--include={','.join(PACKAGES)}"
        call(["mmdebstrap", "--quiet", "--variant=minbase", packages, base.suite, fresh])
        fresh.rename(system)
    root = context / "root"
    shutil.rmtree(root, ignore_errors=True)
    _copy_python(_find_python(base.python), base.python, root / "usr/local")
    if CERTIFICATES.exists():  # a proxy that looks into TLS has its authority there
        (root / CERTIFICATES.parent.relative_to("/")).mkdir(parents=True)
        shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    (context / "Dockerfile").write_text(DOCKERFILE)
    engine.build(context, base.image)


def _find_python(version: str) -> Path:
    """The prefix of a CPython that was built here; Debian's own is spread over the system."""
    for program in _programs(version):
        try:
            prefix = Path(call([program, "-c", "import sys; print(sys.base_prefix)"]).strip())
        except (ImageError, OSError):
            continue
        if prefix != Path("/usr") and (prefix / f"lib/python{version}").is_dir():
            return prefix
    raise ImageError(
        f"The stand-in for the base image needs a CPython {version} with a prefix of its own.\n"
        f"Install one, for example:\n  .venv/bin/uv python install {version}"
    )


def _programs(version: str) -> Iterator[Path]:
    name = f"python{version}"
    for folder in os.get_exec_path():
        if (program := Path(folder, name)).is_file():
            yield program
    home = Path.home()
    yield from home.glob(f".pyenv/versions/{version}.*/bin/{name}")
    yield from home.glob(f".local/share/uv/python/cpython-{version}.*/bin/{name}")


def _copy_python(prefix: Path, version: str, target: Path) -> None:
    library = f"lib/python{version}"
    shutil.copytree(prefix / library, target / library, symlinks=True, ignore=UNUSED)
    (target / library / "site-packages").mkdir()
    for shared in (prefix / "lib").glob(f"libpython{version}.so*"):
        shutil.copy2(shared, target / "lib", follow_symlinks=False)
    (target / "bin").mkdir()
    shutil.copy2(prefix / f"bin/python{version}", target / "bin")
    for link in ("python", "python3"):
        (target / "bin" / link).symlink_to(f"python{version}")
