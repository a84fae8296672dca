"""Control of what a repository's settings pages hold: environments and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.sandbox.github.model import Environment
from beaker_ci.sandbox.github.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterable


class Settings(Part):
    """Environments and secrets. Of a secret, only its name is kept."""

    def set_environment(
        self,
        name: str,
        *,
        branches: Iterable[str] | None = None,
        protected_branches: bool = False,
        secrets: Iterable[str] = (),
        reviewers: Iterable[str] = (),
    ) -> None:
        """Adds an environment, or replaces the one of that name.

        Args:
            name: Unique without regard to case.
            branches: The only branches, as patterns, whose workflows may use it; None for no list.
            protected_branches: Whether instead all protected branches may, and no other.
            secrets: Names of its secrets.
            reviewers: Logins, one of whom has to let each job in.
        """
        with self._state.lock:
            self._state.environments[name.lower()] = Environment(
                id=self._state.next_id(),
                name=name,
                custom_branches=branches is not None,
                branches=tuple(branches or ()),
                protected_branches=protected_branches,
                secrets=frozenset(secrets),
                reviewers=tuple(self.user(login) for login in reviewers),
            )

    def delete_environment(self, name: str) -> None:
        """Deletes an environment with its secrets."""
        with self._state.lock:
            del self._state.environments[name.lower()]

    def add_secret(self, name: str, *, organization: bool = False) -> None:
        """Adds a secret of the repository, or one that its organization shares with it."""
        state = self._state
        with state.lock:
            (state.organization_secrets if organization else state.secrets).add(name)
