"""What Beaker says: the account, and whether it can run what the configuration promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from beaker_ci.config import Configuration
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.setup import Finding, broken, unknown, well

if TYPE_CHECKING:
    from beaker_ci.beaker.checkup import CheckUp
    from beaker_ci.facts import BeakerAccounts

_ANEW = "Look again in a few minutes: `beaker-ci doctor`."
_SET_IT = (
    "Set BEAKER_TOKEN to the token of the Beaker account that the bot uses; "
    "https://beaker.org/user shows it."
)
_PRIORITIES = ("low", "normal", "high", "urgent", "immediate")


def beaker_findings(
    configuration: Configuration | None, private: bool | None, environment: Mapping[str, str]
) -> Iterator[Finding]:
    """Looks at the account, and at every workspace and budget that the configuration names.

    Makes gantry's entrypoint dataset in those workspaces where it is missing.

    Args:
        configuration: None when it is not known.
        private: Whether jobs need a token to clone; None when it is not known.
        environment: Where beaker-py finds ``BEAKER_TOKEN`` and ``BEAKER_CONFIG``.
    """
    from beaker_ci.beaker.checkup import visit

    try:
        session = visit(environment)
    except Problem as problem:  # nothing was asked of Beaker yet
        yield _no_token(problem, environment)
        return
    with closing(session):
        try:
            yield well(
                "beaker.token",
                f"The Beaker token is for the account `{session.account()}`",
                "whether the secret on GitHub holds this one cannot be read back",
            )
            yield from _accounts(session, configuration, private)
        except Problem as problem:
            yield _of_problem(problem)


def _no_token(problem: Problem, environment: Mapping[str, str]) -> Finding:
    if any(environment.get(name) for name in ("BEAKER_TOKEN", "BEAKER_CONFIG")):
        return broken("beaker.token", "No Beaker token can be read", problem.why, remedy=_SET_IT)
    return broken(
        "beaker.token",
        "There is no Beaker token",
        "neither BEAKER_TOKEN nor BEAKER_CONFIG is set; nothing on Beaker was looked at",
        remedy=_SET_IT,
    )


def _of_problem(problem: Problem) -> Finding:
    if problem.reason is Reason.BEAKER_UNAVAILABLE:
        what = "Beaker did not answer; the rest was not looked at"
        return unknown("beaker.answers", what, problem.why, remedy=_ANEW, away=True)
    return broken("beaker.token", problem.what, problem.why, remedy=_SET_IT)


def _accounts(
    session: CheckUp, configuration: Configuration | None, private: bool | None
) -> Iterator[Finding]:
    if configuration is None:
        yield unknown(
            "beaker.workspace",
            "Whether workspace and budget are usable is not known",
            "there is no valid configuration that names them",
            remedy="Mend what is said above, then look again.",
        )
        return
    told: set[Finding] = set()
    for workspace, budget in _places(configuration):
        for finding in _place(session, configuration, private, workspace, budget):
            if finding not in told:
                told.add(finding)
                yield finding


def _place(
    session: CheckUp,
    configuration: Configuration,
    private: bool | None,
    workspace: str | None,
    budget: str | None,
) -> Iterator[Finding]:
    """Everything about one place; what Beaker refuses there keeps nobody from the next one."""
    try:
        yield from _usable(session, configuration, private, workspace, budget)
    except Problem as problem:
        if problem.reason is Reason.BEAKER_UNAVAILABLE:
            raise
        yield broken(
            "beaker.workspace",
            f"Looking at the workspace `{workspace}` was refused",
            f"{problem.what} {problem.why}",
            remedy=problem.next_step,
        )


def _places(configuration: Configuration) -> list[tuple[str | None, str | None]]:
    """Every pair of workspace and budget that runs may use without choosing one."""
    presets = configuration.presets.values()
    named = [
        (preset.workspace or configuration.workspace, preset.budget or configuration.budget)
        for preset in presets
    ]
    return list(dict.fromkeys([(configuration.workspace, configuration.budget), *named]))


def _usable(
    session: CheckUp,
    configuration: Configuration,
    private: bool | None,
    workspace: str | None,
    budget: str | None,
) -> Iterator[Finding]:
    held = session.accounts(workspace, budget)
    yield _workspace(session, workspace, held)
    yield _budget(budget, held)
    if held.workspace is None:
        return
    yield _priority(configuration, held)
    yield _clone_secret(session, configuration, private, held.workspace)
    if held.budget is not None and not held.budget_deprecated:
        yield _entrypoint(session, held.workspace, held.budget)


def _workspace(session: CheckUp, name: str | None, held: BeakerAccounts) -> Finding:
    code = "beaker.workspace"
    if name is None:
        return broken(
            code,
            "The configuration names no workspace",
            remedy="Write `workspace: organization/name`.",
        )
    if held.workspace is None:
        return broken(
            code,
            f"There is no workspace `{name}` for this account",
            "Beaker knows none, or does not show it",
            remedy="Mend `workspace` in the configuration, or give the account access on Beaker.",
        )
    if session.is_archived(held.workspace):
        return broken(
            code,
            f"The workspace `{name}` is archived",
            "Beaker takes no experiments there",
            remedy="Name another workspace in the configuration, or restore this one on Beaker.",
        )
    return well(code, f"The workspace `{held.workspace}` is there")


def _budget(name: str | None, held: BeakerAccounts) -> Finding:
    code = "beaker.budget"
    if name is None:
        return broken(
            code, "The configuration names no budget", remedy="Write `budget: organization/name`."
        )
    if held.budget is None:
        return broken(
            code,
            f"There is no budget `{name}` for this account",
            "Beaker knows none, or does not show it",
            remedy="Mend `budget` in the configuration; budgets are renamed now and then.",
        )
    if held.budget_deprecated:
        return broken(
            code,
            f"The budget `{name}` is retired",
            "Beaker marks it as deprecated",
            remedy="Name the budget that takes its place in the configuration.",
        )
    return well(code, f"The budget `{held.budget}` is there, and in use")


def _priority(configuration: Configuration, held: BeakerAccounts) -> Finding:
    code, cap, allowed = "beaker.priority", held.max_priority, configuration.priority.max
    where = f"`{held.workspace}`"
    if cap is None:
        return well(code, f"The workspace {where} has no highest priority of its own")
    if _PRIORITIES.index(allowed) > _PRIORITIES.index(cap):
        return broken(
            code,
            f"The configuration allows a priority that the workspace {where} does not",
            f"`priority.max` is {allowed}, Beaker's limit there is {cap}",
            remedy=f"Write `priority: {{max: {cap}}}`, or have the workspace's limit raised.",
        )
    return well(code, f"The workspace {where} allows priorities up to {cap}")


def _clone_secret(
    session: CheckUp, configuration: Configuration, private: bool | None, workspace: str
) -> Finding:
    code, name = "beaker.clone-secret", configuration.github_token_secret
    if name is not None:
        if session.has_secret(workspace, name):
            return well(code, f"The clone token `{name}` is in `{workspace}`")
        return broken(
            code,
            f"There is no secret `{name}` in `{workspace}`",
            "jobs cannot clone with it",
            remedy="Make a fine-grained token that may only read this repository's contents, and "
            f"type `gantry config set-gh-token --workspace {workspace} --secret {name} TOKEN`.",
        )
    if private is None:
        return unknown(
            code,
            "Whether jobs need a clone token is not known",
            "whether the repository is private is not",
        )
    if private:
        return broken(
            code,
            "The repository is private, and jobs have no token to clone it",
            "`github_token_secret` is not set",
            remedy="Make a fine-grained token that may only read this repository's contents, type "
            f"`gantry config set-gh-token --workspace {workspace} --secret CLONE_TOKEN TOKEN`, and "
            "write `github_token_secret: CLONE_TOKEN` in the configuration.",
        )
    return well(code, "The repository is public; jobs need no token to clone it")


def _entrypoint(session: CheckUp, workspace: str, budget: str) -> Finding:
    code = "beaker.entrypoint"
    try:
        whole = session.prepare(workspace, budget)
    except Problem as problem:
        if problem.reason is Reason.BEAKER_UNAVAILABLE:
            raise
        return broken(
            code,
            f"gantry's entrypoint dataset in `{workspace}` could not be made",
            f"{problem.what} {problem.why}",
            remedy=problem.next_step,
        )
    if whole:
        return well(
            code,
            f"gantry's entrypoint dataset in `{workspace}` is whole",
            "it was made if it was missing",
        )
    return broken(
        code,
        f"gantry's entrypoint dataset in `{workspace}` is damaged",
        "it was closed without its script, and every submission there fails",
        remedy=f"Delete the dataset whose name begins with `gantry-v` in `{workspace}` on Beaker, "
        "then look again: `beaker-ci doctor` makes it anew.",
    )
