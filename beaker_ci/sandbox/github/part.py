"""What the parts of the local GitHub's control have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beaker_ci.sandbox.git import SandboxRepository
    from beaker_ci.sandbox.github.application import Application
    from beaker_ci.sandbox.github.clock import Clock
    from beaker_ci.sandbox.github.model import Account
    from beaker_ci.sandbox.github.state import State


class Part:
    """One part of the control, over the shared state."""

    def __init__(self, state: State, application: Application) -> None:
        self._state = state
        self._application = application
        self.clock: Clock = state.clock
        self.repository: SandboxRepository = state.git

    def user(self, login: str) -> Account:
        """Somebody's account.

        Raises:
            LookupError: When nobody has that login.
        """
        account = self._state.account(login)
        if account is None:
            raise LookupError(f"nobody is called {login}")
        return account
