"""One comment and one check for every run, one reply for everything else.

A run's experiment is the lock: its name exists once, and the mark in its description names the
process that reports it. Whoever comes second waits for the first one's comment and check; if they
do not appear within the lease, the first one is taken for dead and the run is taken over.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.bot.asking import Place
from beaker_ci.bot.services import Services
from beaker_ci.bot.views import check_state, run_view
from beaker_ci.github import (
    PostedComment,
    all_comments,
    comments_since,
    ensure_check,
    ensure_comment,
    remove_comment,
    update_comment,
)
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report import find_marker, reply_comment, run_comment
from beaker_ci.report.views import ReplyView, RunView, TreeLine
from beaker_ci.run import NO_COMMENT, Mark, Run

if TYPE_CHECKING:
    from beaker_ci.beaker import Session

LEASE = 30
"""Seconds after which a process that took a run and did not report it is taken for dead."""

SETTLE = 1.0
"""Seconds after taking over before we look whether somebody else did the same."""

PATIENCE = 3 * LEASE
"""Seconds after which we stop waiting for others, or for Beaker to keep what we write."""


def report_run(
    services: Services,
    beaker: Session,
    place: Place | None,
    run: Run,
    mark: Mark,
    decision: tuple[TreeLine, ...],
    notes: tuple[str, ...] = (),
) -> RunView:
    """Writes the run's comment and check, once over all processes, and marks the run with them.

    Args:
        run: As it was submitted or found.
        mark: What the mark should be if the run carries none that can be read.
        decision: Of this process; empty when the run was only found.
        notes: What the asker should know, a sentence each.

    Raises:
        Problem: When a part could not be written. The run goes on all the same, and whoever comes
            next finishes the report.
    """
    adopted = run.mark is None or run.mark.writer != services.writer
    if adopted or _is_late(services, run):
        run, look_first = _take_over(services, beaker, run, mark), True
    else:
        look_first = False
    held = run.mark or mark
    view = run_view(
        run,
        held,
        server_url=services.server_url,
        config_path=services.config_path,
        decision=decision,
        notes=notes,
        adopted=adopted,
    )
    if held.is_reported():
        return view
    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(_ensure_check, services, run, held, view, look_first)
        comment_id = _ensure_run_comment(services, place, held, view, look_first)
        check_id = check.result()
    beaker.write_mark(run, replace(held, comment_id=comment_id, check_id=check_id))
    return view


def _is_late(services: Services, run: Run) -> bool:
    """Whether others may soon take us for dead."""
    return run.mark is None or services.clock.now().timestamp() > run.mark.since + LEASE / 2


def _take_over(services: Services, beaker: Session, run: Run, mark: Mark) -> Run:
    """Waits until the run is reported by its writer, or ours to report."""
    run = beaker.refresh(run)
    give_up = services.clock.now().timestamp() + PATIENCE
    while not (run.mark is not None and run.mark.is_reported()):
        held, now = run.mark, services.clock.now()
        if now.timestamp() > give_up:
            raise _unclaimed(run)
        claimed = held is None or _is_free(held, services, now.timestamp())
        if claimed:
            beaker.write_mark(run, (held or mark).taken_by(services.writer, now))
        services.clock.sleep(SETTLE)
        run = beaker.refresh(run)
        if claimed and run.mark is not None and run.mark.writer == services.writer:
            break
    return run


def _is_free(mark: Mark, services: Services, now: float) -> bool:
    """Whether the run is ours to take: our own, or left alone for longer than a lease.

    A time in the future is nobody's: a clock was wrong, or a hand wrote it.
    """
    return mark.writer == services.writer or abs(now - mark.since) >= LEASE


def _unclaimed(run: Run) -> Problem:
    return Problem(
        Reason.BEAKER_UNAVAILABLE,
        "The run's mark could not be taken.",
        why=f"Another process holds it, or Beaker does not keep what we write to {run.name}.",
    )


def _ensure_check(services: Services, run: Run, mark: Mark, view: RunView, look_first: bool) -> int:
    state = check_state(run, mark, view)
    return mark.check_id or ensure_check(services.other_hub, state, look_first=look_first)


def _ensure_run_comment(
    services: Services, place: Place | None, mark: Mark, view: RunView, look_first: bool
) -> int:
    if mark.comment_id is not None:
        return mark.comment_id
    if place is None:
        return NO_COMMENT

    def ours() -> list[PostedComment]:
        return _written(services, place, "run", view.marker)

    if look_first:
        found = ours()
        if found:
            return found[0].id
    written = ensure_comment(services.hub, place.number, run_comment(view), ours).id
    if not look_first:
        return written
    # Two may have taken over at once: the older comment stays.
    first, *rest = [comment.id for comment in ours()] or [written]
    for extra in rest:
        remove_comment(services.hub, place.number, extra)
    return first


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
    body = reply_comment(views, marker)

    def ours() -> list[PostedComment]:
        return _written(services, place, "reply", marker)

    found = ours() if known is None else _marked(known, place, "reply", marker)
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
    for comment in _marked(known, place, "reply", marker):
        remove_comment(services.hub, place.number, comment.id)


def reply_to_stranger(services: Services, place: Place, view: ReplyView) -> None:
    """Answers somebody without the role: once in a pull request, whatever they post."""
    if not _marked(all_comments(services.hub, place.number), place, "reply", view.marker):
        reply(services, place, (view,), [])


def _written(services: Services, place: Place, kind: str, key: str) -> list[PostedComment]:
    """Our comments with that marker as GitHub holds them now."""
    return _marked(comments_since(services.hub, place.number, place.since), place, kind, key)


def _marked(
    comments: list[PostedComment], place: Place, kind: str, key: str
) -> list[PostedComment]:
    """Our comments with that marker, oldest first."""
    ours = (comment for comment in comments if _is_mine(comment, place))
    found = (comment for comment in ours if find_marker(comment.body) == (kind, key))
    return sorted(found, key=lambda comment: comment.id)


def _is_mine(comment: PostedComment, place: Place) -> bool:
    """Whether we wrote it. Everybody can copy a marker; only we and other bots are bots."""
    return comment.by_bot if place.me is None else comment.author_id == place.me
