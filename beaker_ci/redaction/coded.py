"""Credentials in base64, in hexadecimal and with percent signs, told by what is behind the code."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from urllib.parse import unquote

from beaker_ci.redaction.values import HIDDEN

_LONGEST = 4096
"""Characters of one code that are looked at: no credential is longer."""

_RUN = re.compile(r"[A-Za-z0-9+/_%-]{24,}={0,2}")
_HEX = re.compile(r"[0-9a-fA-F]{28,}")
_PLAIN = re.compile(rb"[\x20-\x7e]{12,}")


def may_be_coded(text: str) -> bool:
    """Whether something in the text is long enough to be code."""
    return len(text) >= 24 and _RUN.search(text) is not None


def hide_coded(text: str, holds: Callable[[str], bool]) -> str:
    """The text with :data:`.HIDDEN` for each code that holds a credential.

    Args:
        text: One line or several.
        holds: Whether plain text holds one.
    """

    def shown(run: re.Match[str]) -> str:
        coded = run.group()[:_LONGEST]
        return HIDDEN if any(map(holds, _decoded(coded))) else run.group()

    return _RUN.sub(shown, text)


def _decoded(coded: str) -> list[str]:
    """What may be behind a code; of what is no text nothing."""
    found = [unquote(coded)] if "%" in coded else []
    found += [_text(bytes.fromhex(run[: len(run) & ~1])) for run in _HEX.findall(coded)]
    if not coded.islower():  # paths and words are; base64 has capital letters
        digits = re.sub(r"[^A-Za-z0-9+/]", "", coded.replace("-", "+").replace("_", "/"))
        for start in range(4):  # what stands before it, such as a path, may belong to the run
            rest = digits[start:]
            whole = rest[:-1] if len(rest) % 4 == 1 else rest
            found.append(_text(base64.b64decode(whole + "=" * (-len(whole) % 4))))
    return [text for text in found if text]


def _text(data: bytes) -> str:
    return "\n".join(run.decode() for run in _PLAIN.findall(data))
