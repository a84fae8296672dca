"""Workloads: found, listed, changed, canceled, restarted."""

from __future__ import annotations

import yaml
from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.moments import nanoseconds
from beaker_ci.sandbox.beaker.paging import page
from beaker_ci.sandbox.beaker.records import Experiment


class Workloads:
    """Calls about experiments."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._experiments = backend.experiments

    def get_workload(self, request: pb2.GetWorkloadRequest) -> pb2.GetWorkloadResponse:
        """A workload as it stands."""
        experiment = self._experiments.find(request.workload_id)
        return pb2.GetWorkloadResponse(workload=experiment.workload)

    def resolve_workload_name(
        self, request: pb2.ResolveWorkloadNameRequest
    ) -> pb2.ResolveWorkloadNameResponse:
        """From author and name to id."""
        name = f"{request.author_name}/{request.workload_name}"
        return pb2.ResolveWorkloadNameResponse(workload_id=self._experiments.find(name).id)

    def list_workloads(self, request: pb2.ListWorkloadsRequest) -> pb2.ListWorkloadsResponse:
        """Workloads that pass every filter, the newest first unless asked otherwise."""

        def select(options: pb2.ListWorkloadsRequest.Opts) -> list[Experiment]:
            found = [each for each in self._experiments.all() if _passes(each, options)]
            descending = options.sort_clause.sort_order != pb2.SORT_ORDER_ASCENDING
            return sorted(found, key=_age, reverse=descending)

        found, token = page(request, pb2.ListWorkloadsRequest.Opts, select)
        return pb2.ListWorkloadsResponse(
            workloads=[experiment.workload for experiment in found], next_page_token=token
        )

    def update_workload(self, request: pb2.UpdateWorkloadRequest) -> pb2.UpdateWorkloadResponse:
        """Another name or description."""
        experiment = self._experiments.find(request.workload_id)
        self._experiments.update(
            experiment,
            name=request.name if request.HasField("name") else None,
            description=request.description if request.HasField("description") else None,
        )
        return pb2.UpdateWorkloadResponse(workload=experiment.workload)

    def cancel_workloads(self, request: pb2.CancelWorkloadsRequest) -> pb2.CancelWorkloadsResponse:
        """Cancel what has not ended."""
        found = [self._experiments.find(workload_id) for workload_id in request.workload_ids]
        for experiment in found:
            self._experiments.cancel(experiment, self._backend.caller.name)
        return pb2.CancelWorkloadsResponse(workload_ids=[each.id for each in found])

    def delete_workloads(self, request: pb2.DeleteWorkloadsRequest) -> pb2.DeleteWorkloadsResponse:
        """Forget workloads, canceled first."""
        for experiment in [self._experiments.find(each) for each in request.workload_ids]:
            self._experiments.delete(experiment, self._backend.caller.name)
        return pb2.DeleteWorkloadsResponse()

    def get_experiment_yaml_spec(
        self, request: pb2.GetExperimentYamlSpecRequest
    ) -> pb2.GetExperimentYamlSpecResponse:
        """The spec as it was posted."""
        spec = self._experiments.find(request.experiment_id).spec
        return pb2.GetExperimentYamlSpecResponse(
            experiment_spec=yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)
        )

    def restart_experiment_tasks(
        self, request: pb2.RestartExperimentTasksRequest
    ) -> pb2.RestartExperimentTasksResponse:
        """New jobs for failed and canceled tasks."""
        experiment = self._experiments.find(request.experiment_id)
        self._experiments.restart(experiment)
        return pb2.RestartExperimentTasksResponse(workload=experiment.workload)


def _age(experiment: Experiment) -> tuple[int, str]:
    return nanoseconds(experiment.message.created), experiment.id


def _passes(experiment: Experiment, options: pb2.ListWorkloadsRequest.Opts) -> bool:
    # In the order of what it costs: thousands are listed, page after page.
    message = experiment.message
    text = options.name_or_description_substring
    return (
        options.workload_type != pb2.WORKLOAD_TYPE_ENVIRONMENT
        and (not text or text in message.description or text in message.name)
        and options.author_id in ("", message.author_id)
        and options.workspace_id in ("", message.workspace_id)
        and (not options.statuses or experiment.status in options.statuses)
        and _is_of_that_time(message, options)
        and (
            not options.HasField("job_finalized")
            or options.job_finalized == all(task.latest.final for task in experiment.tasks)
        )
    )


def _is_of_that_time(message: pb2.Experiment, options: pb2.ListWorkloadsRequest.Opts) -> bool:
    created = nanoseconds(message.created)
    return (
        not options.HasField("created_before") or created < nanoseconds(options.created_before)
    ) and (not options.HasField("created_after") or created > nanoseconds(options.created_after))
