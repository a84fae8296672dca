"""What is to be seen on both servers of one comment and of what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.sandbox.demo.stage import Stage

if TYPE_CHECKING:
    from beaker_ci.sandbox.beaker import ExperimentView
    from beaker_ci.sandbox.github import CheckRun


@dataclass(frozen=True)
class Answer:
    """A comment of the bot.

    Attributes:
        versions: Its texts as they were seen, the newest last.
    """

    id: int
    versions: tuple[str, ...]

    @property
    def body(self) -> str:
        """What it says now."""
        return self.versions[-1]


@dataclass(frozen=True)
class Scene:
    """One comment and what came of it, at one moment.

    Attributes:
        reactions: What the bot reacted with.
        runs: The experiments on Beaker.
        over: Whether every step that heard the comment has ended.
    """

    asker: str
    number: int
    comment: str
    reactions: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    checks: tuple[CheckRun, ...] = ()
    runs: tuple[ExperimentView, ...] = ()
    over: bool = False


class Watcher:
    """Looks at both servers again and again; nothing that was there before is seen.

    Args:
        stage: The servers.
        asker: Who comments.
    """

    def __init__(self, stage: Stage, asker: str) -> None:
        self._stage = stage
        self._asker = asker
        self._old_comments = {comment.id for comment in stage.hub.comments(stage.number)}
        self._old_checks = {check.id for check in stage.hub.check_runs()}
        self._old_runs = {run.id for run in stage.beaker.experiments()}
        self._versions: dict[int, tuple[str, ...]] = {}

    def look(self, comment_id: int, *, over: bool = False) -> Scene:
        """What came of a comment until now."""
        hub, beaker = self._stage.hub, self._stage.beaker
        comments = {comment.id: comment for comment in hub.comments(self._stage.number)}
        for one in comments.values():
            if one.author.type == "Bot" and one.id not in self._old_comments:
                before = self._versions.get(one.id, ())
                if before[-1:] != (one.body,):
                    self._versions[one.id] = (*before, one.body)
        return Scene(
            asker=self._asker,
            number=self._stage.number,
            comment=comments[comment_id].body,
            reactions=tuple(reaction.content for reaction in hub.reactions(comment_id)),
            answers=tuple(
                Answer(number, texts)
                for number, texts in self._versions.items()
                if number in comments
            ),
            checks=tuple(check for check in hub.check_runs() if check.id not in self._old_checks),
            runs=tuple(run for run in beaker.experiments() if run.id not in self._old_runs),
            over=over,
        )
