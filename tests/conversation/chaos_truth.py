"""What became of runs by the local Beaker's own records, and whether GitHub says the same.

Written from Beaker's facts alone: nothing of the bot's reading of jobs is used here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from beaker_ci.plan import run_key
from beaker_ci.report import find_marker

if TYPE_CHECKING:
    from chaos_storm import Play

    from beaker_ci.sandbox.beaker import ExperimentView
    from beaker_ci.sandbox.github.model import Comment

_BY_CODE = {
    1: "preempted",
    2: "preempted",
    3: "failed",
    4: "cancelled",
    5: "timed out",
    6: "machine lost",
    7: "not placeable",
    8: "cancelled",
    9: "preempted",
    10: "machine lost",
}
_WORST_FIRST = (
    "failed",
    "timed out",
    "not placeable",
    "machine lost",
    "preempted",
    "cancelled",
    "not understood",
    "passed",
)

SHOWN: Mapping[str, tuple[str, str]] = {
    "passed": ("success", r"Passed on Beaker"),
    "failed": ("failure", r"Failed on Beaker"),
    "timed out": ("timed_out", r"Timed out on Beaker"),
    "not placeable": ("failure", r"cannot place it"),
    "machine lost": ("failure", r"lost the machine"),
    "preempted": ("failure", r"preempted"),
    "cancelled": ("cancelled", r"Stopped on Beaker"),
    "not understood": ("failure", r"not understood|does not know"),
}
"""What a check has to conclude, and a comment to say."""


def truth(held: ExperimentView) -> str:
    """How a run ended, by the last job of each task."""
    last = {job.task: job for job in sorted(held.jobs, key=lambda job: job.id)}
    found = set()
    for job in last.values():
        if job.status == "succeeded" and job.exit_code == 0:
            found.add("passed")
        elif job.status == "failed":
            found.add("failed")
        elif job.status == "canceled":
            found.add(_BY_CODE.get(job.canceled_code or 0, "not understood"))
        else:
            found.add("not understood")
    return next(kind for kind in _WORST_FIRST if kind in found)


def exit_codes(held: ExperimentView) -> set[int]:
    """With which exit codes other than 0 the last jobs of its tasks failed."""
    last = {job.task: job for job in sorted(held.jobs, key=lambda job: job.id)}
    return {job.exit_code for job in last.values() if job.status == "failed" and job.exit_code}


def restarts(held: ExperimentView) -> int:
    """How often somebody had a task of a run started again, besides Beaker itself."""
    resumes = held.spec["tasks"][0]["context"].get("autoResume") is not False
    most = 0
    for task in {job.task for job in held.jobs}:
        attempts = sorted((job for job in held.jobs if job.task == task), key=lambda job: job.id)
        retries = (held.spec.get("retry") or {}).get("allowedTaskRetries") or 0
        ours = 0
        for before in attempts[:-1]:
            if before.status == "failed" and retries:
                retries -= 1
            elif not (resumes and before.canceled_code in (1, 2, 6, 9)):
                ours += 1
        most = max(most, ours)
    return most


@dataclass
class Verdict:
    """What was found at the end.

    Attributes:
        violations: In words, with what one needs to look closer.
        ends: Runs by how they ended.
        answers: Commands by what they got: a run, or the reason code of a reply.
        removed: Comments of ours that were taken back, by kind.
        restarted: How often the bot had a run started again, which costs nothing more than it may.
    """

    violations: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    restarted: int = 0


def judge(play: Play) -> Verdict:
    """Holds what both servers hold at the end against what was asked."""
    return _Judge(play).verdict


class _Judge:
    def __init__(self, play: Play) -> None:
        self._play = play
        self.verdict = Verdict()
        held = play.stage.beaker.experiments("ci-bot")
        self._held: dict[str, ExperimentView] = {}
        for one in held:
            key = one.env["BEAKER_CI_KEY"]
            if key in self._held:
                self._wrong(f"two experiments for key {key}: {one.name}")
            self._held[key] = one
        self._bots: dict[tuple[str, str], list[Comment]] = {}
        for number in play.pulls:
            for comment in play.stage.hub.comments(number):
                if comment.author.type == "Bot":
                    self._sort(comment)
        for line in play.stage.hub.leftovers():
            if line.startswith("deleted comment"):
                kind = re.search(r"beaker-ci:([a-z-]+):", line)
                self.verdict.removed[kind[1] if kind else "other"] += 1
        self._keys: set[str] = set()
        self._replies: set[str] = set()
        for index in play.written:
            self._judge_ask(index)
        self._judge_rest()

    def _wrong(self, what: str) -> None:
        self.verdict.violations.append(what)

    def _sort(self, comment: Comment) -> None:
        marker = find_marker(comment.body)
        if marker is None:
            self._wrong(f"a comment without marker on #{comment.number}: {comment.body[:200]}")
        else:
            self._bots.setdefault(marker, []).append(comment)

    def _judge_ask(self, index: int) -> None:
        play, ask = self._play, self._play.storm.asks[index]
        comment_id = play.written[index]
        replies = self._bots.get(("reply", f"comment-{comment_id}"), [])
        self._replies.add(f"comment-{comment_id}")
        if len(replies) > 1:
            self._wrong(f"{len(replies)} replies to comment {comment_id}")
        reply = replies[0].body if replies else ""
        reasons = re.findall(r"<sub>[^\n]*`([a-z]+(?:[.-][a-z-]+)*)`</sub>", reply)
        seen = [reaction.content for reaction in play.stage.hub.reactions(comment_id)]
        for place, line in enumerate(ask.commands):
            name = (
                f"command {index}.{place} (comment {comment_id}, #{play.pulls[ask.pull]}, {line})"
            )
            key = run_key(play.stage.hub.repository_id, f"comment:{comment_id}", place)
            self._keys.add(key)
            held = self._held.get(key)
            if held is not None:
                self.verdict.answers["run"] += 1
                if place not in ask.endings:
                    self._wrong(f"{name}: executed, though it must not be")
                self._judge_run(name, key, held)
                if _says_nothing_came_of_it(reply, line):
                    self._wrong(f"{name}: executed as {held.name}, but the reply says:\n{reply}")
            elif not reply and seen == ["eyes"] and not line.startswith("/beaker run "):
                # It may have been answered, and the answer deleted: only runs are worth a word.
                self.verdict.answers["eyes alone, as it asks for no run"] += 1
            elif not reply:
                self._wrong(f"{name}: neither executed nor answered")
            else:
                self.verdict.answers[_word(reasons)] += 1
                if line.split("--", 1)[-1].strip() not in reply.replace("\u2060", ""):
                    self._wrong(f"{name}: the reply does not name it:\n{reply}")
        if seen not in ([], ["eyes"]):
            self._wrong(f"comment {comment_id} has reactions {seen}")

    def _judge_run(self, name: str, key: str, held: ExperimentView) -> None:
        kind = truth(held)
        conclusion, words = SHOWN[kind]
        self.verdict.ends[kind] += 1
        name = f"{name}: run {held.id} ({kind})"
        if (again := restarts(held)) > 1:
            self._wrong(f"{name}: started again {again} times, where one is allowed")
        self.verdict.restarted += again
        comments = self._bots.get(("run", key), [])
        if len(comments) != 1:
            self._wrong(f"{name}: {len(comments)} live comments {[one.id for one in comments]}")
        for comment in comments:
            body = comment.body.replace("\u2060", "")
            codes = exit_codes(held)
            if not re.search(words, body, re.IGNORECASE) or (
                codes and not any(f"exit code {code}" in body for code in codes)
            ):
                self._wrong(f"{name}: its comment {comment.id} says:\n{body[:600]}")
        checks = [one for one in self._play.checks if one.external_id == held.id]
        if len(checks) != 1:
            self._wrong(f"{name}: {len(checks)} checks {[one.id for one in checks]}")
        for check in checks:
            if (check.status, check.conclusion) != ("completed", conclusion):
                self._wrong(f"{name}: check {check.id} is {check.status} {check.conclusion}")
            if check.head_sha != held.env["BEAKER_CI_SHA"]:
                self._wrong(f"{name}: check {check.id} is on another commit")
        mark = self._play.stage.mark(held)
        if mark is None or not mark.settled or "beaker-ci:open" in held.description:
            self._wrong(f"{name}: its mark is not closed: {held.description}")
        elif [mark.comment_id] != [one.id for one in comments] or [mark.check_id] != [
            one.id for one in checks
        ]:
            self._wrong(f"{name}: its mark names others: {mark}")

    def _judge_rest(self) -> None:
        stage = self._play.stage
        for key, held in self._held.items():
            if key not in self._keys:
                self._wrong(f"an experiment that nobody asked for: {held.name}")
        for (kind, key), comments in self._bots.items():
            known = key in (self._held if kind == "run" else self._replies)
            if not known:
                self._wrong(f"{len(comments)} comments that nobody asked for: {kind} {key}")
        ids = {held.id for held in self._held.values()}
        for check in self._play.checks:
            if check.external_id not in ids:
                self._wrong(f"a check that nobody asked for: {check.name} {check.external_id}")
        self.verdict.violations += [f"GitHub: {line}" for line in stage.hub.violations]
        for line in stage.beaker.leftovers():
            if not line.startswith("experiment "):
                self._wrong(f"Beaker: {line}")
        self.verdict.violations += self._play.mistakes


def _says_nothing_came_of_it(reply: str, line: str) -> bool:
    """Whether a reply tells the asker to ask again for what was executed."""
    parts = re.split(r"(?m)^> ", reply.replace("\u2060", ""))
    about = [part for part in parts if line in part or f"{line.split('--', 1)[-1]}" in part]
    return any(
        "Nothing was submitted" in part or "missed" in part or "nothing was submitted" in part
        for part in about
    )


def _word(reasons: list[str]) -> str:
    return reasons[-1] if reasons else "a reply"
