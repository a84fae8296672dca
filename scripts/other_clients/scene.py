"""A local GitHub with something to read, and what other clients should read there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beaker_ci.github import (
    CheckState,
    acknowledge,
    connect,
    ensure_check,
    ensure_comment,
    update_check,
)
from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import LocalGitHub

TITLE = "Train better"


@dataclass(frozen=True)
class Told:
    """What the local GitHub holds.

    Attributes:
        number: Of the pull request.
        head: Its SHA.
        title: Its title.
        asked: The comment with the reactions: its id, the first of ``ids``.
        ids: Of all comments, oldest first.
        bodies: Of all comments, oldest first.
        failed: The check run that failed: its id. The other one still waits.
    """

    number: int
    head: str
    title: str
    asked: int
    ids: tuple[int, ...]
    bodies: tuple[str, ...]
    failed: int


@contextmanager
def open_scene() -> Iterator[tuple[LocalGitHub, Told]]:
    """One pull request with a conversation and two checks, written by our own client."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxRepository.create(Path(folder) / "widget.git", {"README.md": "# Widget\n"}) as git,
        LocalGitHub(git) as local,
    ):
        yield local, _tell(local)


def _tell(local: LocalGitHub) -> Told:
    number = local.open_pull_request("feature", files={"new.txt": "1\n"}, title=TITLE)
    head = local.head(number)
    asked = local.comment(number, "writer", "/beaker run gpu-tests")["comment"]["id"]
    hub = connect(local.add_token(), local.api_url, local.full_name)
    acknowledge(hub, number, asked)
    local.react(asked, "reader", "+1")
    ensure_comment(hub, number, "**Queued** on Beaker", list)
    for index in range(3):
        local.comment(number, "reader", f"Chatter {index}")

    def check(name: str, status: str, conclusion: str | None, title: str) -> CheckState:
        words = {"title": title, "summary": "It says more.", "text": "And more."}
        return CheckState(f"beaker / {name}", head, f"w-{name}", status, conclusion, **words)

    failed, _ = (
        ensure_check(hub, check(name, "queued", None, "Queued"), look_first=False)
        for name in ("gpu-tests", "eval")
    )
    update_check(hub, failed, check("gpu-tests", "completed", "failure", "Failed"))
    comments = local.comments(number)
    return Told(
        number=number,
        head=head,
        title=TITLE,
        asked=asked,
        ids=tuple(comment.id for comment in comments),
        bodies=tuple(comment.body for comment in comments),
        failed=failed,
    )


def compare(read: Mapping[str, Any], expected: Mapping[str, Any], violations: list[str]) -> None:
    """Prints what was read, and ends the program when that is not what was written."""
    wrong = 0
    for name, value in expected.items():
        right = read.get(name) == value
        wrong += not right
        print("read " if right else "WRONG", name)
        if not right:
            print(f"  expected {value!r}\n  read     {read.get(name)!r}")
    for line in violations:
        print("WRONG", line)
    if wrong or violations:
        raise SystemExit(1)
