"""Workflow files → the jobs in them that run beaker-ci."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beaker_ci.config.document import Document, Path, read_document
from beaker_ci.setup.expressions import condition, fill
from beaker_ci.setup.samples import Sample
from beaker_ci.setup.values import Unknowable, text_of

ACTION = "allenai/beaker-ci"
"""Where the action lives; forks and mirrors keep the last part."""

_USES = re.compile(
    r"(?P<image>docker://[^@\s]*\bbeaker-ci\b[^@\s]*)(@(?P<digest>\S+))?"
    r"|(?P<action>[^/@\s]+/beaker-ci)(/[^@\s]*)?@(?P<ref>\S+)"
)


@dataclass(frozen=True)
class WorkflowFile:
    """A workflow on the default branch, as values. What is malformed reads as absent.

    Attributes:
        path: In the repository.
        mistakes: What is wrong with it as YAML, with lines.
    """

    path: str
    document: Document

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What keeps the file from being read, one line each."""
        found = [f"{self.path}:{one.line}: {one.text}" for one in self.document.mistakes]
        return tuple(found if found or self.value else [f"{self.path}:1: not a mapping of keys"])

    @property
    def value(self) -> Mapping[str, Any]:
        """The file's top level."""
        return mapping(self.document.value)

    def triggers(self) -> Mapping[str, Any]:
        """What stands under ``on``, by event: the mapping, list or word that GitHub takes."""
        on = self.value.get("on")
        if isinstance(on, str):
            return {on: None}
        if isinstance(on, tuple):
            return {str(name): None for name in on}
        return mapping(on)

    def crons(self) -> tuple[str, ...]:
        """The cron expressions of its schedule."""
        entries = self.triggers().get("schedule")
        listed = entries if isinstance(entries, tuple) else ()
        found = (mapping(entry).get("cron") for entry in listed)
        return tuple(cron for cron in found if isinstance(cron, str))

    def passes(self, job: str, sample: Sample) -> bool:
        """Whether a job's ``if``, and those of all jobs that it needs, let an event through.

        Raises:
            Unknowable: When that rests on what is not known here.
        """
        jobs = mapping(self.value.get("jobs"))
        names = [job]
        for name in names:
            needs = mapping(jobs.get(name)).get("needs")
            needed = needs if isinstance(needs, tuple) else (needs,)
            names += [each for each in needed if isinstance(each, str) and each not in names]
        wanted = [mapping(jobs.get(name)).get("if", True) for name in names]
        return all(
            condition(one, sample.contexts) if isinstance(one, str) else bool(one) for one in wanted
        )


@dataclass(frozen=True)
class BeakerJob:
    """A job with a step that runs beaker-ci.

    Attributes:
        file: The workflow that it stands in.
        name: Its key under ``jobs``.
        step: The step's place.
    """

    file: WorkflowFile
    name: str
    step: int

    @property
    def value(self) -> Mapping[str, Any]:
        """The job's own mapping."""
        return mapping(mapping(self.file.value.get("jobs")).get(self.name))

    @property
    def step_value(self) -> Mapping[str, Any]:
        """The step's own mapping."""
        return mapping(self.value["steps"][self.step])

    @property
    def uses(self) -> str:
        """What the step uses."""
        return str(self.step_value["uses"])

    def where(self, *path: str | int) -> str:
        """``file:line`` of something in the job."""
        return self.line_of(("jobs", self.name, *path))

    def line_of(self, path: Path) -> str:
        """``file:line`` of something in the file."""
        return f"{self.file.path}:{self.file.document.line(path)}"

    @property
    def environment(self) -> str | None:
        """The environment's name; None without one.

        Raises:
            Unknowable: When it is an expression.
        """
        given = self.value.get("environment")
        name = mapping(given).get("name") if isinstance(given, Mapping) else given
        if name is None or name == "":
            return None
        if "${{" in text_of(name):
            raise Unknowable(f"it is the expression `{name}`")
        return text_of(name)

    def group(self, at_job: bool, sample: Sample) -> str | None:
        """The concurrency group that an event falls in, in lower case; None without one.

        Raises:
            Unknowable: When that rests on what is not known here.
        """
        given = (self.value if at_job else self.file.value).get("concurrency")
        name = mapping(given).get("group") if isinstance(given, Mapping) else given
        return None if name is None else text_of(fill(text_of(name), sample.contexts)).lower()


def read_workflow(path: str, text: str) -> WorkflowFile:
    """Reads a workflow file. Never raises."""
    return WorkflowFile(path, read_document(text))


def beaker_jobs(file: WorkflowFile) -> tuple[BeakerJob, ...]:
    """The jobs of a workflow that run beaker-ci."""
    found = []
    for name, job in mapping(file.value.get("jobs")).items():
        steps = mapping(job).get("steps")
        for number, step in enumerate(steps if isinstance(steps, tuple) else ()):
            uses = mapping(step).get("uses")
            if isinstance(uses, str) and _USES.fullmatch(uses):
                found.append(BeakerJob(file, name, number))
                break
    return tuple(found)


def pinned_commit(uses: str) -> str | None:
    """The commit, or the image's digest, that a step is pinned to; None when it is not.

    Forty zeros, which ``init`` writes when it could not look the commit up, are no pin.
    """
    match = _USES.fullmatch(uses)
    ref = (match["ref"] or match["digest"] or "") if match else ""
    pattern = r"sha256:[0-9a-f]{64}" if match and match["image"] else r"[0-9a-f]{40}"
    return ref if re.fullmatch(pattern, ref) and ref.strip("0") else None


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}
