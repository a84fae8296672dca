"""A local GitHub with one pull request, and the real client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from github import Auth, Github
from github.Issue import Issue
from github.PullRequest import PullRequest
from github.Repository import Repository

from beaker_ci.github import Hub, connect
from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import LocalGitHub

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FILES = {
    "README.md": "# Widget\n",
    "src/widget.py": "print('widget')\n",
    ".github/beaker-ci.yml": "version: 1\n",
}


@dataclass(frozen=True)
class Reply:
    """An answer, undecoded by any client library."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Lab:
    """The server, and PyGithub without its waits."""

    github: LocalGitHub
    repository: SandboxRepository
    pull: int

    def client(self, token: str | None = None, **options: Any) -> Github:
        return Github(
            auth=Auth.Token(token or self.github.add_token()),
            base_url=self.github.api_url,
            seconds_between_requests=0,
            seconds_between_writes=0,
            **{"lazy": True, "retry": None, **options},
        )

    def repo(self, token: str | None = None, **options: Any) -> Repository:
        return self.client(token, **options).get_repo(self.github.full_name)

    def issue(self, token: str | None = None, **options: Any) -> Issue:
        return self.repo(token, **options).get_issue(self.pull)

    def pull_request(self, token: str | None = None) -> PullRequest:
        return self.repo(token).get_pull(self.pull)

    def hub(self, token: str | None = None) -> Hub:
        """The repository as the project opens it."""
        return connect(token or self.github.add_token(), self.github.api_url, self.github.full_name)

    def asked(self, after: int = 0) -> list[str]:
        """What was asked of the server, from the n-th request on."""
        exchanges = self.github.exchanges[after:]
        return [f"{e.method} {e.path.removeprefix('/repos/octo/widget')}" for e in exchanges]

    def request(
        self, path: str, token: str | None = None, *, method: str = "GET", **headers: str
    ) -> Reply:
        """A request without any client library; ``path`` may be a whole URL."""
        url = path if path.startswith("http") else self.github.api_url + path
        request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return Reply(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read())
