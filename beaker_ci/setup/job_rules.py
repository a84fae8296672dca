"""What one job has to say about itself: rights, environment, token, pin, time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from beaker_ci.quantities import Duration
from beaker_ci.setup.expressions import fill
from beaker_ci.setup.findings import Finding, broken, unknown, well
from beaker_ci.setup.samples import Samples
from beaker_ci.setup.values import Unknowable, text_of
from beaker_ci.setup.workflow import BeakerJob, mapping, pinned_commit

PERMISSIONS = {
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "pull-requests": "write",
}
"""What the workflow's own token needs, and no more."""

LONGEST = 360
"""Minutes after which GitHub ends a job that names no limit, and every job on its own runners."""

_FINISHING = 5
"""Minutes that a job needs besides what it waits."""

_LEVELS = ("none", "read", "write")
_SECRET = re.compile(r"\s*\$\{\{\s*secrets(?:\.(\w+)|\['(\w+)'\])\s*\}\}\s*", re.ASCII)
_BLOCK = (
    "permissions: {" + ", ".join(f"{name}: {level}" for name, level in PERMISSIONS.items()) + "}"
)


def job_findings(job: BeakerJob, asked: Samples) -> list[Finding]:
    """Everything that is judged from the job alone.

    Args:
        job: A job of ours.
        asked: The repository's events.
    """
    rules: tuple[Callable[[BeakerJob], Finding], ...] = (_permissions, _environment, _token, _pin)
    return [*(rule(job) for rule in rules), _timeout(job, asked)]


def secret_name(job: BeakerJob) -> str | None:
    """The name of the secret that the Beaker token comes from; None if it comes from elsewhere."""
    match = _SECRET.fullmatch(str(_given_token(job)))
    return (match[1] or match[2]) if match else None


def _given_token(job: BeakerJob) -> Any:
    step = job.step_value
    return mapping(step.get("with")).get("beaker-token") or mapping(step.get("env")).get(
        "BEAKER_TOKEN"
    )


def _permissions(job: BeakerJob) -> Finding:
    code = "workflow.permissions"
    given = job.value.get("permissions", job.file.value.get("permissions"))
    where = job.where("permissions") if "permissions" in job.value else job.file.path
    if given is None:
        return broken(
            code,
            "The job does not say which rights its token has",
            f"{where}: then the repository's settings decide",
            remedy=f"Write in the job: `{_BLOCK}`.",
        )
    granted = _granted(given)
    if granted is None:
        return broken(
            code,
            "The job's `permissions` are not a list of rights",
            f"{where}: {given!r}",
            remedy=f"Write in the job: `{_BLOCK}`.",
        )
    missing = [
        f"{name}: {level}"
        for name, level in PERMISSIONS.items()
        if _rank(granted.get(name)) < _rank(level)
    ]
    if missing:
        return broken(
            code,
            "The workflow's token may not do enough",
            f"{where}: missing {', '.join(missing)}",
            remedy=f"Write in the job: `{_BLOCK}`.",
        )
    excess = [
        f"{name}: write"
        for name, level in granted.items()
        if level == "write" and PERMISSIONS.get(name) != "write"
    ]
    if excess:
        return broken(
            code,
            "The workflow's token may do more than it needs",
            f"{where}: {', '.join(excess)}",
            remedy=f"Write in the job: `{_BLOCK}`.",
        )
    return well(code, "The workflow's token may do what it needs, and no more", where)


def _granted(given: Any) -> Mapping[str, str] | None:
    if given == "write-all":
        return {**dict.fromkeys(PERMISSIONS, "write"), "actions": "write", "packages": "write"}
    if given == "read-all":
        return dict.fromkeys(PERMISSIONS, "read")
    if not isinstance(given, Mapping):
        return None
    return {str(name): str(level) for name, level in given.items()}


def _rank(level: str | None) -> int:
    return _LEVELS.index(level) if level in _LEVELS else 0


def _environment(job: BeakerJob) -> Finding:
    code = "workflow.environment"
    try:
        name = job.environment
    except Unknowable as error:
        return unknown(
            code,
            "Which environment the job runs in is not certain",
            f"{job.where('environment')}: {error}",
            remedy="Write the environment's name: `environment: beaker`.",
        )
    if name is None:
        return broken(
            code,
            "The job runs in no environment",
            f"{job.where()}: its secret is one that every branch's workflow can print",
            remedy="Write `environment: beaker` in the job, and keep the secret there alone.",
        )
    return well(code, f"The job runs in the environment `{name}`", job.where("environment"))


def _token(job: BeakerJob) -> Finding:
    code, given = "workflow.token", _given_token(job)
    where = job.where("steps", job.step, "with", "beaker-token")
    line = "`beaker-token: ${{ secrets.BEAKER_TOKEN }}`"
    if given is None:
        return broken(
            code,
            "The step gets no Beaker token",
            f"{where}: no `beaker-token`",
            remedy=f"Write {line} under the step's `with:`.",
        )
    name = secret_name(job)
    if name is not None:
        return well(code, f"The Beaker token comes from the secret `{name}`", where)
    if "${{" not in str(given):
        return broken(
            code,
            "A Beaker token stands in the workflow itself",
            f"{where} (not shown)",
            remedy=f"Revoke that token on Beaker now, make a new one, and write {line}.",
        )
    return unknown(
        code,
        "Where the Beaker token comes from is not certain",
        f"{where}: an expression other than one secret",
        remedy=f"Write {line}.",
    )


def _pin(job: BeakerJob) -> Finding:
    code, where = "workflow.pin", job.where("steps", job.step, "uses")
    commit = pinned_commit(job.uses)
    if commit is not None:
        return well(code, "beaker-ci is pinned by commit", f"{where}: {commit}")
    return broken(
        code,
        "beaker-ci is not pinned to a commit",
        f"{where}: {job.uses}",
        remedy="Write the 40 digits of the commit that you reviewed after the `@`; a tag or a "
        "branch can be moved.",
    )


def _timeout(job: BeakerJob, asked: Samples) -> Finding:
    """Asks for the longest wait that the workflow lets somebody ask for, and for its limit."""
    code, where = "workflow.timeout", job.where("timeout-minutes")
    by_hand = mapping(job.file.triggers().get("workflow_dispatch"))
    sample = asked.waiting if "wait" in mapping(by_hand.get("inputs")) else asked.dispatch
    wait = mapping(job.step_value.get("with")).get("wait")
    try:
        waits = text_of(fill(text_of(wait), sample.contexts))
        given = fill(text_of(job.value.get("timeout-minutes", LONGEST)), sample.contexts)
        minutes = _number(text_of(given))
    except Unknowable as error:
        return unknown(
            code,
            "Whether the job outlasts what it waits for is not certain",
            f"{where}: {error}",
            remedy="Write a number of minutes, or the expression that `beaker-ci init` writes.",
        )
    needed = _minutes(waits)
    if minutes >= needed:
        return well(code, "The job outlasts what it waits for", f"{where}: {minutes:g} minutes")
    return broken(
        code,
        "GitHub ends the job while it waits",
        f"{where}: {minutes:g} minutes, where `wait` may be {waits}. The run on Beaker is stopped "
        "with it, unless `on_cancel` is `keep`",
        remedy=f"Write `timeout-minutes: {needed}` in the job.",
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unknowable(f"`{text}` is no number") from None


def _minutes(wait: str) -> int:
    """What a job needs that waits so long; 0 where it does not, or where the action refuses it."""
    if wait == "true":
        return LONGEST
    try:
        return -(-Duration.parse(wait).seconds // 60) + _FINISHING
    except ValueError:
        return 0
