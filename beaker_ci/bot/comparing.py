"""A run's metrics beside those of the run that it is measured against, and its gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from beaker_ci.bot.base_runs import BaseRun, ensure_base, is_base
from beaker_ci.bot.basing import Base, Search, base_of
from beaker_ci.bot.histories import read_history, scores_of
from beaker_ci.bot.measuring import measured
from beaker_ci.bot.reported import Judged
from beaker_ci.github import Ancestor, Ancestry, read_ancestry
from beaker_ci.history import Verdict
from beaker_ci.metrics.model import Broken, Comparison, Metrics, Rule
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report.views import Compared
from beaker_ci.setup.render import WORKFLOW_PATH

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.services import Services
    from beaker_ci.config import Configuration
    from beaker_ci.config.preset import Comparison as Settings
    from beaker_ci.history import State
    from beaker_ci.run import Mark, Run

PATIENCE = 3600.0
"""Seconds after a run's end for which its report waits for a service that is away, or for rules
that can be read; then its gate fails."""

BASE_PATIENCE = 86_400.0
"""Seconds after a run's end for which its report waits for the base's run."""

_WORKFLOW = PurePosixPath(WORKFLOW_PATH).name
_AWAY = (Reason.BEAKER_UNAVAILABLE, Reason.GITHUB_UNAVAILABLE, Reason.CONFIG_UNREADABLE)


def judge_metrics(
    services: Services,
    beaker: Session,
    run: Run,
    state: State,
    configuration: Callable[[Run], Configuration | None],
    *,
    at_once: bool = False,
) -> Judged:
    """Compares the metrics of a run that succeeded, if its preset says so, and judges them.

    One request to GitHub, mostly. To Beaker: what the two runs measured, a few for the base's run,
    and two lists at most where a metric has a rule.

    Args:
        services: Both services.
        beaker: Where the runs are.
        run: The run.
        state: What its jobs say.
        configuration: The rules; None when they are none that can be read.
        at_once: Whether a gate that cannot be judged now fails now.

    Raises:
        Problem: When it cannot be judged now: then nothing is decided. Not for ever: an hour after
            the run's end its gate fails, and says why.
    """
    if state.verdict is not Verdict.SUCCEEDED or not run.is_unmodified:
        return Judged()
    rules: tuple[Rule, ...] | None = None
    now = services.clock.now().timestamp()
    try:
        settings = _settings(run, configuration(run))
        if settings is None:
            return Judged()
        rules = rules_of(settings)
        return _Case(services, beaker, run, rules, ended_at(state, now)).judged(state, settings)
    except Problem as problem:
        if problem.reason in _AWAY and not at_once and now < ended_at(state, now) + PATIENCE:
            raise
        return _unjudged(run, rules, problem)


def remembered(mark: Mark) -> Judged:
    """What was judged of a run whose report is written: that it failed, but not by which rule."""
    if mark.gate != "failed":
        return Judged(gate=mark.gate, scores=mark.scores)
    broken = Broken("", "", "the run's own report says by which rule.")
    comparison = Comparison(broken=(broken,), gated=True)
    return Judged(Compared(comparison, passed=False), mark.gate, mark.scores)


def still_waits(services: Services, beaker: Session, before: Judged, state: State) -> bool:
    """Whether the base's run goes on that a comparison waits for. Two requests.

    Args:
        services: The clock.
        beaker: Where it runs.
        before: What came of the last look.
        state: What the jobs of the run itself say.
    """
    now = services.clock.now().timestamp()
    if before.waits_for is None or now > ended_at(state, now) + BASE_PATIENCE:
        return False
    return beaker.watch(before.waits_for, now)[1].verdict is None


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """The rules of a preset's ``compare``."""
    return tuple(
        Rule(name, each.higher_is_better, each.max_drop, each.min, each.max, each.strict)
        for name, each in settings.metrics.items()
    )


def ended_at(state: State, now: float) -> float:
    """When the last job of a run ended, in Unix seconds; now where Beaker does not tell."""
    ends = [task.latest.finalized for task in state.tasks if task.latest]
    return max((end for end in ends if end is not None), default=now)


def _settings(run: Run, configuration: Configuration | None) -> Settings | None:
    if configuration is None:
        if not run.is_gated:
            return None
        raise Problem(
            Reason.CONFIG_UNREADABLE,
            "The rules on the default branch cannot be read, so that nothing could be judged.",
            next_step="Mend the configuration; `beaker-ci validate` names its mistakes.",
        )
    preset = configuration.presets.get(run.preset or "")
    return preset.compare if preset else None


