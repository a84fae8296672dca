"""Why a run waits, from what Beaker says of its jobs and clusters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.capacity import ClusterCapacity
from beaker_ci.history import Job, Task
from beaker_ci.queueing import (
    LONGEST_WORDS,
    MOST_PLACES,
    MOST_WORDS,
    Asked,
    Said,
    SchedulerEvent,
    Waiting,
    explain,
    never_fits,
)

NOW = 10_000.0
CREATED = NOW - 180
QUEUED, RUNNING, CANCELED = 2, 4, 7

JUPITER = ClusterCapacity(
    name="ai2/jupiter",
    aliases=("ai2/jupiter-cirrascale-2",),
    gpu_type="NVIDIA H100",
    nodes=2,
    cordoned_nodes=0,
    missing_nodes=0,
    gpus_per_node=8,
    memory_per_gpu=None,
    total=16,
    available=3,
    occupied=13,
    assigned=13,
    cordoned=0,
    most_free=2,
    queued=5,
)
SATURN = replace(
    JUPITER, name="ai2/saturn", aliases=(), gpu_type="NVIDIA A100 80GB", available=9, most_free=8
)
PHOBOS = replace(
    JUPITER,
    name="ai2/phobos",
    aliases=(),
    gpu_type="",
    gpus_per_node=None,
    total=0,
    available=0,
    most_free=0,
    queued=0,
)
EVERYWHERE = (JUPITER, SATURN, PHOBOS)

LIMIT = (
    'excluded by slot limit (workspace "ai2/team" using 64/64 allowed unallocated slots, '
    "the job requires at least 8 slots)"
)
FULL = "16 nodes do not have enough slots available"


def job(id_: str = "j", status: int = QUEUED, created: float = CREATED, **values: object) -> Job:
    return replace(Job(id=id_, status=status, created=created), **values)  # type: ignore[arg-type]


def task(*jobs: Job, name: str = "main") -> Task:
    return Task(name, name, jobs)


def event(message: str, occurrences: int = 1, ago: float = 10.0) -> SchedulerEvent:
    return SchedulerEvent(message, occurrences, NOW - ago)


def why(
    *events: SchedulerEvent,
    asked: Asked = Asked(8),  # noqa: B008 - a value that never changes
    capacity: tuple[ClusterCapacity, ...] | None = EVERYWHERE,
    failed: str = "",
) -> Waiting:
    tasks = [task(job(failed_scheduling=failed))]
    waiting = explain(tasks, CREATED, {"j": events}, asked, capacity, NOW)
    assert waiting is not None
    return waiting


JUPITER_ONLY = Asked(8, clusters=("ai2/jupiter",))

CAUSES = {
    "a slot limit": (
        why(event(LIMIT)),
        (
            "the slot limit of ai2/team, over all clusters, is reached (64 of 64 unallocated slots "
            "used, 8 needed)"
        ),
    ),
    "a slot limit in fewer words": (
        why(event('slot limit (workspace "ai2/team" using 8/8 allowed slots)')),
        "the slot limit of ai2/team, over all clusters, is reached (8 of 8 slots used)",
    ),
    "a limit and full nodes at once": (
        why(event(FULL), event(LIMIT)),
        (
            "the slot limit of ai2/team, over all clusters, is reached (64 of 64 unallocated slots "
            "used, 8 needed)"
        ),
    ),
    "a limit that no longer is the reason": (
        why(event(LIMIT, ago=900), event(FULL, ago=5), asked=JUPITER_ONLY),
        "no node that it may use has 8 GPUs free",
    ),
    "full nodes": (
        why(event(FULL), asked=JUPITER_ONLY),
        "no node that it may use has 8 GPUs free",
    ),
    "full nodes, and room since": (
        why(event(FULL)),
        "ai2/saturn has room right now, but Beaker has not placed it there yet",
    ),
    "room for some only": (
        why(
            event(FULL),
            capacity=(JUPITER, replace(SATURN, restricted_to=("users", "budgets"))),
        ),
        "no other cluster has room than ai2/saturn, which is for some users and budgets only",
    ),
    "nothing said, full nodes": (
        why(asked=Asked(1, clusters=("ai2/jupiter",)), capacity=(replace(JUPITER, available=0),)),
        "no node that it may use has 1 GPU free",
    ),
    "nothing said, nothing known": (why(capacity=None), "Beaker has not said why"),
    "nothing said, room not told": (
        why(capacity=(replace(JUPITER, most_free=None),)),
        "Beaker has not said why",
    ),
    "nothing but that it was queued": (
        why(event("Job created"), event("job was queued."), event(""), asked=Asked(0)),
        "Beaker has not said why",
    ),
    "full nodes, nothing known": (
        why(event(FULL), capacity=None),
        "no node that it may use has room",
    ),
    "a budget": (
        why(event("budget ai2/team has no quota left on cluster ai2/jupiter.")),
        "Beaker says “budget ai2/team has no quota left on cluster ai2/jupiter”",
    ),
    "no matching cluster": (
        why(event("no cluster matches the job's constraints", ago=5), event(LIMIT, ago=60)),
        "Beaker says “no cluster matches the job's constraints”",
    ),
    "the job's own message": (
        why(event(LIMIT, ago=1), failed="No eligible node has 8 slots"),
        "Beaker says “No eligible node has 8 slots”",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_cause(name: str) -> None:
    waiting, cause = CAUSES[name]
    assert (waiting.cause, waiting.impossible) == (cause, "")
    assert waiting.headline == f"Waiting for 3 min: {cause}."


IMPOSSIBLE = {
    "too many GPUs for any node": (
        Asked(16, clusters=("ai2/jupiter", "ai2/saturn")),
        "No node on ai2/jupiter or ai2/saturn has 16 GPUs: the largest has 8.",
    ),
    "too many GPUs, anywhere": (Asked(9), "No node has 9 GPUs: the largest has 8."),
    "GPUs where there are none": (
        Asked(1, clusters=("ai2/phobos",)),
        "No node on ai2/phobos has 1 GPU: they have none.",
    ),
    "a type that is nowhere": (Asked(1, gpu_types=("b200",)), "There are no b200 GPUs."),
    "a type that is elsewhere": (
        Asked(1, clusters=("ai2/jupiter",), gpu_types=("a100", "l40")),
        "There are no a100 or l40 GPUs on ai2/jupiter.",
    ),
    "too many of a type": (
        Asked(9, gpu_types=("H100",)),
        "No H100 node has 9 GPUs: the largest has 8.",
    ),
    "a cluster that is gone": (
        Asked(1, clusters=("ai2/ganymede",)),
        "ai2/ganymede is gone or takes no batch jobs any more.",
    ),
    "several that are gone": (
        Asked(0, clusters=("ai2/ganymede", "ai2/io", "ai2/rhea")),
        "ai2/ganymede, ai2/io and ai2/rhea are gone or take no batch jobs any more.",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_can_never_be_is_said_at_once(name: str) -> None:
    asked, sentence = IMPOSSIBLE[name]
    waiting = why(event(FULL), asked=asked)
    assert waiting.impossible == sentence
    assert waiting.places == ()
    assert waiting.headline.startswith("Waiting for 3 min, and it cannot start as things are: ")
    assert waiting.headline.lower().endswith(sentence.lower())


POSSIBLE = {
    "by an alias": (Asked(8, clusters=("ai2/jupiter-cirrascale-2",)), EVERYWHERE),
    "one of two is gone": (Asked(8, clusters=("ai2/gone", "ai2/saturn")), EVERYWHERE),
    "every node is out of service": (Asked(8), (replace(JUPITER, available=0, cordoned=16),)),
    "how large nodes are is not told": (Asked(64), (replace(JUPITER, gpus_per_node=None),)),
    "a type of a later Beaker": (Asked(8), (replace(JUPITER, gpu_type="unknown"),)),
    "replicas wait for each other's place": (Asked(8, replicas=100), EVERYWHERE),
    "no GPUs, on a cluster of GPUs": (Asked(0, clusters=("ai2/jupiter",)), EVERYWHERE),
    "no GPUs, anywhere": (Asked(0), (PHOBOS,)),
    "nothing is known": (Asked(1, clusters=("ai2/jupiter",)), ()),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_may_be_is_not_called_impossible(name: str) -> None:
    asked, capacity = POSSIBLE[name]
    assert never_fits(asked, capacity) == ""


def test_the_rooms_that_may_hold_it() -> None:
    smaller = replace(JUPITER, name="ai2/titan", gpus_per_node=4)
    ill = replace(SATURN, name="ai2/rhea", cordoned_nodes=1, queued=1, restricted_to=("users",))
    waiting = why(capacity=(*EVERYWHERE, smaller, ill))
    assert [place.name for place in waiting.places] == ["ai2/rhea", "ai2/saturn", "ai2/jupiter"]
    assert waiting.lines == (
        (
            "ai2/rhea: 9 of 16 GPUs free (NVIDIA A100 80GB), at most 8 on one node, which is enough, "
            "1 of 2 nodes out of service, 1 job in the queue, for some users only."
        ),
        (
            "ai2/saturn: 9 of 16 GPUs free (NVIDIA A100 80GB), at most 8 on one node, which is enough, "
            "5 jobs in the queue."
        ),
        (
            "ai2/jupiter: 3 of 16 GPUs free (NVIDIA H100), at most 2 on one node, which is not enough, "
            "5 jobs in the queue."
        ),
    )


def test_rooms_for_what_needs_no_gpu() -> None:
    unknown = replace(PHOBOS, name="ai2/deimos", queued=None)
    waiting = why(asked=Asked(0), capacity=(PHOBOS, unknown, replace(JUPITER, most_free=None)))
    assert waiting.lines == (
        "ai2/deimos: nothing known of its room.",
        "ai2/jupiter: 3 of 16 GPUs free (NVIDIA H100), 5 jobs in the queue.",
        "ai2/phobos: 0 jobs in the queue.",
    )


def test_what_was_said_is_told_once_in_its_newest_words() -> None:
    waiting = why(
        event("2 nodes do not have enough slots available", 3, ago=50),
        event(" 16 nodes  do not have\nenough slots available ", 4, ago=20),
        event(LIMIT, 2, ago=90),
        capacity=None,
    )
    assert waiting.said == (Said(FULL, 7), Said(LIMIT, 2))
    assert waiting.lines == (f"Beaker says (7×): {FULL}", f"Beaker says (2×): {LIMIT}")


def test_replicas_say_the_same_together() -> None:
    tasks = [task(job(str(rank)), name=str(rank)) for rank in range(3)]
    events = {str(rank): [event(FULL, 2)] for rank in range(3)}
    waiting = explain(tasks, CREATED, events, Asked(8, 3), EVERYWHERE, NOW)
    assert waiting is not None
    assert waiting.said == (Said(FULL, 6),)


def test_the_jobs_own_message_is_counted_by_the_events() -> None:
    assert why(event(FULL, 5), failed=FULL).said == (Said(FULL, 5),)
    assert why(failed=FULL).said == (Said(FULL, 1),)


def test_waiting_begins_anew_after_an_interruption() -> None:
    first = job(
        "a",
        CANCELED,
        created=CREATED,
        started=CREATED + 10,
        ended=NOW - 60,
        finalized=NOW - 55,
        canceled_code=1,
    )
    second = job("b", created=NOW - 50)
    waiting = explain([task(first, second)], CREATED, {}, Asked(8), None, NOW)
    assert waiting is not None
    assert waiting.seconds == 50

    between = explain([task(first)], CREATED, {}, Asked(8), None, NOW)
    assert between is not None
    assert between.seconds == 55
    assert between.headline == "Waiting for 55 s: Beaker has yet to queue it again."


def test_the_replica_that_waits_longest_counts() -> None:
    tasks = [
        task(job("a", RUNNING, started=CREATED + 1), name="0"),
        task(job("b", created=NOW - 7200), name="1"),
        task(job("c", created=NOW - 60), name="2"),
    ]
    waiting = explain(tasks, CREATED, {}, Asked(8), None, NOW)
    assert waiting is not None
    assert waiting.headline == "Waiting for 2 h: Beaker has not said why."


@pytest.mark.parametrize("status", [3, RUNNING, 5, 6, 7, 8, 9, 10])
def test_what_has_a_node_or_has_ended_waits_for_none(status: int) -> None:
    tasks = [task(job(status=status, finalized=NOW if status in (7, 8, 9) else None))]
    assert explain(tasks, CREATED, {}, Asked(8), EVERYWHERE, NOW) is None


def test_a_task_without_any_job_waits_for_its_first() -> None:
    waiting = explain([task()], CREATED, {}, Asked(8), None, NOW)
    assert waiting is not None
    assert waiting.seconds == 180


@given(st.lists(st.text(max_size=2000), max_size=12), st.floats(0, NOW))
def test_whatever_beaker_says_is_a_line_of_bounded_length(words: list[str], ago: float) -> None:
    waiting = why(*(event(each, ago=ago) for each in words), capacity=(JUPITER,) * 30)
    assert len(waiting.said) <= MOST_WORDS
    assert len(waiting.lines) <= MOST_WORDS + MOST_PLACES
    for said in waiting.said:
        assert 0 < len(said.words) <= LONGEST_WORDS
        assert not set(said.words) & set("\r\n\t")
    assert len(waiting.headline) <= LONGEST_WORDS + 400
