"""``python -m beaker_ci``."""

from beaker_ci.cli import main

main()
