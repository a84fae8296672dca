"""Datasets: metadata in memory, files in a directory each."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.errors import Refused, not_found
from beaker_ci.sandbox.beaker.moments import Clock, Ids, stamp


@dataclass(frozen=True)
class Dataset:
    """A dataset and the directory of its files."""

    message: pb2.Dataset
    directory: Path

    @property
    def committed(self) -> bool:
        """Whether it is closed for writing."""
        return self.message.HasField("committed")


class Datasets:
    """All datasets, results included.

    Args:
        root: Where their directories go.
        monitor: The server's lock.
        clock: Where timestamps come from.
        ids: Where ids come from.
    """

    def __init__(self, root: Path, monitor: threading.Condition, clock: Clock, ids: Ids) -> None:
        self._root = root
        self._monitor = monitor
        self._clock = clock
        self._ids = ids
        self._all: dict[str, Dataset] = {}
        self._planted: dict[str, dict[str, Path]] = {}

    def create(
        self,
        author: pb2.User,
        workspace_id: str,
        *,
        name: str | None = None,
        description: str = "",
        budget_id: str | None = None,
        source_job: str | None = None,
    ) -> Dataset:
        """Make an empty dataset.

        Raises:
            Refused: The author already has one of that name.
        """
        with self._monitor:
            dataset_id = self._ids.new()
            name = name or dataset_id
            full_name = f"{author.name}/{name}"
            if any(each.message.full_name == full_name for each in self._all.values()):
                raise Refused("ALREADY_EXISTS", f"dataset name {full_name!r} is already in use")
            directory = self._root / dataset_id
            directory.mkdir(parents=True)
            dataset = self._all[dataset_id] = Dataset(
                pb2.Dataset(
                    id=dataset_id,
                    name=name,
                    full_name=full_name,
                    author_id=author.id,
                    workspace_id=workspace_id,
                    created=stamp(self._clock()),
                    description=description,
                    source_execution=source_job,
                    budget_id=budget_id,
                ),
                directory,
            )
            return dataset

    def all(self) -> list[Dataset]:
        """Every dataset, oldest first."""
        return list(self._all.values())

    def find(self, name: str) -> Dataset:
        """A dataset by id or full name."""
        if name in self._all:
            return self._all[name]
        for dataset in self._all.values():
            if dataset.message.full_name == name:
                return dataset
        raise not_found("dataset", name)

    def commit(self, name: str) -> Dataset:
        """Close a dataset for writing; once more is nothing."""
        with self._monitor:
            dataset = self.find(name)
            if not dataset.committed:
                dataset.message.committed.CopyFrom(stamp(self._clock()))
            return dataset

    def delete(self, name: str) -> None:
        """Remove a dataset and its files."""
        with self._monitor:
            dataset = self._all.pop(self.find(name).message.id)
        shutil.rmtree(dataset.directory, ignore_errors=True)

    def writable(self, name: str, file: str) -> Path:
        """Where a file of an open dataset goes; its folders are made.

        Raises:
            Refused: The dataset is committed, or the path leads out of it.
        """
        dataset = self.find(name)
        if dataset.committed:
            raise Refused("PERMISSION_DENIED", f"dataset {name} is already committed")
        path = _inside(dataset.directory, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def plant(self, name: str, file: str, content: bytes) -> None:
        """Add a file under any path at all, as a storage may hold it that has no folders."""
        with self._monitor:
            planted = self._planted.setdefault(self.find(name).message.id, {})
            planted[file] = self._root / f"planted-{self._ids.new()}"
            planted[file].write_bytes(content)

    def readable(self, name: str, file: str) -> Path:
        """A file that is there.

        Raises:
            Refused: There is no such regular file.
        """
        planted = self._planted.get(self.find(name).message.id, {})
        if file in planted:
            return planted[file]
        path = _inside(self.find(name).directory, file)
        if not _is_regular(path):
            raise not_found("file", file)
        return path

    def files(self, name: str, prefix: str = "") -> list[pb2.DatasetFile]:
        """The regular files whose paths start so, sorted, with SHA-256 digests."""
        dataset = self.find(name)
        found = {
            path.relative_to(dataset.directory).as_posix(): path
            for path in _walk(dataset.directory)
        } | self._planted.get(dataset.message.id, {})
        return [_describe(file, found[file]) for file in sorted(found) if file.startswith(prefix)]

    def size(self, name: str) -> tuple[int, int]:
        """Bytes and number of the files."""
        sizes = [path.lstat().st_size for path in _walk(self.find(name).directory)]
        return sum(sizes), len(sizes)


def _inside(directory: Path, file: str) -> Path:
    parts = PurePosixPath(file).parts
    path = directory.joinpath(*parts)
    if ".." in parts or not path.is_relative_to(directory):
        raise Refused("INVALID_ARGUMENT", f"invalid file path {file!r}")
    # A job may have left links in its results: they must not lead a reader elsewhere.
    if not path.parent.resolve().is_relative_to(directory.resolve()):
        raise Refused("INVALID_ARGUMENT", f"invalid file path {file!r}")
    return path


def _walk(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory):
        yield from (path for name in names if _is_regular(path := Path(folder, name)))


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _describe(name: str, path: Path) -> pb2.DatasetFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    facts = path.lstat()
    return pb2.DatasetFile(
        path=name,
        size=facts.st_size,
        updated=stamp(datetime.fromtimestamp(facts.st_mtime, UTC)),
        digest=pb2.DatasetFile.Digest(
            algorithm=pb2.DatasetFile.ALGORITHM_TYPE_SHA256, value=digest
        ),
    )
