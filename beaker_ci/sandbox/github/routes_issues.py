"""Operations on issues, comments and reactions."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from beaker_ci.sandbox.github import render
from beaker_ci.sandbox.github.model import Comment, Issue, Reaction
from beaker_ci.sandbox.github.routing import (
    ApiError,
    Request,
    Response,
    Route,
    invalid,
    listing,
    not_found,
)

if TYPE_CHECKING:
    from beaker_ci.sandbox.github.state import State

MAX_BODY = 65_536


def find_issue(state: State, request: Request) -> Issue:
    """The issue of the path."""
    issue = state.issues.get(request.number("issue_number"))
    if issue is None:
        raise not_found()
    return issue


def find_comment(state: State, request: Request) -> Comment:
    """The comment of the path."""
    comment = state.comments.get(request.number("comment_id"))
    if comment is None:
        raise not_found()
    return comment


def get_issue(state: State, request: Request) -> Any:
    """``GET …/issues/{issue_number}``."""
    return render.issue(state, find_issue(state, request))


def list_comments(state: State, request: Request) -> Response:
    """``GET …/issues/{issue_number}/comments``: ordered by id."""
    found = _since(request, state.comments_of(find_issue(state, request).number))
    return listing(state, request, found, partial(render.comment, state))


def list_all_comments(state: State, request: Request) -> Response:
    """``GET …/issues/comments``: the whole repository's."""
    found = _since(request, list(state.comments.values()))
    order = request.query.get("sort")
    if order in ("created", "updated"):
        descending = request.query.get("direction", "desc") == "desc"
        found.sort(key=lambda c: (getattr(c, f"{order}_at"), c.id), reverse=descending)
    return listing(state, request, found, partial(render.comment, state))


def _since(request: Request, comments: list[Comment]) -> list[Comment]:
    ordered = sorted(comments, key=lambda comment: comment.id)
    if "since" not in request.query:
        return ordered
    try:
        since = datetime.fromisoformat(request.query["since"])
    except ValueError:
        raise ApiError(422, "Invalid since") from None
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return [comment for comment in ordered if comment.updated_at >= since]


def create_comment(state: State, request: Request) -> Response:
    """``POST …/issues/{issue_number}/comments``."""
    issue = find_issue(state, request)
    body = _body(request)
    token = request.token
    comment = state.add_comment(issue.number, token.account, body, app=token.app)
    state.unseen.add(comment)
    return Response(201, render.comment(state, comment))


def get_comment(state: State, request: Request) -> Any:
    """``GET …/issues/comments/{comment_id}``."""
    return render.comment(state, find_comment(state, request))


def update_comment(state: State, request: Request) -> Any:
    """``PATCH …/issues/comments/{comment_id}``."""
    comment = _own_comment(state, request)
    comment = state.edit_comment(comment, body=_body(request))
    state.unseen.add(comment)
    return render.comment(state, comment)


def delete_comment(state: State, request: Request) -> Response:
    """``DELETE …/issues/comments/{comment_id}``."""
    state.unseen.add(state.delete_comment(_own_comment(state, request)))
    return Response(204)


def _own_comment(state: State, request: Request) -> Comment:
    """The comment of the path, if its author or somebody with write access asks."""
    comment = find_comment(state, request)
    token = request.token
    writer = token.app is not None or state.role(token.account).allows("write")
    if comment.author != token.account and not writer:
        raise ApiError(403, "Must have admin rights to Repository.")
    return comment


def _body(request: Request) -> str:
    body = str(request.body["body"])
    if not body.strip():
        raise invalid("IssueComment", "body", "body cannot be blank", "missing_field")
    if len(body) > MAX_BODY:
        raise invalid(
            "IssueComment",
            "data",
            f"Body is too long (maximum is {MAX_BODY} characters)",
            "unprocessable",
        )
    return body


def list_reactions(state: State, request: Request) -> Response:
    """``GET …/issues/comments/{comment_id}/reactions``."""
    wanted = request.query.get("content")
    found = [
        reaction
        for reaction in state.reactions_of(find_comment(state, request).id)
        if wanted in (None, reaction.content)
    ]
    return listing(state, request, found, partial(render.reaction, state))


def create_reaction(state: State, request: Request) -> Response:
    """``POST …/reactions``: 200 instead of 201 when the same person already gave it."""
    comment = find_comment(state, request)
    reaction, new = state.add_reaction(comment.id, request.token.account, request.body["content"])
    if new:
        state.unseen.add(reaction)
    return Response(201 if new else 200, render.reaction(state, reaction))


def delete_reaction(state: State, request: Request) -> Response:
    """``DELETE …/reactions/{reaction_id}``: only one's own."""
    comment = find_comment(state, request)
    given = {reaction.id: reaction for reaction in state.reactions_of(comment.id)}
    reaction = given.get(request.number("reaction_id"))
    if reaction is None:
        raise not_found()
    if reaction.user != request.token.account:
        raise ApiError(403, "Must have admin rights to Repository.")
    state.delete_reaction(reaction)
    state.unseen.drop(Reaction, reaction.id)
    return Response(204)


ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
COMMENTS = "/repos/{owner}/{repo}/issues/comments"
COMMENT = COMMENTS + "/{comment_id}"
NEEDS = ("issues", "pull_requests")
ROUTES = [
    Route("GET", ISSUE, get_issue, NEEDS),
    Route("GET", ISSUE + "/comments", list_comments, NEEDS),
    Route("POST", ISSUE + "/comments", create_comment, NEEDS),
    Route("GET", COMMENTS, list_all_comments, NEEDS),
    Route("GET", COMMENT, get_comment, NEEDS),
    Route("PATCH", COMMENT, update_comment, NEEDS),
    Route("DELETE", COMMENT, delete_comment, NEEDS),
    Route("GET", COMMENT + "/reactions", list_reactions, NEEDS),
    Route("POST", COMMENT + "/reactions", create_reaction, NEEDS),
    Route("DELETE", COMMENT + "/reactions/{reaction_id}", delete_reaction, NEEDS),
]
