"""What jobs leave behind, as Beaker lists it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from beaker import beaker_pb2 as pb2
from beaker._service_client import RpcMethod
from beaker.exceptions import BeakerNotFoundError

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.problems import problems
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

LISTED = 1000
"""Files of a list, unless asked for more."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of a dataset.

    Attributes:
        path: Within the dataset. Untrusted.
        size: Bytes.
        algorithm: Of the digest, Beaker's raw number; None where it has none.
        digest: Of the content.
    """

    path: str
    size: int
    algorithm: int | None = None
    digest: bytes = b""


@dataclass(frozen=True)
class Results:
    """What is in a dataset.

    Attributes:
        files: The first ones, in Beaker's order.
        count: How many there are.
        size: Of all of them, in bytes.
    """

    files: tuple[ResultFile, ...]
    count: int
    size: int


def dataset_url(client: BoundedBeaker, dataset_id: str) -> str:
    """Where people look at a dataset; sends no request."""
    return client.dataset.url(pb2.Dataset(id=dataset_id))


def list_results(client: BoundedBeaker, dataset_id: str, limit: int = LISTED) -> Results:
    """What is in a dataset. A request per 50 files that are listed.

    Args:
        client: Beaker.
        dataset_id: As a job names it.
        limit: List at most so many.

    Raises:
        Problem: ``refused.dataset`` when Beaker does not have it.
    """
    pages = _pages(client, dataset_id)
    first = next(pages)
    files = [_read_file(file) for file in first.dataset_files[:limit]]
    while len(files) < limit and (page := next(pages, None)):
        files += [_read_file(file) for file in page.dataset_files[: limit - len(files)]]
    return Results(tuple(files), max(first.file_count, len(files)), first.total_size)


def read_files(client: BoundedBeaker, dataset_id: str) -> Iterator[ResultFile]:
    """All files of a dataset, as :func:`list_results` reads them, none kept in memory."""
    for page in _pages(client, dataset_id):
        yield from map(_read_file, page.dataset_files)


def _pages(client: BoundedBeaker, dataset_id: str) -> Iterator[pb2.ListDatasetFilesResponse]:
    client.forget_datasets()
    options = pb2.ListDatasetFilesRequest.Opts(dataset_id=dataset_id)
    try:
        with problems():
            yield from _listed(client, options)
    except Problem as problem:
        if not isinstance(problem.__cause__, BeakerNotFoundError):
            raise
        raise Problem(
            Reason.REFUSED_DATASET,
            "Beaker does not have these results.",
            why=f"There is no dataset `{dataset_id}`: it was deleted, or never made.",
            next_step="Run it again, if they are needed: `/beaker retry`",
        ) from problem


def _listed(
    client: BoundedBeaker, options: pb2.ListDatasetFilesRequest.Opts
) -> Iterator[pb2.ListDatasetFilesResponse]:
    return client.dataset.rpc_paged_request(
        RpcMethod[pb2.ListDatasetFilesResponse](client.service.ListDatasetFiles),
        pb2.ListDatasetFilesRequest(options=options),
    )


def _read_file(file: pb2.DatasetFile) -> ResultFile:
    if not file.HasField("digest"):
        return ResultFile(file.path, file.size)
    return ResultFile(file.path, file.size, int(file.digest.algorithm), file.digest.value)
