"""What must be known of the installed gantry without loading it."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ENTRYPOINT = "entrypoint.sh"
"""The script that gantry runs in a job, as it is called in gantry's package and datasets."""


def installed_version() -> str:
    """gantry's version, as its dataset and its default image name it."""
    return version("beaker-gantry")


def default_image() -> str:
    """The image that gantry asks for first."""
    return f"beaker-py/gantry-v{installed_version()}"


def entrypoint_script() -> bytes:
    """The script that gantry uploads."""
    spec = find_spec("gantry")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("gantry")
    return Path(spec.origin).with_name(ENTRYPOINT).read_bytes()
