"""The maintainer's rules: ``.github/beaker-ci.yml`` and what stands in for it."""

from beaker_ci.config.loading import configuration_from_pyproject, parse_configuration
from beaker_ci.config.schema import Configuration

__all__ = [
    "Configuration",
    "configuration_from_pyproject",
    "parse_configuration",
]
