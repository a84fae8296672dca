"""What somebody names to be compared, on a terminal: a run or a commit."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.at_hand import NOT_OURS
from beaker_ci.bot.besides import Side, rules_for, side_of
from beaker_ci.problem import Problem, quoted
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.bot.at_hand import AtHand
    from beaker_ci.history import State
    from beaker_ci.metrics.model import Rule
    from beaker_ci.run import Run

MOST = 20
"""Runs at one commit that are looked at."""

_WORKLOAD = re.compile(r"(?:https?://\S+/)?([0-9A-HJKMNP-TV-Z]{26})(?:[/?#]\S*)?")
_OURS = "beaker / "
_HEX = re.compile(r"[0-9a-fA-F]{4,40}")


def named_side(
    hand: AtHand, name: str, preset: str | None, resolve: Callable[[str], str | None]
) -> tuple[Side, Run]:
    """The run that somebody names.

    Args:
        hand: The pull request at hand; asked for only where a short id is meant.
        name: A run's short id, its id or page on Beaker, or a commit.
        preset: Which of the runs at a commit; None for the only one.
        resolve: All 40 digits of what names a commit in this checkout; None where nothing does.

    Raises:
        Problem: ``usage.unknown-run`` when there is no such run, or it measured nothing.
    """
    workload = _WORKLOAD.fullmatch(name)
    if workload:
        found = hand.beaker.look(workload[1], hand.now())
    else:
        found = _run_at_hand(hand, name) or _run_at(hand, name, preset, resolve)
    return side_of(hand.services, hand.beaker, *found), found[0]


def rules_at_hand(hand: AtHand, run: Run) -> tuple[Rule, ...]:
    """The rules of a run's preset, on the default branch; none where it has none."""
    return rules_for(run, hand.rules(hand.services.config_path)) if run.preset else ()


def _run_at_hand(hand: AtHand, name: str) -> tuple[Run, State] | None:
    """The run of that short id, here; None where a commit may be meant."""
    if not _HEX.fullmatch(name) or len(name) > 16:
        return None
    try:
        return hand.look(name)
    except Problem as problem:
        if problem.reason.family != "usage":
            raise
        return None


def _run_at(
    hand: AtHand, name: str, preset: str | None, resolve: Callable[[str], str | None]
) -> tuple[Run, State]:
    sha = name.lower() if len(name) == 40 and _HEX.fullmatch(name) else resolve(name)
    if sha is None:
        raise Problem(
            Reason.USAGE_UNKNOWN_RUN,
            f"{quoted(name, 100)} names nothing that can be compared.",
            why="It is no file, no run of the pull request at hand, and no commit of this "
            "checkout.",
            next_step="Name a run of another pull request with `--pr`, and one of a branch by its "
            "commit or by its page on Beaker. The runs at hand:",
            paste="beaker-ci list",
        )
    checks = _checks(hand, sha)
    names = {check: check.removeprefix(_OURS) for check, _ in checks}
    for check, external_id in checks[:MOST]:
        if preset not in (None, names[check]) or not _WORKLOAD.fullmatch(external_id):
            continue
        found = hand.beaker.look_at_own(
            external_id, partial(_ran_at, sha=sha, check=check), hand.now(), hand.account
        )
        if found is not None:
            return found
    which = f" of `{preset}`" if preset else ""
    seen = ", ".join(f"`{name}`" for name in dict.fromkeys(names.values())) or "none"
    raise Problem(
        Reason.USAGE_UNKNOWN_RUN,
        f"No run{which} is known at {sha}.",
        why=f"Checks of beaker-ci there: {seen}. {NOT_OURS}",
        next_step="Run it there, or name another commit.",
    )


def _checks(hand: AtHand, sha: str) -> list[tuple[str, str]]:
    return [each for each in github.checks_at(hand.services.hub, sha) if each[0].startswith(_OURS)]


def _ran_at(run: Run, *, sha: str, check: str) -> bool:
    return run.sha == sha and run.check_name == check
