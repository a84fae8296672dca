"""Commits, and whose they are."""

from __future__ import annotations

from beaker_ci.github.client import Hub, problems

WEB_FLOW = 19864447
"""GitHub's own account, the committer of what is committed on its pages: nobody's self."""


def read_authors(repository: Hub, sha: str) -> frozenset[int]:
    """Reads which accounts made a commit: its author and its committer. One request.

    GitHub finds an account by the mail address that the commit names, which whoever made it chose.
    So the answer may bar somebody from agreeing to the commit, but never lets anybody do anything.

    Args:
        repository: Where the commit lies.
        sha: All 40 hex digits.

    Returns:
        Numeric ids; empty where GitHub knows neither account.
    """
    with problems(f"reading who made commit {sha[:7]}"):
        # A commit comes with its changed files, as pages of a list; the first one will do.
        _, data = repository.requester.requestJsonAndCheck(
            "GET", f"{repository.url}/commits/{sha}", parameters={"per_page": 1}
        )
        if data["sha"] != sha:
            raise ValueError(f"asked for {sha}, got {data['sha']}")
        accounts = (data["author"] or {}, data["committer"] or {})
        ids = {int(account["id"]) for account in accounts if "id" in account}
        return frozenset(ids - {WEB_FLOW})
