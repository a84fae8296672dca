"""How full clusters are, and why a run waits, as the local Beaker tells it."""

from __future__ import annotations

from inline_snapshot import snapshot
from room import Room

from beaker_ci.beaker.capacity import read_clusters
from beaker_ci.capacity import UNKNOWN_TYPE, ClusterCapacity
from beaker_ci.queueing import Waiting
from beaker_ci.run import Run
from beaker_ci.sandbox.beaker.faults import Fault

NOW = 1_000.0
GIB = 1 << 30
JUPITER = ["ai2/jupiter"]


def capacity(room: Room, now: float = NOW) -> dict[str, ClusterCapacity]:
    return {place.name: place for place in room.session.capacity(now)}


def why(room: Room, run: Run, later: float = 180) -> Waiting:
    now = run.created + later
    waiting = room.session.why_waiting(run, room.session.watch(run, now)[1], now)
    assert waiting is not None
    return waiting


def test_a_cluster_in_all_its_numbers(room: Room) -> None:
    room.beaker.start(room.submit(1, gpus=5, clusters=JUPITER).workload_id)
    room.submit(2, gpus=1, clusters=JUPITER)
    room.beaker.requests.clear()

    places = capacity(room)

    assert places["ai2/jupiter"] == ClusterCapacity(
        name="ai2/jupiter",
        aliases=("ai2/jupiter-cirrascale-2",),
        gpu_type="NVIDIA H100",
        nodes=2,
        cordoned_nodes=0,
        missing_nodes=0,
        gpus_per_node=8,
        memory_per_gpu=128 * GIB,
        total=16,
        available=11,
        occupied=5,
        assigned=5,
        cordoned=0,
        most_free=8,
        queued=1,
        tags=("storage:weka", "interconnect:ib"),
    )
    # Those that take batch jobs, in gantry's order; CPUs are no GPUs.
    assert list(places) == [each.name for each in read_clusters(room.client)]
    assert not places["ai2/phobos"].has_gpus
    assert places["ai2/phobos"].room == 0
    assert room.beaker.requests.count("ListClusters") == 2  # one of them is for the names
    assert room.beaker.requests.count("ListNodes") == 0


def test_it_is_asked_again_after_a_minute(room: Room) -> None:
    before = capacity(room)
    room.beaker.start(room.submit(gpus=8, clusters=JUPITER).workload_id)

    assert capacity(room, NOW + 60) == before
    assert capacity(room, NOW + 61)["ai2/jupiter"].available == 8


def test_nothing_starts_on_a_cordoned_node(room: Room) -> None:
    nodes = [node for node in room.client.node.list() if "jupiter" in node.hostname]
    room.beaker.start(room.submit(gpus=3, clusters=JUPITER).workload_id)
    room.beaker.lose_node(nodes[1].hostname)

    place = capacity(room)["ai2/jupiter"]

    assert (place.nodes, place.cordoned_nodes) == (2, 1)
    assert (place.total, place.available, place.cordoned) == (16, 5, 8)
    assert (place.most_free, place.room) == (5, 5)


def test_what_is_restricted_missing_or_not_told(room: Room) -> None:
    world = room.beaker.world
    europa = world.add_cluster("europa", gpu_type="NVIDIA_B300", gpus=8, tags=["storage:weka"])
    europa.user_restrictions.append("someone")
    europa.budget_restrictions.append("ai2/other")
    europa.allow_preemptible_restriction_exceptions = True
    europa.expected_node_count = 4

    place = capacity(room)["ai2/europa"]

    assert place.gpu_type == "NVIDIA B300"  # which gantry has no name for
    assert (place.restricted_to, place.open_to_preemptible) == (("users", "budgets"), True)
    assert (place.nodes, place.missing_nodes) == (1, 3)


def test_gpus_of_a_later_beaker(room: Room) -> None:
    world = room.beaker.world
    told = world.add_cluster("titan", gpus=8)
    told.node_shape.gpu_type = 99  # type: ignore[assignment]
    untold = world.add_cluster("rhea", gpu_type="NVIDIA_L4", gpus=4)
    untold.ClearField("node_shape")
    nameless = world.add_cluster("dione", gpus=4)
    nameless.ClearField("node_shape")
    room.beaker.requests.clear()

    places = capacity(room)

    assert places["ai2/titan"].gpu_type == UNKNOWN_TYPE
    assert places["ai2/rhea"].gpu_type == "NVIDIA L4"  # by its nodes
    assert places["ai2/dione"].gpu_type == UNKNOWN_TYPE
    assert (places["ai2/rhea"].gpus_per_node, places["ai2/rhea"].memory_per_gpu) == (4, None)
    assert room.beaker.requests.count("ListNodes") == 1


