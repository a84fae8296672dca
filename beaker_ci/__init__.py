"""Run GPU jobs on Ai2's Beaker from a GitHub pull request."""

__version__ = "0.1.0"
