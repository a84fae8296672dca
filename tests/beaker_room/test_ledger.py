"""What our runs cost, as Beaker's lists tell: which count, how much, and by how many requests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from room import GADGETS, WIDGETS, Room

from beaker_ci.facts import LedgerEntry
from beaker_ci.run import Mark, describe
from beaker_ci.sandbox.beaker import DEFAULT_TOKEN, OTHER_TOKEN

DAY = 86_400


def test_open_runs_count_what_they_reserve_and_closed_ones_what_they_used(room: Room) -> None:
    first, second = room.submit(1), room.submit(2)
    room.submit(3, repository=GADGETS)
    room.close(first, used=0.125)

    found = room.session.ledger(WIDGETS, first.created + 60)

    assert found == (
        LedgerEntry(first.workload_id, 7, 1001, 0.125, is_open=False, created=first.created),
        LedgerEntry(second.workload_id, 7, 1001, 2.0, True, second.created, is_settled=False),
    )
    assert [each.asker for each in room.session.ledger(GADGETS, first.created)] == [1001]
    assert room.session.ledger(81, first.created) == ()


def test_a_closed_run_counts_for_a_day_and_an_open_one_until_it_is_closed(room: Room) -> None:
    closed, left_open = room.submit(1), room.submit(2)
    room.close(closed, used=0.125)

    def ids(now: float) -> list[str]:
        return [each.workload_id for each in room.session.ledger(WIDGETS, now)]

    both = [closed.workload_id, left_open.workload_id]
    assert ids(closed.created + DAY - 0.001) == both
    assert ids(closed.created + DAY) == [left_open.workload_id]
    assert ids(closed.created + 30 * DAY) == [left_open.workload_id]

    room.beaker.age_experiments(DAY, closed.workload_id)
    room.session.forget_runs()
    assert ids(closed.created) == [left_open.workload_id]
    room.beaker.age_experiments(3600 - DAY, closed.workload_id)
    room.session.forget_runs()
    assert ids(closed.created) == both


def test_what_is_remembered_is_not_asked_again(room: Room) -> None:
    run = room.submit()
    now = run.created // 60 * 60 + 5
    lists = room.beaker.requests

    lists.clear()
    room.session.open_runs(WIDGETS, 50)
    assert lists.count("ListWorkloads") == 1
    room.session.ledger(WIDGETS, now)
    assert lists.count("ListWorkloads") == 2
    room.session.ledger(WIDGETS, now + 54)
    room.session.open_runs(WIDGETS)
    assert lists.table() == {"ListWorkloads": 2}

    room.session.ledger(WIDGETS, now + 55)
    assert lists.table() == {"ListWorkloads": 3}
    room.session.forget_runs()
    room.session.ledger(WIDGETS, now)
    assert lists.table() == {"ListWorkloads": 5}


def test_more_runs_than_fit_on_a_page(room: Room) -> None:
    first = room.submit(1)
    assert first.mark is not None
    specs = {}
    for number in range(2, 122):
        key = f"{number:016x}"
        mark = first.mark if number % 2 else replace(first.mark, used=0.01, settled=True)
        text = describe("Tests", mark, key, DEFAULT_TOKEN)
        specs[f"ci-widgets-pr7-tests-{key}"] = room.held(first).spec | {"description": text}
    room.beaker.add_experiments("ai2/widgets", specs)
    room.session.open_runs(WIDGETS, 50)
    room.beaker.requests.clear()

    found = room.session.ledger(WIDGETS, first.created + 60)

    assert (len(found), len({each.workload_id for each in found})) == (121, 121)
    assert sum(each.is_open for each in found) == 61
    assert sum(each.gpu_hours for each in found) == pytest.approx(61 * 2.0 + 60 * 0.01)
    assert [each.created for each in found] == sorted(each.created for each in found)
    assert room.beaker.requests.count("ListWorkloads") == 3  # page 2; page 1 and 2 of the closed


def test_a_run_that_closes_between_the_lists_counts_once(room: Room) -> None:
    run = room.submit()
    assert run.mark is not None
    closed = describe("Tests", replace(run.mark, used=0.5, settled=True), run.key, DEFAULT_TOKEN)
    room.session.forget_runs()
    room.beaker.faults.before("ListWorkloads", lambda: room.describe(run, closed), nth=2)

    (entry,) = room.session.ledger(WIDGETS, run.created)

    assert (entry.gpu_hours, entry.is_open) == (0.5, False)


def test_a_perfect_copy_by_another_account_is_not_ours(room: Room) -> None:
    run = room.submit()
    held = room.held(run)
    copy = held.spec | {"description": held.description}
    room.beaker.add_experiments("ai2/widgets", {run.name: copy}, author="mallory")
    with_their_seal = room.another(OTHER_TOKEN)
    room.submit(2, by=with_their_seal)
    with_their_seal.close()

    assert [each.workload_id for each in room.session.ledger(WIDGETS, run.created)] == [
        run.workload_id
    ]


@pytest.mark.parametrize(
    "text",
    [
        "beaker-ci:open 812 {}",
        "beaker-ci:closed 812 {}",
        describe(
            "", Mark(812, 7, 1, 0.0, "w", 0, used=0.0, settled=True), "0" * 15 + "1", OTHER_TOKEN
        ),
        describe(
            "", Mark(812, 7, 1, 0.0, "w", 0, used=0.0, settled=True), "0" * 15 + "2", DEFAULT_TOKEN
        ),
    ],
    ids=["open", "closed", "another account's seal", "another run's seal"],
)
def test_a_mark_that_cannot_be_believed_frees_nothing(room: Room, text: str) -> None:
    run = room.submit()
    room.describe(run, text)
    before = LedgerEntry(run.workload_id, 7, 1001, 2.0, is_open=True, created=run.created)
    assert room.session.ledger(WIDGETS, run.created) == (before,)

    room.beaker.start(run.workload_id)
    room.beaker.backdate_job(run.workload_id, 900)
    assert room.session.ledger(WIDGETS, run.created) == (before,)

    room.beaker.finish(run.workload_id)
    room.session.forget_runs()
    (after,) = room.session.ledger(WIDGETS, run.created)
    if "open" in text:
        assert after == before  # until its report is finished
    else:
        assert not after.is_open
        assert after.gpu_hours == pytest.approx(0.5, abs=0.01)  # two GPUs


def test_what_is_no_run_of_that_repository_is_left_out(room: Room) -> None:
    ours, theirs, renamed = room.submit(1), room.submit(2, repository=GADGETS), room.submit(3)
    with room.beaker.client() as client:
        client.workload.update(client.workload.get(renamed.workload_id), name="hello-" + "0" * 16)
    said = f"beaker-ci:open {WIDGETS} {{}}"
    room.describe(renamed, said)

    # Found by the words of another repository: with a mark of its own, and without one.
    for description in (f"{said}\n{room.held(theirs).description}", said):
        room.describe(theirs, description)
        room.session.forget_runs()
        found = room.session.ledger(WIDGETS, ours.created)
        assert [each.workload_id for each in found] == [ours.workload_id]


def test_a_run_that_ended_unreported_counts_what_it_used(room: Room) -> None:
    run = room.submit()
    room.beaker.start(run.workload_id)
    room.beaker.finish(run.workload_id)

    (entry,) = room.session.ledger(WIDGETS, run.created + 60)

    assert not entry.is_open
    assert entry.gpu_hours < 0.01 < run.reserved
