"""Reason codes: the stable, documented answer to "what happened and why".

A code never changes its meaning and is never renamed: workflows branch on it.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every code that a command, an event or a check can end with."""

    ACCEPTED = "accepted"
    REUSED = "reused"
    ANSWERED = "answered"
    STOPPED = "stopped"
    NOTHING_TO_DO = "nothing-to-do"

    USAGE_UNKNOWN_COMMAND = "usage.unknown-command"
    USAGE_UNKNOWN_OPTION = "usage.unknown-option"
    USAGE_BAD_VALUE = "usage.bad-value"
    USAGE_MISSING_COMMAND = "usage.missing-command"
    USAGE_UNKNOWN_PRESET = "usage.unknown-preset"
    USAGE_UNKNOWN_RUN = "usage.unknown-run"

    REFUSED_ROLE = "refused.role"
    REFUSED_FORK = "refused.fork"
    REFUSED_SHA_REQUIRED = "refused.sha-required"
    REFUSED_SHA_MISMATCH = "refused.sha-mismatch"
    REFUSED_HEAD_MOVED = "refused.head-moved"
    REFUSED_PLAN_CHANGED = "refused.plan-changed"
    REFUSED_EXPIRED = "refused.expired"
    REFUSED_SELF_APPROVAL = "refused.self-approval"
    REFUSED_STALE = "refused.stale"
    REFUSED_NOT_A_PULL_REQUEST = "refused.not-a-pull-request"
    REFUSED_CLOSED = "refused.closed"
    REFUSED_EDITED = "refused.edited"
    REFUSED_OPTION = "refused.option"
    REFUSED_BUDGET = "refused.budget"
    REFUSED_WORKSPACE = "refused.workspace"
    REFUSED_CLUSTER = "refused.cluster"
    REFUSED_IMAGE = "refused.image"
    REFUSED_SECRET = "refused.secret"
    REFUSED_MOUNT = "refused.mount"
    REFUSED_DATASET = "refused.dataset"
    REFUSED_GROUP = "refused.group"
    REFUSED_PRIORITY = "refused.priority"
    REFUSED_LIMIT = "refused.limit"
    REFUSED_PRESETS_ONLY = "refused.presets-only"

    NEEDS_APPROVAL_PRIORITY = "needs-approval.priority"
    NEEDS_APPROVAL_PRICE = "needs-approval.price"

    CONFIG_INVALID = "config.invalid"
    CONFIG_UNREADABLE = "config.unreadable"
    CONFIG_CLONE_SECRET = "config.clone-secret"

    BEAKER_UNAVAILABLE = "beaker.unavailable"
    BEAKER_UNAUTHORIZED = "beaker.unauthorized"
    BEAKER_BUDGET_UNKNOWN = "beaker.budget-unknown"
    BEAKER_WORKSPACE_UNKNOWN = "beaker.workspace-unknown"
    BEAKER_NAME_TAKEN = "beaker.name-taken"
    BEAKER_NO_CAPACITY = "beaker.no-capacity"

    GITHUB_UNAVAILABLE = "github.unavailable"
    GITHUB_FORBIDDEN = "github.forbidden"

    EVENT_INVALID = "event.invalid"

    @property
    def family(self) -> str:
        """The part before the dot, such as ``refused``; the code itself if it has none."""
        return self.value.split(".", 1)[0]
