"""Whether a run's last report still stands, once nobody can overwrite it any more.

Who reports looks again after writing. But a process that had not heard of the end, writes late, and
dies before it looks again would leave a check that is in progress for ever: so the mark stays in
the list for some minutes more, and comment and check are read once again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.bot.claims import STALE
from beaker_ci.github import read_comment, read_conclusion
from beaker_ci.history import Verdict
from beaker_ci.run import Mark, OpenRun, told_hash

if TYPE_CHECKING:
    from beaker_ci.bot.reported import Reported
    from beaker_ci.bot.reporting import Reporter
    from beaker_ci.bot.services import Services

LOOKS = 3
"""How often a report that somebody changes is written again."""


def is_unsettled(found: OpenRun, now: float) -> bool:
    """Whether a listed run's last report is to be read again.

    Args:
        found: The run.
        now: Unix seconds.
    """
    mark = found.mark
    if mark is None or mark.is_open or mark.settled:
        return False
    return abs(now - mark.closed) >= STALE


def settle(reporter: Reporter, found: OpenRun) -> Reported | None:
    """Reads a run's comment and check; writes them again if they do not tell its end.

    Two requests to GitHub, and one to Beaker that takes the run off the list.

    Args:
        reporter: Writes.
        found: A run that :func:`is_unsettled`.

    Returns:
        The run, if it was written again: then it is looked at once more.

    Raises:
        Problem: When a service does not answer: the next pass looks again.
    """
    assert found.mark is not None  # noqa: S101 - it is unsettled
    mark = replace(found.mark, looks=found.mark.looks + 1)
    if mark.looks > LOOKS or _stands(reporter.services, mark):
        reporter.beaker.settle(found, replace(mark, settled=True))
        return None
    run, state = reporter.beaker.look(found.workload_id, reporter.services.clock.now().timestamp())
    if run.mark != found.mark:
        return None  # somebody opened it again
    if state.verdict is None:
        # It was started again, and its end reported at the same moment: it is not told yet.
        again = replace(found.mark, used=None, verdict="", told="", closed=0, looks=0, shown="")
        reporter.beaker.write_mark(run, again)
        return None
    return reporter.write_again(replace(run, mark=mark), state)


def _stands(services: Services, mark: Mark) -> bool:
    """Whether comment and check tell the end; what somebody took away tells nothing else."""
    if mark.check_id is not None:
        conclusion = read_conclusion(services.hub, mark.check_id)
        expected = "failure" if mark.gate == "failed" else Verdict(mark.verdict).conclusion
        if conclusion not in (None, expected):
            return False
    if not mark.comment_id:
        return True
    comment = read_comment(services.hub, mark.comment_id)
    return comment is None or told_hash(comment.body) == mark.told
