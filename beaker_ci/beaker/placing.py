"""A folder into which files of hostile names are placed, and beside which none ever is.

Every step of a path is taken from the folder before it, by its descriptor and without following
links: no name leads out, whatever it holds and whoever changes the folder meanwhile. What is there
already is never replaced.
"""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

UNFINISHED = ".beaker-ci-unfinished"
"""The folder within, where files grow; it goes when none is left."""

_GIT = ".git"
"""What git obeys wherever somebody stands below it: its settings name programs to run."""

_LONGEST_NAME = 255  # bytes
_LONGEST_PATH = 4000  # bytes, the folder's own included
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # no waiting for the other end of a pipe


class Folder:
    """The folder; a context manager, for one process at a time.

    Args:
        directory: Made if missing.

    Raises:
        Problem: ``usage.bad-value`` when it cannot be used.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        with ExitStack() as opened:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                # The folder itself may be a link: somebody named it.
                self._folder = os.open(directory, _FOLDER & ~os.O_NOFOLLOW)
                opened.callback(os.close, self._folder)
                self._unfinished = _open_folder(UNFINISHED, self._folder)
                opened.callback(os.close, self._unfinished)
                fcntl.flock(self._unfinished, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise unusable(directory, error) from error
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # not empty: the next time goes on there
            os.rmdir(UNFINISHED, dir_fd=self._folder)
        self._opened.close()

    def check(self, path: str) -> None:
        """Asks whether a path is one that can be placed at all.

        Raises:
            Problem: ``refused.dataset``.
        """
        if "\0" in path:
            raise unplaceable("Its name holds a NUL character.")
        steps = path.split("/")
        if any(step in ("", ".", "..") for step in steps):
            raise unplaceable("Its path leads elsewhere: it has an empty part, `.` or `..`.")
        if steps[0].casefold() == UNFINISHED:
            raise unplaceable("Unfinished files of ours are kept under that name.")
        # Some systems hold a name for another one without what cannot be seen in it.
        if any("".join(filter(str.isprintable, step)).casefold() == _GIT for step in steps):
            raise unplaceable("Git would obey it: `.git` names programs that git runs.")
        try:
            lengths = [len(os.fsencode(step)) for step in steps]
            whole = len(os.fsencode(self._directory.absolute())) + sum(lengths) + len(lengths)
        except UnicodeEncodeError:
            raise unplaceable("This system cannot write its name.") from None
        if max(lengths) > _LONGEST_NAME or whole > _LONGEST_PATH:
            raise unplaceable("Its path is longer than file systems take.")

    @contextmanager
    def present(self, path: str) -> Iterator[BinaryIO | None]:
        """The file that is at this path already; None if nothing is.

        Raises:
            Problem: ``refused.dataset``, when it is no file.
        """
        with self._parent(path) as (parent, name):
            try:
                found = os.open(name, os.O_RDONLY | _FILE, dir_fd=parent)
            except FileNotFoundError:
                yield None
                return
            except OSError as error:
                raise _in_the_way(error) from error
        with _regular(found, "rb") as file:
            yield file

    @contextmanager
    def unfinished(self, name: str) -> Iterator[BinaryIO]:
        """A file that grows, with what an earlier time left of it.

        Args:
            name: One that nobody else can mean another file by.
        """
        wanted = os.O_RDWR | os.O_CREAT | _FILE
        opened = os.open(name, wanted, 0o666, dir_fd=self._unfinished)
        with _regular(opened, "r+b") as file:
            if os.fstat(opened).st_nlink != 1:  # it would grow elsewhere too
                raise _in_the_way(None)
            yield file

    def discard(self, name: str) -> None:
        """Forgets an unfinished file."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._unfinished)

    def place(self, name: str, path: str) -> None:
        """Moves a finished file to its path.

        Raises:
            Problem: ``refused.dataset``, when something is there or in the way.
        """
        # One after the other: of two names that this system holds for one, the second is refused.
        with self._lock, self._parent(path) as (parent, last):
            try:
                os.lstat(last, dir_fd=parent)
            except FileNotFoundError:
                os.rename(name, last, src_dir_fd=self._unfinished, dst_dir_fd=parent)
                return
            raise _in_the_way(None)

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder that a path's file goes into, made if missing, and the file's name in it."""
        *steps, name = path.split("/")
        folder = os.dup(self._folder)
        try:
            for step in steps:
                try:
                    deeper = _open_folder(step, folder)
                except OSError as error:
                    raise _in_the_way(error) from error
                os.close(folder)
                folder = deeper
            yield folder, name
        finally:
            os.close(folder)


def _open_folder(name: str, within: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=within)
    return os.open(name, _FOLDER, dir_fd=within)


def _regular(opened: int, mode: Literal["rb", "r+b"]) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise _in_the_way(None)
    return os.fdopen(opened, mode)


def _in_the_way(error: OSError | None) -> Problem:
    said = f" The system says: {error.strerror}." if error else ""
    return unplaceable(f"Something else is at its path, or a link or file is on the way.{said}")


def unplaceable(why: str) -> Problem:
    """A file of a dataset that is left out."""
    return Problem(
        Reason.REFUSED_DATASET,
        "A result was not fetched.",
        why=why,
        next_step="The dataset's page has it; or fetch into an empty folder.",
    )


def unusable(directory: Path, error: OSError) -> Problem:
    """The folder cannot be written to, or another process fetches into it."""
    busy = isinstance(error, BlockingIOError)
    return Problem(
        Reason.USAGE_BAD_VALUE,
        "Results cannot be written to that folder.",
        why=f"`{directory}`: {'another process fetches into it' if busy else error.strerror}.",
        next_step="Name a new folder.",
    )
