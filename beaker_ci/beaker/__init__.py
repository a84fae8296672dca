"""Beaker, through beaker-py and gantry: the only room that imports them."""

from __future__ import annotations

from beaker_ci.beaker.commit import VerifiedCommit, verified_commit
from beaker_ci.beaker.session import Session

__all__ = ["Session", "VerifiedCommit", "verified_commit"]
