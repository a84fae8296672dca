"""Logs of jobs: followed to their end, whatever happens to the streams, or read at their end.

Beaker streams a log from a moment on, and streams break: when the connection is cut, when a proxy
has had enough, when the deadline passes that each of ours has. Lines carry the moment at which they
were written and no number, and many may share one moment. So the place in a log is the last moment
and how many of its lines were seen: a new stream begins just before that moment, and just as many
lines of it are passed over. beaker-py begins one nanosecond later instead, and loses the others.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice

import grpc
from beaker import beaker_pb2 as pb2
from beaker._service_client import RpcStreamingMethod
from beaker.exceptions import BeakerError, BeakerJobNotFound, BeakerNotFoundError

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.problems import problems
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

LONGEST_LINE = 65_536
"""Bytes of a line that are kept when a log is followed."""

LONGEST_TAIL_LINE = 4096
"""Bytes of a line that are kept where only the end of a log is shown."""

QUIET_PAUSE = 1.0
"""Seconds before a log is asked for again whose stream ended although its job did not."""

_BOUNDARY = rb"[^A-Za-z0-9_./+=~%\r-]"  # a carriage return may stand within a token
_HEAD = re.compile(rb"(?s).*" + _BOUNDARY)
_TAIL = re.compile(_BOUNDARY + rb"(?s:.*)")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log.

    Attributes:
        time: When it was written, in nanoseconds since 1970.
        message: Bytes as the job wrote them, not necessarily UTF-8. Untrusted. Of a very long line,
            its two ends, with the number of bytes left out in between.
    """

    time: int
    message: bytes

    @property
    def text(self) -> str:
        """For people: without its end, and bytes that are no UTF-8 replaced."""
        return self.message.decode("utf-8", "replace").rstrip("\r\n")


def follow_log(
    client: BoundedBeaker,
    job_id: str,
    *,
    since: int | None = None,
    tail: int | None = None,
    follow: bool = True,
) -> Iterator[LogLine]:
    """Every line of a job's log exactly once, through broken streams.

    It ends when the job is finalized and no line is left. A log that Beaker
    does not have counts as empty. Memory does not grow with the log. Stop it by closing it. The
    time of a step begins anew whenever Beaker has answered: a job may take days.

    Args:
        client: Beaker.
        job_id: The job; it need not have started.
        since: Only lines at or after this moment, in nanoseconds since 1970.
        tail: Of the lines there now only the last ones: so many, or more where several share the
            first one's moment. ``since`` is not heeded then.
        follow: Whether to wait for more lines; else it ends with those there are.

    Yields:
        Lines in Beaker's order.

    Raises:
        Problem: ``beaker.unavailable`` when no line comes in all tries of one operation,
            ``usage.bad-value`` when Beaker has no such job.
    """
    place, calls = _Place(since or 0), client.calls
    tries = calls.begin()
    while True:
        before, failure = place.lines, None
        try:
            with problems():
                ended = _is_finalized(client, job_id)
                if tail:
                    place, tail = _Place(_start_of_tail(client, job_id, tail)), None
                yield from _read_on(client, job_id, place, follow=follow and not ended)
            # A stream may end too soon, and more be written before the job ends: all was read when
            # a stream that began after the job's end brings nothing new.
            if (ended and place.lines == before) or not (ended or follow):
                return
        except Problem as problem:
            if problem.reason is not Reason.BEAKER_UNAVAILABLE:
                raise
            failure = _stopped(problem)
        if failure is not None and place.lines == before:
            if not tries.again():
                raise failure
            continue
        calls.answered()
        calls.renew()
        tries = calls.begin()
        if failure is None and not ended:
            calls.sleep(QUIET_PAUSE)


def read_log(client: BoundedBeaker, job_id: str) -> Generator[bytes, None, None]:
    """The log of a job as it stands, line by line; a stream that breaks is taken up where it broke.

    One request, if none breaks. The time of a step goes on: whoever reads stops when it has had
    enough. A log that Beaker does not have counts as empty.

    Yields:
        Lines with their ends, in Beaker's order; of a very long line, its two ends.

    Raises:
        Problem: ``beaker.unavailable`` when no line comes in all tries of one operation.
    """
    place, tries = _Place(0), client.calls.begin()
    while True:
        before = place.lines
        try:
            with problems():
                for log in _stream(client, job_id, place):
                    message = log.message
                    yield message if message.endswith(b"\n") else message + b"\n"
            return
        except Problem as problem:
            if isinstance(problem.__cause__, BeakerNotFoundError):
                return
            if problem.reason is not Reason.BEAKER_UNAVAILABLE:
                raise
            if place.lines > before:
                tries = client.calls.begin()
            elif not tries.again():
                raise


