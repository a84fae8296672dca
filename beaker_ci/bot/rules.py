"""The rules on the default branch, read when something asks for them."""

from __future__ import annotations

from beaker_ci import github
from beaker_ci.bot.services import Services
from beaker_ci.config import Configuration, configuration_from_pyproject, parse_configuration
from beaker_ci.problem import Problem
from beaker_ci.run import Run


def configuration_of(files: github.RepositoryFiles, path: str) -> Configuration:
    """The rules that files hold; the defaults where there is no file.

    Raises:
        Problem: ``config.invalid``.
    """
    if files.config is not None:
        return parse_configuration(files.config, path)
    if files.pyproject is not None:
        return configuration_from_pyproject(files.pyproject)
    return Configuration()


def read_configuration(services: Services, sha: str) -> Configuration:
    """Reads the rules as they stand now. One request, mostly.

    Args:
        services: GitHub.
        sha: Any commit of the repository.

    Raises:
        Problem: When they cannot be read, or are no rules.
    """
    files = github.read_files(services.hub, config_path=services.config_path, head_sha=sha)
    return configuration_of(files, services.config_path)


class SharedRules:
    """The rules as they stand, read once, when the first run needs them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: tuple[Configuration | None] | None = None

    def __call__(self, run: Run) -> Configuration | None:
        """The rules; None when the file is there and holds none that can be read.

        Raises:
            Problem: When GitHub does not answer: then the run waits for the next pass.
        """
        if self._read is None:
            try:
                self._read = (read_configuration(self._services, run.sha),)
            except Problem as problem:
                if problem.reason.family != "config":
                    raise
                self._read = (None,)
        return self._read[0]
