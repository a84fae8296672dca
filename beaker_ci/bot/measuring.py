"""What a run measured, wherever among its results it left that."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.metrics.gathering import Gathering
from beaker_ci.metrics.model import Metrics
from beaker_ci.metrics.reading import HARNESS, OLMES, join_metrics, read_metrics
from beaker_ci.redaction import Hiding
from beaker_ci.report import tell_metric

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.history import State
    from beaker_ci.run import Run

TASKS = 4
"""Tasks and replicas of one run whose results are looked into at most."""

LISTED = 500
"""Files of a task's results among which they are looked for: a request per 50."""

FILES, FILE_BYTES = 8, 5 << 20
"""Result files of a task that are read, and how large each may be."""

_DEEPEST = 4  # folders; checkpoints and caches lie deeper
_METRICS = re.compile(r"metrics\.json")
# lm-evaluation-harness: <output_path>/<model>/results_2026-01-31T12-00-00.123456.json, or with
# --output_path scores.json, scores_2026….json; results.json up to v0.4.2.
_HARNESS = re.compile(r"results\.json|.*_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.json")
_OLMES_ALL = re.compile(r"metrics-all\.jsonl")
_OLMES_TASKS = re.compile(r"task-\d+-.*-metrics\.json")
# What files of such names must hold to be results. The first kind that tells anything counts.
_KINDS = ((_METRICS, None), (_HARNESS, HARNESS), (_OLMES_ALL, OLMES), (_OLMES_TASKS, OLMES))


def measured(beaker: Session, run: Run, state: State) -> Metrics:
    """The metrics of the first task that has any; none where there are none.

    No request where Beaker itself tells them, which it does of ``metrics.json`` right in the
    results. Otherwise the results are searched for that file in a folder, for results of the
    lm-evaluation-harness and for those of olmes. Of files in one folder the newest tells of a
    metric; where several folders have such files, names begin with the folder.

    Args:
        beaker: Where the results are.
        run: Its own secrets are in no name, and no metric has the name of one.
        state: What the run's jobs say.

    Raises:
        Problem: When Beaker does not answer, or the results are gone.
    """
    return _without_secrets(_found(beaker, state), run)


def _found(beaker: Session, state: State) -> Metrics:
    told = read_metrics(state.metrics)
    if told.metrics:
        return told
    for task in state.tasks[:TASKS]:
        if task.latest and task.latest.results:
            found = _look_into(beaker, task.latest.results)
            if found.metrics:
                return found
    return told


def _without_secrets(found: Metrics, run: Run) -> Metrics:
    if not run.secrets:
        return found
    hide, kept = Hiding(run.secrets), Gathering()
    kept.left_out = found.left_out
    for metric in found.metrics:
        name, value = tell_metric(metric.name, metric.value, hide)
        if isinstance(value, str):
            kept.left_out += 1
        else:
            kept.add(replace(metric, name=name))
    return kept.finish(found.shape)


def _look_into(beaker: Session, dataset: str) -> Metrics:
    files = beaker.list_results(dataset, LISTED).files
    readable = [file.path for file in files if file.size <= FILE_BYTES and _is_shallow(file.path)]
    left = FILES
    for name, shape in _KINDS:
        named = [path for path in readable if name.fullmatch(posixpath.basename(path))]
        chosen = _newest(named) if name is _HARNESS else _shallowest(named)
        parts = [
            (posixpath.dirname(path), read_metrics(_parse(beaker, dataset, path)))
            for path in chosen[:left]
        ]
        left -= len(parts)
        found = _joined([part for part in parts if shape in (None, part[1].shape)])
        if found.metrics:
            return replace(found, left_out=found.left_out + len(chosen) - len(parts))
    return Metrics()


def _is_shallow(path: str) -> bool:
    folders = path.split("/")[:-1]
    return len(folders) <= _DEEPEST and not any(folder.startswith(".") for folder in folders)


def _shallowest(paths: list[str]) -> list[str]:
    least = min((path.count("/") for path in paths), default=0)
    return sorted(path for path in paths if path.count("/") == least)


def _newest(paths: list[str]) -> list[str]:
    """The newest of each folder, then the second of each, and so on."""
    by_folder: dict[str, list[str]] = {}
    for path in sorted(paths):
        by_folder.setdefault(posixpath.dirname(path), []).append(path)
    ranked = [
        (rank, path)
        for each in by_folder.values()
        for rank, path in enumerate(sorted(each, key=_written, reverse=True))
    ]
    return [path for _, path in sorted(ranked)]


def _written(path: str) -> str:
    """When a file of the harness was written, as its name says; comparable as text."""
    dated = _HARNESS.fullmatch(posixpath.basename(path))
    return (dated[1] or "") if dated else ""


def _joined(parts: list[tuple[str, Metrics]]) -> Metrics:
    told = [(folder, metrics) for folder, metrics in parts if metrics.metrics]
    folders = {folder for folder, _ in told}
    if len(folders) < 2:
        return join_metrics(("", metrics) for _, metrics in told)
    common = posixpath.commonpath(folders)
    return join_metrics((folder[len(common) :].strip("/"), metrics) for folder, metrics in told)


def _parse(beaker: Session, dataset: str, path: str) -> object:
    content = beaker.read_result(dataset, path, FILE_BYTES)
    try:
        if path.endswith(".jsonl"):
            return [json.loads(line) for line in content.splitlines() if line.strip()]
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
