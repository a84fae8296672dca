"""Groups of experiments."""

from __future__ import annotations

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.moments import stamp
from beaker_ci.sandbox.beaker.paging import in_order, page


class Groups:
    """Calls about groups."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._world = backend.world

    def get_group(self, request: pb2.GetGroupRequest) -> pb2.GetGroupResponse:
        """A group."""
        return pb2.GetGroupResponse(group=self._world.find_group(request.group_id))

    def list_groups(self, request: pb2.ListGroupsRequest) -> pb2.ListGroupsResponse:
        """Groups that pass every filter."""

        def select(options: pb2.ListGroupsRequest.Opts) -> list[pb2.Group]:
            text = options.name_or_description_substring
            found = [
                group
                for group in self._world.groups.values()
                if options.workspace_id in ("", group.workspace_id)
                if options.author_id in ("", group.author_id)
                if text in group.full_name or text in group.description
            ]
            return in_order(found, options)

        groups, token = page(request, pb2.ListGroupsRequest.Opts, select)
        return pb2.ListGroupsResponse(groups=groups, next_page_token=token)

    def create_group(self, request: pb2.CreateGroupRequest) -> pb2.CreateGroupResponse:
        """Make a group of the caller's."""
        author = self._backend.caller
        group = self._world.add_group(author.name, request.name, workspace=request.workspace_id)
        group.description = request.description
        self._add(group, list(request.experiment_ids))
        return pb2.CreateGroupResponse(group=group)

    def update_group(self, request: pb2.UpdateGroupRequest) -> pb2.UpdateGroupResponse:
        """Another name or description, more experiments."""
        group = self._world.find_group(request.group_id)
        if request.HasField("name"):
            owner = self._world.users[group.author_id]
            group.name, group.full_name = request.name, f"{owner.name}/{request.name}"
        if request.HasField("description"):
            group.description = request.description
        self._add(group, list(request.add_experiment_ids))
        return pb2.UpdateGroupResponse(group=group)

    def delete_groups(self, request: pb2.DeleteGroupsRequest) -> pb2.DeleteGroupsResponse:
        """Forget groups; their experiments stay."""
        for group in [self._world.find_group(each) for each in request.group_ids]:
            del self._world.groups[group.id], self._world.group_members[group.id]
        return pb2.DeleteGroupsResponse()

    def list_group_task_metrics(
        self, request: pb2.ListGroupTaskMetricsRequest
    ) -> pb2.ListGroupTaskMetricsResponse:
        """One row for each task of the group's experiments."""

        def select(options: pb2.ListGroupTaskMetricsRequest.Opts) -> list[pb2.TaskMetrics]:
            members = self._world.group_members[self._world.find_group(options.group_id).id]
            return [row for member in members for row in self._rows(member)]

        rows, token = page(request, pb2.ListGroupTaskMetricsRequest.Opts, select)
        return pb2.ListGroupTaskMetricsResponse(task_metrics=rows, next_page_token=token)

    def _rows(self, experiment_id: str) -> list[pb2.TaskMetrics]:
        experiment = self._backend.experiments.find(experiment_id)
        return [
            pb2.TaskMetrics(
                task_id=task.message.id,
                task_name=task.message.name,
                experiment_id=experiment.id,
                experiment_name=experiment.message.name,
                task_status=task.latest.message.status.status,
                metrics=[
                    pb2.TaskMetrics.Metric(
                        group_parameter=pb2.GroupParameter(
                            type=pb2.GroupParameter.GROUP_PARAMETER_METRIC, name=name
                        ),
                        value=value,
                    )
                    for name, value in task.latest.message.metrics.fields.items()
                ],
            )
            for task in experiment.tasks
        ]

    def _add(self, group: pb2.Group, experiment_ids: list[str]) -> None:
        members = self._world.group_members[group.id]
        for experiment_id in experiment_ids:
            experiment = self._backend.experiments.find(experiment_id)
            if experiment.id not in members:
                members.append(experiment.id)
        group.modified.CopyFrom(stamp(self._backend.clock()))
