"""The file format of ``$GITHUB_OUTPUT``."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def outputs_file(values: Mapping[str, str], delimiter: str) -> str:
    """Lines to append to the runner's output file, safe for values of any content.

    Args:
        values: Name → value; a value may have several lines.
        delimiter: A fresh random word that ends each value.

    Raises:
        ValueError: If the delimiter is no word or occurs in a value, or a name is not one that
            an output can have.
    """
    if not _NAME.fullmatch(delimiter):
        raise ValueError(f"no delimiter: {delimiter!r}")
    for name, value in values.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"no name for an output: {name!r}")
        if delimiter in value:
            raise ValueError(f"the delimiter occurs in the value of {name!r}")
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
