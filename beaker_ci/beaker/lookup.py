"""The runs of one pull request."""

from __future__ import annotations

from collections.abc import Iterator

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.runs import read_open_run
from beaker_ci.run import OpenRun, search_text_of


def runs_of(client: BoundedBeaker, repository: int, number: int) -> Iterator[OpenRun]:
    """Our account's runs of a pull request, finished ones too, the newest first.

    A request per 50, as far as they are asked for. Found by their marks: one that somebody took
    away from a finished run hides it.

    Args:
        client: Beaker.
        repository: GitHub's numeric id.
        number: Of the pull request; 0 for runs outside of one.
    """
    found = client.workload.list(
        author=client.user.get(), name_or_description=search_text_of(repository, number)
    )
    for workload in found:
        if not workload.HasField("experiment"):
            continue
        run = read_open_run(workload, client.config.user_token)
        # Everybody can write those words into a description; nobody else can seal them.
        if run.mark is not None and (run.mark.repository, run.mark.number) == (repository, number):
            yield run
