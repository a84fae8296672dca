"""What an accepted job keeps to, stated a second time: from the contract, without the policy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from beaker_ci.commands import Command
from beaker_ci.facts import Facts, Permission, Person
from beaker_ci.plan import Plan

LIMITS = {"gpus": 8, "replicas": 1, "cpus": 64, "memory": "1TiB", "retries": 2, "active_runs": 4,
          "min_runtime": "1h", "timeout": "24h"}  # fmt: skip
HOURS = {"run": 64, "pull_request": 256, "user": 512, "repository": 2048, "with_approval": 512}
ORDER = ("low", "normal", "high", "urgent", "immediate")
RIGHTS = ("none", "read", "triage", "write", "maintain", "admin")
NEVER = {
    *("name", "hostnames", "uploads", "ref", "branch", "remote", "git_repo", "callbacks", "yes"),
    *("allow_dirty", "save_spec", "preemptible", "skip_tcpxo_setup", "callback_modules", "client"),
    *("slack_webhook_url", "show_logs", "timeout", "dry_run", "auto_cancel", "log_level", "quiet"),
}
PRESETS_ONLY = {
    *("mounts", "aws_config_secret", "aws_credentials_secret", "google_credentials_secret"),
    *("pre_setup", "uv_cache_dir"),
}
CODE = ("install", "post_setup", "exec_method", "uv_venv", "conda_env")
RESERVED = re.compile(
    r"(GANTRY_|BEAKER_|GIT_|GITHUB_|GH_|LD_|PYTHON(?!UNBUFFERED$|HASHSEED$)|UV_|PIP_|CONDA_|AWS_|"
    r"GOOGLE_|BASH_|SSL_|DYLD_|XDG_|CURL_).*|.*_PROXY|RESULTS_DIR|PATH|HOME|SHELL|ENV|IFS|TMPDIR|"
    r"REQUESTS_CA_BUNDLE|PYTORCH_KERNEL_CACHE_PATH|SHELLOPTS|TAR_OPTIONS",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Accepted:
    """A job that the evaluator let through, or lets wait for an approval.

    Attributes:
        asked: The comment, as its event carried it.
        rules: The configuration as it is written.
    """

    asked: str
    command: Command
    plan: Plan
    rules: Mapping[str, Any]
    facts: Facts
    waits: bool

    @property
    def preset(self) -> Mapping[str, Any]:
        """The preset as it is written; empty if none is named."""
        presets: Mapping[str, Any] = self.rules.get("presets") or {}
        return presets.get(self.command.preset or "") or {}

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The values of the job."""
        return self.plan.recipe

    def limit(self, name: str) -> Any:
        """A limit, or its default."""
        return (self.rules.get("limits") or {}).get(name, LIMITS[name])


def wrongs(job: Accepted) -> list[str]:
    """Which statements a job breaks, a word or two each."""
    parts = (_person, _place, _commit, _fields, _sizes, _money, _choices, _variables, _code)
    return [said for part in parts for said, holds in part(job) if not holds]


Statements = Iterator[tuple[str, bool]]


def _person(job: Accepted) -> Statements:
    roles, facts = job.rules.get("roles") or {}, job.facts
    yield "role", _may(Person(1001, "maria"), facts.permission, roles.get("run"), "write")
    agreed = facts.agreement
    if agreed is None:
        return
    yield "role of who agreed", _may(agreed.who, agreed.permission, roles.get("run"), "write")
    if agreed.word == "approve":
        rule = roles.get("approve") or {}
        yield "approver", _may(agreed.who, agreed.permission, roles.get("approve"), "maintain")
        own = agreed.who.id == 1001 or agreed.authors is None or agreed.who.id in agreed.authors
        yield "own approval", bool(rule.get("self")) or not own


def _may(who: Person, held: Permission | None, role: Any, standard: str) -> bool:
    role = role or {}
    if not {"permission", "teams", "users"} & role.keys():
        role = {"permission": standard}
    if held is None:
        return False
    asked = role.get("permission")
    if asked in RIGHTS and held.level in RIGHTS and RIGHTS.index(held.level) >= RIGHTS.index(asked):
        return True
    named = asked is not None and asked in (held.role, held.level)
    teams = set(role.get("teams") or ()) & set(held.teams or ())
    return named or bool(teams) or who.id in (role.get("users") or ())


