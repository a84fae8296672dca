"""Noise over comments, options and configurations: an answer to all, and no rule broken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from fuzz_playing import Tally, play
from fuzzing import case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@contextmanager
def kept_environment() -> Iterator[None]:
    """Puts the environment back as it was: what is played may set variables."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_noise_gets_an_answer_and_breaks_no_rule(dice: Random) -> None:
    with kept_environment():
        play(case(dice), Tally())


def test_the_noise_reaches_every_kind_of_answer() -> None:
    tally = Tally()
    with kept_environment():
        for number in range(300):
            play(case(Random(number)), tally)  # noqa: S311 - nothing secret
    reached = {code.partition(".")[0] for code in tally.answers}
    assert {"accepted", "usage", "refused", "needs-approval", "(config"} <= reached
    assert tally.answers["accepted"] > 30
