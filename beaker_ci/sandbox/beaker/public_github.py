"""The only page of github.com that gantry's command line reads.

Before each submission gantry asks github.com whether the repository is public. This stands in for
it, as an HTTPS proxy whose authority the client is told to trust, so that the unmodified command
line works without a network.
"""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from beaker_ci.sandbox.beaker.certificates import make_certificates

_PUBLIC = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class PublicGitHub:
    """Every repository is public; a context manager.

    Args:
        directory: For its certificates; made if missing.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        certificates = make_certificates("github.com")
        self._authority = directory / "github-ca.pem"
        self._authority.write_bytes(certificates.authority)
        chain = directory / "github.pem"
        chain.write_bytes(certificates.certificate + certificates.key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(chain)
        self._server = _Proxy(context)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="github.com"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """What a client's process needs in addition to its way to Beaker."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._server.server_address[1]}",
            "REQUESTS_CA_BUNDLE": str(self._authority),
        }


class _Proxy(socketserver.ThreadingTCPServer):
    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        super().__init__(("127.0.0.1", 0), _Tunnel)


class _Tunnel(socketserver.StreamRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        if not self._read_head(self.rfile.readline).startswith(b"CONNECT github.com:443 "):
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self.server.context.wrap_socket(self.request, server_side=True) as tunnel:
            with tunnel.makefile("rb") as stream:
                self._read_head(stream.readline)
            tunnel.sendall(_PUBLIC)

    @staticmethod
    def _read_head(readline: Callable[[], bytes]) -> bytes:
        first = readline()
        while readline().strip():
            pass
        return first
