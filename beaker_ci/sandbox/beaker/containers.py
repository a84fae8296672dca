"""What a job finds around it: its command, environment, paths and mounts.

There is no container. Mostly, absolute paths of the spec, such as ``/results``, stand for
directories of the job, and are replaced in its arguments and variables; what gantry's entry point
would do is done here. On a machine that allows namespaces, gantry's own entry point can run, at its
true paths.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker import namespaces
from beaker_ci.sandbox.beaker.datasets import Datasets
from beaker_ci.sandbox.beaker.records import Job
from beaker_ci.sandbox.beaker.world import World

_ENTRYPOINT = ["bash", "/gantry/entrypoint.sh"]
_DEFAULT_RUNTIME_DIR = "/gantry-runtime"


@dataclass(frozen=True)
class Container:
    """What to run.

    Args:
        command: The program and its arguments.
        environment: The whole environment.
        directory: Where it starts; made by the checkout if there is one.
        repository: ``owner/name`` to check out there; empty for an empty directory.
        ref: The commit.
    """

    command: list[str]
    environment: dict[str, str]
    directory: Path
    repository: str
    ref: str


class Containers:
    """Furnishes the directory of a job.

    Args:
        root: The server's directory.
        world: Secrets and nodes.
        datasets: What is mounted, and where results go.
        repositories: What gantry's own entry point can clone, if it shall run.
    """

    def __init__(
        self,
        root: Path,
        world: World,
        datasets: Datasets,
        repositories: Mapping[str, Path] | None = None,
    ) -> None:
        self._root = root
        self._world = world
        self._datasets = datasets
        self._programs = _write_programs(root / "bin")
        self._repositories = repositories or {}
        self.runs_entrypoint = repositories is not None and namespaces.are_available()

    def directory(self, job: Job) -> Path:
        """The job's own directory, gone after its end."""
        return self._root / "jobs" / job.id

    def build(self, job: Job) -> Container:
        """Make the job's directories and mounts, and say what to run."""
        home = self.directory(job)
        for name in ("home", "tmp", "mounts"):
            (home / name).mkdir(parents=True)
        spec = job.message.container_spec
        variables = self._variables(job)
        checkout = home / "checkout"
        runtime = variables.get("GANTRY_RUNTIME_DIR", _DEFAULT_RUNTIME_DIR)
        results = self._datasets.find(job.message.assignment_details.result_dataset_id).directory
        paths = {runtime: checkout, spec.result_path or "/results": results}
        for number, mount in enumerate(spec.mounts):
            paths[mount.mount_path] = self._mount(job, mount, home / "mounts" / str(number))
        through_gantry = list(spec.command) == _ENTRYPOINT
        if through_gantry and self.runs_entrypoint and all(map(namespaces.fits, paths)):
            return self._with_entrypoint(job, variables, paths, runtime)
        environment = {name: replace_paths(value, paths) for name, value in variables.items()}
        environment |= self._system_variables(job, home)
        arguments = [replace_paths(argument, paths) for argument in spec.arguments]
        if through_gantry:
            command = _as_entrypoint_would(arguments, environment)
        else:
            command = [replace_paths(word, paths) for word in spec.command] + arguments
        return Container(
            command=command,
            environment=environment,
            directory=checkout,
            repository=environment.get("GITHUB_REPO", ""),
            ref=environment.get("GIT_REF", ""),
        )

    def _with_entrypoint(
        self, job: Job, variables: dict[str, str], paths: Mapping[str, Path], runtime: str
    ) -> Container:
        """Everything at its true path; the script clones, from this machine."""
        home = self.directory(job)
        paths[runtime].mkdir()
        (home / "home" / ".gitconfig").write_text(_git_configuration(self._repositories))
        spec = job.message.container_spec
        return Container(
            command=namespaces.entering(
                home / "root", paths, runtime, [*spec.command, *spec.arguments]
            ),
            environment=variables | self._system_variables(job, home),
            directory=home / "tmp",
            repository="",
            ref="",
        )

    def _variables(self, job: Job) -> dict[str, str]:
        variables = {}
        for variable in job.message.container_spec.environment_variables:
            if variable.HasField("secret_reference"):
                secret = self._world.secrets.get(
                    (job.message.workspace_id, variable.secret_reference)
                )
                variables[variable.name] = "" if secret is None else os.fsdecode(secret.value)
            else:
                variables[variable.name] = variable.literal
        return variables

    def _system_variables(self, job: Job, home: Path) -> dict[str, str]:
        message = job.message
        node = self._world.nodes[message.assignment_details.node_id]
        variables = {
            "PATH": os.pathsep.join(
                [str(self._programs), str(Path(sys.executable).parent), _inherited("PATH")]
            ),
            "LANG": _inherited("LANG"),
            "HOME": str(home / "home"),
            "TMPDIR": str(home / "tmp"),
            "BEAKER_JOB_ID": message.id,
            "BEAKER_JOB_KIND": "batch",
            "BEAKER_WORKLOAD_ID": message.workload_id,
            "BEAKER_EXPERIMENT_ID": message.workload_id,
            "BEAKER_TASK_ID": message.task_id,
            "BEAKER_WORKSPACE_ID": message.workspace_id,
            "BEAKER_AUTHOR_ID": message.author_id,
            "BEAKER_NODE_ID": node.id,
            "BEAKER_NODE_HOSTNAME": node.hostname,
            "BEAKER_ASSIGNED_GPU_COUNT": str(job.task.spec.gpus),
            "BEAKER_RESULT_DATASET_ID": message.assignment_details.result_dataset_id,
        }
        replicas = message.system_details.replica_group_details
        if replicas.size:
            variables["BEAKER_REPLICA_RANK"] = str(replicas.rank)
            variables["BEAKER_REPLICA_COUNT"] = str(replicas.size)
            if job.task.spec.leader_selection:
                variables["BEAKER_LEADER_REPLICA_HOSTNAME"] = "localhost"
        return variables

    def _mount(self, job: Job, mount: pb2.Mount, target: Path) -> Path:
        kind = mount.WhichOneof("source")
        if kind == "dataset_id":
            source = self._datasets.find(mount.dataset_id).directory
            shutil.copytree(source.joinpath(*_parts(mount.sub_path)), target, symlinks=True)
        elif kind == "secret_reference":
            secret = self._world.secrets.get((job.message.workspace_id, mount.secret_reference))
            target.write_bytes(b"" if secret is None else secret.value)
        else:  # shared between jobs, as a Weka bucket or a node's disk is
            kind = kind or "weka"
            target = self._root.joinpath("shared", kind, *_parts(getattr(mount, kind)))
            target.mkdir(parents=True, exist_ok=True)
        return target


