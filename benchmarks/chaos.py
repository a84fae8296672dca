"""A chaos run: commands in a storm of failing calls, kills and lost machines, on local servers.

Each call to either service fails with probability 0.2 in one of eight ways. Steps of the action and
a ``sync --every`` are killed every few seconds; the latter starts again. Events arrive up to three
times and out of order, while jobs end in every way. Then the services recover, schedules pass until
nothing changes, and what GitHub shows is held against what Beaker's own records say
(``tests/conversation/chaos_truth.py``). Exits with 1 and the details if anything is wrong.

    python benchmarks/chaos.py [--runs N] [--pulls N] [--seed S] [--keep DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "conversation"))

from chaos_plan import WAYS, plan_storm
from chaos_storm import Pace, Play, open_play
from chaos_truth import Verdict, judge


def main() -> int:
    """Plays, prints what came of it, and returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--pulls", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Pace.steps, help="at the same time")
    parser.add_argument("--keep", type=Path, help="where the steps' logs shall stay")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        directory = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))
        )
        directory.mkdir(exist_ok=True)
        storm = plan_storm(options.seed, options.runs, options.pulls)
        pace = Pace(steps=options.steps)
        play = stack.enter_context(open_play(directory, storm, options.pulls, pace))
        play.play()
        verdict = judge(play)
        show(play, verdict)
    for violation in verdict.violations:
        print(f"\nVIOLATION {violation}", file=sys.stderr)
    return 1 if verdict.violations else 0


def show(play: Play, verdict: Verdict) -> None:
    """Prints the tables."""
    counts, weather = play.counts, play.weather
    failed = sum(weather.failed.values())
    calls = sum(weather.calls.values())
    print(
        f"Seed {play.storm.seed}, {len(play.pulls)} pull requests, {len(play.storm.asks)} comments"
    )
    print("\n| what | count |\n|---|---|")
    rows = {
        "commands": sum(len(ask.commands) for ask in play.storm.asks),
        "of them runs": sum(len(ask.endings) for ask in play.storm.asks),
        "events delivered": counts["events delivered"],
        "schedules during the storm": counts["schedules"],
        "starts of the reconciler": counts["reconcilers"],
        "processes killed": counts["killed"],
        "nodes lost": counts["nodes lost"],
        "API calls in the storm": calls,
        "of them failed": failed,
        "runs executed": sum(verdict.ends.values()),
        "started again, since Beaker lost them": verdict.restarted,
        "comments taken back": _words(verdict.removed),
        "passes in the calm, with what each changed": ", ".join(map(str, play.passes)),
        "seconds of storm": round(play.seconds["storm"]),
        "seconds of calm": round(play.seconds["calm"]),
        "exit codes of steps": _words(play.codes),
        "violations": len(verdict.violations),
    }
    for name, value in rows.items():
        print(f"| {name} | {f'{value:,}' if isinstance(value, int) else value} |")
    print("\n| way to fail | GitHub | Beaker |\n|---|---|---|")
    for way in WAYS:
        hits = (weather.failed[service, way] for service in ("GitHub", "Beaker"))
        print(f"| {way} | {' | '.join(f'{hit:,}' for hit in hits)} |")
    print(f"| calls | {weather.calls['GitHub']:,} | {weather.calls['Beaker']:,} |")
    print("\n| run ended | times |\n|---|---|")
    for kind, times in verdict.ends.most_common():
        print(f"| {kind} | {times} |")
    print("\n| what a command got | times |\n|---|---|")
    for kind, times in verdict.answers.most_common():
        print(f"| {kind} | {times} |")


def _words(counter: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{name}: {times}" for name, times in sorted(counter.items())) or "0"


if __name__ == "__main__":
    sys.exit(main())
