"""What the bot does on Beaker: find, look up accounts, submit, mark."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING

from beaker import beaker_pb2 as pb2
from beaker.exceptions import BeakerWorkspaceNotFound

from beaker_ci.beaker.accounts import has_secret, read_accounts, warm_up
from beaker_ci.beaker.capacity import Capacity
from beaker_ci.beaker.client import BoundedBeaker, connect
from beaker_ci.beaker.entrypoint import ensure_entrypoint, look_for_entrypoint
from beaker_ci.beaker.experiments import Asking
from beaker_ci.beaker.ledger import read_ledger
from beaker_ci.beaker.logs import LogLine, follow_log, last_word, read_log, read_tail
from beaker_ci.beaker.lookup import find_key, look_at_own, runs_at, runs_of
from beaker_ci.beaker.problems import in_doubt, problems
from beaker_ci.beaker.queueing import why_waiting
from beaker_ci.beaker.results import LISTED, ResultFile, Results, dataset_url, list_results
from beaker_ci.beaker.runs import read_run, with_state_of
from beaker_ci.beaker.watch import judge, open_runs
from beaker_ci.capacity import ClusterCapacity
from beaker_ci.facts import BeakerAccounts, LedgerEntry
from beaker_ci.history import State
from beaker_ci.problem import Problem
from beaker_ci.queueing import Waiting
from beaker_ci.reasons import Reason
from beaker_ci.run import Mark, OpenRun, Run, describe

if TYPE_CHECKING:
    from pathlib import Path

    from beaker_ci.beaker.fetching import Fetched
    from beaker_ci.beaker.source import Source
    from beaker_ci.patience import Calls
    from beaker_ci.plan import Plan


class Session:
    """One process's dealings with Beaker, under one account.

    Every method raises Problem, with a ``beaker.*`` reason when Beaker is at fault.
    """

    def __init__(self, client: BoundedBeaker) -> None:
        self._client = client
        self._capacity = Capacity(client)

    @classmethod
    def open(
        cls, token: str | None, environment: Mapping[str, str], calls: Calls | None = None
    ) -> Session:
        """Connects without sending a request. See :func:`beaker_ci.beaker.client.connect`."""
        return cls(connect(token, environment, calls))

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()  # type: ignore[no-untyped-call]

    def find(self, name: str, key: str) -> Run | None:
        """Looks for our run by its experiment's name; None when Beaker has none."""
        with problems():
            held = self._client.experiment.find(name, key)
            return None if held is None else read_run(self._client, held.workload, held.spec)

    def find_key(self, key: str) -> Run | None:
        """Looks for our run by its key alone: see :func:`.lookup.find_key`."""
        with problems():
            return find_key(self._client, key)

    def refresh(self, run: Run) -> Run:
        """Reads a run again."""
        with problems():
            workload = self._client.workload.get(run.workload_id)
            return with_state_of(run, workload, self._client.config.user_token)

    def open_runs(self, repository: int, limit: int | None = None) -> tuple[OpenRun, ...]:
        """Lists our runs whose report is not finished: see :func:`.watch.open_runs`."""
        with problems():
            return tuple(open_runs(self._client, repository, limit))

    def runs_of(
        self, repository: int, number: int | None, account: str | None = None
    ) -> Iterator[OpenRun]:
        """Our runs of one pull request, the newest first: see :func:`.lookup.runs_of`."""
        with problems():
            yield from runs_of(self._client, repository, number, account)

    def runs_at(self, repository: int, tree: str) -> Iterator[OpenRun]:
        """Our runs of unmodified presets at one tree: see :func:`.lookup.runs_at`."""
        with problems():
            yield from runs_at(self._client, repository, tree)

    def read(self, workload_id: str) -> Run:
        """Reads a run of which only the id is known."""
        with problems():
            return read_run(self._client, self._client.workload.get(workload_id), None)

    def ledger(self, repository: int, now: float, *, exact: bool = True) -> tuple[LedgerEntry, ...]:
        """What our runs cost that count now, the oldest first: see :func:`.ledger.read_ledger`."""
        with problems():
            return read_ledger(self._client, repository, now, exact=exact)

    def forget_runs(self) -> None:
        """Lists runs anew when asked the next time: a list is remembered, as a run is not."""
        self._client.forget_workloads()

    def look(self, workload_id: str, now: float) -> tuple[Run, State]:
        """Reads a run of which only the id is known, with what its jobs say became of it."""
        with problems():
            workload = self._client.workload.get(workload_id)
            run = read_run(self._client, workload, None)
            return run, judge(self._client, workload, now, run.retries)

    def look_at_own(
        self,
        workload_id: str,
        wanted: Callable[[Run], bool],
        now: float,
        account: str | None = None,
    ) -> tuple[Run, State] | None:
        """A run of ours of which somebody told the id: see :func:`.lookup.look_at_own`."""
        with problems():
            return look_at_own(self._client, workload_id, wanted, now, account)

    def watch(self, run: Run, now: float) -> tuple[Run, State]:
        """Reads a run again, with what its jobs say became of it.

        Args:
            run: As it was read before.
            now: Unix seconds.
        """
        with problems():
            workload = self._client.workload.get(run.workload_id)
            seen = with_state_of(run, workload, self._client.config.user_token)
            return seen, judge(self._client, workload, now, run.retries)

    def read_tail(self, job_id: str, lines: int) -> tuple[str, ...]:
        """The last lines of a job's log, the oldest first; none if it cannot be read now."""
        with problems():
            return read_tail(self._client, job_id, lines)

    def last_word(self, job_id: str) -> float | None:
        """When a job wrote its last line, in Unix seconds; None if it wrote none."""
        with problems():
            return last_word(self._client, job_id)

    def restart(self, workload_id: str) -> None:
        """Gives the failed and cancelled tasks of a run new attempts, in place.

        Repeating it does nothing: a task whose new attempt is there has not failed.
        """
        with problems():
            workload = pb2.Workload(experiment=pb2.Experiment(id=workload_id))
            self._client.workload.restart_tasks(workload)

    def job_url(self, job_id: str) -> str:
        """Where people look at a job; sends no request."""
        return self._client.job.url(pb2.Job(id=job_id))

    def cancel(self, workload_id: str) -> None:
        """Stops a run. Repeating it changes nothing."""
        with problems():
            workload = pb2.Workload(experiment=pb2.Experiment(id=workload_id))
            self._client.workload.cancel(workload)

    def accounts(
        self, workspace: str | None, budget: str | None, *, clusters: bool = False
    ) -> BeakerAccounts:
        """Which accounts a run would use: see :func:`.accounts.read_accounts`."""
        with problems():
            return read_accounts(self._client, workspace, budget, clusters=clusters)

    def warm_up(self) -> None:
        """Asks ahead who we are, and what gantry asks for every run; needs no workspace."""
        with problems():
            warm_up(self._client)

    def load_gantry(self) -> None:
        """Loads gantry, which takes as long as a few requests."""
        from beaker_ci.beaker import launch

        del launch

    def warm_up_workspace(self, workspace: str) -> None:
        """Asks ahead for gantry's entrypoint dataset."""
        with problems(), contextlib.suppress(BeakerWorkspaceNotFound):
            look_for_entrypoint(self._client, workspace)

    def has_secret(self, workspace: str, name: str) -> bool:
        """Whether a secret of that name is in the workspace; its value is never read."""
        with problems():
            return has_secret(self._client, workspace, name)

    def submit(
        self,
        plan: Plan,
        mark: Mark,
        source: Source,
        summary: str,
        guard: Callable[[], None],
    ) -> Run:
        """Submits the plan exactly once, or finds the experiment that an earlier try submitted.

        Args:
            plan: What to run.
            mark: What the experiment's description will carry.
            source: The repository that the plan's commit lies in.
            summary: The human part of the description.
            guard: Called right before each POST; raises Problem to stop it.

        Returns:
            The run as Beaker holds it. It is this process's own if its mark names the same writer.
        """
        from beaker_ci.beaker.launch import launch

        asking, secret = Asking(plan.key, guard), self._client.config.user_token
        told = plan.recipe.get("description")
        human = f"{told}\n{summary}" if told else summary
        self._client.config.default_workspace = plan.workspace
        self._client.experiment.asking = asking
        try:
            with problems():
                ensure_entrypoint(self._client, plan.workspace, plan.budget or None)
                workload = launch(
                    self._client, plan, source, describe(human, mark, plan.key, secret)
                )
                return read_run(self._client, workload, asking.spec)
        except Problem as problem:
            unsaid = problem.reason.family in ("beaker", "usage")
            if asking.posted and unsaid and problem.reason is not Reason.BEAKER_NAME_TAKEN:
                raise in_doubt(problem.why) from problem
            raise

    def write_mark(self, run: Run, mark: Mark) -> Run:
        """Replaces the run's mark. Repeating it changes nothing."""
        with problems():
            return with_state_of(run, self._describe(run, mark), self._client.config.user_token)

    def settle(self, listed: OpenRun, mark: Mark) -> None:
        """Replaces the mark of a run that was only listed. Repeating it changes nothing."""
        with problems():
            self._describe(listed, mark)

    def _describe(self, run: Run | OpenRun, mark: Mark) -> pb2.Workload:
        text = describe(run.summary, mark, run.key, self._client.config.user_token)
        workload = pb2.Workload(experiment=pb2.Experiment(id=run.workload_id))
        return self._client.workload.update(workload, description=text)

    def capacity(self, now: float) -> tuple[ClusterCapacity, ...]:
        """How full the clusters are: see :func:`.capacity.read_capacity`. Remembered a minute.

        Args:
            now: Unix seconds.
        """
        with problems():
            return self._capacity.at(now)

    def why_waiting(self, run: Run, state: State, now: float) -> Waiting | None:
        """Why a run waits: see :func:`.queueing.why_waiting`.

        Args:
            run: The run.
            state: What its jobs say.
            now: Unix seconds.

        Returns:
            None if nothing of it waits.
        """
        with problems():
            return why_waiting(self._client, self._capacity, run, state, now)

    def follow_log(
        self,
        job_id: str,
        *,
        since: int | None = None,
        tail: int | None = None,
        follow: bool = True,
    ) -> Iterator[LogLine]:
        """Every line of a job's log exactly once: see :func:`.logs.follow_log`."""
        return follow_log(self._client, job_id, since=since, tail=tail, follow=follow)

    def read_log(self, job_id: str) -> Generator[bytes, None, None]:
        """The log of a job as it stands, line by line: see :func:`.logs.read_log`."""
        return read_log(self._client, job_id)

    def list_results(self, dataset_id: str, limit: int = LISTED) -> Results:
        """What is in a dataset: see :func:`.results.list_results`."""
        return list_results(self._client, dataset_id, limit)

    def fetch_results(
        self, dataset_id: str, directory: Path, tell: Callable[[ResultFile, int], None]
    ) -> Fetched:
        """Downloads a dataset into a folder: see :func:`.fetching.fetch_results`."""
        from beaker_ci.beaker.fetching import fetch_results

        return fetch_results(self._client, dataset_id, directory, tell)

    def read_result(self, dataset_id: str, path: str, most: int) -> bytes:
        """The beginning of one file of a dataset: see :func:`.fetching.read_result`."""
        from beaker_ci.beaker.fetching import read_result

        with problems():
            return read_result(self._client, dataset_id, path, most)

    def dataset_url(self, dataset_id: str) -> str:
        """Where people look at a dataset; sends no request."""
        return dataset_url(self._client, dataset_id)
