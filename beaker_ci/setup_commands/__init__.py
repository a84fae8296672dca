"""``beaker-ci init`` and ``beaker-ci doctor``: thin, over the rooms ``setup`` and ``bot``."""

from __future__ import annotations

from beaker_ci.setup_commands.doctor_command import doctor
from beaker_ci.setup_commands.init_command import init

__all__ = ["doctor", "init"]
