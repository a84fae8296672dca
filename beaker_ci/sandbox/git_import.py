"""A commit as a stream for ``git fast-import``: no work tree, no index, one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.sandbox.git_process import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def import_stream(
    ref: str,
    parent: str | None,
    files: Mapping[str, str | bytes | None],
    *,
    message: str,
    author: str,
    when: datetime,
) -> bytes:
    """The commands that put one commit on ``ref`` and print its SHA.

    Raises:
        GitError: When a path cannot be written.
    """
    stream = [
        f"commit {ref}\nmark :1\n".encode(),
        f"committer {author} {int(when.timestamp())} +0000\n".encode(),
        _data(message.encode()),
    ]
    if parent:
        stream.append(f"from {parent}\n".encode())
    for path, content in files.items():
        if "\n" in path or path.startswith('"'):
            raise GitError(f"this path cannot be written: {path!r}")
        if content is None:
            stream.append(f"D {path}\n".encode())
        else:
            stream.append(f"M 100644 inline {path}\n".encode())
            stream.append(_data(content.encode() if isinstance(content, str) else content))
    stream.append(b"get-mark :1\ndone\n")
    return b"".join(stream)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
