"""What lies in the repository at a commit."""

from __future__ import annotations

from collections.abc import Sequence

from beaker_ci.github.client import Hub


def existing_paths(repository: Hub, sha: str, paths: Sequence[str]) -> frozenset[str] | None:
    """Which of some paths are files of a commit. One request, to GraphQL.

    Args:
        repository: Where.
        sha: The commit: 40 hex digits.
        paths: A hundred or so; untrusted.

    Returns:
        None if GitHub does not say.
    """
    # Asking a lazy repository for its name would cost a request; its URL is known.
    owner, name = repository.url.rsplit("/", 2)[1:]
    declared = "".join(f", $p{place}: String!" for place in range(len(paths)))
    asked = " ".join(f"p{place}: file(path: $p{place}) {{ type }}" for place in range(len(paths)))
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
        return frozenset(
            path
            for place, path in enumerate(paths)
            if (found[f"p{place}"] or {}).get("type") == "blob"
        )
    except Exception:  # a report without links is better than none
        return None
