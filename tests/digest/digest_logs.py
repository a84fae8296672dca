"""Invented logs, and the shortest way to their digest."""

from __future__ import annotations

from pathlib import Path

from beaker_ci.digest import Digest, Digester, Ending

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures"
MARK = "=>"
TRAILER = (HERE / "trailer.log").read_bytes()


def digest(log: str | bytes, ending: Ending | None = None) -> Digest:
    digester = Digester()
    digester.feed(log.encode() if isinstance(log, str) else log)
    return digester.finish(ending)


def fixture(name: str) -> tuple[str, int]:
    """A fixture's text without its mark, and the number of the marked line; 0 without one."""
    lines = (FIXTURES / f"{name}.log").read_text("utf-8").split("\n")
    marked = [number for number, line in enumerate(lines, 1) if line.startswith(MARK)]
    assert len(marked) < 2
    return "\n".join(line.removeprefix(MARK) for line in lines), (marked or [0])[0]
