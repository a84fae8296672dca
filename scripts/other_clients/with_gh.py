"""Lets ``gh`` read what the local GitHub holds, and compares. See docs/other-clients.md.

Usage: ``python scripts/other_clients/with_gh.py``, with ``gh`` on the PATH.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scene import Told, compare, open_scene
from tls import behind_tls

QUERY = """query($number: Int!) { repository(owner: "octo", name: "widget") {
  pullRequest(number: $number) { title headRefOid author { login } } } }"""

Gh = Callable[..., str]


def main() -> None:
    """Asks everything, and prints what was read."""
    with (
        open_scene() as (local, told),
        tempfile.TemporaryDirectory() as folder,
        behind_tls(local.server_url, Path(folder)) as (host, certificate),
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "GH_HOST": host,
            "GH_ENTERPRISE_TOKEN": local.add_token("user", user="writer"),
            "SSL_CERT_FILE": str(certificate),
            "GH_NO_UPDATE_NOTIFIER": "1",
        }

        def gh(*command: str) -> str:
            """What it prints. `pr checks` exits with 1 when a check failed, as it should."""
            done = subprocess.run(
                ["gh", *command], env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode and command[:2] != ("pr", "checks"):
                raise SystemExit(f"gh {' '.join(command)}: {done.stderr}")
            return done.stdout

        print(gh("--version").splitlines()[0])
        read = {**_rest(gh, told), **_porcelain(gh, told, f"{host}/{local.full_name}")}
        compare(read, _expected(told), local.take_violations())


def _rest(gh: Gh, told: Told) -> dict[str, Any]:
    root = "repos/octo/widget"
    comments = f"{root}/issues/{told.number}/comments?per_page=2"
    checks = f"{root}/commits/{told.head}/check-runs"
    reactions = f"{root}/issues/comments/{told.asked}/reactions"
    answer = json.loads(gh("api", "graphql", "-f", f"query={QUERY}", "-F", f"number={told.number}"))
    return {
        "pull request": gh("api", f"{root}/pulls/{told.number}", "--jq", ".head.sha").strip(),
        "comments, by pages": gh("api", "--paginate", comments, "--jq", ".[].body").splitlines(),
        "check runs": gh("api", checks, "--jq", ".check_runs[] | .conclusion").splitlines(),
        "reactions": gh("api", reactions, "--jq", ".[] | .content").splitlines(),
        "GraphQL": answer["data"]["repository"]["pullRequest"],
    }


def _porcelain(gh: Gh, told: Told, repository: str) -> dict[str, Any]:
    where = (str(told.number), "-R", repository)
    fields = "number,title,state,headRefOid,author,comments,statusCheckRollup"
    pull = json.loads(gh("pr", "view", *where, "--json", fields))
    asked = pull["comments"][0]
    groups = {group["content"]: group["users"]["totalCount"] for group in asked["reactionGroups"]}
    return {
        "gh pr view": [pull["number"], pull["title"], pull["state"], pull["author"]["login"]],
        "gh pr view: comments": [comment["body"] for comment in pull["comments"]],
        "gh pr view: reactions": groups,
        "gh pr view: checks": {
            check["name"]: check["conclusion"] or check["status"]
            for check in pull["statusCheckRollup"]
        },
        "gh pr checks": [line.split("\t")[:2] for line in gh("pr", "checks", *where).splitlines()],
    }


def _expected(told: Told) -> dict[str, Any]:
    bodies = list(told.bodies)
    return {
        "pull request": told.head,
        "comments, by pages": bodies,
        "check runs": ["", "failure"],
        "reactions": ["eyes", "+1"],
        "GraphQL": {
            "title": told.title,
            "headRefOid": told.head,
            "author": {"login": "writer"},
        },
        "gh pr view": [told.number, told.title, "OPEN", "writer"],
        "gh pr view: comments": bodies,
        "gh pr view: reactions": {"THUMBS_UP": 1, "EYES": 1},
        "gh pr view: checks": {"beaker / eval": "QUEUED", "beaker / gpu-tests": "FAILURE"},
        "gh pr checks": [["beaker / gpu-tests", "fail"], ["beaker / eval", "pending"]],
    }


if __name__ == "__main__":
    main()
