"""The HTTP server: REST interface, storage host and pages on one port."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.errors import Dropped, Garbled, Refused
from beaker_ci.sandbox.beaker.pages import not_there
from beaker_ci.sandbox.beaker.routes import Answer, Call, Route, Routes

_CHUNK = 1 << 20  # bytes


class RestServer:
    """Listens on 127.0.0.1 in a thread of its own."""

    def __init__(self, backend: Backend) -> None:
        self._server = _Server(backend)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        backend.address = self.address
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="rest"
        )
        self._thread.start()

    def close(self) -> None:
        """Break off what is under way and end all threads."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing joins them
    request_queue_size = 128

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.routes = Routes(backend).all
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event; anything else is shown as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End idle connections, for their threads to end."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    wbufsize = -1  # or each header line would be a packet
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: requests are logged in the server's own log."""

    def _answer(self) -> None:
        backend, url = self.server.backend, urlsplit(self.path)
        body = self._body()
        route, parts = self._route(url.path)
        author = ""
        with contextlib.suppress(Refused):
            author = self._author().name

        def answer() -> Answer:
            call = Call(
                author=pb2.User() if route.public else self._author(),
                parts=parts,
                query=dict(parse_qsl(url.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
            )
            return route.answer(call)

        try:
            self._send(backend.exchanges.serve(route.name, author, answer))
        except Refused as refused:
            self._send(_error(refused, page=route.public))
        except Garbled:
            self._send(Answer(body=b'{"id": "01'))
        except Dropped:
            self.close_connection = True

    def _route(self, path: str) -> tuple[Route, tuple[str, ...]]:
        for route in self.server.routes:
            parts = route.parts(self.command, path)
            if parts is not None:
                return route, parts
        name = f"{self.command} {path}"
        self.server.backend.unknown.append(name)
        return Route(name, self.command, self.server.routes[0].pattern, _unknown, True), ()

    def _author(self) -> pb2.User:
        return self.server.backend.author_of(self.headers.get("Authorization", ""))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, answer: Answer) -> None:
        length = len(answer.body) if answer.file is None else answer.length
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.file is None:
            self.wfile.write(answer.body)
            return
        with answer.file.open("rb") as file:
            file.seek(answer.start)
            while length and (chunk := file.read(min(_CHUNK, length))):
                self.wfile.write(chunk)
                length -= len(chunk)


def _unknown(_: Call) -> Answer:
    raise Refused("UNIMPLEMENTED", "method not allowed")


def _error(refused: Refused, *, page: bool) -> Answer:
    if page:
        body, kind = not_there(refused), "text/html; charset=utf-8"
    else:
        body, kind = json.dumps({"message": refused.message}), "application/json"
    return Answer(status=refused.status, body=body.encode(), content_type=kind)
