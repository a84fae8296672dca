"""An asking with the rules that hold for it."""

from __future__ import annotations

from dataclasses import dataclass

from beaker_ci.bot.asking import Asking
from beaker_ci.config import Configuration
from beaker_ci.facts import Permission, PullRequest
from beaker_ci.github import RepositoryFiles


@dataclass(frozen=True)
class Case:
    """One asking in one pull request, by somebody who may ask."""

    asking: Asking
    pull: PullRequest
    files: RepositoryFiles
    configuration: Configuration
    permission: Permission
