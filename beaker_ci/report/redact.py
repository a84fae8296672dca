"""What hides credentials, for this room's filters: see :mod:`beaker_ci.redaction`."""

from __future__ import annotations

from beaker_ci.redaction import HIDDEN, redact

__all__ = ["HIDDEN", "redact"]
