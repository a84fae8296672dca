"""What our runs of a repository cost, by their marks on Beaker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from beaker import beaker_pb2 as pb2

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.runs import read_open_run, read_run
from beaker_ci.beaker.watch import open_workloads, state_of
from beaker_ci.facts import DAY, LedgerEntry
from beaker_ci.history import stage_of
from beaker_ci.run import CLOSED_MARK, search_text

AT_ONCE = 4
"""Runs that are read at the same time, where a mark cannot be believed."""


def read_ledger(
    client: BoundedBeaker, repository: int, now: float, *, exact: bool
) -> tuple[LedgerEntry, ...]:
    """Our account's runs of a repository that are open or were created in the last 24 hours.

    Two lists, of open runs and of those of two days, a request per 50 each, and one per task of a
    run that ended without having been reported. The lists' answers are remembered, the open ones'
    together with :func:`.watch.open_runs`.

    Args:
        client: Beaker.
        repository: GitHub's numeric id.
        now: Unix seconds.
        exact: Whether to ask what runs used that ended without having been reported; otherwise
            they count in full.

    Returns:
        The oldest first.
    """
    # In this order: a run that closes meanwhile is in both, and stands as it was seen last.
    listed = {each.experiment.id: each for each in open_workloads(client, repository, None)}
    listed |= {each.experiment.id: each for each in _closed_workloads(client, repository, now)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        read = pool.map(
            lambda each: _read_entry(client, each, repository, now, exact=exact), listed.values()
        )
        entries = [entry for entry in read if entry and entry.counts(now)]
    return tuple(sorted(entries, key=lambda entry: (entry.created, entry.workload_id)))


def _closed_workloads(client: BoundedBeaker, repository: int, now: float) -> Iterator[pb2.Workload]:
    # By the full minute: within it, the same question has the remembered answer. What was repeated
    # within a day counts for a day more.
    since = datetime.fromtimestamp((now - 2 * DAY) // 60 * 60, UTC)
    found = client.workload.list(
        author=client.user.get(),
        name_or_description=f"{CLOSED_MARK} {repository} ",
        created_after=since,
    )
    return (workload for workload in found if workload.HasField("experiment"))


def _read_entry(
    client: BoundedBeaker, workload: pb2.Workload, repository: int, now: float, *, exact: bool
) -> LedgerEntry | None:
    """What a run costs by its mark; None if it is not one of this repository."""
    listed = read_open_run(workload, client.config.user_token)
    mark = listed.mark
    if mark is None:
        return _read_unmarked(client, workload, repository, now)
    if mark.repository != repository:
        return None
    used, is_open = mark.used, mark.is_open
    if is_open and mark.stopped.startswith("limits."):
        used, is_open = 0.0, False  # it gives way to those that came before it
    if exact and is_open and stage_of(listed.status) == "finished":
        # Nobody has reported its end yet; whoever asks for the next run need not wait for that.
        state = state_of(client, workload, now)
        attempts = sum(len(task.jobs) for task in state.tasks)
        is_open = state.verdict is None or mark.awaits_attempts(attempts)
        used = None if is_open else state.gpu_hours
    return LedgerEntry(
        workload_id=listed.workload_id,
        number=mark.number,
        asker=mark.asker,
        gpu_hours=mark.reserved if used is None else used,
        is_open=is_open,
        created=max(listed.created, mark.since) if mark.retried else listed.created,
        is_settled=not is_open or mark.is_reported(),
    )


def _read_unmarked(
    client: BoundedBeaker, workload: pb2.Workload, repository: int, now: float
) -> LedgerEntry | None:
    """The same by spec and jobs, which nobody can edit, where the mark cannot be believed.

    Whoever wrote that mark may say that the run is closed: it counts in full until it has ended.
    """
    run = read_run(client, workload, None)
    if run.repository_id != repository or not run.name.endswith(f"-{run.key}"):
        return None
    is_open = search_text(repository) in workload.experiment.description
    gpu_hours = run.reserved
    if not is_open:
        state = state_of(client, workload, now)
        is_open = state.stage != "finished"
        gpu_hours = run.reserved if is_open else state.gpu_hours
    return LedgerEntry(
        workload_id=run.workload_id,
        number=run.number or 0,
        asker=run.asker_id,
        gpu_hours=gpu_hours,
        is_open=is_open,
        created=run.created,
    )
