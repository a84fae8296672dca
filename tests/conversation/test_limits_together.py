"""Many at once at the edge of a limit: at the end never above it, and who went over is told."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from stage import CONFIG, Stage, open_stage

from beaker_ci.sandbox.beaker import Fault
from beaker_ci.sandbox.runner import Step, StepResult

RUN = "/beaker run gpu-tests --fresh"

AT_ONCE = 10

PATIENCE = 30.0
"""Seconds for which one request waits for others."""

DAY = 86_400


@contextmanager
def limited(directory: Path, limits: str) -> Iterator[Stage]:
    """A stage with these limits besides the timeout."""
    rules = CONFIG.replace("timeout: 2h", f"timeout: 2h\n  {limits}")
    with open_stage(directory, {".github/beaker-ci.yml": rules}) as stage:
        yield stage
        assert stage.leftovers() == []


@dataclass(frozen=True)
class Submission:
    """A comment whose step is under way."""

    comment: int
    number: int
    step: Step
    process: subprocess.Popen[bytes]

    def end(self) -> StepResult:
        return self.step.result(self.process.wait(60))


def begin(stage: Stage, number: int | None = None, by: str = "writer") -> Submission:
    """Somebody asks for a run; the step starts."""
    number = number or stage.number
    asked = stage.hub.comment(number, by=by, body=RUN)
    step = stage.step(asked)
    return Submission(asked["comment"]["id"], number, step, step.start())


def take_all(stage: Stage, submissions: Sequence[Submission]) -> list[str]:
    """Takes the one report or reply to each; which limits they passed, "" for those that stay.

    What passed a limit after it was submitted is cancelled on Beaker, and its comment and check
    say so; nothing else is.
    """
    held = [stage.beaker.take_experiment() for _ in stage.unseen_experiments()]
    checks = {check.external_id: check for check in (stage.hub.take_check() for _ in held)}
    assert checks.keys() == {each.id for each in held}
    bodies = [stage.hub.take_comment(one.number).body for one in submissions]
    for one in submissions:
        assert stage.hub.take_reactions(one.comment) == ["eyes"]
    passed = []
    for each in held:
        (body,) = (body for body in bodies if each.id in body)
        bodies.remove(body)
        check, mark = checks[each.id], stage.mark(each)
        assert mark is not None
        summary = check.summary or ""
        assert (each.status == "canceled") is bool(mark.stopped)
        if mark.stopped:
            assert (check.conclusion, mark.used) == ("cancelled", 0.0)
            assert f"it would have passed `{mark.stopped}`" in body
            assert f"it would have passed `{mark.stopped}`" in summary
        else:
            assert (check.status, mark.is_open) == ("queued", True)
            assert "beaker-ci stopped it" not in body + summary
        passed.append(mark.stopped)
    refused = [re.search(r"\(`(limits\.[a-z_.]+)`\)", body) for body in bodies]
    return passed + [found[1] if found else "?" for found in refused]


def second_pull_request(stage: Stage) -> int:
    stage.hub.push("other", {"other.py": "x = 1\n"}, by="writer")
    return stage.hub.open_pull_request("other", by="writer")


@dataclass
class Gate:
    """Holds a submission right before Beaker takes it, and kills its step right after, if told."""

    stage: Stage
    arrived: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.stage.beaker.faults.before("POST experiments", self._hold)
        self.stage.beaker.faults.after("POST experiments", self._kill)

    def _hold(self) -> None:
        self.arrived.set()
        assert self.opened.wait(PATIENCE)

    def _kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)


EDGES = {
    "active_runs": ("active_runs: 3", 3),
    "gpu_hours.pull_request": ("active_runs: 20\n  gpu_hours: {pull_request: 1}", 4),
    "gpu_hours.user": ("active_runs: 20\n  gpu_hours: {user: 0.6}", 2),
    "gpu_hours.repository": ("active_runs: 20\n  gpu_hours: {repository: 1.7}", 6),
}
"""How each limit is set, and how many runs of a quarter of a GPU-hour it lets through."""


@pytest.mark.parametrize(
    ("key", "how"), [*((key, "all submit") for key in EDGES), ("active_runs", "as it comes")]
)
def test_ten_at_once(tmp_path: Path, key: str, how: str) -> None:
    """All find room before they submit; or as many as the machine lets run at the same time."""
    limits, stay = EDGES[key]
    with limited(tmp_path, limits) as stage:
        wide = key in ("gpu_hours.user", "gpu_hours.repository")
        numbers = [stage.number, second_pull_request(stage)] if wide else [stage.number]
        people = ["writer", "maintainer"] if key == "gpu_hours.repository" else ["writer"]
        if how == "all submit":
            together = threading.Barrier(AT_ONCE, timeout=PATIENCE)

            def meet() -> None:
                together.wait()

            stage.beaker.faults.add(Fault("POST experiments", times=AT_ONCE, do=meet))

        asked = [
            begin(stage, numbers[at % len(numbers)], people[at // 2 % len(people)])
            for at in range(AT_ONCE)
        ]
        results = [one.end() for one in asked]

        over = AT_ONCE - stay
        assert [one.exit_code for one in results] == [0] * AT_ONCE
        reasons = Counter(one.reason for one in results)
        assert reasons == {"accepted": stay, "refused.limit": over}
        if how == "all submit":
            assert all(one.outputs["workload-id"] for one in results)
        assert Counter(take_all(stage, asked)) == {"": stay, f"limits.{key}": over}


def test_ten_in_one_comment(tmp_path: Path) -> None:
    """Those before count: what finds no room any more is not even submitted."""
    with limited(tmp_path, "active_runs: 3") as stage:
        asked = stage.hub.comment(stage.number, by="writer", body="\n".join([RUN] * AT_ONCE))

        result = stage.deliver(asked)

        reasons = [one["reason-code"] for one in json.loads(result.outputs["result"])["commands"]]
        assert reasons == ["accepted"] * 3 + ["refused.limit"] * 7
        for _ in range(3):
            assert stage.mark(stage.beaker.take_experiment()) is not None
            stage.hub.take_check()
            assert "Queued" in stage.answer()
        assert stage.answer().count("\n\nthis pull request has 3 unfinished runs already") == 7
        stage.heard(asked)


@pytest.mark.parametrize("killed", ["first", "last"])
def test_killed_before_it_looked_again(tmp_path: Path, killed: str) -> None:
    """Two find room for one. The one that dies after it submitted counts, and is counted."""
    with limited(tmp_path, "active_runs: 20\n  gpu_hours: {user: 0.25}") as stage:
        gate = Gate(stage)
        waiting = begin(stage)
        assert gate.arrived.wait(PATIENCE)
        if killed == "first":
            dying, living = begin_and_die(stage), waiting
            gate.opened.set()
        else:
            dying, living = waiting, begin(stage)
            assert living.end().reason == "accepted"
            gate.process = waiting.process
            gate.opened.set()
            assert waiting.process.wait(60) == -signal.SIGKILL
        third = begin(stage)
        reasons = [living.end().reason, third.end().reason]
        assert reasons == ["refused.limit" if killed == "first" else "accepted", "refused.limit"]

        stage.age_marks(600)
        assert stage.schedule().exit_code == 0

        passed = take_all(stage, [dying, living, third])
        expected = ["", "limits.gpu_hours.user"]
        assert passed[:2] == expected  # the oldest on Beaker first
        assert passed[2:] == expected[1:]


def begin_and_die(stage: Stage) -> Submission:
    """A step that is killed as soon as Beaker took its run."""
    process: list[subprocess.Popen[bytes]] = []
    stage.beaker.faults.after(
        "POST experiments", lambda: process[0].send_signal(signal.SIGKILL), nth=1
    )
    begun = begin(stage)
    process.append(begun.process)
    assert begun.process.wait(60) == -signal.SIGKILL
    return begun


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_it_stops_its_run(tmp_path: Path, when: str) -> None:
    """Whoever comes next stops the run, if that is left to do, and says why."""
    with limited(tmp_path, "active_runs: 1") as stage:
        gate = Gate(stage)
        late = begin(stage)
        assert gate.arrived.wait(PATIENCE)
        early = begin(stage)
        assert early.end().reason == "accepted"

        def kill() -> None:
            late.process.send_signal(signal.SIGKILL)

        # What is under way when its sender dies never reaches Beaker, or it does.
        lost = when == "before"
        stage.beaker.faults.add(Fault("CancelWorkloads", do=kill, drop=lost, after=not lost))
        gate.opened.set()
        assert late.process.wait(60) == -signal.SIGKILL

        stage.age_marks(600)
        assert stage.schedule().exit_code == 0

        assert take_all(stage, [early, late]) == ["", "limits.active_runs"]


@pytest.mark.parametrize("wait", ["true", "1m"])
def test_who_waits_hears_that_the_run_was_stopped(tmp_path: Path, wait: str) -> None:
    with limited(tmp_path, "active_runs: 1") as stage:
        gate = Gate(stage)
        stage.inputs["wait"] = wait
        late = begin(stage)
        assert gate.arrived.wait(PATIENCE)
        del stage.inputs["wait"]
        early = begin(stage)
        assert early.end().reason == "accepted"
        gate.opened.set()

        result = late.end()

        assert (result.exit_code, result.reason) == (1, "refused.limit")
        assert (result.outputs["status"], result.outputs["conclusion"]) == ("finished", "cancelled")
        assert take_all(stage, [early, late]) == ["", "limits.active_runs"]


def test_what_counts_for_a_day(tmp_path: Path) -> None:
    """Open runs in full however old they are; ended ones what they used, for 24 hours."""
    with limited(tmp_path, "active_runs: 20\n  gpu_hours: {pull_request: 0.4}") as stage:
        asked: list[Submission] = []

        def ask() -> str:
            """Asks for a run; its id, or which limit was in the way."""
            asked.append(begin(stage))
            result = asked[-1].end()
            if result.reason == "accepted":
                return result.outputs["workload-id"]
            return result.reason

        def end(workload: str, seconds: float) -> None:
            stage.beaker.start(workload)
            stage.beaker.backdate_job(workload, seconds)
            stage.beaker.finish(workload)
            assert stage.schedule().exit_code == 0

        first = ask()
        assert ask() == "refused.limit"
        stage.beaker.age_experiments(DAY + 600, first)
        assert ask() == "refused.limit"
        stage.beaker.age_experiments(-DAY - 600, first)

        end(first, 360)
        second = ask()
        assert "refused" not in second
        end(second, 360)
        assert ask() == "refused.limit"
        stage.beaker.age_experiments(DAY, first)
        third = ask()
        assert "refused" not in third

        held = [stage.beaker.take_experiment() for _ in (first, second, third)]
        marks = [mark for mark in map(stage.mark, held) if mark]
        assert [round(mark.used or 0, 2) for mark in marks] == [0.1, 0.1, 0]
        assert [mark.is_open for mark in marks] == [False, False, True]
        for one in asked:
            assert stage.hub.take_reactions(one.comment) == ["eyes"]
            stage.hub.take_comment(one.number)
        for _ in held:
            stage.hub.take_check()


def test_a_report_says_what_is_left(stage: Stage) -> None:
    """At the beginning and at the end, and each time as things stand then."""
    runs, submitted = [], []
    for _ in range(2):  # one after the other: the pass begins with the oldest
        runs.append(begin(stage))
        submitted.append(runs[-1].end().outputs["workload-id"])
    first, second = submitted
    shown = [body for body in bodies(stage) if "left in 24 h" in body]
    assert len(shown) == 2
    assert "Costs** at most 0.25 GPU-hours" in shown[0]
    stage.beaker.start(first)
    assert stage.schedule().exit_code == 0
    assert sum("left in 24 h" in body for body in bodies(stage)) == 1

    stage.beaker.backdate_job(first, 360)
    for workload in (first, second):
        stage.beaker.finish(workload)
    stage.beaker.requests.clear()
    assert stage.schedule().exit_code == 0

    # The open ones, the ledger for both, and the runs of the pull request for both.
    assert stage.beaker.requests.count("ListWorkloads") == 3
    ended = sorted(
        re.findall(r"left in 24 h: ([0-9.]+) of 256 for this pull", "".join(bodies(stage)))
    )
    # What ended in the same pass and is not reported yet still counts in full.
    assert ended == ["255.65", "255.9"]
    for one in runs:
        assert stage.hub.take_reactions(one.comment) == ["eyes"]
        stage.hub.take_comment(stage.number)
        stage.hub.take_check()
        stage.beaker.take_experiment()


def bodies(stage: Stage) -> list[str]:
    """All comments of the pull request."""
    return [each.body.replace("\u2060", "") for each in stage.hub.comments(stage.number)]


def test_who_gives_way_takes_nobody_along(tmp_path: Path) -> None:
    """One that is too large for what others left is stopped; a small one behind it stays."""
    with limited(tmp_path, "gpu_hours: {pull_request: 2.5}") as stage:
        asked = [
            stage.hub.comment(
                stage.number,
                by="writer",
                body=f"/beaker run --gpus 1 --task-timeout {size} -- true",
            )
            for size in ("90m", "80m", "45m")
        ]
        together = threading.Barrier(3, timeout=PATIENCE)

        def meet() -> None:
            together.wait()

        stage.beaker.faults.add(Fault("POST experiments", times=3, do=meet))
        steps = [stage.step(event) for event in asked]
        submissions = [(step, step.start()) for step in steps]
        results = [step.result(process.wait(60)) for step, process in submissions]

        reserved = []
        for event in asked:
            stage.heard(event)
            stage.hub.take_comment(stage.number)
            stage.hub.take_check()
            mark = stage.mark(stage.beaker.take_experiment())
            assert mark is not None
            reserved += [] if mark.stopped else [mark.reserved]
        reasons = Counter(one.reason for one in results)
        assert reasons == {"accepted": 2, "refused.limit": 1}
        assert sum(reserved) <= 2.5


def test_no_run_counts_as_reported_before_it_was_counted(tmp_path: Path) -> None:
    """The look at the limits fails, and so do the rules for a while: it is made up for."""
    with limited(tmp_path, "active_runs: 1") as stage:
        rules = CONFIG.replace("timeout: 2h", "timeout: 2h\n  active_runs: 1")
        first = stage.hub.comment(stage.number, by="writer", body=RUN)
        second = stage.hub.comment(stage.number, by="writer", body=f"{RUN} --retries 1")

        def another() -> None:
            stage.beaker.faults.clear()
            assert stage.deliver(first).reason == "accepted"
            stage.beaker.faults.add(Fault("ListWorkloads", code="UNKNOWN", times=None))

        stage.beaker.faults.add(Fault("POST experiments", nth=1, do=another))
        assert stage.deliver(second).reason == "beaker.unavailable"
        stage.beaker.faults.clear()
        stage.hub.push("main", {".github/beaker-ci.yml": f"{rules}typo: 1\n"})
        stage.age_marks(600)
        stage.schedule()
        stage.hub.push("main", {".github/beaker-ci.yml": rules})
        stage.age_marks(600)

        assert stage.schedule().exit_code == 0

        marks = [stage.mark(stage.beaker.take_experiment()) for _ in range(2)]
        assert [mark.stopped for mark in marks if mark] == ["", "limits.active_runs"]
        for event in (first, second):
            stage.heard(event)
            stage.hub.take_comment(stage.number)
            stage.hub.take_check()
        assert "waits to be counted" not in stage.answer()
