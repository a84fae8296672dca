"""What a chaos run is to do, drawn from a seed: commands, events, ends of jobs, failing calls."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType

from beaker_ci.sandbox import beaker, github

LIKELY = 0.2
"""How often a call to either service fails."""

LATE = 1.6
"""Seconds that a slow answer takes: more than the clients of a storm wait for one."""

WAYS: Mapping[str, tuple[github.Fault, beaker.Fault]] = MappingProxyType(
    {
        "connection closed before the call took effect": (
            github.Fault(drop=True),
            beaker.Fault(".*", drop=True),
        ),
        "took effect, answer lost": (
            github.Fault(drop=True, after=True),
            beaker.Fault(".*", drop=True, after=True),
        ),
        "500 / INTERNAL": (
            github.Fault(status=500),
            beaker.Fault(".*", code="INTERNAL"),
        ),
        "502 / UNAVAILABLE, though it took effect": (
            github.Fault(status=502, after=True),
            beaker.Fault(".*", code="UNAVAILABLE", after=True),
        ),
        "429 / RESOURCE_EXHAUSTED": (
            github.Fault(status=429, headers={"retry-after": "1"}),
            beaker.Fault(".*", code="RESOURCE_EXHAUSTED"),
        ),
        "403 secondary limit / ABORTED": (
            github.Fault(
                status=403,
                headers={"retry-after": "1"},
                body={"message": "You have exceeded a secondary rate limit. Please wait."},
            ),
            beaker.Fault(".*", code="ABORTED", message="a retryable database conflict occurred"),
        ),
        "answer after the deadline": (
            github.Fault(after=True, delay=LATE),
            beaker.Fault(".*", after=True, delay=LATE),
        ),
        "answer garbled": (
            github.Fault(after=True, cut=25),
            beaker.Fault(".*", after=True, garbled=True),
        ),
    }
)
"""The ways in which a call fails: at GitHub, and at Beaker."""


def dice(*seeds: object) -> Random:
    """Chance that falls the same way with the same seeds."""
    return Random(" ".join(map(str, seeds)))  # noqa: S311 - nothing secret


class Weather:
    """Which calls fail, and how: the n-th call of a kind always meets the same with a seed.

    Attributes:
        calls: How many there were, by service.
        failed: How many failed, by service and way.
    """

    def __init__(self, seed: int, likely: float = LIKELY) -> None:
        self.calls: Counter[str] = Counter()
        self.failed: Counter[tuple[str, str]] = Counter()
        self._seed, self._likely = seed, likely
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def over_github(self, method: str, path: str) -> github.Fault | None:
        """What a request to GitHub meets."""
        way = self._way("GitHub", f"{method} {re.sub('[0-9a-f]{40}|[0-9]+', 'N', path)}")
        return None if way is None else WAYS[way][0]

    def over_beaker(self, name: str) -> beaker.Fault | None:
        """What a request to Beaker meets."""
        way = self._way("Beaker", name)
        return None if way is None else WAYS[way][1]

    def _way(self, service: str, kind: str) -> str | None:
        with self._lock:
            self.calls[service] += 1
            self._seen[kind] += 1
            chance = dice(self._seed, service, kind, self._seen[kind])
            if chance.random() >= self._likely:
                return None
            way = chance.choice(list(WAYS))
            self.failed[service, way] += 1
            return way


@dataclass(frozen=True)
class Act:
    """Something that happens to a run on Beaker.

    Attributes:
        what: ``start``, ``finish``, ``interrupt`` or ``cancel``.
        number: The exit code, or the cancelation code.
        rank: Of the one replica that it happens to; None for all of them.
    """

    what: str
    number: int = 0
    rank: int | None = None


START, PASS, CANCEL = Act("start"), Act("finish"), Act("cancel")


def fail(code: int, rank: int | None = None) -> Act:
    """Exits with a code."""
    return Act("finish", code, rank)


def interrupt(code: int, rank: int | None = None) -> Act:
    """Beaker ends the job itself."""
    return Act("interrupt", code, rank)


PREEMPTED, USER_PREEMPTED, IDLE, TIMEOUT, NODE, IMPOSSIBLE, UNHEALTHY, FUTURE = (
    1,
    2,
    3,
    5,
    6,
    7,
    10,
    99,
)

ENDINGS: Mapping[str, tuple[str, tuple[Act, ...]]] = MappingProxyType(
    {
        "passes": ("", (START, PASS)),
        "passes at once": ("--gpus 1", (PASS,)),
        "exits with 1": ("", (START, fail(1))),
        "exits with 137": ("--gpus 1", (START, fail(137))),
        "preempted, resumed, passes": ("--gpus 1", (START, interrupt(PREEMPTED), START, PASS)),
        "preempted twice, resumed, fails": (
            "",
            (START, interrupt(PREEMPTED), START, interrupt(USER_PREEMPTED), START, fail(3)),
        ),
        "preempted for good": ("--no-auto-resume", (START, interrupt(PREEMPTED))),
        "node lost, resumed, passes": ("", (START, interrupt(NODE), START, PASS)),
        "node lost for good": ("--no-auto-resume", (START, interrupt(NODE))),
        "node unhealthy": ("--gpus 1", (START, interrupt(UNHEALTHY))),
        "cancelled in the queue": ("", (CANCEL,)),
        "cancelled while it runs": ("", (START, CANCEL)),
        "times out": ("", (START, interrupt(TIMEOUT))),
        "idle": ("--gpus 1", (START, interrupt(IDLE))),
        "ended by a code of the future": ("", (START, interrupt(FUTURE))),
        "cannot be placed": ("--gpus 1", (START, interrupt(IMPOSSIBLE))),
        "retried, passes": ("--retries 1", (START, fail(1), START, PASS)),
        "retried, fails": ("--retries 1", (START, fail(1), START, fail(2))),
        "replicas pass": ("--replicas 2", (START, PASS)),
        "second replica fails": ("--replicas 2", (START, fail(0, 0), fail(4, 1))),
        "first replica fails, the other passes": (
            "--replicas 3",
            (START, fail(5, 0), fail(0, 1), fail(0, 2)),
        ),
        "a replica fails for all": ("--replicas 2 --propagate-failure", (START, fail(2, 1))),
        "a replica preempted for all, resumed": (
            "--replicas 2 --propagate-preemption",
            (START, interrupt(PREEMPTED, 0), START, PASS),
        ),
    }
)
"""What becomes of runs: the options that it takes, and what happens, one after the other."""

OTHERS = ("/beaker help run", "/beaker rnu gpu-tests", "/beaker run --gpus 99 -- echo much")
"""Commands that become no run."""


@dataclass(frozen=True)
class Ask:
    """A comment and what becomes of it.

    Attributes:
        pull: Which pull request, from 0.
        commands: Its lines.
        endings: For each line that asks for a run, by its place among all lines.
        age: Minutes by which it is older than it should be: its workflows start late.
    """

    pull: int
    by: str
    commands: tuple[str, ...]
    endings: Mapping[int, str]
    age: int = 0


@dataclass(frozen=True)
class Storm:
    """A whole plan.

    Attributes:
        agenda: Pairs of an asking's index and whether the comment is written now, or its event is
            delivered (again).
    """

    seed: int
    asks: tuple[Ask, ...]
    agenda: Sequence[tuple[int, bool]] = field(repr=False)


WAITED_FOR = ("preempted for good", "node lost for good", "node unhealthy")
"""Ends that the bot believes only after a minute."""


def plan_storm(seed: int, runs: int, pulls: int, endings: Sequence[str] = tuple(ENDINGS)) -> Storm:
    """Draws a plan: so many runs in all, spread over the pull requests."""
    chance = dice(seed, "plan")
    asks = tuple(_asks(chance, runs, pulls, endings))
    moments: list[tuple[float, int, bool]] = []
    for index in range(len(asks)):
        written = index + chance.random()
        moments.append((written, index, True))
        # Out of order: later ones overtake.
        moments += [
            (written + chance.uniform(0.1, 12), index, False)
            for _ in range(chance.choice((1, 1, 2, 3, 3)))
        ]
    return Storm(seed, asks, [(index, new) for _, index, new in sorted(moments)])


def _asks(chance: Random, runs: int, pulls: int, endings: Sequence[str]) -> Iterator[Ask]:
    number = 0
    while number < runs:
        lines: list[str] = []
        ends: dict[int, str] = {}
        for _ in range(min(runs - number, chance.choice((1, 1, 1, 1, 2)))):
            ending = endings[number] if number < len(endings) else chance.choice(endings)
            ends[len(lines)] = ending
            plain = ending == "passes" and chance.random() < 0.5
            options = ENDINGS[ending][0]
            words = "gpu-tests" if plain else f"{options} --task-timeout 5m -- echo run {number}"
            lines.append(f"/beaker run {words}")
            number += 1
        if chance.random() < 0.1:
            lines.append(chance.choice(OTHERS))
        yield Ask(
            pull=chance.randrange(pulls),
            by=chance.choice(("writer", "maintainer", "admin")),
            commands=tuple(lines),
            endings=ends,
            age=chance.randint(11, 40) if chance.random() < 0.1 else 0,
        )
        if chance.random() < 0.08:
            yield Ask(chance.randrange(pulls), "writer", (chance.choice(OTHERS),), {})
