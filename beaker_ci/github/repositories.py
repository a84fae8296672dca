"""The repository itself, for whoever knows only its name."""

from __future__ import annotations

from beaker_ci.events import Repository
from beaker_ci.github.client import Hub, problems


def read_repository(repository: Hub) -> Repository:
    """Reads what an event would say of the repository. One request."""
    with problems("reading the repository"):
        # Asking the lazy object itself would also change where it thinks it lives.
        _, data = repository.requester.requestJsonAndCheck("GET", repository.url)
        return Repository(
            id=int(data["id"]),
            full_name=str(data["full_name"]),
            default_branch=str(data["default_branch"]),
            private=data["private"] is not False,
        )
