"""gantry as a library: it builds the spec, and posts it through our client."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any

from beaker import Beaker, BeakerWorkload
from gantry.exceptions import ConfigurationError, EntrypointChecksumError
from gantry.launch import launch_experiment

from beaker_ci.beaker.commit import VerifiedCommit
from beaker_ci.beaker.problems import damaged_entrypoint, rejected
from beaker_ci.beaker.source import Source
from beaker_ci.plan import Plan
from beaker_ci.reasons import Reason


def launch(client: Beaker, plan: Plan, source: Source, description: str) -> BeakerWorkload:
    """Submits a plan with gantry, and returns at once.

    Everything that gantry would take from this machine is given instead: client, workspace,
    budget, name, commit, paths and Python version come with the plan, so that none of its
    questions is reachable; standard input is empty in case a later version asks a new one.
    """
    recipe: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in plan.recipe.items()
    }
    arguments = recipe.pop("args")
    recipe.pop("description", None)  # the whole one is given
    variables = [
        *(tuple(text.split("=", 1)) for text in recipe.pop("env_vars", ())),
        *plan.environment.items(),
    ]
    with _alone():
        workload = launch_experiment(
            arguments,
            **recipe,
            name=plan.name,
            description=description,
            env_vars=variables,
            git_repo=_commit(plan, source),
            client=client,
            yes=True,
            timeout=0,
        )
    if workload is None:
        raise AssertionError("gantry returns a workload unless it is a dry run")
    return workload


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Nothing of gantry's reaches the terminal, and nothing of the terminal reaches gantry."""
    stdin = sys.stdin
    sys.stdin = io.StringIO()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    except EntrypointChecksumError as error:
        raise damaged_entrypoint(str(error)) from error
    except ConfigurationError as error:
        raise rejected(_reason(str(error)), "gantry cannot make this job.", error) from error
    except SystemExit as error:
        raise ValueError(f"gantry gave up with status {error.code}") from error
    except EOFError as error:
        raise ValueError("gantry asked a question that nobody can answer here") from error
    finally:
        sys.stdin = stdin


def _commit(plan: Plan, source: Source) -> VerifiedCommit:
    return VerifiedCommit(
        repo=plan.repository,
        repo_url=f"{source.server_url}/{plan.repository}",
        ref=plan.sha,
        _is_remote=True,
        is_public=not source.private,
        entries=source.entries,
    )


def _reason(words: str) -> Reason:
    """Which choice gantry stumbled over; it says so in words only."""
    if "find clusters" in words:
        return Reason.REFUSED_CLUSTER
    return Reason.REFUSED_IMAGE if "image" in words else Reason.USAGE_BAD_VALUE
