"""Who asks: a person, with a role that the configuration grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from beaker_ci.policy.case import allow, refuse
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.config.schema import Configuration, Role
    from beaker_ci.facts import Permission, Person
    from beaker_ci.policy.model import Finding

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
"""GitHub's repository rights, from the least to the most."""


def judge_person(
    who: Person,
    permission: Permission | None,
    configuration: Configuration,
    role: Literal["run", "approve"] = "run",
) -> Finding:
    """Judges who asks: first of all, before anything else is read or spent.

    Args:
        who: Who asks.
        permission: What GitHub says they may do; None when it did not say, which is a refusal.
        configuration: The rules.
        role: The role that the command needs.

    Returns:
        The finding ``who``; refused with ``refused.role`` unless one line of the role holds.
    """
    lines = configuration.roles.run if role == "run" else configuration.roles.approve
    if who.type != "User":
        evidence = f"{named(who)} is a {who.type}: bots and apps are never obeyed"
        return refuse("who", Reason.REFUSED_ROLE, evidence)
    if permission is None:
        return refuse(
            "who",
            Reason.REFUSED_ROLE,
            f"GitHub did not say what {named(who)} may do in this repository",
            "Comment again; if it stays so, the workflow's token cannot read permissions.",
        )
    right = _right(who, permission, lines)
    if right is not None:
        told = f"; {permission.evidence}" if permission.evidence else ""
        return allow("who", f"{named(who)}: {right} (`roles.{role}`){told}")
    return _lacks_role(who, permission, lines, role)


def _right(who: Person, permission: Permission, lines: Role) -> str | None:
    """The first line of the role that holds, in words."""
    held = permission.role or permission.level
    if lines.permission is not None and _has_permission(permission, lines.permission):
        return f"the permission {held} satisfies {lines.permission}"
    shared = sorted((permission.teams or frozenset()) & frozenset(lines.teams))
    if shared:
        return f"member of the team {shared[0]}"
    return "a listed account" if who.id in lines.users else None


def _lacks_role(who: Person, permission: Permission, lines: Role, role: str) -> Finding:
    held = permission.role or permission.level or "unknown"
    unread, next_step = "", "Ask someone who has this role to repeat the command."
    if lines.teams and permission.teams is None:
        told = f": {permission.teams_problem}" if permission.teams_problem else ""
        unread = f"; team membership could not be read{told}"
        next_step += (
            " Reading teams needs the action's input `org-token`; accounts under `users` need none."
        )
    return refuse(
        "who",
        Reason.REFUSED_ROLE,
        f"{named(who)} has the permission {held}; `roles.{role}` asks for {described(lines)}"
        f"{unread}",
        next_step,
    )


def _has_permission(permission: Permission, asked: str) -> bool:
    if asked in LEVELS:
        held = permission.level
        return held in LEVELS and LEVELS.index(held) >= LEVELS.index(asked)
    return asked in (permission.role, permission.level)


def described(lines: Role) -> str:
    """A role in words: ``the permission write or more, or a listed account``."""
    parts = []
    if lines.permission is not None:
        above = " or more" if lines.permission in LEVELS[:-1] else ""
        parts.append(f"the permission {lines.permission}{above}")
    if lines.teams:
        parts.append("a member of " + " or ".join(lines.teams))
    if lines.users:
        parts.append("a listed account")
    return ", or ".join(parts)


def named(who: Person) -> str:
    """A person as evidence names them: ``maria (1001)``; offline, the id may not be known."""
    return f"{who.login} ({who.id or 'id unknown'})"
