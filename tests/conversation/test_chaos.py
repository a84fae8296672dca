"""A small chaos run: everything fails, dies and comes twice, and all is in order afterwards."""

from __future__ import annotations

from pathlib import Path

from chaos_plan import ENDINGS, WAITED_FOR, Weather, plan_storm
from chaos_storm import Pace, open_play
from chaos_truth import judge

PACE = Pace(
    steps=6,
    between_events=0.1,
    between_kills=0.6,
    look=0.2,
    act=0.3,
    linger=1.0,
    successor=0.0,
    nodes=(),
)


def test_the_same_seed_is_the_same_plan() -> None:
    assert plan_storm(5, 30, 3) == plan_storm(5, 30, 3)
    assert plan_storm(5, 30, 3) != plan_storm(6, 30, 3)
    first, second = Weather(5), Weather(5)
    assert [first.over_beaker("GetJob") for _ in range(99)] == [
        second.over_beaker("GetJob") for _ in range(99)
    ]
    assert 10 < first.failed.total() < 30


def test_a_small_chaos_run(tmp_path: Path) -> None:
    storm = plan_storm(1, 12, 3, [name for name in ENDINGS if name not in WAITED_FOR])
    with open_play(tmp_path, storm, 3, PACE) as play:
        play.play()
        verdict = judge(play)

    assert verdict.violations == []
    assert verdict.answers.total() == sum(len(ask.commands) for ask in storm.asks)
    assert play.weather.failed.total() > 30
    assert play.counts["killed"] > 1
