"""Pull requests: what is asked about, and where its head stands."""

from __future__ import annotations

import re

from github import GithubException, UnknownObjectException
from github.PullRequest import PullRequest as HubPullRequest

from beaker_ci.facts import Person, PullRequest
from beaker_ci.github.client import Hub, problems, status_of
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

_SHA = re.compile(r"[0-9a-f]{40}")

_LOOK_REMEDY = "Check the token: it has to read the repository's pull requests."


def read_pull(repository: Hub, number: int) -> PullRequest:
    """Reads a pull request. One request.

    Raises:
        Problem: When GitHub does not answer, does not let us ask, or answers without a head.
    """
    with problems(f"reading pull request #{number}"):
        pull = repository.get_pull(number)
        try:
            head_repository = pull.head.repo
        except UnknownObjectException as error:
            raise Problem(
                Reason.REFUSED_NOT_A_PULL_REQUEST,
                f"There is no pull request #{number}.",
                why="GitHub knows none, or our token may not see it.",
                next_step="Check the number, and the job's `pull-requests` permission.",
            ) from error
        base_repository = pull.base.repo
        return PullRequest(
            number=number,
            state=pull.state,
            head_sha=_head(pull),
            head_ref=pull.head.ref,
            head_repository=head_repository.full_name if head_repository else None,
            is_fork=head_repository is None or head_repository.id != base_repository.id,
            author=Person(pull.user.id, pull.user.login, pull.user.type),
            private=base_repository.private is not False,
            title=pull.title,
        )


def open_heads(repository: Hub) -> dict[int, str]:
    """The heads of all open pull requests, by number. A request per 100."""
    with problems("listing the open pull requests"):
        return {pull.number: pull.head.sha for pull in repository.get_pulls(state="open")}


def find_pulls(repository: Hub, sha: str) -> tuple[int, ...]:
    """The open pull requests that a commit belongs to; those whose head it is, if there are any.

    One request.

    Args:
        repository: Where they are.
        sha: All 40 hex digits of a commit, which GitHub need not have.
    """
    with problems(f"looking for pull requests with the commit {sha[:7]}", remedy=_LOOK_REMEDY):
        try:
            pulls = [pull for pull in repository.get_commit(sha).get_pulls() if _is_open(pull)]
        except GithubException as error:
            if status_of(error) in (404, 422):
                return ()  # it was not pushed
            raise
        heads = [pull for pull in pulls if pull.head.sha == sha]
        return tuple(sorted(pull.number for pull in heads or pulls))


def _is_open(pull: HubPullRequest) -> bool:
    return bool(pull.state == "open")


def read_head(repository: Hub, number: int) -> str:
    """Reads the head of a pull request that is still open: 40 hex digits. One request.

    Raises:
        Problem: ``refused.closed`` when it was closed meanwhile.
    """
    with problems(f"reading the head of pull request #{number} again"):
        pull = repository.get_pull(number)
        if pull.state != "open":
            raise Problem(
                Reason.REFUSED_CLOSED,
                "The pull request was closed while the run was being prepared.",
                next_step="Reopen it, then ask again.",
            )
        return _head(pull)


def _head(pull: HubPullRequest) -> str:
    sha = pull.head.sha
    if not _SHA.fullmatch(sha or ""):
        raise Problem(
            Reason.GITHUB_UNAVAILABLE,
            "GitHub named no commit as the head of the pull request.",
            why=f"head.sha is {sha!r}",
            next_step="Ask again in a minute.",
        )
    return str(sha)
