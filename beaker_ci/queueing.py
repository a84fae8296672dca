"""Why a run waits: the scheduler's own words, the room there is, and what can never be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from beaker_ci.capacity import ClusterCapacity
from beaker_ci.history import Job, Task
from beaker_ci.problem import quoted
from beaker_ci.quantities import spoken

LONGEST_WORDS = 300
"""Characters of one thing that the scheduler says."""

MOST_WORDS = 5
"""Different things that the scheduler says, of which a report tells."""

MOST_PLACES = 5
"""Clusters of whose room a report tells."""

_SLOT_LIMIT = re.compile(
    r'slot limit \(workspace "(?P<of>[^"]{1,200})" using (?P<used>\d{1,9})/(?P<limit>\d{1,9}) '
    r"allowed (?:(?P<kind>\w{1,20}) )?slots?"
    r"(?:, the job requires at least (?P<need>\d{1,9}) slots?)?"
)
_NO_ROOM = re.compile(r"\bnodes? do(?:es)? not have enough slots available")
_SAYS_NOTHING = re.compile(r"(?:job (?:was )?(?:created|queued|submitted))?\.?", re.IGNORECASE)


@dataclass(frozen=True)
class SchedulerEvent:
    """Something that Beaker noted about a job, however often.

    Attributes:
        message: Beaker's words when it noted it last. Untrusted.
        occurrences: How often.
        latest: Unix seconds.
    """

    message: str
    occurrences: int
    latest: float


@dataclass(frozen=True)
class Asked:
    """What a run needs in order to start.

    Attributes:
        gpus: Per replica.
        clusters: Full names; empty means anywhere.
        gpu_types: As gantry takes them; empty means any.
    """

    gpus: int
    replicas: int = 1
    clusters: tuple[str, ...] = ()
    gpu_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """What the scheduler says, as one line. Untrusted.

    Attributes:
        times: How often, at least once.
    """

    words: str
    times: int


@dataclass(frozen=True)
class Waiting:
    """Why a run waits.

    Attributes:
        seconds: Since it was queued; since it was queued again, after an interruption.
        cause: Why, as a part of a sentence. May hold untrusted words.
        said: The scheduler's own words, the newest first.
        places: The clusters that it may use and that can hold it, those with most room first; none
            where that is not known.
        asked: What it needs.
        impossible: A sentence when it can never be placed as things are; else empty.
    """

    seconds: float
    cause: str
    said: tuple[Said, ...] = ()
    places: tuple[ClusterCapacity, ...] = ()
    asked: Asked = Asked(0)
    impossible: str = ""

    @property
    def headline(self) -> str:
        """One sentence: for how long, and why."""
        start = f"Waiting for {spoken(self.seconds)}"
        if self.impossible:
            return f"{start}, and it cannot start as things are: {_small(self.impossible)}"
        return f"{start}: {self.cause}."

    @property
    def lines(self) -> tuple[str, ...]:
        """The rest, a sentence each: what the scheduler said, and the room on each cluster."""
        words = (f"Beaker says{_times(each.times)}: {each.words}" for each in self.said)
        shown = self.places[:MOST_PLACES]
        return (*words, *(f"{place.name}: {_room(place, self.asked)}." for place in shown))


def explain(
    tasks: Iterable[Task],
    created: float,
    events: Mapping[str, Sequence[SchedulerEvent]],
    asked: Asked,
    capacity: Sequence[ClusterCapacity] | None,
    now: float,
) -> Waiting | None:
    """Why a run waits; None if nothing of it does.

    Args:
        tasks: All tasks and replicas.
        created: When the run was made, in Unix seconds.
        events: What Beaker noted, by the job's id.
        asked: What the run needs.
        capacity: All clusters that take batch jobs; None where Beaker did not tell.
        now: Unix seconds.
    """
    queued = [task for task in tasks if task.phase == "queued"]
    if not queued:
        return None
    jobs = queued_jobs(queued)
    said = _what_was_said(jobs, events, now)
    allowed = None if capacity is None else _allowed(asked, capacity)
    fitting = None if allowed is None else [one for one in allowed if _can_hold(one, asked)]
    since = (task.queued_since(created) for task in queued)
    return Waiting(
        # What was waited before an interruption does not count: it was queued again.
        seconds=max(now - min((one for one in since if one is not None), default=now), 0.0),
        cause=_cause(said, asked, fitting) if jobs else "Beaker has yet to queue it again",
        said=said,
        places=tuple(sorted(fitting or (), key=lambda one: (-(one.room or 0), one.name))),
        asked=asked,
        impossible=never_fits(asked, capacity or ()),
    )


def queued_jobs(tasks: Iterable[Task]) -> tuple[Job, ...]:
    """The jobs that wait for a node."""
    latest = (task.latest for task in tasks)
    return tuple(job for job in latest if job is not None and job.phase == "queued")


def never_fits(asked: Asked, capacity: Sequence[ClusterCapacity]) -> str:
    """A sentence when no cluster can ever hold what is asked for; else empty.

    Args:
        asked: What a run needs.
        capacity: All clusters that take batch jobs; none where Beaker did not tell.
    """
    names = {name for place in capacity for name in (place.name, *place.aliases)}
    if not names:
        return ""
    gone = [name for name in asked.clusters if name not in names]
    if asked.clusters and len(gone) == len(asked.clusters):
        verbs = "is gone or takes" if len(gone) == 1 else "are gone or take"
        return f"{_listed(gone)} {verbs} no batch jobs any more."
    where = f" on {_listed(asked.clusters, 'or')}" if asked.clusters else ""
    allowed = _allowed(asked, capacity)
    if not allowed:
        return f"There are no {_listed(asked.gpu_types, 'or')} GPUs{where}."
    if any(_can_hold(place, asked) for place in allowed):
        return ""
    most = max(place.largest_node or 0 for place in allowed)
    types = f"{_listed(asked.gpu_types, 'or')} " if asked.gpu_types else ""
    largest = f"the largest has {most}" if most else "they have none"
    return f"No {types}node{where} has {_gpus(asked.gpus)}: {largest}."


def _what_was_said(
    jobs: Iterable[Job], events: Mapping[str, Sequence[SchedulerEvent]], now: float
) -> tuple[Said, ...]:
    """What differs in numbers alone is said once, in its newest words."""
    found = [event for job in jobs for event in _events_of(job, events.get(job.id, ()), now)]
    # Of what was said at the same moment, a limit says most: it holds wherever there is room.
    newest_first = sorted(
        found, key=lambda event: (-event.latest, not _SLOT_LIMIT.search(event.message))
    )
    kinds: dict[str, Said] = {}
    for event in newest_first:
        words = quoted(event.message, LONGEST_WORDS)
        kind = re.sub(r"\d+", "#", words)
        if not _SAYS_NOTHING.fullmatch(words):
            before = kinds.get(kind, Said(words, 0))
            kinds[kind] = Said(before.words, before.times + event.occurrences)
    return tuple(Said(each.words, max(each.times, 1)) for each in kinds.values())[:MOST_WORDS]


def _events_of(job: Job, events: Iterable[SchedulerEvent], now: float) -> Iterator[SchedulerEvent]:
    """The job's own message is what holds now; how often it was said, the events tell."""
    if job.failed_scheduling:
        yield SchedulerEvent(job.failed_scheduling, 0, now)
    yield from events


