"""Annotations of check runs: each PATCH adds some, and none can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from github import UnknownObjectException

from beaker_ci.github.checks import CheckState
from beaker_ci.github.client import Hub, problems, write_once
from beaker_ci.report.views import Note

BATCH = 50
"""Annotations that GitHub takes in one request."""


def annotate(repository: Hub, check_id: int, state: CheckState, notes: Sequence[Note]) -> None:
    """Adds the annotations that a check run lacks. One request, and one for every 50 of them.

    Safe to repeat, and to go on with where another process stopped: what is there already is told
    by GitHub's own count. Two processes at the very same moment may both add them.

    Args:
        repository: Where.
        check_id: Of the check run; nothing is done if it is gone.
        state: What the check says.
        notes: All of them, always in the same order.
    """
    doing = f"annotating the check {state.name!r}"
    with problems(doing):
        try:
            have = _count(repository, check_id)
        except UnknownObjectException:
            return
    while have < len(notes):
        have = _add(repository, check_id, state, notes, have, doing)


def _add(
    repository: Hub, check_id: int, state: CheckState, notes: Sequence[Note], have: int, doing: str
) -> int:
    """Adds the next batch; how many there are then."""

    def write() -> int:
        batch = [_annotation(note) for note in notes[have : have + BATCH]]
        _, data = repository.requester.requestJsonAndCheck(
            "PATCH",
            _url(repository, check_id),
            input={
                "output": {"title": state.title, "summary": state.summary, "annotations": batch}
            },
        )
        return _counted(data)

    def find() -> int | None:
        count = _count(repository, check_id)
        return count if count > have else None

    return max(write_once(repository, write, find, doing), have + 1)


def _count(repository: Hub, check_id: int) -> int:
    _, data = repository.requester.requestJsonAndCheck("GET", _url(repository, check_id))
    return _counted(data)


def _counted(data: dict[str, Any]) -> int:
    return int(data["output"]["annotations_count"])


def _url(repository: Hub, check_id: int) -> str:
    return f"{repository.url}/check-runs/{check_id}"


def _annotation(note: Note) -> dict[str, str | int]:
    return {
        "path": note.path,
        "start_line": note.line,
        "end_line": note.line,
        "annotation_level": note.level,
        "title": note.title,
        "message": note.message,
    }
