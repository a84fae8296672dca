"""Labelled logs under what must not matter: trailers, colours, times, ranks, chunks, attempts.

A manifest has a JSON object per line: ``id`` (the log is ``<id>.log``), ``root_lines`` (the lines a
maintainer would point at, from 1) and ``group`` (``success`` for logs of which no cause may be
named). A candidate hits if it holds the first 80 characters of a labelled line, or is 24 of one.

    python benchmarks/digest_stress.py MANIFEST.jsonl LOGS [--trailer FILE] [--misses]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from beaker_ci.digest import Digest, Digester

TRAILER = Path(__file__).resolve().parents[1] / "tests" / "digest" / "trailer.log"
COLOURS = ("\x1b[31m", "\x1b[1;33m", "\x1b[38;5;196m")
Change = Callable[[bytes, Random], bytes]

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_PREFIX = re.compile(
    r"^(?:\d{4}-\d\d-\d\d[T ][\d:.,]+Z?\s+|\[?rank\s?\d+\]?:\s*|\(\w+ pid=\d+\)\s*|#\d+ [\d.]+\s+"
    r"|(?:ERROR|WARNING|INFO) \d\d-\d\d [\d:]+ \[[\w.]+:\d+\]\s*|##\[error\]|\d+[:|]\s+(?=\S)"
    r"|E\s{2,})+"
)


@dataclass(frozen=True)
class Log:
    """One labelled log."""

    name: str
    data: bytes
    roots: tuple[str, ...]
    success: bool


def plain(text: str) -> str:
    """What of a line is compared."""
    text = _ESCAPES.sub("", text).rstrip("\r\n").rsplit("\r", 1)[-1].strip().lstrip(">-*` ")
    for _ in range(3):
        text = _PREFIX.sub("", text)
    return re.sub(r"\s+", " ", text).strip().lower()


def hits(text: str, roots: tuple[str, ...]) -> bool:
    """Whether a named line is one of the labelled ones."""
    words = plain(text)
    return bool(words) and any(
        root and (root[:80] in words or (len(words) >= 24 and words in root)) for root in roots
    )


def read(manifest: Path, logs: Path) -> Iterator[Log]:
    """The labelled logs that are there."""
    for row in map(json.loads, manifest.read_text("utf-8").splitlines()):
        path = logs / f"{row['id']}.log"
        if path.is_file():
            data = path.read_bytes()
            lines = data.decode("utf-8", "replace").split("\n")
            roots = tuple(plain(lines[number - 1]) for number in row["root_lines"])
            yield Log(row["id"], data, roots, row["group"] == "success")


def coloured(data: bytes, random: Random) -> bytes:
    """Colours around half of the lines, and around their first word."""

    def paint(line: str) -> str:
        if not line.strip() or random.random() < 0.5:
            return line
        head, blank, rest = line.partition(" ")
        colour = random.choice(COLOURS)
        return f"{colour}{line}\x1b[0m" if not head else f"{colour}{head}\x1b[0m{blank}{rest}"

    return "\n".join(map(paint, data.decode("utf-8", "surrogateescape").split("\n"))).encode(
        "utf-8", "surrogateescape"
    )


def stamped(data: bytes, random: Random) -> bytes:
    """A time before every line, as Beaker's own log reader prints it."""
    del random
    lines = data.split(b"\n")
    return b"\n".join(
        b"2026-02-03T%02d:%02d:%02d.123456Z " % (i // 3600 % 24, i // 60 % 60, i % 60) + line
        for i, line in enumerate(lines)
    )


def ranked(data: bytes, random: Random) -> bytes:
    """A rank before every line."""
    del random
    return b"\n".join(b"[rank3]: " + line for line in data.split(b"\n"))


def interleaved(data: bytes, random: Random) -> bytes:
    """Two ranks that print the same, line by line, each a little ahead at times."""
    lines, out, ahead = data.split(b"\n"), [], [0, 0]
    while min(ahead) < len(lines):
        rank = random.randrange(2)
        if ahead[rank] < len(lines) and ahead[rank] - ahead[1 - rank] < 4:
            out.append(b"[rank%d]: " % rank + lines[ahead[rank]])
            ahead[rank] += 1
    return b"\n".join(out)


def preceded(data: bytes, random: Random) -> bytes:
    """Ten thousand ordinary lines before."""
    lines = (b"step %d loss %.4f lr 1.0e-4" % (i, 9 * random.random()) for i in range(10_000))
    return b"\n".join(lines) + b"\n" + data


def again(data: bytes, random: Random) -> bytes:
    """An attempt that failed otherwise before."""
    del random
    first = (
        b"[launcher] attempt 1 of 2\nTraceback (most recent call last):\n"
        b'  File "/data/first.py", line 3, in <module>\n    first()\n'
        b"ZeroDivisionError: an earlier attempt\n[launcher] attempt 2 of 2\n"
    )
    return first + data


def changes(trailer: bytes) -> dict[str, Change]:
    """What is done to the logs, by name."""
    return {
        "plain": lambda data, _: data,
        "trailer": lambda data, _: data.rstrip(b"\n") + b"\n" + trailer,
        "colours": coloured,
        "CRLF": lambda data, _: re.sub(rb"(?<!\r)\n", b"\r\n", data),
        "timestamps": stamped,
        "rank prefix": ranked,
        "two ranks": interleaved,
        "10,000 lines before": preceded,
        "failed attempt before": again,
        "chunks": lambda data, _: data,
    }


def digest(data: bytes, random: Random | None = None) -> Digest:
    """The digest, fed at once or in random pieces."""
    digester, start = Digester(), 0
    while start < len(data):
        size = len(data) if random is None else random.choice((1, 7, 100, 4096, 100_000))
        digester.feed(data[start : start + size])
        start += size
    return digester.finish()


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("logs", type=Path)
    parser.add_argument("--trailer", type=Path, default=TRAILER)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    logs = list(read(options.manifest, options.logs))
    print("| change | logs | top-1 | top-10 | other headline | false alarms |")
    print("|---|---|---|---|---|---|")
    base: dict[str, str] = {}
    for name, change in changes(options.trailer.read_bytes()).items():
        first = ten = moved = alarms = 0
        for log in logs:
            random = Random(log.name)  # noqa: S311 - nothing secret
            data = log.data if log.success and name == "trailer" else change(log.data, random)
            found = digest(data, random if name == "chunks" else None)
            rank = next((i for i, c in enumerate(found.root_cause) if hits(c.text, log.roots)), 99)
            moved += base.setdefault(log.name, found.headline) != found.headline
            alarms += log.success and bool(found.root_cause)
            first += not log.success and rank == 0
            ten += not log.success and rank < 10
            if options.misses and not log.success and rank:
                print(f"{name} {log.name} {rank} {found.headline[:100]}", file=sys.stderr)
        failed = sum(not log.success for log in logs)
        row = (failed, f"{first / failed:.3f}", f"{ten / failed:.3f}", moved, alarms)
        print(f"| {name} | {' | '.join(map(str, row))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
