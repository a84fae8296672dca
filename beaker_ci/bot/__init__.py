"""One handler for every event and command: the only place where the rooms meet."""

from __future__ import annotations

from beaker_ci.bot.answers import Answer
from beaker_ci.bot.comments import handle_comment
from beaker_ci.bot.dispatch import Order, handle_dispatch
from beaker_ci.bot.services import Clock, Services

__all__ = ["Answer", "Clock", "Order", "Services", "handle_comment", "handle_dispatch"]
