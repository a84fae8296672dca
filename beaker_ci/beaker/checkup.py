"""What the doctor asks of Beaker, and the one thing that it does there."""

from __future__ import annotations

from collections.abc import Mapping

from beaker_ci.beaker.client import connect
from beaker_ci.beaker.entrypoint import ensure_entrypoint, is_damaged
from beaker_ci.beaker.problems import problems
from beaker_ci.beaker.session import Session


def visit(environment: Mapping[str, str]) -> CheckUp:
    """Connects as beaker-py does from the environment, without sending a request."""
    return CheckUp(connect(None, environment))


class CheckUp(Session):
    """Dealings with Beaker before any run: under the account that will run jobs."""

    def account(self) -> str:
        """The name of the account that the token is for. One request."""
        with problems():
            return str(self._client.user.get().name)

    def is_archived(self, workspace: str) -> bool:
        """Whether the workspace takes no more experiments."""
        with problems():
            return bool(self._client.workspace.get(workspace).archived)

    def prepare(self, workspace: str, budget: str) -> bool:
        """Makes gantry's entrypoint dataset whole, so that no submission has to.

        Args:
            workspace: Its full name; must exist.
            budget: The full name of the budget that the dataset is charged to.

        Returns:
            False when the dataset is damaged for good and must be deleted by hand.
        """
        with problems():
            if is_damaged(self._client, workspace):
                return False
            ensure_entrypoint(self._client, workspace, budget)
            return True