def _cause(said: Sequence[Said], asked: Asked, places: Sequence[ClusterCapacity] | None) -> str:
    """By what the scheduler said last; where that was nothing or no news, by the room there is."""
    if said and (limit := _SLOT_LIMIT.search(said[0].words)):
        return _slot_limit(limit)
    if said and not _NO_ROOM.search(said[0].words):
        return f"Beaker says “{said[0].words.rstrip('.')}”"
    if not asked.gpus or not places:
        return "no node that it may use has room" if said else "Beaker has not said why"
    free = sorted((one for one in places if _has_room(one, asked)), key=lambda one: one.name)
    if open_to_all := [one.name for one in free if not one.restricted_to]:
        return f"{open_to_all[0]} has room right now, but Beaker has not placed it there yet"
    if free:
        only = f"which is for some {_listed(free[0].restricted_to)} only"
        return f"no other cluster has room than {free[0].name}, {only}"
    if any(place.room is None for place in places) and not said:
        return "Beaker has not said why"
    return f"no node that it may use has {_gpus(asked.gpus)} free"


def _slot_limit(found: re.Match[str]) -> str:
    kind = f"{found['kind']} " if found["kind"] else ""
    need = f", {found['need']} needed" if found["need"] else ""
    return (
        f"the slot limit of {found['of']}, over all clusters, is reached "
        f"({found['used']} of {found['limit']} {kind}slots used{need})"
    )


def _allowed(asked: Asked, capacity: Iterable[ClusterCapacity]) -> list[ClusterCapacity]:
    """The clusters of those names, of those types."""
    return [
        place
        for place in capacity
        if (not asked.clusters or {place.name, *place.aliases} & set(asked.clusters))
        and (not asked.gpu_types or any(place.has_type(each) for each in asked.gpu_types))
    ]


def _can_hold(place: ClusterCapacity, asked: Asked) -> bool:
    """Whether a node of it might hold a replica; what Beaker does not say, might be."""
    return place.largest_node is None or place.largest_node >= asked.gpus


def _has_room(place: ClusterCapacity, asked: Asked) -> bool:
    return place.room is not None and place.room >= asked.gpus


def _room(place: ClusterCapacity, asked: Asked) -> str:
    """``3 of 16 GPUs free, at most 2 on one node, 5 jobs in the queue``."""
    words = []
    if place.has_gpus:
        words.append(f"{place.available} of {_gpus(place.total)} free ({place.gpu_type})")
    if place.has_gpus and place.room is not None and asked.gpus:
        enough = "enough" if _has_room(place, asked) else "not enough"
        words.append(f"at most {place.room} on one node, which is {enough}")
    if place.cordoned_nodes:
        words.append(f"{place.cordoned_nodes} of {place.nodes} nodes out of service")
    if place.queued is not None:
        words.append(f"{place.queued} {'job' if place.queued == 1 else 'jobs'} in the queue")
    if place.restricted_to:
        words.append(f"for some {_listed(place.restricted_to)} only")
    return ", ".join(words) or "nothing known of its room"


def _gpus(number: int) -> str:
    return f"{number} {'GPU' if number == 1 else 'GPUs'}"


def _times(times: int) -> str:
    return f" ({times}×)" if times > 1 else ""


def _listed(words: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _small(sentence: str) -> str:
    """The sentence after a colon; names keep their letters."""
    ours = sentence.startswith(("No ", "There "))
    return sentence[0].lower() + sentence[1:] if ours else sentence
