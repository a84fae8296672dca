"""scripts/bootstrap.py: from a bare Python to the locked uv."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import ssl
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any

import pytest
from inline_snapshot import snapshot

from beaker_ci.sandbox.beaker.certificates import make_certificates

ROOT = Path(__file__).parents[2]

spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts/bootstrap.py")
assert spec
assert spec.loader
bootstrap: Any = importlib.util.module_from_spec(spec)
sys.modules["bootstrap"] = bootstrap
spec.loader.exec_module(bootstrap)

# Answers its own name and version; anything else it prints, with what bootstrap prepared for it.
FAKE_UV = """#!/bin/sh
[ "$1" = --version ] && echo "uv 1.2.3 (fake)" && exit
echo "$@" "in $PWD" "for $UV_PROJECT_ENVIRONMENT" "with $UV_PYTHON" "venv=$VIRTUAL_ENV"
exit 7
"""


def fake_wheel() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("uv-1.2.3.data/scripts/uv", FAKE_UV)
        archive.writestr("uv-1.2.3.data/scripts/uvx", "")
    return content.getvalue()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the tests' output clean."""


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up on an untrusted certificate is expected here."""


@contextmanager
def serve(folder: Path, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Offer a folder over real HTTP or HTTPS, and tell the address."""
    with QuietServer(
        ("127.0.0.1", 0), lambda *args: QuietHandler(*args, directory=str(folder))
    ) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that offers it."""
    folder = tmp_path / "served"
    folder.mkdir()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve(folder) as address:
        yield folder, address


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout in the place of this one."""
    root = tmp_path / "checkout"
    root.mkdir()
    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "VENV", root / ".venv")
    monkeypatch.delenv("UV_PROJECT_ENVIRONMENT", raising=False)
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere/else")
    return root


