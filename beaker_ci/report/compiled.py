"""Compiled templates, kept as Python keeps modules: beside the code, where that is possible."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from jinja2 import BytecodeCache, FileSystemBytecodeCache
from jinja2.bccache import Bucket


class Kept(FileSystemBytecodeCache):
    """A cache that may be read-only."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps a template, where that is possible and wanted."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def beside_the_code() -> BytecodeCache | None:
    """The cache in this package's own folder: who can write there can change the code as well.

    Jinja looks whether a template is still the same; its own version is part of the files' names.

    Returns:
        ``None`` where Python keeps no compiled modules either.
    """
    directory = Path(__file__).with_name("__pycache__")
    if not directory.is_dir():
        return None
    return Kept(str(directory), f"jinja2-{version('jinja2')}-%s.cache")
