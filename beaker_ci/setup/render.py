"""The two files that ``init`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.setup.workflow import ACTION

if TYPE_CHECKING:
    from jinja2 import Environment

CONFIG_PATH = ".github/beaker-ci.yml"
WORKFLOW_PATH = ".github/workflows/beaker.yml"

NO_COMMIT = "0" * 40
"""What stands for a commit that could not be looked up: GitHub refuses to run it."""

WORKSPACE_TO_FILL_IN = "<organization>/<workspace>"
BUDGET_TO_FILL_IN = "<organization>/<budget>"
"""No names that Beaker or our format knows: ``validate`` points at them."""


def configuration_file(workspace: str | None, budget: str | None) -> str:
    """The text of the configuration file.

    Args:
        workspace: Full name of the Beaker workspace; None leaves a place to fill in.
        budget: Full name of the budget; None leaves a place to fill in.
    """
    return _render(
        "beaker-ci.yml.j2",
        workspace=workspace or WORKSPACE_TO_FILL_IN,
        budget=budget or BUDGET_TO_FILL_IN,
    )


def workflow_file(commit: str, release: str) -> str:
    """The text of the workflow file.

    Args:
        commit: 40 hex digits that the action is pinned to.
        release: What to call that commit, such as ``v0.1.0``.
    """
    return _render("beaker.yml.j2", commit=commit, release=release)


def _render(template: str, **values: str) -> str:
    return _templates().get_template(template).render(action=ACTION, **values)


def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # GitHub's own expressions have the usual braces.
    return Environment(
        autoescape=False,  # noqa: S701 - YAML, from checked values
        keep_trailing_newline=True,
        loader=PackageLoader("beaker_ci.setup"),
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
    )
