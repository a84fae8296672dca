"""A local Beaker for tests and the demo, served to the unmodified official clients."""

from beaker_ci.sandbox.beaker.defaults import DEFAULT_TOKEN, DEFAULT_WORKSPACE, OTHER_TOKEN
from beaker_ci.sandbox.beaker.exchanges import Request, Requests
from beaker_ci.sandbox.beaker.faults import Fault, Faults
from beaker_ci.sandbox.beaker.public_github import PublicGitHub
from beaker_ci.sandbox.beaker.server import LocalBeaker
from beaker_ci.sandbox.beaker.views import ExperimentView, JobView
from beaker_ci.sandbox.beaker.world import World

__all__ = [
    "DEFAULT_TOKEN",
    "DEFAULT_WORKSPACE",
    "OTHER_TOKEN",
    "ExperimentView",
    "Fault",
    "Faults",
    "JobView",
    "LocalBeaker",
    "PublicGitHub",
    "Request",
    "Requests",
    "World",
]
