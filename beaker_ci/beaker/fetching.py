"""Results fetched into a folder that nothing gets out of.

A result dataset is written by the job: its paths are as hostile as its content. See
:mod:`.placing` for how they are kept within the folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import requests
from beaker import BeakerDatasetFileAlgorithmType
from beaker.exceptions import BeakerServerError

from beaker_ci.beaker.client import BoundedBeaker
from beaker_ci.beaker.placing import Folder, unplaceable, unusable
from beaker_ci.beaker.problems import problems, unavailable
from beaker_ci.beaker.results import ResultFile, read_files
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

AT_ONCE = 4
"""Files that are downloaded at the same time."""

_AHEAD = 64  # files that are listed before they are downloaded
_CHUNK = 1 << 20  # bytes
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class LeftOut:
    """A file that was not fetched, and why."""

    path: str
    problem: Problem


@dataclass(frozen=True)
class Fetched:
    """What became of a dataset's files.

    Attributes:
        fetched: How many were downloaded.
        kept: How many were there already, with the same content.
        size: Of both, in bytes.
        left_out: The others, each with its reason.
    """

    fetched: int
    kept: int
    size: int
    left_out: tuple[LeftOut, ...]


Tell = Callable[[ResultFile, int], None]
"""Told a file, and how many of its bytes are here."""


def fetch_results(
    client: BoundedBeaker,
    dataset_id: str,
    directory: Path,
    tell: Tell = lambda _file, _size: None,
) -> Fetched:
    """Downloads a dataset into a folder, and only into it.

    A file grows in a folder of its own within ``directory``, is compared with its digest and size,
    and only then moved to its path. What was there before is never replaced: the same content is
    kept, another leaves the file out. Called again, it goes on where it stopped. The time of a step
    begins anew with whatever is received: there may be much to fetch.

    Args:
        client: Beaker.
        dataset_id: As a job names it.
        directory: Made if missing.
        tell: Called with a file and how many of its bytes are here, as they come; on other threads
            than the caller's, never by two at once.

    Raises:
        Problem: ``refused.dataset`` when Beaker does not have the dataset, ``usage.bad-value`` when
            the folder cannot be written to, ``beaker.unavailable`` when Beaker stays away.
    """
    with Folder(directory) as folder, problems():
        fetching = _Fetching(client, dataset_id, directory, folder, tell)
        return fetching.all(read_files(client, dataset_id))


def read_result(client: BoundedBeaker, dataset_id: str, path: str, most: int) -> bytes:
    """The first bytes of one file of a dataset. One request.

    Args:
        client: Beaker.
        dataset_id: As a job names it.
        path: As the list of its files has it.
        most: Bytes to read at most.

    Raises:
        Problem: ``refused.dataset`` when Beaker does not have the file.
    """
    found = bytearray()
    with closing(_ask(client, dataset_id, path, 0)) as response:
        for chunk in response.iter_content(_CHUNK):
            found += chunk
            if len(found) >= most:
                break
    return bytes(found[:most])


class _Stopped(Exception):  # noqa: N818 - no error: another file's problem ended it all
    pass


class _Fetching:
    """One dataset on its way into one folder."""

    def __init__(
        self,
        client: BoundedBeaker,
        dataset_id: str,
        directory: Path,
        folder: Folder,
        tell: Tell,
    ) -> None:
        self._client = client
        self._dataset_id = dataset_id
        self._directory = directory
        self._folder = folder
        self._tell = tell
        self._telling = threading.Lock()
        self._stop = threading.Event()

    def all(self, files: Iterator[ResultFile]) -> Fetched:
        """Fetches them, a few at the same time."""
        under_way: dict[Future[bool], ResultFile] = {}
        fetched, kept, size, left_out = 0, 0, 0, list[LeftOut]()

        def settle() -> None:
            nonlocal fetched, kept, size
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                file = under_way.pop(future)
                try:
                    is_new = future.result()
                except Problem as problem:
                    if problem.reason is not Reason.REFUSED_DATASET:
                        raise
                    left_out.append(LeftOut(file.path, problem))
                else:
                    fetched, kept, size = fetched + is_new, kept + (not is_new), size + file.size

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="results") as pool:
            try:
                for file in self._once_each(files, left_out):
                    under_way[pool.submit(self._fetch, file)] = file
                    if len(under_way) >= _AHEAD:
                        settle()
                while under_way:
                    settle()
            finally:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
        return Fetched(fetched, kept, size, tuple(left_out))

    def _once_each(
        self, files: Iterator[ResultFile], left_out: list[LeftOut]
    ) -> Iterator[ResultFile]:
        seen = set[str]()
        for file in files:
            self._client.calls.renew()
            if file.path in seen:
                left_out.append(LeftOut(file.path, unplaceable("Its path is listed twice.")))
            else:
                seen.add(file.path)
                yield file

    def _fetch(self, file: ResultFile) -> bool:
        """Whether the file is new; else it was there already."""
        self._folder.check(file.path)
        try:
            with self._folder.present(file.path) as present:
                if present is not None:
                    if not _is_whole(present, file):
                        raise unplaceable("Another file is at its path, and stays.")
                    return False
            # Only ever continued with the same content of the same dataset.
            named = f"{self._dataset_id}\0{file.path}\0{file.size}\0{file.digest.hex()}"
            name = hashlib.sha256(named.encode()).hexdigest()
            try:
                with self._folder.unfinished(name) as growing:
                    self._fill(growing, file)
                self._folder.place(name, file.path)
            except Problem as problem:
                if problem.reason is Reason.REFUSED_DATASET:
                    self._folder.discard(name)
                raise
        except OSError as error:
            if error.errno in _DISK_FULL:
                raise unusable(self._directory, error) from error
            raise unplaceable(f"This system says: {error.strerror}.") from error
        return True

    def _fill(self, growing: BinaryIO, file: ResultFile) -> None:
        fresh = growing.seek(0, os.SEEK_END) == 0
        self._download(growing, file)
        if not _is_whole(growing, file) and not fresh:
            growing.truncate(0)
            self._download(growing, file)
        if not _is_whole(growing, file):
            raise unplaceable("What Beaker sent is not what its digest and size say.")

    def _download(self, growing: BinaryIO, file: ResultFile) -> None:
        """Lets the file grow to its size."""
        tries = self._client.calls.begin()
        while (size := growing.seek(0, os.SEEK_END)) < file.size:
            failure = unavailable("a file's download ended early")
            try:
                self._download_part(growing, file, size)
            except (requests.RequestException, BeakerServerError) as error:
                failure = unavailable(f"{type(error).__name__}: {error}")
            if growing.seek(0, os.SEEK_END) > size:
                tries = self._client.calls.begin()
            elif not tries.again():
                raise failure

    def _download_part(self, growing: BinaryIO, file: ResultFile, start: int) -> None:
        with closing(self._ask(file, start)) as response:
            if start and response.status_code != requests.codes.partial_content:
                start = 0  # whoever serves it knows no ranges
                growing.truncate(0)
            growing.seek(start)
            for chunk in response.iter_content(_CHUNK):
                if self._stop.is_set():
                    raise _Stopped
                start += growing.write(chunk)
                self._client.calls.renew()
                if start > file.size:
                    return
                with self._telling:
                    self._tell(file, start)

    def _ask(self, file: ResultFile, start: int) -> requests.Response:
        if self._stop.is_set():
            raise _Stopped
        return _ask(self._client, self._dataset_id, file.path, start)


def _ask(client: BoundedBeaker, dataset_id: str, path: str, start: int) -> requests.Response:
    """Asks for a file's bytes from a place on."""
    address = f"datasets/{quote(dataset_id, safe='')}/files/{quote(path, safe='')}"
    headers = {"Range": f"bytes={start}-"} if start else {}
    gone = unplaceable("Beaker lists it, but does not have it.")
    answer: Any = client.dataset.http_request(
        address, stream=True, headers=headers, exceptions_for_status={404: gone}
    )
    response: requests.Response = answer
    return response


def _is_whole(content: BinaryIO, file: ResultFile) -> bool:
    """Whether content is what Beaker lists, by its size and, where there is one, its digest."""
    content.flush()
    if os.fstat(content.fileno()).st_size != file.size:
        return False
    try:
        kind: Any = BeakerDatasetFileAlgorithmType(file.algorithm or 0)
        expected = kind.hasher()
    except ValueError:  # none, or one of a later Beaker
        return True
    content.seek(0)
    while chunk := content.read(_CHUNK):
        expected.update(chunk)
    return bool(expected.digest() == file.digest)
