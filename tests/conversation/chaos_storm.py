"""A chaos run: events, failing calls, kills and ends of jobs at once; then calm."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from chaos_hand import Hand
from chaos_plan import Storm, Weather, dice
from stage import Stage, open_stage
from warm import WarmProcess

from beaker_ci.patience import PATIENCE
from beaker_ci.plan import run_key
from beaker_ci.sandbox.github.model import CheckRun

CONFIG = """\
version: 1
workspace: ai2/widgets
budget: ai2/widgets-budget
allow:
  clusters: ["ai2/*"]
limits:
  timeout: 2h
  replicas: 4
  active_runs: 10000
  gpu_hours: {run: 1000, pull_request: 100000, user: 100000, repository: 100000}
presets:
  gpu-tests:
    command: [python, check.py]
    gpus: 1
    task_timeout: 15m
"""

HURRIED = replace(PATIENCE, attempt=1, first_pause=0.1, longest_pause=1)
"""What stands in for the true patience: otherwise one would mostly wait."""

NODES = ("jupiter-cs-aus-01.reviz.ai2.in", "jupiter-cs-aus-02.reviz.ai2.in")
"""Where jobs are placed first."""

Process = WarmProcess | subprocess.Popen[bytes]


@dataclass(frozen=True)
class Pace:
    """How a storm goes.

    Attributes:
        steps: At the same time, at most.
        between_events: Seconds, at least.
        between_kills: Seconds, on average.
        look: Seconds between two looks at what runs may do next.
        act: How likely a run is to go on at each look.
        linger: Seconds that steps get after the last event; then their machines die too.
        successor: Seconds after the last end in which Beaker may start a run again by itself.
        passes: At most, after the storm.
        nodes: They go, with all jobs on them, in the course of the storm.
    """

    steps: int = 24
    between_events: float = 0.3
    between_kills: float = 1.5
    look: float = 0.5
    act: float = 0.12
    linger: float = 40.0
    successor: float = 62.0
    passes: int = 12
    nodes: tuple[str, ...] = NODES


class Play:
    """One chaos run and its traces.

    Attributes:
        hand: What happens on Beaker by hand.
        pulls: Numbers of the pull requests.
        written: Ids of the comments, by the asking's index.
        counts: What was done.
        mistakes: What no step may ever say.
        passes: What changed in each pass after the storm.
        seconds: How long the parts took.
    """

    def __init__(self, stage: Stage, storm: Storm, pulls: Sequence[int], pace: Pace) -> None:
        self.stage = stage
        self.storm = storm
        self.pulls = pulls
        self.pace = pace
        self.weather = Weather(storm.seed)
        self.written: dict[int, int] = {}
        self.counts: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.mistakes: list[str] = []
        self.passes: list[int] = []
        self.seconds: dict[str, float] = {}
        self._events: dict[int, Any] = {}
        self._living: list[Process] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.hand = Hand(stage.beaker, storm.seed)

    @property
    def checks(self) -> list[CheckRun]:
        """All check runs."""
        return self.stage.hub.check_runs()

    def play(self) -> None:
        """Storm, then calm."""
        begun = time.monotonic()
        self.stage.hub.faults.weather(self.weather.over_github)
        self.stage.beaker.faults.weather(self.weather.over_beaker)
        around = (self._kill, self._move_jobs, self._sync, self._schedule)
        with ThreadPoolExecutor(len(around)) as pool:
            busy = [pool.submit(each) for each in around]
            try:
                self._deliver_all()
            finally:
                self._over.set()
            for each in busy:
                each.result()
        self.stage.hub.faults.clear()
        self.stage.beaker.faults.clear()
        calm = time.monotonic()
        self.seconds["storm"] = calm - begun
        self._calm()
        self.seconds["calm"] = time.monotonic() - calm

    # The storm

    def _deliver_all(self) -> None:
        with ThreadPoolExecutor(self.pace.steps) as pool:
            free = threading.Semaphore(self.pace.steps)
            steps: list[Future[None]] = []
            for index, is_new in self.storm.agenda:
                if is_new:
                    self._write(index)
                    continue
                free.acquire()
                self.stage.pause.wait(self.pace.between_events)
                step = pool.submit(self._deliver, index)
                step.add_done_callback(lambda _: free.release())
                steps.append(step)
            wait(steps, self.pace.linger)
            with self._lock:
                for process in self._living:
                    process.kill()
                    self.counts["killed"] += 1
            for step in steps:
                step.result()

    def _write(self, index: int) -> None:
        ask = self.storm.asks[index]
        hub = self.stage.hub
        self._events[index] = event = hub.comment(
            self.pulls[ask.pull],
            by=ask.by,
            body="\n".join(ask.commands),
            created_at=hub.clock.now - timedelta(minutes=ask.age) if ask.age else None,
        )
        self.written[index] = comment_id = event["comment"]["id"]
        for place, ending in ask.endings.items():
            key = run_key(hub.repository_id, f"comment:{comment_id}", place)
            self.hand.expect(key, ending)

    def _deliver(self, index: int) -> None:
        self.counts["events delivered"] += 1
        self._run(self.stage.step(self._events[index]), f"comment {self.written[index]}")

    def _schedule(self) -> None:
        while not self._over.wait(4):
            self.counts["schedules"] += 1
            self._run(self._scheduled(), "schedule")

    def _scheduled(self) -> Any:
        # Not by the stage's own method: it changes what all steps share.
        step = self.stage.step({"schedule": "*/15 * * * *"}, "schedule")
        step.environment["GITHUB_REPOSITORY_ID"] = str(self.stage.hub.repository_id)  # type: ignore[index]
        return step

    def _sync(self) -> None:
        """The reconciler on a machine of its own, started again whenever it is killed."""
        stage = self.stage
        while not self._over.is_set():
            self.counts["reconcilers"] += 1
            step = stage.step({}, "schedule")
            arguments = ["sync", "--repo", stage.hub.full_name, "--every", "10s"]
            with (step.directory / "log").open("wb") as log:
                process = subprocess.Popen(
                    [step.python, "-m", "beaker_ci", *arguments],
                    cwd=step.directory,
                    env={**step.environment, "GITHUB_TOKEN": stage.token},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self._watch(process, step, "sync", until=self._over)

    def _run(self, step: Any, name: str) -> None:
        self._watch(step.start(), step, name)

    def _watch(
        self, process: Process, step: Any, name: str, until: threading.Event | None = None
    ) -> None:
        with self._lock:
            self._living.append(process)
        try:
            if until is not None:
                while process.poll() is None and not until.wait(0.1):
                    pass
                process.send_signal(signal.SIGTERM)
            code = process.wait(300)
        finally:
            with self._lock:
                self._living.remove(process)
        self.codes[code] += 1
        log = (step.directory / "log").read_text(errors="replace")
        if "beaker-ci made a mistake" in log or "Traceback" in log:
            self.mistakes.append(f"{name}: {log[-1500:]}")

    def _kill(self) -> None:
        chance = dice(self.storm.seed, "kill")
        while not self._over.wait(chance.uniform(0.2, 1.8) * self.pace.between_kills):
            with self._lock:
                process = chance.choice(self._living) if self._living else None
            if process is not None:
                process.kill()
                self.counts["killed"] += 1

    def _move_jobs(self) -> None:
        looks, nodes = 0, list(self.pace.nodes)
        while not self._over.wait(self.pace.look):
            looks += 1
            if nodes and looks % 40 == 30:
                self.stage.beaker.lose_node(nodes.pop())
                self.counts["nodes lost"] += 1
            self.hand.move(self.pace.act)

    # The calm

    def _calm(self) -> None:
        stage = self.stage
        self.hand.end_all()
        # Whoever was killed is dead by now, and what was not heard was missed.
        self._grow_old()
        self._come_to_rest()
        for _ in range(2):
            stage.age_marks(600)  # last reports are looked at once more
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        stage = self.stage
        for number in range(self.pace.passes):
            before = self._shown()
            left = self.hand.last_end + self.pace.successor - time.monotonic()
            if number and self.passes[-1] == 0 and left > 0:
                stage.pause.wait(left)
            done = self._scheduled().run(300)
            if done.exit_code:
                self.mistakes.append(f"a pass in the calm ended with {done.exit_code}: {done.log}")
            after = self._shown()
            self.passes.append(sum(before.get(name) != what for name, what in after.items()))
            self.passes[-1] += self.hand.end_all()  # somebody made a new attempt
            if self.passes[-1] == 0 and self.hand.last_end + self.pace.successor < time.monotonic():
                return
        self.mistakes.append(f"it never comes to rest: {self.passes}")

    def _grow_old(self) -> None:
        hub = self.stage.hub
        for index, comment_id in self.written.items():
            if not self.storm.asks[index].age:
                hub.backdate_comment(comment_id, hub.clock.now - timedelta(minutes=15))
        self.stage.age_marks(600)

    def _shown(self) -> Mapping[str, object]:
        """All that the bot writes."""
        stage = self.stage
        return {
            **{held.id: held.description for held in stage.beaker.experiments("ci-bot")},
            **{str(check.id): check for check in self.checks},
            **{
                f"comment {comment.id}": comment
                for number in self.pulls
                for comment in stage.hub.comments(number)
            },
        }


@contextmanager
def open_play(directory: Path, storm: Storm, pulls: int, pace: Pace) -> Iterator[Play]:
    """Builds the stage of a chaos run: as many pull requests, machines for everybody."""
    files = {".github/beaker-ci.yml": CONFIG, "train.py": "print(1)\n"}
    with open_stage(directory, files) as stage:
        stage.hub.warm_up()
        stage.hub.set_remaining(stage.token, 10_000_000)
        stage.hub.set_remaining(stage.token, 10_000_000, "graphql")
        stage.beaker.world.add_cluster("titan", gpu_type="NVIDIA_H100", gpus=8, nodes=80)
        stage.patience = HURRIED
        numbers = [stage.number]
        for place in range(1, pulls):
            branch = f"feature-{place}"
            stage.hub.repository.commit(branch, {"model.py": f"rate = {place}\n"}, message="Train")
            numbers.append(stage.hub.open_pull_request(branch, by="writer", title=f"Train {place}"))
        yield Play(stage, storm, numbers, pace)
