"""Where the demo plays: both servers, and somebody's repository between them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beaker_ci.sandbox.beaker import LocalBeaker
from beaker_ci.sandbox.demo.rules import Rules, demo_rules, find_rules, furnish
from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import LocalGitHub
from beaker_ci.sandbox.github.model import BASE_ROLES
from beaker_ci.sandbox.runner import TOKEN_PERMISSIONS, Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ASKER = "ada"
"""The researcher."""

BRANCH = "change"
"""The pull request's head."""


@dataclass(frozen=True)
class Stage:
    """One pull request on a local GitHub, and a local Beaker.

    Attributes:
        directory: For all files; gone with the stage.
        number: Of the pull request.
        rules: What decides there.
        token: What the workflow's token is.
    """

    directory: Path
    hub: LocalGitHub
    beaker: LocalBeaker
    number: int
    rules: Rules
    token: str

    @property
    def head(self) -> str:
        """The pull request's commit."""
        return self.hub.head(self.number)

    def file(self, path: str) -> bytes | None:
        """A file of the pull request."""
        return self.hub.repository.file(self.head, path)

    def step(self, payload: Mapping[str, Any]) -> Step:
        """The workflow step that hears of a comment, and waits for the run."""
        extra = self.beaker.environment()
        del extra["HOME"]
        return Step.prepare(
            self.directory,
            event="issue_comment",
            payload=payload,
            repository=self.hub.full_name,
            api_url=self.hub.api_url,
            server_url=self.hub.server_url,
            inputs={"github-token": self.token, "wait": "true"},
            extra=extra | {"TMPDIR": str(self.directory)},
        )


@contextmanager
def open_stage(source: Path, *, own_rules: bool) -> Iterator[Stage]:
    """Starts both servers; ends them, every job and every file with the context.

    Args:
        source: A git repository; its HEAD is the pull request. Nothing is written to it.
        own_rules: Whether the rules that stand there count, if there are any.

    Raises:
        beaker_ci.sandbox.git.GitError: ``source`` is none, or has no commit.
    """
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beaker-ci-")))
        copy = stack.enter_context(SandboxRepository.open(source, directory / "repository"))
        head = copy.head("main")
        copy.set_ref(f"refs/heads/{BRANCH}", head)
        rules = find_rules(copy, head) if own_rules else demo_rules()
        if rules.text is not None:
            copy.commit("main", {".github/beaker-ci.yml": rules.text}, message="Set up beaker-ci")
        hub = stack.enter_context(LocalGitHub(copy, f"octo/{_name(source)}"))
        beaker = stack.enter_context(LocalBeaker(directory / "beaker", {hub.full_name: copy.path}))
        furnish(beaker.world, rules.configuration)
        _invite(hub, rules.permission)
        number = hub.open_pull_request(BRANCH, by=ASKER, title="Your change, at HEAD")
        token = hub.add_token("actions", permissions=TOKEN_PERMISSIONS)
        yield Stage(directory, hub, beaker, number, rules, token)


def _invite(hub: LocalGitHub, permission: str) -> None:
    if permission in BASE_ROLES:
        hub.add_user(ASKER, permission=permission)
    else:
        hub.add_user(ASKER, permission="write", role=permission)


def _name(source: Path) -> str:
    """A name that GitHub would take."""
    name = source.absolute().name.strip(".") or source.resolve().name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "widget"
