"""A long run of the suite's fuzz: noise over comments, options and configurations, on one core.

Every example goes the whole pure way: parse, merge, judge, plan. It counts what came of it; an
exception, a value of the machine's environment in an answer, or an accepted job that breaks a limit
as tests/policy/limits_again.py states it, is shown with the example's number.

    python benchmarks/fuzz.py [--examples N] [--seed S]
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "policy"))

from fuzz_playing import Tally, play
from fuzzing import case


def main() -> int:
    """Plays the examples, prints what came of them, and returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tally, start, wrong = Tally(), time.monotonic(), 0
    for number in range(arguments.examples):
        example = case(Random(f"{arguments.seed} {number}"))  # noqa: S311 - nothing secret
        try:
            play(example, tally)
        except Exception:
            wrong += 1
            print(f"example {number}: {example}\n{traceback.format_exc()}", file=sys.stderr)
    show(tally, arguments.seed, time.monotonic() - start, wrong)
    return 1 if wrong else 0


def show(tally: Tally, seed: int, seconds: float, wrong: int) -> None:
    """Prints the tables."""
    waiting = sum(n for code, n in tally.answers.items() if code.startswith("needs-approval"))
    rules = tally.configurations
    counts = (tally.examples, rules["valid"], rules["broken"], tally.commands)
    row = (*counts, tally.answers["accepted"], waiting, wrong)
    print(f"Seed {seed}, {seconds:.0f} s\n")
    print("| examples | valid rules | broken rules | commands | accepted | waiting | wrong |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {' | '.join(f'{count:,}' for count in row)} |\n")
    print("| what came of a command | times |")
    print("|---|---|")
    for code, count in tally.answers.most_common():
        print(f"| {code} | {count:,} |")


if __name__ == "__main__":
    sys.exit(main())
