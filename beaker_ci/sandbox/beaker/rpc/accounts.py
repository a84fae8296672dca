"""Users, organizations, workspaces, budgets."""

from __future__ import annotations

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.errors import not_found
from beaker_ci.sandbox.beaker.paging import in_order, page


class Accounts:
    """Calls about who pays and who may."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._world = backend.world

    def get_user(self, request: pb2.GetUserRequest) -> pb2.GetUserResponse:
        """A user; without an id the caller."""
        caller = self._backend.caller
        user = self._world.find_user(request.user_id) if request.HasField("user_id") else caller
        return pb2.GetUserResponse(user=user)

    def resolve_user_name(self, request: pb2.ResolveUserNameRequest) -> pb2.ResolveUserNameResponse:
        """From name to id."""
        return pb2.ResolveUserNameResponse(user_id=self._world.find_user(request.user_name).id)

    def list_users(self, request: pb2.ListUsersRequest) -> pb2.ListUsersResponse:
        """All users."""

        def select(options: pb2.ListUsersRequest.Opts) -> list[pb2.User]:
            return in_order([*self._world.users.values()], options)

        users, token = page(request, pb2.ListUsersRequest.Opts, select)
        return pb2.ListUsersResponse(users=users, next_page_token=token)

    def get_organization(self, request: pb2.GetOrganizationRequest) -> pb2.GetOrganizationResponse:
        """The organization."""
        self._check_organization(request.organization_id)
        return pb2.GetOrganizationResponse(organization=self._world.organization)

    def resolve_organization_name(
        self, request: pb2.ResolveOrganizationNameRequest
    ) -> pb2.ResolveOrganizationNameResponse:
        """From name to id."""
        self._check_organization(request.organization_name)
        return pb2.ResolveOrganizationNameResponse(organization_id=self._world.organization.id)

    def list_organizations(self, _: pb2.ListOrganizationsRequest) -> pb2.ListOrganizationsResponse:
        """There is one."""
        return pb2.ListOrganizationsResponse(organizations=[self._world.organization])

    def get_workspace(self, request: pb2.GetWorkspaceRequest) -> pb2.GetWorkspaceResponse:
        """A workspace with its slots in use."""
        workspace = self._world.find_workspace(request.workspace_id)
        return pb2.GetWorkspaceResponse(workspace=self._with_slots(workspace))

    def resolve_workspace_name(
        self, request: pb2.ResolveWorkspaceNameRequest
    ) -> pb2.ResolveWorkspaceNameResponse:
        """From name to id."""
        name = f"{request.owner_name}/{request.workspace_name}"
        return pb2.ResolveWorkspaceNameResponse(workspace_id=self._world.find_workspace(name).id)

    def list_workspaces(self, request: pb2.ListWorkspacesRequest) -> pb2.ListWorkspacesResponse:
        """Workspaces whose name or description holds a text."""

        def select(options: pb2.ListWorkspacesRequest.Opts) -> list[pb2.Workspace]:
            text = options.name_or_description_substring
            found = [
                workspace
                for workspace in self._world.workspaces.values()
                if text in workspace.name or text in workspace.description
                if workspace.archived == options.only_archived
            ]
            return in_order(found, options)

        workspaces, token = page(request, pb2.ListWorkspacesRequest.Opts, select)
        return pb2.ListWorkspacesResponse(
            workspaces=[self._with_slots(workspace) for workspace in workspaces],
            next_page_token=token,
        )

    def create_workspace(self, request: pb2.CreateWorkspaceRequest) -> pb2.CreateWorkspaceResponse:
        """Make a workspace of the organization."""
        self._check_organization(request.organization_id)
        workspace = self._world.add_workspace(
            request.name,
            description=request.description,
            budget=request.default_budget_id or None,
        )
        workspace.author_user.CopyFrom(self._backend.caller)
        return pb2.CreateWorkspaceResponse(workspace=workspace)

    def get_budget(self, request: pb2.GetBudgetRequest) -> pb2.GetBudgetResponse:
        """A budget."""
        return pb2.GetBudgetResponse(budget=self._world.find_budget(request.budget_id))

    def resolve_budget_name(
        self, request: pb2.ResolveBudgetNameRequest
    ) -> pb2.ResolveBudgetNameResponse:
        """From name to id."""
        name = f"{request.organization_name}/{request.budget_name}"
        return pb2.ResolveBudgetNameResponse(budget_id=self._world.find_budget(name).id)

    def list_budgets(self, request: pb2.ListBudgetsRequest) -> pb2.ListBudgetsResponse:
        """Budgets, deprecated ones only if asked for."""

        def select(options: pb2.ListBudgetsRequest.Opts) -> list[pb2.Budget]:
            found = [
                budget
                for budget in self._world.budgets.values()
                if options.include_deprecated or not budget.HasField("deprecated")
            ]
            return in_order(found, options)

        budgets, token = page(request, pb2.ListBudgetsRequest.Opts, select)
        return pb2.ListBudgetsResponse(budgets=budgets, next_page_token=token)

    def _check_organization(self, name: str) -> None:
        if name not in (self._world.organization.id, self._world.organization.name):
            raise not_found("organization", name)

    def _with_slots(self, workspace: pb2.Workspace) -> pb2.Workspace:
        shown = pb2.Workspace()
        shown.CopyFrom(workspace)
        for job in self._backend.life.jobs.values():
            if job.final or job.message.workspace_id != workspace.id:
                continue
            kind = "non_preemptible" if job.task.spec.context.min_runtime else "preemptible"
            field = f"{'assigned' if job.placed else 'queued'}_slots_{kind}"
            setattr(shown, field, getattr(shown, field) + job.task.spec.gpus)
        return shown