def read_tail(client: BoundedBeaker, job_id: str, lines: int) -> tuple[str, ...]:
    """The last lines of a job's log, the oldest first; none if it cannot be read now.

    Bytes that are no UTF-8 are replaced; of very long lines the two ends are kept.
    """
    try:
        found = list(_stream(client, job_id, _Place(0), tail=lines))
    except (BeakerError, grpc.RpcError):
        return ()  # a report without its log is better than none
    return tuple(LogLine(log.time, shortened(log.message, LONGEST_TAIL_LINE)).text for log in found)


def last_word(client: BoundedBeaker, job_id: str) -> float | None:
    """When a job wrote its last line, in Unix seconds; None if it wrote none.

    A log that Beaker does not have counts as empty.
    """
    with suppress(BeakerNotFoundError):
        moments = [log.time / 1e9 for log in _stream(client, job_id, _Place(0), tail=1)]
        return max(moments, default=None)
    return None


def shortened(message: bytes, longest: int) -> bytes:
    """The two ends of a line that is too long.

    It is cut between two words: it may hold a token, and half of one would not be recognised where
    tokens are hidden.
    """
    if len(message) <= longest:
        return message
    half = longest // 2
    head, end = _HEAD.match(message[:half]), _TAIL.search(message[-half:])
    kept = head.group() if head else b"", end.group() if end else b""
    left_out = len(message) - len(kept[0]) - len(kept[1])
    return kept[0] + f"… {left_out:,} bytes left out …".encode() + kept[1]


class _Place:
    """How far a log was read: to which moment, and how many of its lines.

    Attributes:
        lines: That were new, all together.
    """

    def __init__(self, since: int) -> None:
        self.lines = 0
        self._time = since
        self._seen = 0
        self._to_skip = 0
        self._is_behind = True

    def begin(self, request: pb2.StreamJobLogsRequest) -> None:
        """Makes a new stream begin before this place.

        A nanosecond before, in case Beaker does not count the moment itself as after it.
        """
        if self._time:
            request.since.FromNanoseconds(self._time - 1)
        self._to_skip, self._is_behind = self._seen, True

    def is_new(self, moment: int) -> bool:
        """Whether the stream's next line was not seen before; it is from now on."""
        if self._is_behind:
            if moment < self._time:
                return False
            if moment == self._time and self._to_skip:
                self._to_skip -= 1
                return False
            self._is_behind = False
        if moment > self._time:
            self._time, self._seen = moment, 0
        if moment == self._time:
            self._seen += 1
        self.lines += 1
        return True


def _read_on(
    client: BoundedBeaker, job_id: str, place: _Place, *, follow: bool
) -> Iterator[LogLine]:
    try:
        yield from _stream(client, job_id, place, follow=follow)
    except BeakerNotFoundError:
        return  # the job is there, as was just seen: it wrote nothing yet, or it is long gone
    except grpc.RpcError as error:
        # So ends every stream of ours that waits for more.
        if not follow or error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
            raise


def _stream(
    client: BoundedBeaker, job_id: str, place: _Place, *, follow: bool = False, tail: int = 0
) -> Iterator[LogLine]:
    request = pb2.StreamJobLogsRequest(job_id=job_id, follow=follow, tail_lines=tail or None)
    place.begin(request)
    stream = client.job.rpc_streaming_request(
        RpcStreamingMethod[pb2.JobLog](client.service.StreamJobLogs), request
    )
    with closing(stream):
        for log in islice(stream, tail or None):
            moment = log.timestamp.seconds * 1_000_000_000 + log.timestamp.nanos
            if place.is_new(moment):
                yield LogLine(moment, shortened(log.message, LONGEST_LINE))


def _start_of_tail(client: BoundedBeaker, job_id: str, lines: int) -> int:
    """The moment of the first of the last lines."""
    try:
        return next((log.time for log in _stream(client, job_id, _Place(0), tail=lines)), 0)
    except BeakerNotFoundError:
        return 0


def _is_finalized(client: BoundedBeaker, job_id: str) -> bool:
    try:
        return client.job.get(job_id).status.HasField("finalized")
    except BeakerJobNotFound as error:
        raise Problem(
            Reason.USAGE_BAD_VALUE,
            "Beaker has no such job.",
            why=f"It was asked for `{job_id}`.",
            next_step="`/beaker status` shows what the run has.",
        ) from error


def _stopped(problem: Problem) -> Problem:
    stopped = Problem(
        Reason.BEAKER_UNAVAILABLE,
        "Beaker stopped sending the log.",
        why=problem.why,
        next_step="Ask again in a few minutes; the job is not touched by it.",
    )
    stopped.__cause__ = problem
    return stopped
