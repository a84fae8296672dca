"""What a job's code comes from, besides the commit that a plan names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """The repository as gantry has to know it.

    Attributes:
        server_url: GitHub for people, such as ``https://github.com``.
        private: Whether a job needs a token to clone it.
        entries: Names at the root of the commit's tree.
    """

    server_url: str
    private: bool
    entries: frozenset[str]
