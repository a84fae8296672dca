"""One connection to GitHub: every request has a deadline, every failure becomes a Problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import TypeVar

import requests
from github import Auth, Github, GithubException, RateLimitExceededException
from github.GithubException import RateLimitExceededExceedsMaxWait
from github.GithubRetry import GithubRetry
from github.Repository import Repository as Hub
from urllib3 import BaseHTTPResponse

from beaker_ci.problem import Problem, quoted
from beaker_ci.reasons import Reason

__all__ = ["Hub", "connect", "problems", "requests_left", "status_of", "write_once"]

REQUEST_TIMEOUT = 10
"""Seconds that one attempt of one request may be silent."""

READ_RETRIES = 3
"""Repetitions of a request that is safe to repeat: reads, and edits to an absolute state."""

LONGEST_WAIT = 60
"""Seconds that GitHub may make us wait before we give up and say so."""

WORKFLOW_REMEDY = (
    "Check the `permissions:` of the workflow's job: it needs `contents: read`, "
    "`pull-requests: write`, `issues: write` and `checks: write`."
)

WRITE_ATTEMPTS = 3
"""Attempts of a POST; between two of them we look whether the former one landed."""

Written = TypeVar("Written")


def connect(token: str, api_url: str, full_name: str) -> Hub:
    """Opens a repository without sending a request.

    PyGithub's own defaults would pause between requests and repeat POSTs, which doubles comments;
    both are switched off. Only requests whose repetition changes nothing are repeated.

    Args:
        token: A GitHub token; sent with every request.
        api_url: The REST root, such as ``https://api.github.com``.
        full_name: ``owner/name``.
    """
    retry = _Patience(
        total=READ_RETRIES,
        backoff_factor=0.5,
        secondary_rate_wait=LONGEST_WAIT,
        max_rate_limit_wait=LONGEST_WAIT,
        status_forcelist=[429, *range(500, 600)],
        allowed_methods={"GET", "HEAD", "PUT", "DELETE", "PATCH"},
    )
    hub = Github(
        auth=Auth.Token(token),
        base_url=api_url.rstrip("/"),
        timeout=REQUEST_TIMEOUT,
        per_page=100,
        retry=retry,
        seconds_between_requests=0,
        seconds_between_writes=0,
        lazy=True,
    )
    return hub.get_repo(full_name)


def requests_left(repository: Hub) -> tuple[int, int] | None:
    """What is left of the hour's requests, by GitHub's last answer here. No request.

    All workflows of a repository share one budget of REST requests. GraphQL has another, which is
    not counted here.

    Returns:
        The remaining requests and the hour's whole; None when no answer has said it yet.
    """
    remaining, limit = repository.requester.rate_limiting
    return None if limit < 0 else (remaining, limit)


class _Patience(GithubRetry):
    """Obeys ``Retry-After`` within bounds.

    PyGithub bounds only the waits that it works out itself; coming back earlier than asked would
    prolong the limit.
    """

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        wait = self.get_retry_after(response) or 0
        if wait > LONGEST_WAIT:
            message = f"GitHub wants us to wait for {wait:.0f} seconds."
            headers = dict(response.headers)
            raise RateLimitExceededExceedsMaxWait(response.status, None, headers, message, wait)
        return super().sleep_for_retry(response)


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
    except (requests.RequestException, OSError) as error:
        raise _away(doing, type(error).__name__) from error
    except Exception as error:  # PyGithub stumbles in many ways over an answer it does not expect
        why = f"an answer of another form than expected: {type(error).__name__}"
        raise _away(doing, why) from error


def status_of(error: GithubException) -> int:
    """The HTTP status that GitHub answered with."""
    return int(error.status)


def write_once(
    write: Callable[[], Written], find: Callable[[], Written | None], doing: str
) -> Written:
    """Does a POST whose repetition would show: after every doubtful end, looks before it repeats.

    Args:
        write: Sends the POST once.
        find: Looks for what the POST would have made; None when it is not there.
        doing: What was being done, to stand after "while".

    Raises:
        Problem: When GitHub refuses, or stays away for all attempts.
    """
    with problems(doing):
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                return write()
            except GithubException as error:
                pause = _pause(error, attempt)
                hopeless = not _worth_repeating(error) or pause > LONGEST_WAIT
                if hopeless or attempt == WRITE_ATTEMPTS:
                    raise
                sleep(pause)
            except (requests.RequestException, OSError):
                if attempt == WRITE_ATTEMPTS:
                    raise
                sleep(attempt)
            found = find()
            if found is not None:
                return found
    raise AssertionError("the last attempt returns or raises")


def _is_limit(error: GithubException) -> bool:
    """Whether GitHub asks us to slow down; a 403 may mean that too."""
    waits = "retry-after" in (error.headers or {})
    limited = isinstance(error, RateLimitExceededException) or status_of(error) == 429
    return limited or (status_of(error) == 403 and waits)


def _worth_repeating(error: GithubException) -> bool:
    return _is_limit(error) or status_of(error) >= 500


def _pause(error: GithubException, attempt: int) -> float:
    headers = error.headers or {}
    wait = headers.get("retry-after", "")
    if wait.isdigit():
        return float(wait)
    return LONGEST_WAIT if isinstance(error, RateLimitExceededException) else float(attempt)


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
        return Problem(
            Reason.GITHUB_UNAVAILABLE,
            f"GitHub did not serve us while {doing}.",
            why=f"HTTP {status}: {words}",
            next_step="Ask again in a few minutes; nothing was submitted twice.",
        )
    if status == 401:
        remedy = f"Check the action's `{input_name}`: GitHub does not know it or it has expired."
    return Problem(
        Reason.GITHUB_FORBIDDEN,
        f"GitHub refused us while {doing}.",
        why=f"HTTP {status}: {words}",
        next_step=remedy,
    )
