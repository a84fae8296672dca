"""One connection to GitHub: every request has a deadline, every failure becomes a Problem."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from github import Auth, Consts, GithubException, RateLimitExceededException
from github.Repository import Repository as Hub
from github.Requester import Requester

from beaker_ci.patience import Calls, moment, wanted_wait
from beaker_ci.problem import Problem, quoted
from beaker_ci.reasons import Reason

__all__ = [
    "Allowance",
    "Hub",
    "connect",
    "github_calls",
    "problems",
    "requests_left",
    "status_of",
    "write_once",
]

WORKFLOW_REMEDY = (
    "Check the `permissions:` of the workflow's job: it needs `contents: read`, "
    "`pull-requests: write`, `issues: write` and `checks: write`."
)

_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE", "PATCH")
"""Requests that may be sent again: they read, or set a state as a whole."""

Written = TypeVar("Written")


@dataclass(frozen=True)
class Allowance:
    """What is left of an hour's requests.

    Attributes:
        remaining: Requests that are left.
        limit: The hour's whole.
        resets_at: When the next hour begins, in UTC.
    """

    remaining: int
    limit: int
    resets_at: datetime


class _Requester(Requester):
    """PyGithub's own, which repeats nothing by itself; repeats here what may be repeated.

    Attributes:
        calls: How often, and for how long.
        allowance: By the last answer to a REST request; GraphQL's is another one.
    """

    def __init__(self, token: str, api_url: str, calls: Calls) -> None:
        super().__init__(
            auth=Auth.Token(token),
            base_url=api_url,
            # Whole seconds, by its annotation alone: requests takes any.
            timeout=calls.patience.attempt,  # type: ignore[arg-type]
            user_agent=Consts.DEFAULT_USER_AGENT,
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )
        self.calls = calls
        self.allowance: Allowance | None = None

    def requestJson(  # noqa: N802 - every request of PyGithub's comes through here
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        input: Any | None = None,  # noqa: A002
        cnx: Any | None = None,
        follow_302_redirect: bool = False,
    ) -> tuple[int, dict[str, Any], str]:
        """Sends a request; again where it may be repeated and there is time."""
        tries = self.calls.begin()
        repeatable = verb in _REPEATABLE and not _adds(input)
        while True:
            try:
                status, told, output = super().requestJson(
                    verb, url, parameters, headers, input, cnx, follow_302_redirect
                )
            except OSError:  # requests' own are among them
                if not (repeatable and tries.again()):
                    raise
                continue
            self._remember(told)
            limited = _is_limit(status, told, output)
            if status < 500 and not limited:
                self.calls.answered()
                return status, told, output
            wanted = self.wanted(told, limited=limited)
            if not (repeatable and tries.again(wanted)):
                return status, told, output

    def wanted(self, headers: dict[str, Any], *, limited: bool) -> float | None:
        """Seconds that GitHub wants us to wait after an answer; None if that is ours to choose."""
        wanted = wanted_wait(headers, time.time())
        return self.calls.patience.limit_wait if limited and wanted is None else wanted

    def _remember(self, headers: dict[str, Any]) -> None:
        if headers.get("x-ratelimit-resource", "core") != "core":
            return
        try:
            self.allowance = Allowance(
                int(headers["x-ratelimit-remaining"]),
                int(headers["x-ratelimit-limit"]),
                datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            )
        except (KeyError, ValueError, OverflowError, OSError):
            return  # an answer that does not say it


def github_calls() -> Calls:
    """Calls to GitHub on their own: with a step's time for all of them."""
    return Calls("GitHub", Reason.GITHUB_UNAVAILABLE)


def connect(token: str, api_url: str, full_name: str, calls: Calls | None = None) -> Hub:
    """Opens a repository without sending a request.

    Args:
        token: A GitHub token; sent with every request.
        api_url: The REST root, such as ``https://api.github.com``.
        full_name: ``owner/name``.
        calls: How often and how long GitHub is asked; shared by the connections of one token.
    """
    requester = _Requester(token, api_url.rstrip("/"), calls or github_calls())
    return Hub(requester, url=f"/repos/{full_name}")


def requests_left(repository: Hub) -> Allowance | None:
    """What is left of the hour's requests, by GitHub's last answer here. No request.

    All workflows of a repository share one budget of REST requests. GraphQL has another, which is
    not counted here.

    Returns:
        None when no answer has said it yet.
    """
    return _requester(repository).allowance


