"""beaker-py's client with deadlines, an end to every retry, and answers remembered once.

beaker-py waits for ever: an RPC has no deadline, and UNAVAILABLE is repeated without end. A gRPC
interceptor would break its method names, so each callable of the stub is wrapped instead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, ClassVar

import grpc
import requests
from beaker import Beaker
from beaker import beaker_pb2_grpc as rpc
from beaker.config import Config

from beaker_ci.beaker.experiments import OnceExperiments
from beaker_ci.beaker.problems import unauthorized, unavailable

RPC_DEADLINE = 10.0
"""Seconds that one attempt of one RPC may take."""

OUTAGE_LIMIT = 20.0
"""Seconds for which a read is repeated while Beaker is unavailable."""

_DATASETS = frozenset({"ListDatasetFiles", "ListDatasets"})

_WORKLOADS = frozenset({"ListWorkloads"})

_REMEMBERED = (
    _DATASETS
    | _WORKLOADS
    | frozenset(
        {
            "GetBudget",
            "GetImage",
            "GetUser",
            "GetWorkspace",
            "ListClusters",
            "ResolveBudgetName",
            "ResolveImageName",
            "ResolveOrganizationName",
            "ResolveUserName",
            "ResolveWorkspaceName",
        }
    )
)
"""RPCs whose answer holds for the seconds that a process lives; gantry asks some five times.

Lists of datasets hold until we write to one, lists of workloads until somebody asks for news: see
:meth:`BoundedBeaker.forget_datasets` and :meth:`BoundedBeaker.forget_workloads`."""

_REPEATABLE = ("Get", "List", "Resolve", "UpdateWorkload", "CancelWorkloads")
"""RPCs that may be sent again: they read, or set what may be set twice."""


class BoundedBeaker(Beaker):
    """A Beaker client that always comes back, with an answer or with a Problem.

    ``gantry`` raises ``MAX_RETRIES`` on beaker-py's own class; values of our own are immune.
    """

    MAX_RETRIES: ClassVar[int] = 2
    BACKOFF_MAX: ClassVar[int] = 4
    TIMEOUT: ClassVar[float] = 10.0

    def __init__(
        self, config: Config, check_for_upgrades: bool = False, user_agent: str = "beaker-ci"
    ) -> None:
        super().__init__(config, check_for_upgrades=check_for_upgrades, user_agent=user_agent)
        stub = super().service
        self._memory = _Memory()
        for name, method in list(vars(stub).items()):
            if isinstance(method, grpc.UnaryUnaryMultiCallable):
                setattr(stub, name, _BoundedMethod(method, self._memory))
        stub.StreamJobLogs = _BoundedStream(stub.StreamJobLogs)
        self._bounded = stub
        self._once = OnceExperiments(self)

    @property
    def service(self) -> rpc.BeakerStub:
        """The stub whose unary methods are bounded."""
        return self._bounded

    @contextmanager
    def http_session(self) -> Iterator[requests.Session]:
        """beaker-py's session, which sends nobody else's credentials.

        Without an authentication of its own, requests would put what ``~/.netrc`` holds in our
        token's place.
        """
        with super().http_session() as session:
            session.auth = _as_it_is
            yield session

    def forget_datasets(self) -> None:
        """Asks anew which datasets there are and what is in them."""
        self._memory.forget(_DATASETS)

    def forget_workloads(self) -> None:
        """Asks anew which workloads there are."""
        self._memory.forget(_WORKLOADS)

    @property
    def experiment(self) -> OnceExperiments:
        """Experiments that are created once; one object for all threads."""
        return self._once


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leaves a request its own header."""
    return request


class _Memory:
    """Answers by question; who asks what is being asked already waits for that answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, bytes], Future[Any]] = {}

    def answer(self, question: tuple[str, bytes], ask: Callable[[], Any]) -> Any:
        with self._lock:
            answer = self._answers.get(question)
            mine = answer is None
            if answer is None:
                answer = self._answers[question] = Future()
        if mine:
            try:
                answer.set_result(ask())
            except Exception as error:  # whatever it is, those who wait get it too
                with self._lock:
                    self._answers.pop(question, None)
                answer.set_exception(error)
        return answer.result()

    def forget(self, names: frozenset[str]) -> None:
        with self._lock:
            for question in [question for question in self._answers if question[0] in names]:
                del self._answers[question]


class _BoundedMethod:
    """One unary RPC with a deadline. Carries ``_method``, since beaker-py reads the name there."""

    def __init__(self, method: Any, memory: _Memory) -> None:
        self._call: Callable[..., Any] = method
        self._method: bytes = method._method
        self._name = self._method.decode().rsplit("/", 1)[-1]
        self._memory = memory

    def __call__(self, request: Any, metadata: Any = None) -> Any:
        if self._name not in _REMEMBERED:
            return self._ask(request, metadata)
        question = (self._name, request.SerializeToString())
        return self._memory.answer(question, lambda: self._ask(request, metadata))

    def _ask(self, request: Any, metadata: Any) -> Any:
        give_up = time.monotonic() + OUTAGE_LIMIT
        pause = 0.2
        while True:
            try:
                return self._call(request, timeout=RPC_DEADLINE, metadata=metadata)
            except grpc.RpcError as error:
                if not self._is_outage(error):
                    raise
                if not self._name.startswith(_REPEATABLE) or time.monotonic() + pause > give_up:
                    raise unavailable(f"{self._name}: {error.details()}") from error
            time.sleep(pause)
            pause = min(pause * 2, 4.0)

    def _is_outage(self, error: grpc.RpcError) -> bool:
        code = error.code()
        if code is grpc.StatusCode.UNAUTHENTICATED:
            raise unauthorized(str(error.details())) from error
        return code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class _BoundedStream:
    """A stream that ends by itself: logs are read in parts, never followed."""

    def __init__(self, method: Any) -> None:
        self._call: Callable[..., Any] = method
        self._method: bytes = method._method

    def __call__(self, request: Any, metadata: Any = None) -> Any:
        return self._call(request, timeout=RPC_DEADLINE, metadata=metadata)


def connect(token: str | None, environment: Mapping[str, str]) -> BoundedBeaker:
    """Makes a client as beaker-py does from ``BEAKER_CONFIG``, ``BEAKER_TOKEN``, ``BEAKER_ADDR``.

    Args:
        token: Takes precedence over both.
        environment: Only asked whether there is anything to connect with.

    Raises:
        Problem: ``beaker.unauthorized`` when there is no token at all.
    """
    overrides = {"user_token": token} if token else {}
    try:
        config = Config.from_env(**overrides)
    except Exception as error:  # beaker-py raises whatever the file made it raise
        given = [name for name in ("BEAKER_CONFIG", "BEAKER_TOKEN") if name in environment]
        raise unauthorized(
            f"{type(error).__name__}; {' and '.join(given) or 'no token'} was given"
        ) from error
    return BoundedBeaker(config)
