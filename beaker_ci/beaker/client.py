"""beaker-py's client with deadlines, an end to every retry, and answers remembered once.

beaker-py waits for ever: an RPC has no deadline, and UNAVAILABLE is repeated without end. A gRPC
interceptor would break its method names, so each callable of the stub is wrapped instead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, ClassVar

import grpc
import requests
from beaker import Beaker
from beaker import beaker_pb2_grpc as rpc
from beaker.config import Config
from requests.adapters import HTTPAdapter

from beaker_ci.beaker.experiments import OnceExperiments
from beaker_ci.beaker.problems import unauthorized, unavailable
from beaker_ci.patience import Calls, wanted_wait
from beaker_ci.reasons import Reason

_DATASETS = frozenset({"ListDatasetFiles", "ListDatasets"})

_WORKLOADS = frozenset({"ListWorkloads"})

_CLUSTERS = frozenset({"ListClusters"})

_REMEMBERED = (
    _DATASETS
    | _WORKLOADS
    | _CLUSTERS
    | frozenset(
        {
            "GetBudget",
            "GetImage",
            "GetUser",
            "GetWorkspace",
            "ResolveBudgetName",
            "ResolveImageName",
            "ResolveOrganizationName",
            "ResolveUserName",
            "ResolveWorkspaceName",
        }
    )
)
"""RPCs whose answer holds for the seconds that a process lives; gantry asks some five times.

Lists of datasets hold until we write to one, those of workloads and clusters until somebody asks
for news: see :meth:`BoundedBeaker.forget_datasets` and the like."""

_REPEATABLE = ("Get", "List", "Resolve", "UpdateWorkload", "CancelWorkloads")
"""RPCs that may be sent again: they read, or set what may be set twice.

Nothing else is, such as ``RestartExperimentTasks``: who asks for that must look first."""

_OUTAGES = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    }
)
"""What says nothing about the question: another try may be answered."""


class BoundedBeaker(Beaker):
    """A Beaker client that always comes back, with an answer or with a Problem.

    ``gantry`` raises ``MAX_RETRIES`` on beaker-py's own class; values of our own are immune.
    """

    MAX_RETRIES: ClassVar[int] = 0  # beaker-py repeats nothing by itself

    def __init__(
        self,
        config: Config,
        check_for_upgrades: bool = False,
        user_agent: str = "beaker-ci",
        calls: Calls | None = None,
    ) -> None:
        super().__init__(config, check_for_upgrades=check_for_upgrades, user_agent=user_agent)
        self.calls = calls or Calls("Beaker", Reason.BEAKER_UNAVAILABLE)
        stub = super().service
        self._memory = _Memory()
        for name, method in list(vars(stub).items()):
            if isinstance(method, grpc.UnaryUnaryMultiCallable):
                setattr(stub, name, _BoundedMethod(method, self._memory, self.calls))
        stub.StreamJobLogs = _BoundedStream(stub.StreamJobLogs, self.calls)
        self._bounded = stub
        self._once = OnceExperiments(self, self.calls)

    @property
    def service(self) -> rpc.BeakerStub:
        """The stub whose unary methods are bounded."""
        return self._bounded

    def _init_http_session(self) -> requests.Session:
        """A session of bounded requests, which sends nobody else's credentials.

        Without an authentication of its own, requests would put what ``~/.netrc`` holds in our
        token's place.
        """
        session = requests.Session()
        session.auth = _as_it_is
        for scheme in ("https://", "http://"):
            session.mount(scheme, _BoundedAdapter(self.calls))
        return session

    def forget_datasets(self) -> None:
        """Asks anew which datasets there are and what is in them."""
        self._memory.forget(_DATASETS)

    def forget_workloads(self) -> None:
        """Asks anew which workloads there are."""
        self._memory.forget(_WORKLOADS)

    def forget_clusters(self) -> None:
        """Asks anew which clusters there are and how full they are."""
        self._memory.forget(_CLUSTERS)

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

    def __init__(self, method: Any, memory: _Memory, calls: Calls) -> None:
        self._call: Callable[..., Any] = method
        self._method: bytes = method._method
        self._name = self._method.decode().rsplit("/", 1)[-1]
        self._memory = memory
        self._calls = calls

    def __call__(self, request: Any, metadata: Any = None) -> Any:
        if self._name not in _REMEMBERED:
            return self._ask(request, metadata)
        question = (self._name, request.SerializeToString())
        return self._memory.answer(question, lambda: self._ask(request, metadata))

    def _ask(self, request: Any, metadata: Any) -> Any:
        calls, tries = self._calls, self._calls.begin()
        while True:
            try:
                answer = self._call(request, timeout=calls.patience.attempt, metadata=metadata)
            except grpc.RpcError as error:
                if not _is_outage(error):
                    calls.answered()
                    raise
                if not (self._name.startswith(_REPEATABLE) and tries.again()):
                    raise unavailable(f"{self._name}: {error.details()}") from error
            else:
                calls.answered()
                return answer


def _is_outage(error: grpc.RpcError) -> bool:
    code = error.code()
    if code is grpc.StatusCode.UNAUTHENTICATED:
        raise unauthorized(str(error.details())) from error
    return code in _OUTAGES


class _BoundedStream:
    """A stream that ends by itself: who follows a log asks for it again and again."""

    def __init__(self, method: Any, calls: Calls) -> None:
        self._call: Callable[..., Any] = method
        self._method: bytes = method._method
        self._calls = calls

    def __call__(self, request: Any, metadata: Any = None) -> Any:
        self._calls.check()
        return self._call(request, timeout=self._calls.patience.attempt, metadata=metadata)


class _BoundedAdapter(HTTPAdapter):
    """One HTTP request with deadlines; reads are repeated, writes are left to who looks first."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    def send(self, request: requests.PreparedRequest, *more: Any, **named: Any) -> Any:
        """Sends a request.

        Raises:
            requests.HTTPError: When Beaker has had too many: beaker-py would lose how long to wait.
        """
        named["timeout"] = self._calls.patience.attempt
        reads = request.method in ("GET", "HEAD")
        tries = self._calls.begin()
        while True:
            try:
                response = super().send(request, *more, **named)
            except requests.RequestException:
                if not (reads and tries.again()):
                    raise
                continue
            status = response.status_code
            if status < 500 and status != 429:
                self._calls.answered()
                return response
            if not (reads and tries.again(wanted_wait(response.headers, time.time()))):
                if status == 429:
                    response.close()  # nobody reads what is in it
                    raise requests.HTTPError("HTTP 429: too many requests", response=response)
                return response
            response.close()


def connect(
    token: str | None, environment: Mapping[str, str], calls: Calls | None = None
) -> BoundedBeaker:
    """Makes a client as beaker-py does from ``BEAKER_CONFIG``, ``BEAKER_TOKEN``, ``BEAKER_ADDR``.

    Args:
        token: Takes precedence over both.
        environment: Only asked whether there is anything to connect with.
        calls: How often and how long Beaker is asked.

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
    return BoundedBeaker(config, calls=calls)