def _requester(repository: Hub) -> _Requester:
    requester = repository.requester
    if not isinstance(requester, _Requester):
        raise TypeError("a repository that connect() did not open")
    return requester


@contextmanager
def problems(
    doing: str, *, input_name: str = "github-token", remedy: str = WORKFLOW_REMEDY
) -> Iterator[None]:
    """Turns what PyGithub raises into a Problem.

    Args:
        doing: What was being done, to stand after "while", such as ``reading the pull request``.
        input_name: The action's input that gave the connection its token.
        remedy: What to do when that token may not do it.
    """
    try:
        yield
    except Problem:
        raise
    except GithubException as error:
        raise _problem(error, doing, input_name, remedy) from error
    except OSError as error:  # requests' own are among them
        raise _away(doing, type(error).__name__) from error
    except Exception as error:  # PyGithub stumbles in many ways over an answer it does not expect
        why = f"an answer of another form than expected: {type(error).__name__}"
        raise _away(doing, why) from error


def status_of(error: GithubException) -> int:
    """The HTTP status that GitHub answered with."""
    return int(error.status)


def write_once(
    repository: Hub,
    write: Callable[[], Written],
    find: Callable[[], Written | None],
    doing: str,
) -> Written:
    """Does a POST whose repetition would show: after every doubtful end, looks before it repeats.

    Args:
        repository: Where; its policy says how often.
        write: Sends the POST once.
        find: Looks for what the POST would have made; None when it is not there.
        doing: What was being done, to stand after "while".

    Raises:
        Problem: When GitHub refuses, or stays away for all attempts.
    """
    requester = _requester(repository)
    with problems(doing):
        tries = requester.calls.begin()
        while True:
            try:
                return write()
            except GithubException as error:
                if not _worth_repeating(error):
                    raise
                limited = _is_limit_error(error)
                more = tries.again(requester.wanted(error.headers or {}, limited=limited))
                if limited and more:
                    continue  # refused: there is nothing to look for
                if limited:
                    raise
                failure: Exception = error
            except OSError as error:
                more, failure = tries.again(), error
            found = find()
            if found is not None:
                return found
            if not more:
                raise failure


def _adds(body: Any) -> bool:
    """Whether a PATCH adds to what is there: a check run's annotations add up."""
    output = body.get("output") if isinstance(body, dict) else None
    return isinstance(output, dict) and "annotations" in output


def _is_limit(status: int, headers: dict[str, Any], output: str) -> bool:
    """Whether GitHub asks us to slow down; a 403 may mean that too."""
    if status != 403:
        return status == 429
    if "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0":
        return True
    try:
        return bool(Requester.isRateLimitError(str(json.loads(output)["message"])))
    except (ValueError, TypeError, KeyError):
        return False


def _is_limit_error(error: GithubException) -> bool:
    limited = isinstance(error, RateLimitExceededException)
    return limited or _is_limit(status_of(error), error.headers or {}, "")


def _worth_repeating(error: GithubException) -> bool:
    return _is_limit_error(error) or status_of(error) >= 500


def _away(doing: str, why: str) -> Problem:
    return Problem(
        Reason.GITHUB_UNAVAILABLE,
        f"GitHub did not answer while {doing}.",
        why=why,
        next_step="Ask again in a few minutes; nothing was submitted twice.",
    )


def _problem(error: GithubException, doing: str, input_name: str, remedy: str) -> Problem:
    status = status_of(error)
    words = quoted(error.message or error.data or "", 200)
    if _worth_repeating(error):
        wanted = wanted_wait(error.headers or {}, time.time())
        later = f"after {moment(wanted)}" if wanted else "in a few minutes"
        return Problem(
            Reason.GITHUB_UNAVAILABLE,
            f"GitHub did not serve us while {doing}.",
            why=f"HTTP {status}: {words}",
            next_step=f"Ask again {later}; nothing was submitted twice.",
        )
    if status == 401:
        remedy = f"Check the action's `{input_name}`: GitHub does not know it or it has expired."
    return Problem(
        Reason.GITHUB_FORBIDDEN,
        f"GitHub refused us while {doing}.",
        why=f"HTTP {status}: {words}",
        next_step=remedy,
    )
