"""Whatever jobs say: only a whole success is one, and nothing raises."""

from __future__ import annotations

from typing import Any

from histories import CANCELED, FAILED, NOW, SUCCEEDED, Chain, broke, cut, job, passed, told
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.history import PHASES, WORKLOAD_PATIENCE, Job, State

TERMINAL = (CANCELED, SUCCEEDED, FAILED)


def chains(numbers: st.SearchStrategy[int], times: st.SearchStrategy[float]) -> Any:
    """Tasks whose jobs have such numbers, at such times; anything may be absent."""
    moments = st.none() | times
    attempt = st.builds(
        Job,
        id=st.sampled_from("abc"),
        status=numbers,
        created=moments,
        scheduled=moments,
        started=moments,
        ended=moments,
        finalized=moments,
        exit_code=st.none() | numbers,
        canceled_code=st.none() | numbers,
        rank=st.none() | numbers,
        message=st.sampled_from(["", "Job exited with code 1"]),
        gpus=st.integers(0, 8),
    )
    return st.lists(st.lists(attempt, max_size=3).map(tuple), max_size=4)


NEAR = chains(st.integers(0, 14), st.floats(0, 2 * NOW))
"""Where most of what may go wrong lies."""

WILD = chains(st.integers(), st.floats(-1e18, 1e18))
"""Numbers and times as no Beaker has them."""

SUCCESSES = st.lists(
    st.tuples(
        st.lists(st.sampled_from([broke(), cut(1), cut(6)]), max_size=2), st.integers(0, 9999)
    ),
    min_size=1,
    max_size=4,
).map(lambda tasks: [(*before, passed(ago)) for before, ago in tasks])


def is_sound(state: State) -> bool:
    """Whether what a state tells fits together."""
    return (
        (state.verdict is None) is (state.stage != "finished")
        and (state.phase == "finished") is (state.stage == "finished")
        and state.phase in PHASES
        and state.gpu_hours >= 0
        and (state.seconds is None or state.seconds >= 0)
    )


@given(st.integers(0, 12), NEAR)
def test_nothing_but_a_whole_success_is_one(status: int, tasks: list[Chain]) -> None:
    state = told(status, *tasks)

    assert is_sound(state)
    if state.conclusion == "success":
        assert status == SUCCEEDED
        assert tasks
        for attempts in tasks:
            last = attempts[-1]
            assert (last.status, last.exit_code, last.canceled_code or 0) == (SUCCEEDED, 0, 0)
            assert last.finalized is not None or last.ended is not None


@given(SUCCESSES)
def test_a_whole_success_is_one(tasks: list[Chain]) -> None:
    assert told(SUCCEEDED, *tasks).conclusion == "success"


@given(
    SUCCESSES,
    st.sampled_from([(), *((cut(code),) for code in range(99)), (broke(),), (job(4),), (job(11),)]),
    st.integers(0, 4),
    st.sampled_from([NOW, NOW + 1e9]),
)
def test_what_others_achieved_is_no_success_of_one_that_did_not(
    tasks: list[Chain], bad: Chain, place: int, now: float
) -> None:
    tasks.insert(place, bad)
    assert told(SUCCEEDED, *tasks, now=now).conclusion != "success"


@given(SUCCESSES, st.integers(0, 3), st.integers(-9, 999))
def test_an_attempt_after_a_success_counts(tasks: list[Chain], place: int, status: int) -> None:
    place %= len(tasks)
    tasks[place] += (job(status, started=NOW - 5, ended=NOW - 4, finalized=NOW - 3, exit_code=1),)
    assert told(SUCCEEDED, *tasks, now=NOW + 1e9).conclusion != "success"


@given(
    st.integers(), WILD, st.floats(-1e18, 1e18), st.none() | st.floats(-1e18, 1e18), st.integers()
)
def test_no_number_is_too_strange(
    status: int, tasks: list[Chain], now: float, moment: float | None, retries: int
) -> None:
    state = told(status, *tasks, now=now, canceled=moment, created=moment, retries=retries)
    assert is_sound(state)


@given(st.sampled_from(TERMINAL), NEAR)
def test_a_terminal_workload_comes_to_an_end(status: int, tasks: list[Chain]) -> None:
    assert told(status, *tasks, now=1e9, retries=9).stage == "finished"


@given(st.integers(0, 12).filter(lambda status: status not in TERMINAL), SUCCESSES)
def test_a_workload_that_never_ends_is_over_after_a_while(status: int, tasks: list[Chain]) -> None:
    state = told(status, *tasks, now=NOW + WORKLOAD_PATIENCE + 1)
    assert (state.stage, state.conclusion) == ("finished", "failure")
