"""Logs in UTF-16, as some Windows tools write them, read as UTF-8; all others as they are."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_ENOUGH = 512
"""Bytes after which a blank or a digit, half of which is zero in UTF-16, must have been there."""

_PIECE = 1 << 16
"""Bytes that are decoded at a time."""


class Encoding:
    """Turns a stream into UTF-8 if its first bytes show that it is in UTF-16.

    A byte order mark alone shows nothing: other logs may begin with the same two bytes.
    """

    def __init__(self) -> None:
        self._first: bytes | None = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Takes the next bytes; yields them in UTF-8."""
        if self._first is not None:
            chunk = self._first + chunk
            if len(chunk) < _ENOUGH and any(m.startswith(chunk[:2]) for m in _MARKS):
                self._first = chunk
                return
            chunk = self._begin(chunk)
        yield from self._decoded(chunk)

    def finish(self) -> Iterator[bytes]:
        """Yields what is left, of a stream that ends in the midst of a character too."""
        if self._first is not None:
            yield from self._decoded(self._begin(self._first))
        if self._decoder is not None:
            yield self._decoder.decode(b"", True).encode("utf-8", "replace")

    def _begin(self, chunk: bytes) -> bytes:
        """Settles how the stream is read, by its first bytes; returns them without the mark."""
        self._first = None
        name = _MARKS.get(chunk[:2])
        if name is None or 0 not in chunk[3 if name == "utf-16-le" else 2 : _ENOUGH : 2]:
            return chunk
        self._decoder = codecs.getincrementaldecoder(name)("replace")
        return chunk[2:]

    def _decoded(self, chunk: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            yield chunk
            return
        for start in range(0, len(chunk), _PIECE):
            yield self._decoder.decode(chunk[start : start + _PIECE]).encode("utf-8", "replace")