def _place(job: Accepted) -> Statements:
    facts, comment = job.facts, job.facts.comment
    yield "open", facts.pull is not None and facts.pull.state == "open"
    yield "comment known", comment is not None and comment.body is not None
    if comment is None or comment.created_at is None:
        return
    yield "unedited", comment.created_at == comment.updated_at and comment.body == job.asked
    yield "by who asked", comment.author_id == 1001
    oldest = timedelta(hours=1 if facts.agreement is None else 72)
    yield "recent", facts.now - comment.created_at <= oldest


def _commit(job: Accepted) -> Statements:
    pull, options = job.facts.pull, job.command.options
    head = pull.head_sha if pull else ""
    yield "head", job.plan.sha == head and re.fullmatch("[0-9a-f]{40}", head) is not None
    yield "pinned", options.get("sha", head) == head
    if pull and pull.is_fork:
        yield "forks let in", job.rules.get("forks") == "pinned"
        agreed = job.facts.agreement is not None or job.command.name == "plan"
        yield "fork pinned", "sha" in options or agreed
        for name in ("env_secrets", "dataset_secrets", "weka", "datasets"):
            yield f"fork's {name}", set(_many(job.recipe, name)) <= set(job.preset.get(name) or ())
    if pull and pull.private:
        yield "clone secret", bool(job.rules.get("github_token_secret"))


def _fields(job: Accepted) -> Statements:
    yield "refused fields", not NEVER & job.recipe.keys()
    for name in PRESETS_ONLY & job.recipe.keys():
        yield name, _same(job.recipe[name], job.preset.get(name))
    if job.command.options.get("host_networking"):
        yield "host networking", job.preset.get("replicas", 1) > 1
    yield "clone token", job.recipe.get("gh_token_secret") == job.rules.get("github_token_secret")


def _sizes(job: Accepted) -> Statements:
    recipe = job.recipe
    for name, least in (("gpus", 0), ("replicas", 1), ("retries", 0)):
        value = recipe.get(name, least)
        yield name, type(value) is int and least <= value <= job.limit(name)
    yield "cpus", "cpus" not in recipe or 0 < recipe["cpus"] <= job.limit("cpus")
    for name in {"memory", "shared_memory"} & recipe.keys():
        yield name, 0 < _bytes(recipe[name]) <= _bytes(job.limit("memory"))
    yield "timeout", 0 < _seconds(recipe["task_timeout"]) <= _seconds(job.limit("timeout"))
    for name in ("start_timeout", "inactive_timeout", "inactive_soft_timeout"):
        said = str(job.command.options.get(name, "0s"))
        yield name, _seconds(said) <= _seconds(job.limit("timeout"))
    least_time = recipe.get("min_runtime", "0s")
    yield "min runtime", _seconds(least_time) <= _seconds(job.limit("min_runtime"))


def _money(job: Accepted) -> Statements:
    recipe, agreed = job.recipe, job.facts.agreement
    hours = {**HOURS, **((job.rules.get("limits") or {}).get("gpu_hours") or {})}
    approved = job.waits or (agreed is not None and agreed.word == "approve")
    attempts = recipe.get("retries", 0) + 1
    size = recipe.get("gpus", 0) * recipe.get("replicas", 1)
    price = size * _seconds(recipe["task_timeout"]) * attempts / 3600
    yield "price told", math.isclose(price, job.plan.price.gpu_hours)
    most = max(hours["run"], hours["with_approval"]) if approved else hours["run"]
    yield "price", price <= most
    rules = {"max": "normal", "with_approval": "high", **(job.rules.get("priority") or {})}
    highest = (
        max(rules["max"], rules["with_approval"], key=ORDER.index) if approved else rules["max"]
    )
    yield "priority", ORDER.index(recipe["priority"]) <= ORDER.index(highest)
    cap = job.facts.accounts.max_priority if job.facts.accounts else None
    yield "workspace's priority", cap is None or ORDER.index(recipe["priority"]) <= ORDER.index(cap)
    ledger = job.facts.ledger
    yield "ledger known", ledger is not None
    here = [one for one in ledger or () if one.number == 7]
    yield "active runs", sum(one.is_open for one in here) < job.limit("active_runs")
    mine = [one for one in ledger or () if one.asker == 1001]
    for key, entries in (("pull_request", here), ("user", mine), ("repository", ledger or ())):
        total = math.fsum(one.gpu_hours for one in entries)
        yield f"{key} in 24 h", not price or total + price <= hours[key] + 1e-3


