"""What a job left behind beside its log, as far as it tells how the job ended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beaker_ci.redaction import Hiding

LARGEST = 16 << 20
"""Bytes of a file beyond which it is passed over."""

MOST = 256
"""Files of each kind that are read."""

MOST_LOOKED_AT = 100_000
"""Files after which a directory is not searched further."""

Metrics = tuple[tuple[str, float | str], ...]


@dataclass(frozen=True)
class Results:
    """Files of a job's results.

    Attributes:
        error_files: Texts of torch elastic's ``error.json`` files.
        junit: JUnit XML files.
        metrics_file: What JSON made of ``metrics.json``; empty if there is none.
    """

    error_files: tuple[str, ...]
    junit: tuple[bytes, ...]
    metrics_file: dict[str, Any]

    def metrics(self, hide: Hiding) -> Metrics:
        """Names and values, nested names with dots between, secrets hidden."""
        if not self.metrics_file:
            return ()
        from beaker_ci.report import flatten_metrics

        return flatten_metrics(self.metrics_file, hide)


def read_results(directory: Path) -> Results:
    """Reads what is known by its name or its beginning; links are not followed."""
    errors: list[str] = []
    junit: list[bytes] = []
    for path in _files(directory):
        if path.name == "error.json" and len(errors) < MOST:
            errors.append(_read(path).decode("utf-8", "replace"))
        elif path.suffix == ".xml" and len(junit) < MOST:
            data = _read(path)
            if b"<testsuite" in data[:4096]:
                junit.append(data)
    return Results(tuple(errors), tuple(junit), _metrics(directory / "metrics.json"))


def _files(directory: Path) -> Iterator[Path]:
    looked_at = 0
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return
            yield Path(folder, name)


def _metrics(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_read(path))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> bytes:
    """A plain file's bytes; nothing where it is none, too large, or not to be read."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return b""
        return path.read_bytes()
    except OSError:
        return b""
