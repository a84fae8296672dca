"""What lies in the repository at a commit."""

from __future__ import annotations

from collections.abc import Sequence

from beaker_ci.github.client import Hub

_PLAIN_FILES = (0o100644, 0o100755)
"""Modes of files; a link has another one, and no lines of its own."""


def lengths_of_files(repository: Hub, sha: str, paths: Sequence[str]) -> dict[str, int | None]:
    """Which of some paths are files of a commit, and how long. One request, to GraphQL.

    Args:
        repository: Where.
        sha: The commit: 40 hex digits.
        paths: A hundred or so; untrusted.

    Returns:
        For each that is a file the number of its lines, None where GitHub does not count them;
        nothing at all where GitHub does not answer.
    """
    # Asking a lazy repository for its name would cost a request; its URL is known.
    owner, name = repository.url.rsplit("/", 2)[1:]
    declared = "".join(f", $p{place}: String!" for place in range(len(paths)))
    asked = " ".join(
        f"p{place}: file(path: $p{place}) {{ mode lineCount }}" for place in range(len(paths))
    )
    query = (
        f"query($owner: String!, $name: String!, $sha: GitObjectID!{declared}) {{ "
        "repository(owner: $owner, name: $name) { "
        f"object(oid: $sha) {{ ... on Commit {{ {asked} }} }} }} }}"
    )
    variables = {f"p{place}": path for place, path in enumerate(paths)}
    try:
        _, answer = repository.requester.graphql_query(
            query, {"owner": owner, "name": name, "sha": sha, **variables}
        )
        found = answer["data"]["repository"]["object"]
        entries = {path: found[f"p{place}"] or {} for place, path in enumerate(paths)}
        return {
            path: entry["lineCount"]
            for path, entry in entries.items()
            if entry.get("mode") in _PLAIN_FILES
        }
    except Exception:  # a report without links is better than none
        return {}
