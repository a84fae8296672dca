"""Random logs through the digest: no exception, the same in any pieces, and no secret kept.

A log is made of lines of the suite's fixtures, some with a byte changed, of rubbish, and of what
logs are built from: prefixes, colours, carriage returns, marks of other encodings. A secret is put
into each, whole, or cut by a carriage return or a colour.

    python benchmarks/digest_fuzz.py [--logs N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from random import Random

from beaker_ci.digest import Digest, Digester
from beaker_ci.redaction import Hiding

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "digest" / "fixtures"
SECRET = "Kj8vQm2xRt5wLz9bNc4f"  # noqa: S105 - of nobody
"""No shape gives it away: it is known by its value."""

PIECES = (
    b"\r",
    b"\r\n",
    b"\x00",
    b"\xff\xfe",
    b"\x1b",
    b"\x1b[31m",
    b"\xe2\x94",
    b"E   ",
    b"  | ",
    b"[rank3]: ",
    b"(W pid=3) ",
    b"node-1: ",
    b"=== FAILURES ===\n",
    b"Traceback (most recent call last):\n",
)
CUTS = ("", "", "\r", "\x1b[0m")


def lines() -> list[bytes]:
    """All lines of the fixtures."""
    logs = (path.read_bytes() for path in sorted(FIXTURES.glob("*.log")))
    return [line + b"\n" for log in logs for line in log.replace(b"\n=>", b"\n").split(b"\n")]


def make(dice: Random, known: list[bytes]) -> bytes:
    """One log."""
    parts = [piece(dice, known) for _ in range(dice.randrange(1, 200))]
    at = dice.randrange(1, len(SECRET))
    secret = f" {SECRET[:at]}{dice.choice(CUTS)}{SECRET[at:]} "
    parts.insert(dice.randrange(len(parts) + 1), secret.encode())
    return b"".join(parts)


def piece(dice: Random, known: list[bytes]) -> bytes:
    """A line, rubbish, a long run of one byte, or what logs are built from."""
    kind = dice.random()
    if kind < 0.65:
        found = dice.choice(known)
    elif kind < 0.75:
        found = dice.randbytes(dice.randrange(200))
    elif kind < 0.77:
        found = b"x" * dice.randrange(70_000)
    else:
        found = dice.choice(PIECES)
    if found and dice.random() < 0.1:
        at = dice.randrange(len(found))
        found = found[:at] + dice.randbytes(1) + found[at + 1 :]
    return found


def digest(log: bytes, sizes: list[int], dice: Random) -> Digest:
    """The digest of a log that comes in pieces of such sizes."""
    digester, at = Digester(Hiding(values=[SECRET])), 0
    while at < len(log):
        end = at + dice.choice(sizes)
        digester.feed(log[at:end])
        at = end
    return digester.finish()


def is_kept(found: Digest) -> bool:
    """Whether the secret, or either half of it, is in a digest."""
    told, half = json.dumps(asdict(found)), len(SECRET) // 2
    return any(part in told for part in (SECRET, SECRET[:half], SECRET[half:]))


def main() -> int:
    """Plays the logs, prints what came of them, and returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--logs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    known, begun = lines(), time.monotonic()
    size = exceptions = differences = kept = causes = 0
    for number in range(arguments.logs):
        dice = Random(f"{arguments.seed}-{number}")  # noqa: S311 - nothing secret
        log = make(dice, known)
        size += len(log)
        try:
            whole = digest(log, [1 << 30], dice)
            other = digest(log, [1, 3, 50, 5_000, 300_000], dice)
        except Exception:
            exceptions += 1
            print(f"log {number}:\n{traceback.format_exc()}", file=sys.stderr)
            continue
        if whole != other:
            differences += 1
            print(f"log {number} depends on its pieces", file=sys.stderr)
        if is_kept(whole):
            kept += 1
            print(f"log {number} keeps the secret", file=sys.stderr)
        causes += bool(whole.root_cause)
    print(f"Seed {arguments.seed}, one core, {time.monotonic() - begun:.0f} s\n")
    print("| logs | MB | with a cause | exceptions | depending on pieces | keeping the secret |")
    print("|--:|--:|--:|--:|--:|--:|")
    shown = (arguments.logs, round(size / 1e6), causes, exceptions, differences, kept)
    print("| " + " | ".join(f"{each:,}" for each in shown) + " |")
    return 1 if exceptions or differences or kept else 0


if __name__ == "__main__":
    sys.exit(main())
