"""The local Beaker as its users hold it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from beaker import Beaker

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.by_hand import ByHand
from beaker_ci.sandbox.beaker.certificates import make_certificates
from beaker_ci.sandbox.beaker.client import client_environment, make_client, write_config
from beaker_ci.sandbox.beaker.defaults import DEFAULT_TOKEN, furnish
from beaker_ci.sandbox.beaker.exchanges import Requests
from beaker_ci.sandbox.beaker.faults import Faults
from beaker_ci.sandbox.beaker.logs import Log
from beaker_ci.sandbox.beaker.moments import Clock, utc_now
from beaker_ci.sandbox.beaker.pages import status_name
from beaker_ci.sandbox.beaker.rest import RestServer
from beaker_ci.sandbox.beaker.rpc.service import RpcServer
from beaker_ci.sandbox.beaker.views import ExperimentView, view_experiment
from beaker_ci.sandbox.beaker.world import World

_DONE = ("succeeded", "failed", "canceled")


class LocalBeaker(ByHand):
    """A Beaker on this machine that really runs jobs; a context manager.

    It serves gRPC over TLS, REST and pages on 127.0.0.1 to the unmodified clients. It is no
    security boundary: jobs are ordinary processes of the current user. Nothing that is done
    through this object counts as a request.

    Args:
        directory: For all its files; made if missing. Clean it up after closing.
        repositories: What jobs can check out: from ``owner/name`` to a git directory or work tree.
        clock: Where all timestamps come from. Durations are always real.
        entrypoint: Run gantry's own entry point, at the true paths of the spec, where the machine
            allows user namespaces: see :attr:`runs_entrypoint`. Otherwise the jobs' commands are
            run plainly, which takes less time.
    """

    def __init__(
        self,
        directory: Path,
        repositories: Mapping[str, Path],
        *,
        clock: Clock = utc_now,
        entrypoint: bool = False,
    ) -> None:
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True)
        super().__init__(Backend(self._directory, repositories, clock, entrypoint=entrypoint))
        furnish(self._backend.world)
        certificates = make_certificates()
        self._authority = certificates.authority
        self.ca_file = self._directory / "ca.pem"
        self.ca_file.write_bytes(certificates.authority)
        self._rpc = RpcServer(self._backend, certificates)
        self._rest = RestServer(self._backend)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill every job, break off every request, end every thread."""
        self._backend.exchanges.close()
        self._backend.runner.close(self._backend.monitor)
        self._rest.close()
        self._rpc.close()

    # How clients get here

    @property
    def address(self) -> str:
        """Of the REST interface and the pages, such as ``http://127.0.0.1:40001``."""
        return self._rest.address

    @property
    def rpc_address(self) -> str:
        """Of the gRPC service, such as ``127.0.0.1:40002``."""
        return self._rpc.address

    def config_file(self, token: str = DEFAULT_TOKEN) -> Path:
        """Write a client's configuration for a user's token."""
        path = self._directory / f"config-{token}.yml"
        write_config(path, address=self.address, rpc_address=self.rpc_address, token=token)
        return path

    def environment(self, token: str = DEFAULT_TOKEN) -> dict[str, str]:
        """The whole environment for a client's process: paths, configuration, certificates."""
        home = self._directory / "client-home"
        return client_environment(home, self.config_file(token), self.ca_file)

    def client(self, token: str = DEFAULT_TOKEN) -> Beaker:
        """A client for this process, where several servers may have different authorities."""
        return make_client(self.config_file(token), self._authority)

    # States

    @property
    def runs_entrypoint(self) -> bool:
        """Whether jobs run gantry's own entry point."""
        return self._backend.containers.runs_entrypoint

    @property
    def world(self) -> World:
        """People, workspaces, budgets, clusters, images, secrets; add to it at any time."""
        return self._backend.world

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._backend.faults

    @property
    def requests(self) -> Requests:
        """The log of requests."""
        return self._backend.requests

    @property
    def latency(self) -> float:
        """Seconds that every request and RPC takes at least."""
        return self._backend.exchanges.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._backend.exchanges.latency = seconds

    @property
    def grace(self) -> float:
        """Seconds between SIGTERM and SIGKILL for jobs that start from now on."""
        return self._backend.runner.grace

    @grace.setter
    def grace(self, seconds: float) -> None:
        self._backend.runner.grace = seconds

    @property
    def hold_jobs(self) -> bool:
        """Whether new jobs stay queued until they are released, started or finished by hand."""
        return self._backend.life.hold_jobs

    @hold_jobs.setter
    def hold_jobs(self, held: bool) -> None:
        self._backend.life.hold_jobs = held

    # Reading

    def wait(self, name: str, *statuses: str, timeout: float = 20.0) -> ExperimentView:
        """Wait until a workload is in one of these states, by default until it has ended.

        Args:
            name: Id, or ``author/name``.
            statuses: Such as ``running``.
            timeout: Seconds.

        Raises:
            TimeoutError: It still is in another state; the message has its log.
        """
        experiment = self._backend.experiments.find(name)
        wanted = statuses or _DONE
        with self._backend.monitor:
            arrived = self._backend.monitor.wait_for(
                lambda: status_name(experiment.status) in wanted, timeout
            )
            view = self._view(experiment.id)
        if not arrived:
            raise TimeoutError(f"{name} is {view.status}, not {' or '.join(wanted)}:\n{view.log}")
        return view

    def experiments(self, author: str | None = None) -> list[ExperimentView]:
        """Copies of all experiments, or of one author's, oldest first."""
        with self._backend.monitor:
            found = self._backend.experiments.all()
            return [self._view(each.id) for each in found if author in (None, each.author)]

    def add_experiments(
        self, workspace: str, specs: Mapping[str, Mapping[str, Any]], author: str = "ci-bot"
    ) -> list[str]:
        """Let somebody have submitted many experiments, all at once; answers their ids.

        Args:
            workspace: Full name.
            specs: By the experiments' names.
            author: Name of the user.
        """
        with self._backend.monitor:
            user = self.world.find_user(author)
            add = self._backend.experiments.add
            return [add(user, workspace, spec, name).id for name, spec in specs.items()]

    def log(self, name: str) -> Log:
        """The log of a job, or of a workload's latest job, to write and to break."""
        with self._backend.monitor:
            if name in self._backend.life.jobs:
                return self._backend.life.jobs[name].log
            return self._backend.experiments.find(name).jobs[-1].log

    def plant_result(self, name: str, path: str, content: bytes) -> str:
        """Leave a file among the results of a job, or of a workload's latest job that was placed.

        Args:
            name: Of the job or workload.
            path: Any text; also one that no file could have on a disk.
            content: What is in it.

        Returns:
            The dataset's id.
        """
        with self._backend.monitor:
            jobs = self._backend.life.jobs
            job = jobs[name] if name in jobs else self._backend.experiments.find(name).jobs[-1]
            dataset = job.message.assignment_details.result_dataset_id
            self._backend.datasets.plant(dataset, path, content)
            return dataset

    def experiment(self, name: str) -> ExperimentView:
        """A copy of an experiment, by id or ``author/name``."""
        return self._view(name)

    def _view(self, name: str) -> ExperimentView:
        with self._backend.monitor:
            experiment = self._backend.experiments.find(name)
            return view_experiment(
                experiment,
                self.world.workspaces[experiment.message.workspace_id],
                self.world.budgets[experiment.budget_id],
            )

    def take_experiment(self, name: str | None = None) -> ExperimentView:
        """Take note of an experiment: the oldest that nobody took, or the one of that name.

        Raises:
            LookupError: There is none.
        """
        with self._backend.monitor:
            for experiment in self._backend.experiments.all():
                if not experiment.seen and name in (None, experiment.message.name):
                    experiment.seen = True
                    return self._view(experiment.id)
        raise LookupError(f"no experiment {name or ''} that nobody took")

    def leftovers(self) -> list[str]:
        """What a test should not leave.

        Experiments that nobody took, requests that the server does not know or failed at, and
        processes of jobs.
        """
        with self._backend.monitor:
            unseen = [each for each in self._backend.experiments.all() if not each.seen]
            jobs = self._backend.life.jobs.values()
            return [
                *(f"experiment {each.author}/{each.message.name}" for each in unseen),
                *(f"unknown request {name}" for name in self._backend.unknown),
                *(f"crashed request {crash}" for crash in self._backend.exchanges.crashes),
                *(f"running job {job.id}" for job in jobs if job.process is not None),
            ]