def test_more_clusters_than_a_page_holds(room: Room) -> None:
    for number in range(60):
        room.beaker.world.add_cluster(f"moon-{number:02}", gpu_type="NVIDIA_L4", gpus=1)
    room.beaker.requests.clear()

    assert len(capacity(room)) == 64
    assert room.beaker.requests.count("ListClusters") == 2


def test_a_run_that_waits_for_a_slot_limit(room: Room) -> None:
    room.beaker.world.find_workspace("ai2/widgets").slot_limit_preemptible = 8
    first = room.submit(1, gpus=6, clusters=JUPITER)
    second = room.submit(2, gpus=4, clusters=JUPITER)
    room.beaker.start(first.workload_id)
    room.beaker.release(second.workload_id)

    waiting = why(room, second)

    assert [waiting.headline, *waiting.lines] == snapshot(
        [
            (
                "Waiting for 3 min: the slot limit of ai2/widgets, over all clusters, is reached "
                "(6 of 8 unallocated slots used, 4 needed)."
            ),
            (
                'Beaker says: excluded by slot limit (workspace "ai2/widgets" using 6/8 allowed '
                "unallocated slots, the job requires at least 4 slots)"
            ),
            (
                "ai2/jupiter: 10 of 16 GPUs free (NVIDIA H100), at most 8 on one node, which is "
                "enough, 1 job in the queue."
            ),
        ]
    )
    room.session.cancel(second.workload_id)


def test_a_run_that_waits_for_room(room: Room) -> None:
    blocking = [room.submit(number, gpus=6, clusters=JUPITER) for number in (1, 2)]
    for each in blocking:
        room.beaker.start(each.workload_id)
    run = room.submit(3, gpus=4, clusters=JUPITER)
    room.beaker.release(run.workload_id)
    room.beaker.requests.clear()

    waiting = why(room, run)

    assert [waiting.headline, *waiting.lines] == snapshot(
        [
            "Waiting for 3 min: no node that it may use has 4 GPUs free.",
            "Beaker says: 2 nodes do not have enough slots available",
            (
                "ai2/jupiter: 4 of 16 GPUs free (NVIDIA H100), at most 2 on one node, which is not "
                "enough, 1 job in the queue."
            ),
        ]
    )
    asked = [
        room.beaker.requests.count(name) for name in ("ListClusters", "ListSummarizedJobEvents")
    ]
    assert asked == [1, 1]
    room.session.cancel(run.workload_id)


def test_what_cannot_be_read_is_left_out(room: Room) -> None:
    run = room.submit(gpus=4, clusters=JUPITER)
    asked = "ListSummarizedJobEvents|ListClusters"
    room.beaker.faults.add(Fault(asked, code="PERMISSION_DENIED", times=None))

    waiting = why(room, run)

    assert waiting.headline == "Waiting for 3 min: Beaker has not said why."
    assert waiting.lines == ()


def test_nothing_is_asked_for_a_run_that_runs(room: Room) -> None:
    run = room.submit(gpus=4, clusters=JUPITER)
    room.beaker.start(run.workload_id)
    state = room.session.watch(run, NOW)[1]
    room.beaker.requests.clear()

    assert room.session.why_waiting(run, state, NOW) is None
    assert room.beaker.requests.table() == {}


def test_a_shape_that_says_nothing_is_no_cluster_without_gpus(room: Room) -> None:
    shape = room.beaker.world.add_cluster("mimas", gpu_type="NVIDIA_L4", gpus=4).node_shape
    for field in ("cpu_count", "memory_bytes", "gpu_count", "gpu_type"):
        shape.ClearField(field)

    place = capacity(room)["ai2/mimas"]

    assert (place.gpu_type, place.gpus_per_node) == ("NVIDIA L4", 4)
    assert {each.name: each.gpus_per_node for each in read_clusters(room.client)} == {
        "ai2/jupiter": 8,
        "ai2/mimas": None,
        "ai2/neptune-cirrascale": 8,
        "ai2/phobos": 0,
        "ai2/saturn": 8,
    }
