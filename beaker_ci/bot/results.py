"""What a run left in its results: ``/beaker logs --results``, and ``beaker-ci results``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from beaker_ci.bot.answers import UNSIGNED
from beaker_ci.redaction import Hiding
from beaker_ci.report import hide_lines
from beaker_ci.report.safe import number
from beaker_ci.report.views import ReplyView, Table

if TYPE_CHECKING:
    from pathlib import Path

    from beaker_ci.beaker import Session
    from beaker_ci.beaker.fetching import Fetched
    from beaker_ci.beaker.results import Results
    from beaker_ci.bot.jobs import Choice
    from beaker_ci.run import Run

MOST_FILES = 50
"""Files that an answer lists."""

COLUMNS = ("File", "Size")
LEFT_OUT_COLUMNS = ("Left out", "Why")

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def read_results(beaker: Session, run: Run, choice: Choice) -> ReplyView:
    """What a job left in its results.

    Raises:
        Problem: When Beaker does not answer, or does not have them.
    """
    dataset = choice.job.results
    results = beaker.list_results(dataset, MOST_FILES) if dataset else None
    return results_view(run, choice, results, beaker.dataset_url(dataset) if dataset else run.url)


def results_view(run: Run, choice: Choice, results: Results | None, page: str) -> ReplyView:
    """The files of a job's results, for a comment or for a terminal.

    Args:
        run: The run.
        choice: Which job's.
        results: What is in them; None where there are none yet.
        page: Where people look at them.
    """
    whose = f"run `{run.run_id}`, task `{choice.task}`"
    goes_on = choice.job.finalized is None
    if results is None or not results.count:
        still = "It goes on: Beaker has them once it has ended." if goes_on else ""
        return replace(
            UNSIGNED, what=f"There is nothing in the results of {whose}.", why=still, page=page
        )
    files = results.files[:MOST_FILES]
    notes = [
        *([f"The first {len(files)} are listed."] if len(files) < results.count else []),
        *(["It goes on: there may be more in the end."] if goes_on else []),
    ]
    paths = hide_lines([file.path for file in files], Hiding(run.secrets))
    rows = tuple(
        (" ".join(path), spoken_size(file.size)) for path, file in zip(paths, files, strict=True)
    )
    return replace(
        UNSIGNED,
        what=f"{_count(results.count)}, {spoken_size(results.size)}, in the results of {whose}.",
        why=" ".join(notes),
        table=Table(COLUMNS, rows),
        page=page,
        next_step="To have them on your own machine:",
        paste=f"beaker-ci results {run.run_id} --fetch results",
    )


def results_json(run: Run, results: Results | None, page: str) -> dict[str, Any]:
    """The same for a program."""
    return {
        "run_id": run.run_id,
        "page": page,
        "count": results.count if results else 0,
        "bytes": results.size if results else 0,
        "files": [
            {"path": file.path, "bytes": file.size} for file in (results.files if results else ())
        ],
    }


def fetched_view(fetched: Fetched, directory: Path) -> ReplyView:
    """What was downloaded, and what was not."""
    there = f", {fetched.kept} of them there already" if fetched.kept else ""
    count = _count(fetched.fetched + fetched.kept)
    rows = tuple((left.path, left.problem.why) for left in fetched.left_out)
    return replace(
        UNSIGNED,
        what=f"{count} in {directory}, {spoken_size(fetched.size)}{there}.",
        table=Table(LEFT_OUT_COLUMNS, rows) if rows else None,
    )


def fetched_json(fetched: Fetched, directory: Path) -> dict[str, Any]:
    """The same for a program."""
    return {
        "directory": str(directory),
        "fetched": fetched.fetched,
        "kept": fetched.kept,
        "bytes": fetched.size,
        "left_out": [
            {"path": left.path, "reason": left.problem.reason.value, "why": left.problem.why}
            for left in fetched.left_out
        ],
    }


def spoken_size(size: int) -> str:
    """``12 B``, ``1.5 MiB``."""
    power = min(max(size.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{number(size / 1024**power)} {_UNITS[power]}"


def _count(files: int) -> str:
    return f"{number(files)} {'file' if files == 1 else 'files'}"
