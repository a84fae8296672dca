"""The policy of deadlines and retries, by a clock that only the test moves."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.patience import PATIENCE, Calls, Deadline, Patience, moment, wanted_wait
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()
DOCUMENT = Path(__file__).parents[1] / "docs/set-up.md"


class Time:
    """A clock that sleeping moves, and nothing else."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def calls(time: Time, patience: Patience = PATIENCE, seconds: float = 120, **more: float) -> Calls:
    """Calls whose pauses are always the longest that they may be."""
    deadline = Deadline(seconds, time.clock)
    return Calls(
        "Beaker",
        Reason.BEAKER_UNAVAILABLE,
        patience,
        deadline,
        clock=time.clock,
        sleep=time.sleep,
        chance=lambda: 1.0,
        extra=more.get("extra", 0),
    )


def use_up(some: Calls) -> int:
    """Lets every try of an operation fail; how many there were."""
    tries, number = some.begin(), 1
    while tries.again():
        number += 1
    return number


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=20, max_size=20))
def test_pauses_are_anywhere_up_to_twice_the_one_before(chances: list[float]) -> None:
    pauses = list(PATIENCE.pauses(iter(chances).__next__))

    assert len(pauses) == PATIENCE.tries - 1
    for place, pause in enumerate(pauses):
        highest = min(PATIENCE.first_pause * 2**place, PATIENCE.longest_pause)
        assert pause == chances[place] * highest


def test_an_operation_ends() -> None:
    time = Time()

    assert use_up(calls(time)) == 7  # the eighth would begin too late
    assert time.slept == [0.5, 1, 2, 4, 8, 8]
    assert time.now < PATIENCE.operation


def test_tries_that_take_long_are_fewer() -> None:
    time = Time()
    tries, number = calls(time).begin(), 1
    time.now += PATIENCE.attempt
    while tries.again():
        number += 1
        time.now += PATIENCE.attempt

    assert number == 3
    assert time.now < PATIENCE.operation + PATIENCE.attempt + PATIENCE.longest_pause


def test_one_that_is_away_is_tried_once_until_it_answers() -> None:
    some = calls(Time())
    use_up(some)

    assert use_up(some) == 1
    some.answered()
    assert use_up(some) == 7


def test_all_of_a_step_ends() -> None:
    time = Time()
    some = calls(time)
    operations = 0
    while time.now < PATIENCE.step:
        tries = some.begin()
        operations += 1
        time.now += PATIENCE.attempt
        while tries.again():
            time.now += PATIENCE.attempt

    with pytest.raises(Problem) as caught:
        some.begin()
    assert caught.value.reason == "beaker.unavailable"
    assert "no time left to ask Beaker" in caught.value.what
    assert "120 seconds" in caught.value.why
    assert PATIENCE.step <= time.now <= PATIENCE.step + PATIENCE.attempt
    assert operations == 10


def test_github_has_time_to_say_so() -> None:
    time = Time()
    beaker, hub = calls(time), calls(time, extra=PATIENCE.answer)
    time.now = PATIENCE.step

    hub.begin()
    with pytest.raises(Problem):
        beaker.begin()
    time.now += PATIENCE.answer
    with pytest.raises(Problem):
        hub.begin()
    hub.renew()
    hub.begin()


def test_a_wait_that_is_asked_for_is_obeyed() -> None:
    time = Time()
    some = calls(time)

    assert some.begin().again(PATIENCE.longest_wait)
    (slept,) = time.slept
    assert 0 < slept - PATIENCE.longest_wait <= PATIENCE.first_pause


@pytest.mark.parametrize(("wanted", "left"), [(61.0, 120), (3600.0, 120), (30.0, 20)])
def test_one_that_is_too_long_is_not_and_nothing_is_asked_meanwhile(
    wanted: float, left: float
) -> None:
    time = Time()
    some = calls(time, seconds=left)

    assert not some.begin().again(wanted)
    assert time.slept == []
    with pytest.raises(Problem) as caught:
        some.begin()
    assert caught.value.next_step.startswith("Ask again after ")
    time.now += wanted
    some.renew()
    some.begin()


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": format_datetime(datetime.fromtimestamp(NOW + 90, UTC), True)}, 90),
        ({"retry-after": format_datetime(datetime.fromtimestamp(NOW - 90, UTC), True)}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW + 60:.0f}"}, 61),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": f"{NOW + 60:.0f}"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "?"}, None),
        (
            {
                "retry-after": "5",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": f"{NOW + 60:.0f}",
            },
            5,
        ),
    ],
)
def test_what_a_service_asks_for(headers: dict[str, str], wanted: float | None) -> None:
    assert wanted_wait(headers, NOW) == wanted


@given(st.text(), st.text(), st.text())
def test_no_header_is_too_strange(after: str, remaining: str, reset: str) -> None:
    headers = {
        "retry-after": after,
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-reset": reset,
    }
    wanted = wanted_wait(headers, NOW)
    assert wanted is None or wanted >= 0


@pytest.mark.parametrize("seconds", [0, 60, 1e9, float("inf")])
def test_every_moment_has_words(seconds: float) -> None:
    assert re.fullmatch(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d UTC", moment(seconds))


def test_the_document_has_every_number() -> None:
    section = DOCUMENT.read_text("utf-8").split("## Deadlines and retries")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+)(?: s)? \|", section, re.MULTILINE))

    assert {name: float(value) for name, value in told.items()} == {
        field.name: float(getattr(PATIENCE, field.name)) for field in fields(Patience)
    }


def test_the_numbers_agree_with_one_another() -> None:
    assert PATIENCE.attempt < PATIENCE.operation < PATIENCE.step < PATIENCE.whole_pass
    assert PATIENCE.limit_wait <= PATIENCE.longest_wait < PATIENCE.step
    assert PATIENCE.answer > PATIENCE.attempt
    assert list(replace(PATIENCE, tries=1).pauses()) == []
