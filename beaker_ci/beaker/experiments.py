"""Creating an experiment once, whatever happens to the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
from beaker import BeakerExperimentSpec, BeakerWorkload
from beaker._experiment import ExperimentClient
from beaker.exceptions import (
    BeakerError,
    BeakerExperimentConflict,
    BeakerPermissionsError,
    BeakerServerError,
    BeakerWorkloadNotFound,
)

from beaker_ci.beaker.problems import unavailable
from beaker_ci.beaker.specs import with_hash
from beaker_ci.patience import moment, wanted_wait
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker import Beaker
    from beaker.types import BeakerWorkspace, PathOrStr

    from beaker_ci.patience import Calls

KEY_VARIABLE = "BEAKER_CI_KEY"


@dataclass
class Asking:
    """The submission under way.

    Attributes:
        key: What the experiment's spec must carry to be the one that we ask for.
        guard: Called right before every POST; raises to stop it.
        posted: Set while Beaker may hold it without having said so.
        spec: What Beaker holds: what we posted, or what was there.
    """

    key: str
    guard: Callable[[], None]
    posted: bool = False
    spec: BeakerExperimentSpec | None = None


@dataclass(frozen=True)
class Held:
    """An experiment that Beaker holds, and the spec that defined it."""

    workload: BeakerWorkload
    spec: BeakerExperimentSpec


class OnceExperiments(ExperimentClient):
    """beaker-py's experiment client whose ``create`` may be repeated without a second experiment.

    The experiment's name is the lock: Beaker refuses a second one of the same author. gantry
    answers a conflict with another name, so a conflict never reaches it: what is there is either
    the experiment that we asked for, or somebody else's, which is a Problem.
    """

    def __init__(self, beaker: Beaker, calls: Calls) -> None:
        super().__init__(beaker)
        self.asking: Asking | None = None
        self._calls = calls

    def create(
        self,
        *,
        spec: BeakerExperimentSpec | PathOrStr,
        name: str | None = None,
        workspace: BeakerWorkspace | None = None,
    ) -> BeakerWorkload:
        """Creates the experiment, or returns the one that an earlier attempt created.

        Before each POST the guard is asked, and after each we look.

        The spec that is posted carries its own hash: see :func:`.specs.spec_hash`.

        Raises:
            Problem: ``beaker.name-taken`` when the name belongs to something else;
                ``beaker.unavailable`` when no attempt came through.
        """
        asking = self.asking
        if name is None or asking is None or not isinstance(spec, BeakerExperimentSpec):
            raise ValueError("an experiment needs its deterministic name, its key and its spec")
        asking.spec = spec = with_hash(spec)
        tries = self._calls.begin()
        while True:
            asking.guard()
            self._calls.check()
            asking.posted = True
            try:
                return super().create(spec=spec, name=name, workspace=workspace)
            except BeakerExperimentConflict:
                found = self._adopt(name, asking)
                if found is None:
                    raise name_taken(name, "Beaker holds the name for another author") from None
                return found
            except BeakerPermissionsError:
                asking.posted = False
                raise
            except BeakerError as error:
                if str(error).startswith("[code=4"):
                    asking.posted = False  # a refusal, not a loss
                if not (asking.posted and isinstance(error, BeakerServerError)):
                    raise
                failure: Exception = error
                wanted = None
            except requests.RequestException as error:
                failure, wanted = error, _wanted(error)
            found = self._adopt(name, asking)
            if found is not None:
                return found
            if not tries.again(wanted):
                raise _lost(failure, wanted) from failure

    def find(self, name: str, key: str) -> Held | None:
        """Looks for an experiment of our own account by name.

        Raises:
            Problem: ``beaker.name-taken`` when ours by name, but not what was asked for by key.
        """
        try:
            workload = self.beaker.workload.get(f"{self.beaker.user_name}/{name}")
        except BeakerWorkloadNotFound:
            return None
        spec = self.get_spec(workload)
        held = spec_environment(spec).get(KEY_VARIABLE)
        if held != key:
            raise name_taken(name, f"its {KEY_VARIABLE} is {held!r}, not {key!r}")
        return Held(workload, spec)

    def _adopt(self, name: str, asking: Asking) -> BeakerWorkload | None:
        held = self.find(name, asking.key)
        if held is None:
            return None
        asking.spec = held.spec
        return held.workload


def _wanted(error: requests.RequestException) -> float | None:
    """Seconds that Beaker wants us to wait before another POST, if it says so."""
    return None if error.response is None else wanted_wait(error.response.headers, time.time())


def _lost(failure: Exception, wanted: float | None) -> Problem:
    why = f"{type(failure).__name__}: {failure}"
    return unavailable(f"{why}; it wants us back after {moment(wanted)}" if wanted else why)


def spec_environment(spec: BeakerExperimentSpec) -> dict[str, str]:
    """The plain variables of a spec's first task, by name; secrets are left out."""
    variables = spec.tasks[0].env_vars or [] if spec.tasks else []
    return {variable.name: variable.value for variable in variables if variable.value is not None}


def name_taken(name: str, why: str) -> Problem:
    """The name that must be ours belongs to something else."""
    return Problem(
        Reason.BEAKER_NAME_TAKEN,
        f"An experiment named `{name}` exists on Beaker and is not this run.",
        why=why,
        next_step="Rename or delete that experiment on Beaker, then ask again.",
    )
