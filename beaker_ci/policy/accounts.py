"""Where it runs and who pays: the workspace, the budget, the secret to clone with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.policy.case import Case, allow, refuse
from beaker_ci.policy.globs import allows, listed
from beaker_ci.policy.paste import with_option
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.policy.model import Finding


def workspace(case: Case) -> Finding:
    """The workspace is set, may be chosen, and is there."""
    found = _chosen(case, "workspace", Reason.REFUSED_WORKSPACE)
    if found is not None:
        return found
    accounts, asked = case.facts.accounts, case.recipe.get("workspace")
    if accounts is None:
        return _silent("workspace")
    if accounts.workspace is None:
        return refuse(
            "workspace",
            Reason.BEAKER_WORKSPACE_UNKNOWN,
            f"Beaker has no workspace {asked} that the bot's account can see",
            "Correct the name, or let the bot's account into the workspace.",
        )
    return _resolved(case, "workspace", accounts.workspace, Reason.REFUSED_WORKSPACE)


def budget(case: Case) -> Finding:
    """The budget is set, may be chosen, is there, and is not retired."""
    found = _chosen(case, "budget", Reason.REFUSED_BUDGET)
    if found is not None:
        return found
    accounts, asked = case.facts.accounts, case.recipe.get("budget")
    if accounts is None:
        return _silent("budget")
    if accounts.budget is None:
        return refuse(
            "budget",
            Reason.BEAKER_BUDGET_UNKNOWN,
            f"Beaker has no budget {asked} that the bot's account can see",
            "Correct the name: budgets are renamed now and then.",
        )
    if accounts.budget_deprecated:
        return refuse(
            "budget",
            Reason.REFUSED_BUDGET,
            f"the budget {accounts.budget} is retired",
            "A maintainer sets the current one as `budget`.",
        )
    return _resolved(case, "budget", accounts.budget, Reason.REFUSED_BUDGET)


def clone_secret(case: Case) -> Finding | None:
    """A private repository names the secret that the job clones it with."""
    pull = case.facts.pull
    if pull is None or not pull.private:
        return None
    secret = case.recipe.get("gh_token_secret")
    if secret is None:
        return refuse(
            "clone-secret",
            Reason.CONFIG_CLONE_SECRET,
            "the repository is private, and `github_token_secret` is not set",
            "A maintainer puts a read-only clone token into a secret of the Beaker workspace and "
            "names it as `github_token_secret`.",
        )
    return allow("clone-secret", f"the job clones with the secret {secret}")


def _chosen(case: Case, name: str, reason: Reason) -> Finding | None:
    """A refusal where nothing is set, or the command chose what it may not."""
    asked, globs = case.recipe.get(name), _globs(case, name)
    free = [glob for glob in globs if not set(glob) & set("*?[")]
    if not isinstance(asked, str) or not asked:
        return refuse(
            name,
            reason,
            f"no {name} is set" + (f"; allowed are {listed(globs)}" if globs else ""),
            f"A maintainer sets `{name}` in the configuration"
            + (f", or name one with `--{name}`." if globs else "."),
            with_option(case.request.command, name, free[0]) if free else "",
        )
    if not _is_given(case, name, asked) and not allows(globs, asked):
        standard = _standard(case, name)
        choices = [glob for glob in (standard, *globs) if glob]
        return refuse(
            name,
            reason,
            f"the {name} {asked} may not be chosen; allowed: {listed(choices) or 'none'}",
            f"Leave `--{name}` out, or ask a maintainer to add it to `allow.{name}s`.",
            with_option(case.request.command, name, standard) if standard else "",
        )
    return None


def _resolved(case: Case, name: str, full: str, reason: Reason) -> Finding:
    """What Beaker made of the name is judged like the name: aliases go round no list."""
    asked = str(case.recipe.get(name))
    if full != asked and not _is_given(case, name, asked) and not allows(_globs(case, name), full):
        return refuse(
            name,
            reason,
            f"the {name} {asked} is {full} on Beaker, which may not be chosen",
            f"Leave `--{name}` out, or ask a maintainer to add it to `allow.{name}s`.",
        )
    how = "from the configuration" if _is_given(case, name, asked) else f"by `allow.{name}s`"
    return allow(name, f"{full}, {how}")


def _is_given(case: Case, name: str, asked: str) -> bool:
    """Whether the maintainer wrote this very name: as the default, or in the preset."""
    preset = case.preset
    in_preset = getattr(preset, name) if preset is not None else None
    return asked in (in_preset, _default(case, name))


def _standard(case: Case, name: str) -> str | None:
    in_preset: str | None = getattr(case.preset, name) if case.preset is not None else None
    return in_preset or _default(case, name)


def _default(case: Case, name: str) -> str | None:
    config = case.configuration
    return config.workspace if name == "workspace" else config.budget


def _globs(case: Case, name: str) -> tuple[str, ...]:
    allowed = case.configuration.allow
    return allowed.workspaces if name == "workspace" else allowed.budgets


def _silent(name: str) -> Finding:
    return refuse(
        name,
        Reason.BEAKER_UNAVAILABLE,
        f"Beaker did not say whether the {name} is there",
        "Comment again in a few minutes.",
    )
