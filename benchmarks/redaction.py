"""What redaction changes in ordinary logs, and how fast it is.

Each line is looked at alone, without colours and control characters, as the digest sees it. What
is printed of a change is what stands before it, never what was hidden; `--show` prints whole lines.

    python benchmarks/redaction.py DIRECTORY [--show]
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from beaker_ci.redaction import HIDDEN, Hiding
from beaker_ci.report import visible

_BEFORE = re.compile(r"[\w.\"'-]{0,30}[ \t]?[=:]{0,2}[ \t]?[\"']?\Z")


def lines_of(directory: Path) -> list[str]:
    """All lines of all files in a directory, cleaned."""
    texts = (path.read_bytes().decode("utf-8", "replace") for path in sorted(directory.iterdir()))
    return [visible(line) for text in texts for line in text.split("\n")]


def kinds_of(hidden: str) -> Iterator[str]:
    """What stands before each hidden piece, its numbers left out."""
    pieces = hidden.split(HIDDEN)
    for piece in pieces[:-1]:
        found = _BEFORE.search(piece)
        yield re.sub(r"\d+", "N", found.group() if found else "") + HIDDEN


def speed(hide: Callable[[str], object], lines: list[str]) -> float:
    """MB/s, the best of three passes."""
    size = sum(len(line.encode()) for line in lines) / 1e6
    best = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        for line in lines:
            hide(line)
        best = max(best, size / (time.perf_counter() - begun))
    return best


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--show", action="store_true", help="Print each changed line as hidden.")
    asked = parser.parse_args()
    lines, hiding = lines_of(asked.directory), Hiding()
    changed = [shown for line in lines if (shown := hiding(line)) != line]
    stars = Counter(kind for shown in changed for kind in kinds_of(shown))
    suspected = sum(hiding.may_hold_secret(line) for line in lines)
    print("| | |\n|---|--:|")
    print(f"| lines | {len(lines):,} |")
    print(f"| looked at closely | {suspected:,} ({suspected / len(lines):.2%}) |")
    print(f"| changed | {len(changed):,} ({len(changed) / len(lines):.4%}) |")
    print(f"| asking whether one may be in it | {speed(hiding.may_hold_secret, lines):.0f} MB/s |")
    print(f"| hiding | {speed(hiding, lines):.0f} MB/s |")
    for kind, count in stars.most_common():
        print(f"| `{kind}` | {count:,} |")
    if asked.show:
        print(*changed, sep="\n")


if __name__ == "__main__":
    main()
