"""What a merge moved, told on the pull request that was merged: once, and only if anything did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from beaker_ci.bot.asking import Place
from beaker_ci.bot.publishing import post_once
from beaker_ci.bot.reported import Judged
from beaker_ci.bot.services import Services
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.report import merged_comment
from beaker_ci.report.views import Compared, MergedView
from beaker_ci.run import Run


def tell_merged(
    services: Services, run: Run, judged: Judged, compared: Compared | None, check_id: int | None
) -> None:
    """Comments on the pull request whose merge was pushed as a run's commit, if a metric moved.

    Two requests to GitHub, four where the comment is yet to be written.

    Args:
        services: GitHub.
        run: The run, at its end, with the commit that was pushed.
        judged: What its metrics come to there.
        compared: The same as it is shown, without secrets.
        check_id: Its check there.

    Raises:
        Problem: When GitHub does not answer: the report is not finished then.
    """
    comparison = compared.comparison if compared else None
    if judged.merged is None or compared is None or comparison is None or not comparison.moved:
        return
    page = f"{services.server_url}/{run.repository}"
    view = MergedView(
        marker=run.key,
        preset=run.preset or "",
        sha=run.sha,
        commit_url=f"{page}/commit/{run.sha}",
        run_id=run.run_id,
        experiment_url=run.url,
        compared=compared,
        branch=judged.branch,
        check_url=f"{page}/runs/{check_id}" if check_id else "",
    )
    since = datetime.fromtimestamp(int(run.created), UTC) - timedelta(hours=1)
    place = Place(judged.merged, None, since)
    try:
        post_once(services, place, "merged", run.key, merged_comment(view))
    except Problem as problem:
        # A conversation that is locked stays so: the run's own report must come to its end.
        if problem.reason is Reason.GITHUB_UNAVAILABLE:
            raise
