"""Comments and reactions: acknowledged at once, written once, found again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile

from github import UnknownObjectException
from github.IssueComment import IssueComment

from beaker_ci.events import Account
from beaker_ci.github.client import Hub, problems, write_once
from beaker_ci.problem import Problem

MOST_RECENT = 1000
"""How many of a repository's recent comments are read at most: ten requests. In a busy hour every
run adds two or three, and the older ones are those that nobody answered."""

_HIDE = """
mutation($comment: ID!) {
  minimizeComment(input: {subjectId: $comment, classifier: OUTDATED}) { clientMutationId }
}
"""


@dataclass(frozen=True)
class Reactor:
    """Who we are to GitHub, as the reaction that we left says."""

    id: int
    login: str


@dataclass(frozen=True)
class PostedComment:
    """A comment as GitHub holds it now. Times are UTC."""

    id: int
    author_id: int
    by_bot: bool
    body: str
    created_at: datetime
    updated_at: datetime
    url: str


@dataclass(frozen=True)
class RepositoryComment:
    """A comment anywhere in the repository as GitHub holds it now. Times are UTC.

    Attributes:
        number: Of the issue or pull request.
        author: None when the account is gone.
        by_app: Whether a GitHub App wrote it in somebody's name.
        eyes: How many 👀 it has, whoever gave them; None when GitHub does not say.
    """

    id: int
    number: int
    is_pull_request: bool
    author: Account | None
    by_app: bool
    body: str
    created_at: datetime
    updated_at: datetime
    eyes: int | None

    @property
    def is_from_bot(self) -> bool:
        """Whether no person is known to have written it: such comments are never commands."""
        return self.by_app or self.author is None or self.author.type != "User"


def acknowledge(repository: Hub, number: int, comment_id: int) -> Reactor | None:
    """Puts 👀 on a comment, and learns from the answer under which account we write. One request.

    Repeating it changes nothing: GitHub keeps one reaction of a kind from one account.

    Returns:
        Who we are; None when the comment is gone while the pull request is there.
    """
    doing = "acknowledging the comment"
    with problems(doing):
        comment = repository.get_issue(number).get_comment(comment_id)
        try:
            user = write_once(
                repository, lambda: comment.create_reaction("eyes"), lambda: None, doing
            ).user
        except Problem as problem:
            gone = isinstance(problem.__cause__, UnknownObjectException)
            # A 404 may also mean that we may see nothing here at all; then this raises.
            if gone and repository.get_issue(number).number == number:
                return None
            raise
        return Reactor(user.id, user.login)


def comments_since(repository: Hub, number: int, since: datetime) -> list[PostedComment]:
    """Reads the comments that were written or edited since a moment. A request per 100."""
    with problems("reading the comments"):
        return [_posted(comment) for comment in repository.get_issue(number).get_comments(since)]


def all_comments(repository: Hub, number: int, most: int = 1000) -> list[PostedComment]:
    """Reads the comments of a pull request, oldest first. A request per 100.

    Args:
        repository: Where.
        number: Of the pull request.
        most: How many are read at most, so that one pull request cannot use up the hour's
            requests. A list of this length may have been cut short.
    """
    with problems("reading the comments"):
        found = repository.get_issue(number).get_comments()
        return [_posted(comment) for comment in islice(found, most)]


def hide_comment(repository: Hub, comment_id: int) -> bool:
    """Collapses a comment as outdated; its text stays. One request, and one to GraphQL.

    Returns:
        Whether it was there.
    """
    with problems("collapsing an older comment"):
        try:
            _, data = repository.requester.requestJsonAndCheck(
                "GET", f"{repository.url}/issues/comments/{comment_id}"
            )
        except UnknownObjectException:
            return False
        repository.requester.graphql_query(_HIDE, {"comment": data["node_id"]})
        return True


def read_comment(repository: Hub, comment_id: int) -> RepositoryComment | None:
    """Reads one comment as it is now. One request.

    Returns:
        The comment; None when it is gone, or when the token may not see it.
    """
    with problems("reading the comment again"):
        requester = repository.requester
        try:
            headers, data = requester.requestJsonAndCheck(
                "GET", f"{repository.url}/issues/comments/{comment_id}"
            )
        except UnknownObjectException:
            return None
        return _found(IssueComment(requester, headers, data, completed=True))


def recent_comments(
    repository: Hub, since: datetime, most: int = MOST_RECENT
) -> list[RepositoryComment]:
    """Reads the repository's comments that were written since a moment, newest first.

    A request per 100, and no more than so many comments.
    """
    with problems("reading the repository's new comments"):
        found = repository.get_issues_comments(
            sort="created", direction="desc", since=since.astimezone(UTC)
        )
        # Older ones that were edited since are listed too, as the last.
        recent = takewhile(lambda comment: comment.created_at >= since, found)
        return [_found(comment) for comment in islice(recent, most)]


def ensure_comment(
    repository: Hub,
    number: int,
    body: str,
    find: Callable[[], Iterable[PostedComment]],
) -> PostedComment:
    """Posts a comment exactly once, also when GitHub loses its answer.

    Args:
        repository: Where.
        number: Of the pull request.
        body: What to post.
        find: Reads those comments of ours that count as this one; called only when in doubt.
    """

    def first() -> PostedComment | None:
        return min(find(), key=lambda comment: comment.id, default=None)

    return write_once(
        repository,
        lambda: _posted(repository.get_issue(number).create_comment(body)),
        first,
        "posting the answer",
    )


def update_comment(repository: Hub, number: int, comment_id: int, body: str) -> bool:
    """Sets a comment's body. One request, which is safe to repeat.

    Returns:
        Whether the comment was there: anybody with write access may delete it.
    """
    with problems("editing our comment"):
        comment = repository.get_issue(number).get_comment(comment_id)
        try:
            comment.edit(body)
        except UnknownObjectException:
            return False
        return True


def remove_comment(repository: Hub, number: int, comment_id: int) -> None:
    """Deletes a comment of ours, unless somebody did already. One request."""
    with problems("removing our comment"), suppress(UnknownObjectException):
        repository.get_issue(number).get_comment(comment_id).delete()


def _posted(comment: IssueComment) -> PostedComment:
    return PostedComment(
        id=comment.id,
        author_id=comment.user.id if comment.user else 0,
        by_bot=comment.user is not None and comment.user.type == "Bot",
        body=comment.body or "",
        created_at=comment.created_at,
        updated_at=comment.updated_at,
        url=comment.html_url,
    )


def _found(comment: IssueComment) -> RepositoryComment:
    user, reactions = comment.user, comment.reactions or {}
    return RepositoryComment(
        id=comment.id,
        number=int(comment.issue_url.rpartition("/")[2]),
        is_pull_request="/pull/" in comment.html_url,
        author=Account(user.id, user.login, user.type) if user else None,
        by_app=comment.performed_via_github_app is not None,
        body=comment.body or "",
        created_at=comment.created_at,
        updated_at=comment.updated_at,
        eyes=reactions.get("eyes"),
    )
