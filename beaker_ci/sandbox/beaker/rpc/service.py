"""The gRPC server: dispatch, authentication, error answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any, NoReturn

import grpc
from beaker import beaker_pb2 as pb2
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.certificates import Certificates
from beaker_ci.sandbox.beaker.errors import Dropped, Garbled, Refused
from beaker_ci.sandbox.beaker.rpc.accounts import Accounts
from beaker_ci.sandbox.beaker.rpc.capacity import Capacity
from beaker_ci.sandbox.beaker.rpc.groups import Groups
from beaker_ci.sandbox.beaker.rpc.jobs import JobCalls
from beaker_ci.sandbox.beaker.rpc.storage import Storage
from beaker_ci.sandbox.beaker.rpc.workloads import Workloads

_WORKERS = 64  # each follower of a log holds one
_MAX_MESSAGE = 64 << 20  # bytes, as beaker-py allows
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class RpcServer:
    """Beaker's gRPC service over TLS on 127.0.0.1.

    Args:
        backend: What it works on.
        certificates: What it shows to clients.
    """

    def __init__(self, backend: Backend, certificates: Certificates) -> None:
        self._workers = futures.ThreadPoolExecutor(_WORKERS, thread_name_prefix="rpc")
        self._server = grpc.server(
            self._workers,
            handlers=[_Handler(backend)],
            options=[
                ("grpc.max_send_message_length", _MAX_MESSAGE),
                ("grpc.max_receive_message_length", _MAX_MESSAGE),
                ("grpc.so_reuseport", 0),
            ],
        )
        credentials = grpc.ssl_server_credentials([(certificates.key, certificates.certificate)])
        port = self._server.add_secure_port("127.0.0.1:0", credentials)
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def close(self) -> None:
        """Break off what is under way and end all threads."""
        self._server.stop(grace=0).wait()
        self._workers.shutdown()


class _Handler(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        areas = (Accounts, Capacity, Workloads, JobCalls, Storage, Groups)
        self._areas = [area(backend) for area in areas]
        self._methods = pb2.DESCRIPTOR.services_by_name["Beaker"].methods_by_name

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        name = handler_call_details.method.rpartition("/")[2]
        attribute = _WORD.sub("_", name).lower()
        call = next((getattr(a, attribute) for a in self._areas if hasattr(a, attribute)), None)
        if call is None:
            self._backend.unknown.append(name)
            return None  # grpc answers UNIMPLEMENTED
        method = self._methods[name]
        make = (
            grpc.unary_stream_rpc_method_handler
            if method.server_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        behavior = self._streamed if method.server_streaming else self._answered
        return make(
            behavior(name, call),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=_serialize,
        )

    def _answered(
        self, name: str, call: Callable[[Any], Message]
    ) -> Callable[[Message, grpc.ServicerContext], Message | None]:
        def answer(request: Message, context: grpc.ServicerContext) -> Message | None:
            def locked() -> Message:
                author = self._author(context)
                with self._backend.monitor:
                    self._backend.caller = author
                    return call(request)

            response: Message | None = self._serve(name, context, locked)
            return response

        return answer

    def _streamed(
        self, name: str, call: Callable[[Any, Callable[[], bool]], Iterator[Message]]
    ) -> Callable[[Message, grpc.ServicerContext], Iterator[Message | None]]:
        def answer(request: Message, context: grpc.ServicerContext) -> Iterator[Message | None]:
            context.add_callback(self._wake)

            def begun() -> Iterator[Message]:
                self._author(context)
                return call(request, context.is_active)

            try:
                yield from self._serve(name, context, begun) or (None,)
            except Refused as refused:  # in the midst of the stream
                _abort(context, refused.grpc_code, refused.message)

        return answer

    def _serve(self, name: str, context: grpc.ServicerContext, answer: Callable[[], Any]) -> Any:
        try:
            author = self._author(context).name
        except Refused:
            author = ""
        try:
            return self._backend.exchanges.serve(name, author, answer)
        except Refused as refused:
            _abort(context, refused.grpc_code, refused.message)
        except Dropped:
            _abort(context, "UNAVAILABLE", "Socket closed")
        except Garbled:
            return None

    def _author(self, context: grpc.ServicerContext) -> pb2.User:
        metadata = dict(context.invocation_metadata())
        return self._backend.author_of(str(metadata.get("authorization", "")))

    def _wake(self) -> None:
        with self._backend.monitor:
            self._backend.monitor.notify_all()


def _serialize(answer: Message | None) -> bytes:
    """An answer's bytes; none that any message has where it is to be garbled."""
    return b"\xff" if answer is None else answer.SerializeToString()


def _abort(context: grpc.ServicerContext, code: str, message: str) -> NoReturn:
    context.abort(grpc.StatusCode[code], message)
    raise AssertionError("abort raises")