def _choices(job: Accepted) -> Statements:
    allow, accounts = job.rules.get("allow") or {}, job.facts.accounts
    for name in ("workspace", "budget"):
        value = job.recipe.get(name)
        given = value is not None and value in (job.rules.get(name), job.preset.get(name))
        full = getattr(accounts, name, None)
        listed = _listed(allow.get(f"{name}s"), [value, full]) if value and full else False
        yield name, full is not None and (given or listed)
    for name, key, part in (
        ("beaker_image", "images", r"(.*)"),
        ("docker_image", "images", r"(.*)"),
        ("env_secrets", "secrets", r"[^=]*=(.*)"),
        ("dataset_secrets", "secrets", r"([^:]*):.*"),
        ("weka", "weka", r"([^:]*):.*"),
        ("datasets", "datasets", r"([^:]*):.*"),
        ("group_names", "groups", r"(.*)"),
    ):
        new = set(_many(job.recipe, name)) - set(_many(job.preset, name))
        names = [re.sub(f"(?s)^{part}$", r"\1", value) for value in new]
        yield name, _listed(allow.get(key), names)
    for cluster in _many(job.recipe, "clusters"):
        yield f"cluster {cluster}", _cluster_is_free(job, cluster, allow.get("clusters") or ())


def _cluster_is_free(job: Accepted, name: str, globs: Iterable[str]) -> bool:
    known = job.facts.accounts.clusters if job.facts.accounts else None
    names = {name, *(alias for one in known or () if one.name == name for alias in one.aliases)}
    bare = {one.rpartition("/")[2] for one in names}
    in_preset = any(
        fnmatchcase(one, pattern)
        for pattern in _many(job.preset, "clusters")
        for one in (names if "/" in pattern else bare)
    )
    exists = name in {one.name for one in known or ()}
    return exists and (in_preset or _listed(globs, [name]) or bool(names & set(globs)))


def _variables(job: Accepted) -> Statements:
    names = [value.partition("=")[0] for value in _many(job.recipe, "env_vars")]
    names += [value.partition("=")[0] for value in _many(job.recipe, "env_secrets")]
    yield "variables once", len(set(names)) == len(names)
    yield "reserved names", not any(RESERVED.fullmatch(name) for name in names)
    yield "values given", all("=" in value for value in _many(job.recipe, "env_vars"))
    yield "our own variables", all(name.startswith("BEAKER_CI_") for name in job.plan.environment)


def _code(job: Accepted) -> Statements:
    command, args = job.command, job.recipe["args"]
    if command.argv is not None:
        yield "arguments", args == command.argv
    elif command.script is not None:
        yield "script", args == ("bash", "-euo", "pipefail", "-c", command.script)
    else:
        yield "preset's command", _same(args, job.preset.get("command"))
    if (job.rules.get("allow") or {}).get("commands") == "presets":
        yield "presets only", command.argv is None and command.script is None
        for name in CODE:
            yield f"presets' {name}", _same(job.recipe.get(name), job.preset.get(name))
    if not job.plan.check_name.startswith("beaker / run "):
        for name in job.recipe.keys() & job.preset.keys() - {"command"}:
            yield f"named like the preset, with its {name}", _alike(job, name)


def _alike(job: Accepted, name: str) -> bool:
    if name == "clusters":
        return True
    return _same(job.recipe[name], job.preset[name])


def _same(value: Any, written: Any) -> bool:
    if isinstance(value, tuple):
        return list(value) == list(written or ())
    return bool(value == written)


def _many(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name)
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _listed(globs: Iterable[str] | None, names: Iterable[str]) -> bool:
    return all(any(fnmatchcase(name, glob) for glob in globs or ()) for name in names)


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def _bytes(text: str) -> float:
    digits, power, binary = re.findall(r"^([\d.]+)([KMGT]?)(i?)B$", text)[0]
    base = 1024.0 if binary else 1000.0
    return float(digits) * math.pow(base, " KMGT".index(power or " "))