def replace_paths(text: str, paths: Mapping[str, Path]) -> str:
    """Replace whole absolute paths, and such that lead below them, the longest first."""
    targets = {path.rstrip("/"): str(target) for path, target in paths.items()}
    names = "|".join(re.escape(path) for path in sorted(targets, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])({names})(?![\w.-])", lambda found: targets[found[1]], text)


def _parts(path: str) -> list[str]:
    return [part for part in PurePosixPath(path).parts if part not in ("/", "..")]


def _as_entrypoint_would(arguments: list[str], environment: Mapping[str, str]) -> list[str]:
    """The user's command, after the custom steps that gantry's entry point would take.

    Python environments are not set up: the job finds the running interpreter as ``python``.
    """
    steps = ["GANTRY_PRE_SETUP_CMD", "GANTRY_POST_SETUP_CMD"]
    if environment.get("GANTRY_NO_PYTHON"):
        steps.insert(1, "GANTRY_INSTALL_CMD")
    command = arguments
    if environment.get("GANTRY_EXEC_METHOD") == "bash":
        command = ["bash", "-c", " ".join(arguments)]
    lines = [f'eval "${step}" || exit 1' for step in steps if environment.get(step)]
    if not lines:
        return command
    return ["bash", "-c", "\n".join([*lines, 'exec "$@"']), "gantry", *command]


def _git_configuration(repositories: Mapping[str, Path]) -> str:
    """Lets git find the repositories of github.com on this machine, and any commit in them."""
    sections = [
        f'[url "{path.resolve().as_uri()}"]\n\tinsteadOf = https://github.com/{name}\n'
        for name, path in repositories.items()
    ]
    allowed = "[uploadpack]\n\tallowAnySHA1InWant = true\n[safe]\n\tdirectory = *\n"
    return "".join(sections) + allowed


def _inherited(name: str) -> str:
    return os.environ.get(name, {"PATH": os.defpath}.get(name, "C.UTF-8"))


def _write_programs(directory: Path) -> Path:
    # A link would lose the virtual environment of the interpreter, a script keeps it.
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3"):
        program = directory / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    if shutil.which("curl") is None:
        # gantry's entry point insists on one, and uses it only for what jobs here do not need.
        stand_in = directory / "curl"
        stand_in.write_text("#!/bin/sh\necho 'curl: a stand-in of the local Beaker'\n")
        stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    return directory
