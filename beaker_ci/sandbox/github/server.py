"""HTTP on a loopback socket: one thread per connection, kept alive."""

from __future__ import annotations

import socket
import threading
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beaker_ci.sandbox.github.application import Application, Wire

SHUTDOWN_POLL = 0.01


class Server(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 from the moment it is made."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.application: Application | None = None
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(SHUTDOWN_POLL,), name="local GitHub", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self, application: Application) -> None:
        """Begins to answer."""
        self.application = application
        self._thread.start()

    def stop(self) -> None:
        """Ends every connection and frees the port."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        with self._guard:
            open_now = list(self._connections)
        for connection in open_now:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection, and remembers it for ``stop``."""
        connection, address = super().get_request()
        with self._guard:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Forgets a connection that ended."""
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or was killed, is no error of ours."""


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the application answer it, writes the answer in one piece."""

    protocol_version = "HTTP/1.1"
    # Without both, each answer waits 40 ms for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def _handle(self) -> None:
        application = self.server.application
        if application is None:
            raise RuntimeError("the server answers before it was started")
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:  # the client went away before it had said all
            self._hang_up()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            wire = application.answer(self.command, self.path, headers, content)
        except Exception:
            application.violations.append(f"{self.command} {self.path}: {traceback.format_exc()}")
            self.send_error(500)
            return
        self._send(wire)

    def _send(self, wire: Wire) -> None:
        if wire.drop:
            self._hang_up()
            return
        self.send_response_only(wire.status)
        for name, value in wire.headers.items():
            self.send_header(name, value)
        self.send_header("Date", self.date_time_string())
        if wire.status not in (204, 304):
            self.send_header("Content-Length", str(len(wire.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(wire.body[: wire.cut])
        self.wfile.flush()
        if wire.cut is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are in ``exchanges``."""
