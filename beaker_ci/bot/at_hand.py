"""The pull request at hand, for who types commands in a checkout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from beaker_ci import github
from beaker_ci.bot.lookup import find_run
from beaker_ci.bot.reporting import Reporter
from beaker_ci.bot.rules import configuration_of
from beaker_ci.bot.services import Services
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.config import Configuration
    from beaker_ci.events import Repository
    from beaker_ci.facts import Person
    from beaker_ci.history import State
    from beaker_ci.run import OpenRun, Run

NOT_OURS = (
    "Runs were looked for under your token's own Beaker account; for those that the bot submitted, "
    "name its account with `--account NAME` or BEAKER_CI_ACCOUNT."
)
"""What to know where no run was found."""


@dataclass(frozen=True)
class AtHand:
    """One pull request's runs, for one command.

    Attributes:
        account: The Beaker account whose runs they are; None for the token's own. What another
            account noted in its runs cannot be verified, and is not heeded.
        given: The pull request's number, if it was named.
        commits: Those that the checkout is at, the most telling first; asked only where no number
            was named.
    """

    services: Services
    account: str | None
    given: int | None
    commits: Callable[[], Sequence[str]]

    @cached_property
    def beaker(self) -> Session:
        """Beaker, by the token of who types."""
        return self.services.beaker()

    @cached_property
    def repository(self) -> Repository:
        """The repository, as GitHub knows it."""
        return self.services.read_repository()

    @cached_property
    def number(self) -> int:
        """Of the pull request: the one that was named, else the open one of this checkout's HEAD.

        Raises:
            Problem: ``usage.bad-value`` when there is none, or more than one.
        """
        return self.given if self.given is not None else self._find_number()

    def _find_number(self) -> int:
        commits = self.commits()
        for sha in commits:
            found = github.find_pulls(self.services.hub, sha)
            if len(found) == 1:
                return found[0]
            if found:
                raise Problem(
                    Reason.USAGE_BAD_VALUE,
                    "More than one open pull request has this checkout's commit.",
                    why=f"{sha[:7]} is in {', '.join(f'#{number}' for number in found)}.",
                    next_step="Name the one that is meant, as in:",
                    paste=f"--pr {found[-1]}",
                )
        raise Problem(
            Reason.USAGE_BAD_VALUE,
            "There is no pull request at hand.",
            why=f"{self.repository.full_name} has no open one with the commit {commits[0][:7]}."
            if commits
            else "This directory is no git checkout with a commit.",
            next_step="Push the branch and open one, or name one by its number, as in:",
            paste="--pr 12",
        )

    def now(self) -> float:
        """Unix seconds."""
        return self.services.clock.now().timestamp()

    def runs(self) -> Iterator[OpenRun]:
        """The pull request's runs, the newest first.

        Raises:
            Problem: When GitHub or Beaker does not answer.
        """
        return self.beaker.runs_of(self.repository.id, self.number, self.account)

    def find(self, run_id: str | None) -> OpenRun:
        """The run of that short id, or the latest one.

        Raises:
            Problem: ``usage.unknown-run`` when there is none, or more than one.
        """
        try:
            return find_run(self.runs(), run_id)
        except Problem as problem:
            if self.account is not None or problem.reason is not Reason.USAGE_UNKNOWN_RUN:
                raise
            raise Problem(
                problem.reason,
                problem.what,
                why=f"{problem.why} {NOT_OURS}",
                next_step=problem.next_step,
                paste=problem.paste,
            ) from None

    def look(self, run_id: str | None) -> tuple[Run, State]:
        """The same, with what its jobs say became of it."""
        return self.reporter.look(self.beaker.read(self.find(run_id).workload_id))

    @cached_property
    def reporter(self) -> Reporter:
        """Tells what a report of a run shows; nothing is written by it."""
        # The log is read by the token of who types: the rules on publishing do not concern them.
        return Reporter(self.services, self.beaker, lambda _: None, published="digest")

    def ask(self, line: str) -> str:
        """Writes a command as a comment of who types, once; returns the comment's address.

        Raises:
            Problem: ``github.forbidden`` when the token is no person's: no bot is obeyed.
        """
        hub, me, since = self.services.hub, self.myself(), self.services.clock.now()

        def ours() -> list[github.PostedComment]:
            written = github.comments_since(hub, self.number, since.replace(microsecond=0))
            return [one for one in written if (one.author_id, one.body) == (me.id, line)]

        comment = github.ensure_comment(hub, self.number, line, ours)
        page = f"{self.services.server_url}/{self.repository.full_name}/pull/{self.number}"
        return f"{page}#issuecomment-{comment.id}"

    def myself(self) -> Person:
        """Whose GitHub token it is.

        Raises:
            Problem: ``github.forbidden`` when it is no person's.
        """
        return github.read_myself(self.services.hub)

    def rules(self, path: str) -> Configuration:
        """The rules on the default branch.

        Raises:
            Problem: When they cannot be read, or are none.
        """
        hub = self.services.hub
        files = github.read_files(hub, config_path=path, head_sha=github.read_tip(hub))
        return configuration_of(files, path)
