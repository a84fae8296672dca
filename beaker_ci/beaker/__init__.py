"""Beaker, through beaker-py and gantry: the only room that imports them.

beaker-py and gantry each cost tenths of a second to load: gantry is loaded only to submit.
"""

from __future__ import annotations

from beaker_ci.beaker.session import Session
from beaker_ci.beaker.source import Source

__all__ = ["Session", "Source"]
