"""Compiled templates, kept as Python keeps modules: beside the code, where that is possible."""

from __future__ import annotations

import sys
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket


class Kept(FileSystemBytecodeCache):
    """A cache that may be read-only."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps a template, where that is possible and wanted."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def beside_the_code(environment: Environment) -> BytecodeCache | None:
    """The cache in this package's own folder: who can write there can change the code as well.

    Jinja looks whether a template is still the same. What else decides how it is compiled is part
    of the files' names: Jinja's version, and the environment's options.

    Args:
        environment: Whose templates are kept.

    Returns:
        ``None`` where Python keeps no compiled modules either.
    """
    directory = Path(__file__).with_name("__pycache__")
    if not directory.is_dir():
        return None
    made_by = (
        version("jinja2"),
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.optimized,
        sorted(environment.extensions),
    )
    stamp = sha256(repr(made_by).encode()).hexdigest()[:12]
    return Kept(str(directory), f"jinja2-{stamp}-%s.cache")
