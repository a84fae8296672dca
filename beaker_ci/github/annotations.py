"""Annotations of check runs: each PATCH adds some, and none can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from github import UnknownObjectException

from beaker_ci.github.checks import CheckState
from beaker_ci.github.client import Hub, problems, write_once
from beaker_ci.report.views import Note

BATCH = 50
"""Annotations that GitHub takes in one request."""

_PAGE, _MOST_PAGES = 100, 10

_Places = frozenset[tuple[str, int]]


def annotate(repository: Hub, check_id: int, state: CheckState, notes: Sequence[Note]) -> None:
    """Adds the annotations that a check run lacks. One request, and one for every 50 of them.

    Safe to repeat, and to go on with where another process stopped: a line that has one gets no
    other. Two processes at the very same moment may both add them.

    Args:
        repository: Where.
        check_id: Of the check run; nothing is done if it is gone.
        state: What the check says.
        notes: All of them, one for a line.
    """
    doing = f"annotating the check {state.name!r}"
    with problems(doing):
        try:
            there = _places(repository, check_id)
        except UnknownObjectException:
            return
    missing = [note for note in notes if (note.path, note.line) not in there]
    for start in range(0, len(missing), BATCH):
        _add(repository, check_id, state, missing[start : start + BATCH], doing)


def _add(
    repository: Hub, check_id: int, state: CheckState, batch: Sequence[Note], doing: str
) -> None:
    def write() -> bool:
        repository.requester.requestJsonAndCheck(
            "PATCH",
            _url(repository, check_id),
            input={
                "output": {
                    "title": state.title,
                    "summary": state.summary,
                    "text": state.text,
                    "annotations": [_annotation(note) for note in batch],
                }
            },
        )
        return True

    def find() -> bool | None:
        return (batch[-1].path, batch[-1].line) in _places(repository, check_id) or None

    write_once(repository, write, find, doing)


def _places(repository: Hub, check_id: int) -> _Places:
    """Paths and lines that have an annotation."""
    found: set[tuple[str, int]] = set()
    for page in range(1, _MOST_PAGES + 1):
        _, listed = repository.requester.requestJsonAndCheck(
            "GET",
            f"{_url(repository, check_id)}/annotations",
            parameters={"per_page": _PAGE, "page": page},
        )
        found |= {(each["path"], each["start_line"]) for each in listed}
        if len(listed) < _PAGE:
            break
    return frozenset(found)


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
