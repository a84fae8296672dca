"""Control of who there is and what they may do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from beaker_ci.sandbox.github.model import Role, Team, Token
from beaker_ci.sandbox.github.part import Part
from beaker_ci.sandbox.github.state import ACTIONS_APP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from beaker_ci.sandbox.github.model import Account

# What a workflow of beaker-ci asks for.
WORKFLOW_PERMISSIONS = {
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
NO_COMMIT = "0" * 40


class People(Part):
    """Users, teams and tokens."""

    def add_user(
        self, login: str, *, permission: str = "none", role: str | None = None, kind: str = "User"
    ) -> Account:
        """Adds somebody, or changes what somebody may do.

        Args:
            login: The name; unique without regard to case.
            permission: ``none``, ``read``, ``triage``, ``write``, ``maintain`` or ``admin``.
            role: The name of an organization's own role that builds on ``permission``.
            kind: ``User`` or ``Bot``.
        """
        with self._state.lock:
            account = self._state.account(login) or self._state.add_account(login, kind)
            self._state.roles.pop(login.lower(), None)
            if permission != "none":
                self._state.roles[login.lower()] = Role(role or permission, permission)
            return account

    def add_team(self, name: str, members: Mapping[str, str] | Iterable[str]) -> None:
        """Adds or replaces the team ``org/slug``.

        Args:
            name: ``org/slug``.
            members: Logins, or login → ``active`` or ``pending`` (an invitation not yet accepted).
        """
        org, _, slug = name.lower().partition("/")
        standing = (
            dict(members) if isinstance(members, Mapping) else dict.fromkeys(members, "active")
        )
        lowered = {login.lower(): state for login, state in standing.items()}
        with self._state.lock:
            self._state.teams[org, slug] = Team(self._state.next_id(), org, slug, lowered)

    def add_token(
        self,
        kind: str = "actions",
        *,
        user: str | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> str:
        """Gives out a token.

        Args:
            kind: ``actions``: a workflow's own, which acts as ``github-actions[bot]``; ``user``:
                a personal one of ``user``.
            user: The owner of a personal token.
            permissions: Name (``pull-requests`` or ``pull_requests``) → ``read`` or ``write``; what
                is not named is not granted. Left out: what beaker-ci's workflow asks for, or, for a
                personal token, whatever its owner may.
        """
        granted = permissions
        if granted is None and kind == "actions":
            granted = WORKFLOW_PERMISSIONS
        if granted is not None:
            granted = {name.replace("-", "_"): level for name, level in granted.items()}
            granted.setdefault("metadata", "read")
        prefix = "ghs" if kind == "actions" else "ghp"
        value = f"{prefix}_{secrets.token_hex(18)}"
        app = ACTIONS_APP if kind == "actions" else None
        account = app.bot if app else self.user(user or "")
        with self._state.lock:
            self._state.tokens[value] = Token(value, kind, account, app, granted)
        return value

    def revoke_token(self, token: str) -> None:
        """Makes a token worthless: 401 from now on."""
        with self._state.lock:
            del self._state.tokens[token]
