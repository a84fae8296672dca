"""Two runs beside each other on request: ``/beaker compare`` and ``beaker-ci compare``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import UNSIGNED, Answer, conclusion_of, signed
from beaker_ci.bot.basing import Search
from beaker_ci.bot.comparing import line_for_a_base, rules_of, where_it_lies
from beaker_ci.bot.lookup import find_run, runs_here
from beaker_ci.bot.measuring import measured
from beaker_ci.github import Ancestor, read_ancestry, read_commit
from beaker_ci.metrics import read_metrics
from beaker_ci.metrics.model import Metrics
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report import in_short
from beaker_ci.report.views import Compared, ReplyView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beaker_ci.beaker import Session
    from beaker_ci.bot.basing import Base
    from beaker_ci.bot.case import Case
    from beaker_ci.bot.services import Services
    from beaker_ci.commands import Command
    from beaker_ci.config import Configuration
    from beaker_ci.history import State
    from beaker_ci.metrics.model import Rule
    from beaker_ci.run import Run


@dataclass(frozen=True)
class Side:
    """One of two that are compared.

    Attributes:
        run_id: The short id; empty for a file, as are the next three.
        url: Its page on Beaker.
        commit_url: Of the commit that it ran at.
        described: Where that commit lies, or which file it is; may be empty.
    """

    metrics: Metrics
    run_id: str = ""
    url: str = ""
    sha: str = ""
    commit_url: str = ""
    described: str = ""


def answer_compare(case: Case, command: Command, beaker: Session) -> Answer:
    """Puts a run of the pull request beside its base, or beside the run at a named commit.

    It judges nothing: the run's check stays as it is.

    Raises:
        Problem: When there is no such run, nothing to compare it with, or a service is away.
    """
    services = case.asking.services
    now = services.clock.now().timestamp()
    run, state = beaker.look(find_run(runs_here(case, beaker), command.target).workload_id, now)
    head = side_of(services, beaker, run, state)
    named = command.options.get("base")
    base = _base(services, beaker, run, now, str(named) if named else None)
    told = beside(base, head, rules_for(run, case.configuration))
    return Answer(
        command="compare",
        reason=Reason.ANSWERED,
        view=signed(compared_view(told), case, command),
        run=run,
        status=state.stage,
        conclusion=conclusion_of(run, state),
    )


def side_of(services: Services, beaker: Session, run: Run, state: State) -> Side:
    """What a run measured, so far or in the end.

    Raises:
        Problem: ``usage.unknown-run`` when it measured nothing; when Beaker does not answer.
    """
    metrics = measured(beaker, run, state)
    if not metrics.metrics:
        goes_on = state.verdict is None
        raise Problem(
            Reason.USAGE_UNKNOWN_RUN,
            f"Run `{run.run_id}` left no metrics{' yet' if goes_on else ''}.",
            why="They are read from `metrics.json`, or from what an evaluation harness writes, in "
            "the run's results.",
            next_step="Where it stands:" if goes_on else "What it left:",
            paste=f"/beaker {'status' if goes_on else 'logs'} {run.run_id}"
            f"{'' if goes_on else ' --results'}",
        )
    return Side(metrics, run.run_id, run.url, run.sha, _commit_url(services, run, run.sha))


def side_of_file(document: object, path: str) -> Side:
    """What a file of results says; pure.

    Args:
        document: What JSON made of it. Untrusted.
        path: How people call it.
    """
    return Side(read_metrics(document), described=path)


def beside(base: Side, head: Side, rules: Sequence[Rule]) -> Compared:
    """Two sides, compared by the rules; pure."""
    from beaker_ci.metrics import compare

    comparison = compare(base.metrics, head.metrics, rules)
    return Compared(
        comparison=comparison,
        passed=not comparison.broken,
        base_run_id=base.run_id,
        base_url=base.url,
        base_sha=base.sha,
        base_commit_url=base.commit_url,
        base_is=base.described,
        head_run_id=head.run_id,
        head_url=head.url,
        head_sha=head.sha,
        head_commit_url=head.commit_url,
        head_is=head.described,
    )


def compared_view(told: Compared) -> ReplyView:
    """A comparison, for a comment or for a terminal."""
    short = in_short(told)
    return replace(UNSIGNED, what=f"{short[:1].upper()}{short[1:]}.", compared=told)


def rules_for(run: Run, configuration: Configuration) -> tuple[Rule, ...]:
    """The rules of the run's preset; none where it has none."""
    preset = configuration.presets.get(run.preset or "")
    return rules_of(preset.compare) if preset is not None and preset.compare else ()


def _base(services: Services, beaker: Session, run: Run, now: float, sha: str | None) -> Side:
    """The run to compare with.

    Raises:
        Problem: When there is none.
    """
    if run.preset is None:
        raise Problem(
            Reason.USAGE_UNKNOWN_RUN,
            f"There is nothing to compare run `{run.run_id}` with.",
            why="It runs a command of its own. The base of a comparison is a run of the same "
            "preset.",
            next_step="Two runs of any kind can be compared on the command line:",
            paste=f"beaker-ci compare OTHER {run.run_id}",
        )
    check, search = f"beaker / {run.preset}", Search(beaker, run, now)
    if sha is not None:
        commit = read_commit(services.hub, sha.lower(), check)
        found = search.first([commit])
        if found is None:
            raise _no_base(run, f"`{run.preset}` has no finished success at {sha}.")
        return _side(services, run, found, "")
    ancestry = read_ancestry(services.hub, run.sha, check)
    found = search.first(ancestry.ancestors)
    if found is None:
        newer = search.first(ancestry.others)
        raise _no_base(
            run,
            f"No commit of `{ancestry.branch}` that it builds on has a finished success of "
            f"`{run.preset}`.",
            newer.commit if newer else None,
            ancestry.branch,
        )
    where = where_it_lies(found.commit, is_on_branch=ancestry.is_on_branch)
    return _side(services, run, found, where)


def _no_base(run: Run, why: str, newer: Ancestor | None = None, branch: str = "") -> Problem:
    paste = f"/beaker compare {run.run_id}"
    next_step = "Ask again when a run there has ended, or leave `--base` out:"
    if newer:
        next_step, paste = "A newer commit has one:", f"{paste} --base {newer.sha}"
    elif branch:
        next_step = (
            "Ask again when a run there has ended, or name any commit that has one with `--base`. "
            f"This makes one at the tip of `{branch}`:"
        )
        paste = line_for_a_base(branch, run.preset or "")
    return Problem(
        Reason.USAGE_UNKNOWN_RUN,
        f"There is nothing to compare run `{run.run_id}` with.",
        why=why,
        next_step=next_step,
        paste=paste,
    )


def _side(services: Services, head: Run, base: Base, where: str) -> Side:
    run, sha = base.run, base.commit.sha
    return Side(base.metrics, run.run_id, run.url, sha, _commit_url(services, head, sha), where)


def _commit_url(services: Services, run: Run, sha: str) -> str:
    return f"{services.server_url}/{run.repository}/commit/{sha}"