def lock(root: Path, url: str, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    (root / "uv.lock").write_text(
        f'[[package]]\nname = "uv"\nversion = "1.2.3"\n'
        f'wheels = [{{ url = "{url}", hash = "sha256:{digest}" }}]\n'
    )


def wheel_for_this_machine() -> str:
    machine = bootstrap.Machine.here()
    family = {"Darwin": "macosx_11_0"}.get(
        machine.system, "manylinux_2_17" if machine.glibc else "musllinux_1_1"
    )
    return f"uv-1.2.3-py3-none-{family}_{machine.architecture}.whl"


class TestChoosingTheWheel:
    @pytest.mark.parametrize(
        ("machine", "family"),
        [
            (("Linux", "x86_64", (2, 36)), "manylinux"),
            (("Linux", "aarch64", (2, 36)), "manylinux"),
            (("Linux", "x86_64", None), "musllinux"),
            (("Linux", "aarch64", None), "musllinux"),
            (("Darwin", "arm64", None), "macosx"),
            (("Darwin", "x86_64", None), "macosx"),
        ],
    )
    def test_the_lock_serves_every_machine_that_we_support(
        self, machine: tuple[str, str, tuple[int, int] | None], family: str
    ) -> None:
        _, wheels = bootstrap.locked_uv(tomllib.loads((ROOT / "uv.lock").read_text()))
        chosen = bootstrap.choose(wheels, bootstrap.Machine(*machine))
        tag = chosen.url.rsplit("-", 1)[-1]
        assert family in tag
        assert machine[1] in tag

    def test_a_wheel_for_a_newer_glibc_is_passed_over(self) -> None:
        wheels = [
            bootstrap.Wheel(f"https://example/uv-1-py3-none-{tags}.whl", "0")
            for tags in ("manylinux_2_40_x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64")
        ]
        chosen = bootstrap.choose(wheels, bootstrap.Machine("Linux", "x86_64", (2, 36)))
        assert chosen == wheels[1]

    def test_no_wheel_for_the_machine(self) -> None:
        _, wheels = bootstrap.locked_uv(tomllib.loads((ROOT / "uv.lock").read_text()))
        with pytest.raises(bootstrap.BootstrapError) as caught:
            bootstrap.choose(wheels, bootstrap.Machine("Linux", "sparc64", (2, 36)))
        assert str(caught.value) == snapshot(
            """\
No locked wheel of uv runs on Linux sparc64 with glibc 2.36.
Linux and macOS on x86-64 or ARM are supported. Elsewhere, install uv yourself and type:
  uv sync --locked --all-extras\
"""
        )

    def test_a_lock_without_uv(self) -> None:
        with pytest.raises(bootstrap.BootstrapError, match=r"uv\.lock holds no package 'uv'"):
            bootstrap.locked_uv({"package": [{"name": "ruff", "version": "1"}]})


class TestDownloading:
    def test_a_file_that_is_not_the_locked_one_is_refused(self, files: tuple[Path, str]) -> None:
        folder, address = files
        (folder / "uv.whl").write_bytes(b"something else")
        with pytest.raises(bootstrap.BootstrapError) as caught:
            bootstrap.download(bootstrap.Wheel(f"{address}/uv.whl", "0" * 64))
        message = str(caught.value)
        assert "is not the file that uv.lock names" in message
        assert "It was not used." in message

    def test_a_missing_file(self, files: tuple[Path, str]) -> None:
        with pytest.raises(bootstrap.BootstrapError, match="The server, or a proxy in between"):
            bootstrap.download(bootstrap.Wheel(f"{files[1]}/uv.whl", "0" * 64))

    def test_no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with closing(create_server(("127.0.0.1", 0))) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(bootstrap.BootstrapError, match="needs the network"):
            bootstrap.download(bootstrap.Wheel(f"http://127.0.0.1:{port}/uv.whl", "0" * 64))

    def test_only_a_server_that_the_environment_trusts(
        self, files: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, _ = files
        (folder / "uv.whl").write_bytes(b"wheel")
        digest = hashlib.sha256(b"wheel").hexdigest()
        made = make_certificates()
        (tmp_path / "server.pem").write_bytes(made.certificate + made.key)
        (tmp_path / "authority.pem").write_bytes(made.authority)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "server.pem")

        with serve(folder, context) as address:
            wheel = bootstrap.Wheel(f"{address}/uv.whl", digest)
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
            with pytest.raises(bootstrap.BootstrapError, match="apt-get install ca-certificates"):
                bootstrap.download(wheel)
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
            assert bootstrap.download(wheel) == b"wheel"


class TestTheWholeWay:
    def test_a_bare_machine_runs_the_downloaded_uv_and_leaves_nothing_else(
        self, files: tuple[Path, str], checkout: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        folder, address = files
        name, content = wheel_for_this_machine(), fake_wheel()
        (folder / name).write_bytes(content)
        lock(checkout, f"{address}/{name}", content)

        assert bootstrap.bootstrap(["sync", "--locked"]) == 7

        assert capfd.readouterr().out == (
            f"sync --locked in {checkout} for {checkout}/.venv with {sys.executable} venv=\n"
        )
        assert [path.name for path in checkout.iterdir()] == ["uv.lock"]

    def test_a_ready_machine_downloads_nothing(
        self, checkout: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        lock(checkout, f"http://192.0.2.1/{wheel_for_this_machine()}", b"")
        program = checkout / ".venv/bin/uv"
        program.parent.mkdir(parents=True)
        program.write_text(FAKE_UV)
        program.chmod(0o755)

        assert bootstrap.bootstrap(["lock"]) == 7
        assert capfd.readouterr().out.startswith("lock in ")

    def test_another_version_in_the_environment_is_not_used(
        self, files: tuple[Path, str], checkout: Path
    ) -> None:
        folder, address = files
        name, content = wheel_for_this_machine(), fake_wheel()
        (folder / name).write_bytes(content)
        lock(checkout, f"{address}/{name}", content)
        old = checkout / ".venv/bin/uv"
        old.parent.mkdir(parents=True)
        old.write_text(FAKE_UV.replace("1.2.3", "1.2.2").replace("exit 7", "exit 8"))
        old.chmod(0o755)

        assert bootstrap.bootstrap(["lock"]) == 7

    def test_an_old_python_is_told_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (99, 0))
        assert bootstrap.main() == 1
        message = capsys.readouterr().err
        assert message.startswith("bootstrap: beaker-ci needs Python 99.0 or newer, and\n")
        assert "make PYTHON=/path/to/python3.12 test" in message
