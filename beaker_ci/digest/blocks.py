"""A stream of bytes as blocks of whole lines: the same blocks however the stream was cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from beaker_ci.digest.encoding import Encoding

BLOCK = 1 << 18
"""Bytes that are looked at together."""

LONGEST = 1 << 16
"""A line without an end is cut to its two ends beyond this."""

END = 2048
"""Bytes that are kept of each end of a line that was cut."""

CUT = b"\x1a\x1a"
"""Stands where a line was cut."""

MARGIN = 4096
"""Bytes of the neighbouring blocks that a block brings along."""

# Only short sequences that terminals know: whatever else follows a stray escape character is text,
# and may be the first letter of a secret.
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # colours, cursor
    rb"|[\]P^_X][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\|(?=[\x1b\n]))"  # titles, links
    rb"|[()*+\-./][0-~]|#[3-8]|%[@G8]| [FGLMN]|[6-9=>DEHMNOZcno|}~])"
)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, without escape sequences.

    Attributes:
        data: Lines end with a newline; a carriage return or backspace alone ends a part of one.
        first: The number of the line that the data begins in, from 1.
        offset: Bytes of the blocks before.
        lead: Whole lines right before, for context only.
        trail: Whole lines right behind, for context only.
    """

    data: bytes
    first: int
    offset: int = 0
    lead: bytes = b""
    trail: bytes = b""

    @property
    def newlines(self) -> int:
        """How many lines end in it."""
        return self.data.count(b"\n")


class Blocks:
    """Cuts a stream into blocks, holding less than four of them whatever comes."""

    def __init__(self) -> None:
        self._encoding = Encoding()
        self._buffer = bytearray()
        self._rest = b""
        self._held: Block | None = None
        self._line = 1
        self._offset = 0
        self._open = False
        self.truncated = False

    @property
    def size(self) -> int:
        """Bytes of all blocks so far."""
        return self._offset

    @property
    def lines(self) -> int:
        """Lines so far, one without an end included."""
        return self._line - 1 + self._open

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Takes the next bytes; yields the blocks that are full with them."""
        for piece in self._encoding.feed(chunk):
            yield from self._fill(piece)

    def _fill(self, chunk: bytes) -> Iterator[Block]:
        view, start = memoryview(chunk), 0
        while start < len(view):
            end = start + BLOCK - len(self._buffer)
            self._buffer += view[start:end]
            start = end
            if len(self._buffer) == BLOCK:
                raw = bytes(self._buffer)
                self._buffer.clear()
                yield from self._cut(raw)

    def finish(self) -> Iterator[Block]:
        """Yields what is left, an unended line included."""
        for piece in self._encoding.finish():
            yield from self._fill(piece)
        data = self._rest + bytes(self._buffer)
        self._rest = b""
        self._buffer.clear()
        if data:
            yield from self._block(data)
        if self._held:
            yield self._held
            self._held = None

    def _cut(self, raw: bytes) -> Iterator[Block]:
        data = self._rest + raw
        # Whether a carriage return ends the line is seen only with what follows it.
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        rest = data[cut:]
        if len(rest) > LONGEST and CUT not in rest[END : END + len(CUT)]:
            self.truncated = True
        self._rest = rest if len(rest) <= LONGEST else rest[:END] + CUT + rest[-LONGEST // 2 :]
        if cut:
            yield from self._block(data[:cut])

    def _block(self, data: bytes) -> Iterator[Block]:
        """Cleans a block and yields the one before it, which now knows what follows it."""
        self._open = not data.endswith(b"\n")
        if b"\r\n" in data:
            data = data.replace(b"\r\n", b"\n")
        if b"\x1b" in data:
            data = _ESCAPES.sub(b"", data)
        if b"\x08" in data:  # a bar that goes back
            data = data.replace(b"\x08", b"\r")
        held, lead = self._held, b""
        if held:
            lead = held.data[-MARGIN:]
            lead = lead[lead.find(b"\n") + 1 :]
            trail = data[:MARGIN]
            yield replace(held, trail=trail[: trail.rfind(b"\n") + 1])
        self._held = Block(data, self._line, self._offset, lead)
        self._offset += len(data)
        self._line += self._held.newlines
