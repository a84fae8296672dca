"""A command judged by a configuration alone: what GitHub and Beaker would say is assumed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from posixpath import normpath
from typing import TYPE_CHECKING

from beaker_ci.commands import Mistake, parse_comment
from beaker_ci.facts import (
    BeakerAccounts,
    Cluster,
    CommentNow,
    Facts,
    Permission,
    Person,
    PullRequest,
)
from beaker_ci.policy import evaluate, merge_recipe, price_of, readable, with_clusters
from beaker_ci.policy.model import Decision, Finding, Outcome, Request
from beaker_ci.policy.person import LEVELS
from beaker_ci.policy.values import texts
from beaker_ci.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from beaker_ci.commands import Command
    from beaker_ci.config import Configuration
    from beaker_ci.policy import Price
    from beaker_ci.recipe import Recipe

_HEAD = "0" * 40
"""Stands for the head, which nobody looked up."""

_NUMBER = 1
_RESTS_ON_FILES = ("conda_file", "uv_extras", "uv_all_extras")
_WILD = frozenset("*?[")


@dataclass(frozen=True)
class Asker:
    """Somebody, as the command line describes them.

    Attributes:
        who: With the id 0 where only the login is known.
        role: The repository role: GitHub's own, or a custom one.
        teams: ``org/slug``, all of them.
        has_fork: Whether the pull request comes from a fork.
    """

    who: Person
    role: str
    teams: frozenset[str] = frozenset()
    has_fork: bool = False

    @property
    def name(self) -> str:
        """How a sentence calls them."""
        return f"{self.who.login} {self.who.id}" if self.who.id else self.who.login


@dataclass(frozen=True)
class Judged:
    """What a command would come to.

    Attributes:
        price: None where there is no job to price.
        reads: What the job's code could read, in words.
        notes: What was translated in the command.
        assumed: What was not looked up, in words.
    """

    decision: Decision
    price: Price | None = None
    reads: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def person(name: str) -> Person:
    """Somebody by login, or by numeric id.

    Raises:
        ValueError: With a sentence for the user.
    """
    if re.fullmatch(r"[1-9][0-9]{0,18}", name, re.ASCII):
        return Person(int(name), "user")
    login = name.removeprefix("@")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\[bot\])?", login, re.ASCII):
        raise ValueError("it takes a login, such as maria, or a numeric id, such as 583231")
    return Person(0, login, "Bot" if login.endswith("[bot]") else "User")


def comment_of(words: Sequence[str]) -> str:
    """The comment of these words; one word alone may be all that stands after ``/beaker``."""
    line = words[0] if len(words) == 1 else shlex.join(words)
    line = re.sub(r"\A\s*(/beaker(?!\S)\s*)?", "", line)
    return f"/beaker {line}" if re.match(r"(run|plan)(?!\S)", line) else f"/beaker run {line}"


def judge(comment: str, asker: Asker, configuration: Configuration) -> Judged:
    """Judges the one command of a comment.

    Raises:
        ValueError: With a sentence for the user, where it is not one ``run`` or ``plan``, or can
            only be judged with Beaker's list of clusters.
    """
    found = parse_comment(comment)
    if len(found) != 1:
        raise ValueError(f"A comment of these words holds {len(found) or 'no'} commands, not one.")
    (command,) = found
    if isinstance(command, Mistake):
        return Judged(_mistaken(command))
    if command.name not in ("run", "plan"):
        raise ValueError("Only what a comment would run can be judged, not a wish for help.")
    try:
        recipe = merge_recipe(command, configuration)
    except Problem as problem:
        return Judged(_mistaken(problem))
    private = recipe.get("gh_token_secret") is not None
    facts = _facts(comment, command, recipe, configuration, asker, private=private)
    recipe = with_clusters(recipe, facts.accounts)
    request = Request(asker.who, command, "", _NUMBER, True, comment, facts.now)
    return Judged(
        decision=_shown(evaluate(request, recipe, facts, configuration)),
        price=_price(recipe, configuration),
        reads=readable(recipe, private=private),
        notes=command.notes,
        assumed=tuple(_assumed(asker, command, recipe, configuration, private=private)),
    )


def _facts(
    comment: str,
    command: Command,
    recipe: Recipe,
    configuration: Configuration,
    asker: Asker,
    *,
    private: bool,
) -> Facts:
    """What GitHub and Beaker would say if nothing were in the way."""
    now = datetime.now(UTC)
    level = asker.role if asker.role in LEVELS else None
    return Facts(
        now=now,
        permission=Permission(level, asker.teams, "", role=asker.role),
        pull=PullRequest(
            number=_NUMBER,
            state="open",
            head_sha=str(command.options.get("sha", _HEAD)).lower(),
            head_ref="",
            head_repository=None,
            is_fork=asker.has_fork,
            author=asker.who,
            private=private,
        ),
        comment=CommentNow(comment, now, now, asker.who.id),
        accounts=BeakerAccounts(
            workspace=str(recipe.get("workspace") or ""),
            budget=str(recipe.get("budget") or ""),
            clusters=tuple(_clusters(recipe, configuration)),
        ),
        ledger=(),
        entries=frozenset(
            {"pyproject.toml"}
            | {normpath(file).partition("/")[0] for file in texts(recipe, "conda_file")}
        ),
    )


def _clusters(recipe: Recipe, configuration: Configuration) -> Iterator[Cluster]:
    """The clusters that the job names, by the full names that the file has for them.

    A pattern stands for itself: the allow-list then judges its text.
    """
    presets = configuration.presets.values()
    known = [
        *configuration.allow.clusters,
        *(one for each in presets for one in each.clusters or ()),
    ]
    for name in texts(recipe, "clusters"):
        if "[" in name:
            raise ValueError(
                f"`{name}` can only be judged with Beaker's list of clusters: write the clusters "
                "out, or a pattern with `*` and `?` alone."
            )
        full = [one for one in known if one.rpartition("/")[2] == name and not _WILD & set(one)]
        yield from map(Cluster, dict.fromkeys(full or [name]))


def _price(recipe: Recipe, configuration: Configuration) -> Price | None:
    try:
        return price_of(recipe, configuration)
    except ValueError:
        return None


def _assumed(
    asker: Asker,
    command: Command,
    recipe: Recipe,
    configuration: Configuration,
    *,
    private: bool,
) -> Iterator[str]:
    roles, who = configuration.roles, asker.name
    yield f"{who} has the permission {asker.role}{_teams(asker, configuration)}"
    if asker.role not in LEVELS:
        yield f"{asker.role} is a custom role, which satisfies only lines that name it"
    if not asker.who.id and (roles.run.users or roles.approve.users):
        yield f"the numeric id of {who} is on no list of `users`"
    origin = "a fork" if asker.has_fork else "this repository"
    yield f"the pull request is open and comes from {origin}"
    if "sha" in command.options:
        yield "`--sha` names its head"
    yield "the comment is new and was never edited"
    yield f"the repository is {'private' if private else 'public'}"
    yield "nothing else runs, or ran in the last 24 hours"
    yield "Beaker knows the workspace, the budget and the clusters"
    if any(_WILD & set(name) for name in texts(recipe, "clusters")):
        yield "patterns of clusters are judged by their text, not by what they stand for"
    if any(recipe.get(name) for name in _RESTS_ON_FILES):
        yield "the commit has the files that the job needs"


def _teams(asker: Asker, configuration: Configuration) -> str:
    if asker.teams:
        return f" and is in {', '.join(sorted(asker.teams))}"
    roles = configuration.roles
    return " and is in no team" if roles.run.teams or roles.approve.teams else ""


def _mistaken(mistake: Mistake | Problem) -> Decision:
    """What is no job yet, as a decision of one finding."""
    why = f" {mistake.why}" if isinstance(mistake, Problem) and mistake.why else ""
    finding = Finding(
        "command",
        Outcome.REFUSE,
        f"{mistake.what}{why}",
        mistake.reason,
        mistake.next_step,
        mistake.paste,
    )
    return Decision(Outcome.REFUSE, mistake.reason, finding)


def _shown(decision: Decision) -> Decision:
    """The decision without the commit that stood for the head."""

    def shown(finding: Finding) -> Finding:
        return replace(
            finding,
            evidence=finding.evidence.replace(_HEAD, "<HEAD>"),
            paste=finding.paste.replace(_HEAD, "<HEAD>"),
            children=tuple(map(shown, finding.children)),
        )

    return replace(decision, tree=shown(decision.tree))