@dataclass(frozen=True)
class _Case:
    """One run that is compared.

    Attributes:
        ended: When it ended, in Unix seconds.
    """

    services: Services
    beaker: Session
    run: Run
    rules: tuple[Rule, ...]
    ended: float

    def judged(self, state: State, settings: Settings) -> Judged:
        head = measured(self.beaker, self.run, state)
        scores = scores_of(head, self.rules)
        if is_base(self.run):
            return Judged(scores=scores)
        if not head.metrics:
            return self._decided(head, None, self._nothing_measured())
        ancestry = read_ancestry(self.services.hub, self.run.sha, self.run.check_name)
        runs_base = settings.base == "run" and bool(ancestry.ancestors)
        search = Search(self.beaker, self.run, self.services.clock.now().timestamp())
        found = self._look(search, ancestry, runs_base=runs_base)
        if isinstance(found, BaseRun):
            told = self._beside(ancestry, ancestry.ancestors[0], found.run)
            return Judged(replace(told, waits=True), waits_for=found.run)
        is_base_found = isinstance(found, Base)
        case = self
        is_first = ancestry.is_on_branch and not runs_base and not search.is_exhausted
        if isinstance(found, Compared) and is_first:
            # The first result of a branch has nothing to be held against, and nothing to let in.
            found = _first(self.run, ancestry)
            case = replace(self, rules=tuple(replace(rule, max_drop=None) for rule in self.rules))
        told = self._beside(ancestry, found.commit, found.run) if isinstance(found, Base) else found
        names = [name for name, _ in scores]
        told = replace(told, history=read_history(self.beaker, self.run, ancestry, names))
        judged = case._decided(head, found.metrics if isinstance(found, Base) else None, told)
        pushed = self.run.trigger == "push" and ancestry.is_on_branch and is_base_found
        merged = ancestry.pull_request if pushed else None
        return replace(judged, scores=scores, branch=ancestry.branch, merged=merged)

    def _decided(self, head: Metrics, base: Metrics | None, told: Compared) -> Judged:
        from beaker_ci.metrics import compare

        comparison = compare(base, head, self.rules)
        passed = not comparison.broken
        gate = ("passed" if passed else "failed") if comparison.gated else ""
        return Judged(replace(told, comparison=comparison, passed=passed), gate)

    def _look(
        self, search: Search, ancestry: Ancestry, *, runs_base: bool
    ) -> Base | BaseRun | Compared:
        """The base, or its run that goes on, or why there is none."""
        now = self.services.clock.now().timestamp()
        base = search.first(ancestry.ancestors)
        if base is not None:
            return base
        if not runs_base:
            return self._none(ancestry, search.first(ancestry.others))
        held = ensure_base(self.services, self.beaker, self.run, ancestry)
        if held.run is None or held.state is None:
            return Compared(missing=held.why, next_step=held.next_step, paste=held.paste)
        if held.state.verdict is None and now < self.ended + BASE_PATIENCE:
            return held
        found = base_of(self.beaker, held.run, held.state, ancestry.ancestors[0])
        return found or self._not_measured(ancestry, held.run, held.state)

    def _beside(self, ancestry: Ancestry, commit: Ancestor, base: Run | None) -> Compared:
        return Compared(
            base_run_id=base.run_id if base else "",
            base_url=base.url if base else "",
            base_sha=commit.sha,
            base_commit_url=f"{self.services.server_url}/{self.run.repository}/commit/{commit.sha}",
            base_is=where_it_lies(commit, is_on_branch=ancestry.is_on_branch)
            + self._otherwise(base),
        )

    def _otherwise(self, base: Run | None) -> str:
        """Whether the preset was another then: what moved may be due to that."""
        is_other = base is not None and base.recipe_hash != self.run.recipe_hash
        return ", with other values of the preset" if is_other else ""

    def _none(self, ancestry: Ancestry, newer: Base | None) -> Compared:
        run, count = self.run, len(ancestry.ancestors)
        among = f"None of the {count} commits" if count > 1 else "No commit"
        missing = f"{among} that this one builds on has a result of `{run.preset}`."
        if newer is not None and run.number is not None:
            return Compared(
                missing=missing,
                next_step=f"`{ancestry.branch}` has a newer one, to be compared by this comment:",
                paste=f"/beaker compare {run.run_id} --base {newer.commit.sha}",
            )
        return self._to_make_one(ancestry, missing)

    def _to_make_one(self, ancestry: Ancestry, missing: str) -> Compared:
        branch = ancestry.branch
        return Compared(
            missing=missing,
            next_step=f"This makes one at the tip of `{branch}`, for all that will build on it:",
            paste=line_for_a_base(branch, self.run.preset or ""),
        )

    def _not_measured(self, ancestry: Ancestry, base: Run, state: State) -> Compared:
        ended = {None: "did not end within 24 hours", Verdict.SUCCEEDED: "left no metrics"}
        how = ended.get(state.verdict, "did not succeed")
        where = f"at `{base.sha[:7]}`, the merge base,"
        return self._to_make_one(ancestry, f"The base's run `{base.run_id}` {where} {how}.")

    def _nothing_measured(self) -> Compared:
        return Compared(
            missing=f"Run `{self.run.run_id}` left no metrics.",
            next_step="Write them to `metrics.json` in the folder that RESULTS_DIR names.",
        )


def _first(run: Run, ancestry: Ancestry) -> Compared:
    """A commit of the default branch before which nothing was measured."""
    count, branch = len(ancestry.ancestors), ancestry.branch
    among = f"None of the {count} commits before it" if count > 1 else "No commit before it"
    return Compared(
        missing=f"{among} on `{branch}` has a result of `{run.preset}`: what comes later is "
        "compared with this one."
    )


def line_for_a_base(branch: str, preset: str) -> str:
    """What makes a base at the tip of a branch."""
    return f'gh workflow run {_WORKFLOW} --ref {branch} -f command="run {preset}"'


def where_it_lies(commit: Ancestor, *, is_on_branch: bool) -> str:
    """Where a commit lies, in words."""
    if is_on_branch:
        return (
            f"{commit.distance + 1} commits before it"
            if commit.distance
            else "the commit before it"
        )
    if not commit.distance:
        return "the merge base"
    commits = "1 commit" if commit.distance == 1 else f"{commit.distance} commits"
    return f"{commits} before the merge base"


def _unjudged(run: Run, rules: tuple[Rule, ...] | None, problem: Problem) -> Judged:
    """What could not be judged never passes, if it could have failed."""
    fails = rules is None or any(rule.gates for rule in rules)
    what = " ".join(filter(None, (problem.what, problem.why)))
    told = Compared(
        passed=not fails,
        missing=f"The metrics could not be compared: {what}",
        next_step=problem.next_step or "Once that is mended, run it again:",
        paste=problem.paste or (f"/beaker retry {run.run_id}" if run.number else ""),
    )
    return Judged(told, "failed" if fails else "")
