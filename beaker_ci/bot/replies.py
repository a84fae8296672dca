"""One reply for everything that became no run."""

from __future__ import annotations

from beaker_ci.bot.asking import Place
from beaker_ci.bot.services import Services
from beaker_ci.github import (
    PostedComment,
    all_comments,
    comments_since,
    ensure_comment,
    remove_comment,
    update_comment,
)
from beaker_ci.report import find_marker, reply_comment
from beaker_ci.report.views import ReplyView

MOST = 300
"""Comments that are looked through for the answer that strangers got: three requests."""


def reply(
    services: Services,
    place: Place,
    views: tuple[ReplyView, ...],
    known: list[PostedComment] | None,
) -> None:
    """Answers with one comment that is found again, edited if it says something else by now.

    Two processes may both post it: each looks again afterwards and all but the oldest go.

    Args:
        views: What to say; all carry the same marker.
        known: The comments since the asking, if they were read already.
    """
    marker = views[0].marker
    body = reply_comment(services.redactor.view(views), marker)

    def ours() -> list[PostedComment]:
        return written(services, place, "reply", marker)

    found = ours() if known is None else marked(known, place, "reply", marker)
    if not found:
        ensure_comment(services.hub, place.number, body, ours)
        found = ours()
    for extra in found[1:]:
        remove_comment(services.hub, place.number, extra.id)
    if found and found[0].body != body:
        update_comment(services.hub, place.number, found[0].id, body)


def take_back_reply(
    services: Services, place: Place, marker: str, known: list[PostedComment]
) -> None:
    """Removes what an earlier delivery answered, when there is nothing left to say."""
    for comment in marked(known, place, "reply", marker):
        remove_comment(services.hub, place.number, comment.id)


def reply_to_stranger(services: Services, place: Place, view: ReplyView) -> None:
    """Answers somebody without the role: once in a pull request, whatever they post.

    Where that would cost much of what all share, their reaction is all they get.
    """
    if services.is_scarce():
        return
    comments = all_comments(services.hub, place.number, MOST)
    if len(comments) < MOST and not marked(comments, place, "reply", view.marker):
        reply(services, place, (view,), [])


def written(services: Services, place: Place, kind: str, key: str) -> list[PostedComment]:
    """Our comments with that marker as GitHub holds them now."""
    return marked(comments_since(services.hub, place.number, place.since), place, kind, key)


def marked(comments: list[PostedComment], place: Place, kind: str, key: str) -> list[PostedComment]:
    """Our comments with that marker, oldest first."""
    ours = (comment for comment in comments if _is_mine(comment, place))
    found = (comment for comment in ours if find_marker(comment.body) == (kind, key))
    return sorted(found, key=lambda comment: comment.id)


def _is_mine(comment: PostedComment, place: Place) -> bool:
    """Whether we wrote it. Everybody can copy a marker; only we and other bots are bots."""
    return comment.by_bot if place.me is None else comment.author_id == place.me
