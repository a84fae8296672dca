"""How much: the whole job, preset and command together, against the maintainer's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.policy.case import Case, Rule, allow, refuse, wait
from beaker_ci.policy.price import price_of
from beaker_ci.policy.values import duration, memory, number, whole_number
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from beaker_ci.policy.model import Finding

PRIORITIES = ("low", "normal", "high", "urgent", "immediate")
"""Beaker's priorities, from the lowest to the highest."""


def gpus(case: Case) -> Finding:
    """GPUs per replica."""
    return _count(case, "gpus", case.configuration.limits.gpus, default=0)


def replicas(case: Case) -> Finding:
    """Replicas."""
    return _count(case, "replicas", case.configuration.limits.replicas, default=1, least=1)


def retries(case: Case) -> Finding:
    """Automatic retries."""
    return _count(case, "retries", case.configuration.limits.retries, default=0)


def cpus(case: Case) -> Finding | None:
    """CPU cores per replica."""
    if case.recipe.get("cpus") is None:
        return None
    asked, limit = number(case.recipe, "cpus"), case.configuration.limits.cpus
    if asked is None or not 0 < asked <= limit:
        return _beyond(case, "cpus", f"{limit:g}")
    return allow("cpus", f"{asked:g} of at most {limit:g}")


def main_memory(case: Case) -> Finding | None:
    """Memory per replica."""
    return _size(case, "memory")


def shared_memory(case: Case) -> Finding | None:
    """Shared memory per replica; it is part of the memory."""
    return _size(case, "shared_memory")


def timeout(case: Case) -> Finding:
    """Task timeout: always set, so that no run is without end."""
    asked, limit = duration(case.recipe, "task_timeout"), case.configuration.limits.timeout
    if asked is None or not 0 < asked.seconds <= limit.seconds:
        return _beyond(case, "task_timeout", limit.text, key="timeout")
    return allow("task-timeout", f"{asked} of at most {limit}")


def waiting(case: Case) -> Finding | None:
    """Other times that a command or preset sets: none is longer than the task timeout may be."""
    limit = case.configuration.limits.timeout
    for values, name in (
        (case.recipe, "synchronized_start_timeout"),
        (case.options, "start_timeout"),
        (case.options, "inactive_timeout"),
        (case.options, "inactive_soft_timeout"),
    ):
        asked = duration(values, name)
        if values.get(name) is not None and (asked is None or asked > limit):
            return _beyond(case, name, limit.text, key="timeout")
    return None


def min_runtime(case: Case) -> Finding | None:
    """Time that cannot be preempted."""
    if case.recipe.get("min_runtime") is None:
        return None
    asked, limit = duration(case.recipe, "min_runtime"), case.configuration.limits.min_runtime
    if asked is None or asked > limit:
        return _beyond(case, "min_runtime", limit.text if limit.seconds else "0s")
    return allow("min-runtime", f"{asked} of at most {limit}")


def priority(case: Case) -> Finding:
    """The priority: free up to one, with approval up to another, never above the workspace's."""
    asked, rules = case.recipe.get("priority"), case.configuration.priority
    accounts = case.facts.accounts
    if not isinstance(asked, str) or asked not in PRIORITIES:
        evidence = f"{asked} is no priority; there are {', '.join(PRIORITIES[:-1])}"
        return refuse("priority", Reason.REFUSED_PRIORITY, evidence, f"Write `{_line(rules.max)}`.")
    highest = max(rules.max, rules.with_approval, key=PRIORITIES.index)
    if _above(asked, highest):
        return refuse(
            "priority",
            Reason.REFUSED_PRIORITY,
            f"{asked} is above {highest}, the highest here",
            f"Write `{_line(rules.max)}`"
            + (f", or with an approval `{_line(highest)}`." if highest != rules.max else "."),
        )
    cap = accounts.max_priority if accounts else None
    if cap is not None and (cap not in PRIORITIES or _above(asked, cap)):
        return refuse(
            "priority",
            Reason.REFUSED_PRIORITY,
            f"{asked} is above {cap}, the highest that the workspace takes",
            f"Write `{_line(cap)}`.",
        )
    if _above(asked, rules.max) and case.is_approved:
        return allow("priority", f"{asked} of at most {highest} with an approval")
    if _above(asked, rules.max):
        return wait(
            "priority",
            Reason.NEEDS_APPROVAL_PRIORITY,
            f"{asked} is above {rules.max}; an approver may let {highest} through",
            f"Ask an approver, or write `{_line(rules.max)}`.",
        )
    return allow("priority", f"{asked} of at most {rules.max}")


def price(case: Case) -> Finding:
    """The highest price of the run, in GPU-hours."""
    hours = case.configuration.limits.gpu_hours
    try:
        most = price_of(case.recipe, case.configuration)
    except ValueError:
        return refuse("price", Reason.REFUSED_LIMIT, "the price cannot be told")
    less = "Ask for fewer `--gpus`, `--replicas` or `--retries`, or a shorter `--task-timeout`."
    if most.gpu_hours > max(hours.run, hours.with_approval):
        limit = max(hours.run, hours.with_approval)
        evidence = f"{most}; at most {limit:g}, even with an approval"
        return refuse("price", Reason.REFUSED_LIMIT, evidence, less)
    if most.gpu_hours > hours.run and case.is_approved:
        return allow("price", f"{most} of at most {hours.with_approval:g} with an approval")
    if most.gpu_hours > hours.run:
        evidence = f"{most}; above {hours.run:g} an approver must let it through"
        return wait("price", Reason.NEEDS_APPROVAL_PRICE, evidence, f"Ask an approver. {less}")
    return allow("price", f"{most} of at most {hours.run:g}")


LIMITS: tuple[Rule, ...] = (
    gpus,
    replicas,
    cpus,
    main_memory,
    shared_memory,
    retries,
    timeout,
    waiting,
    min_runtime,
    priority,
    price,
)
"""The rules of this module, in the order of the tree."""


def _count(case: Case, name: str, limit: int, *, default: int, least: int = 0) -> Finding:
    asked = whole_number(case.recipe, name, default)
    if asked is None or not least <= asked <= limit:
        return _beyond(case, name, str(limit))
    return allow(name, f"{asked} of at most {limit}")


def _size(case: Case, name: str) -> Finding | None:
    if case.recipe.get(name) is None:
        return None
    asked, limit = memory(case.recipe, name), case.configuration.limits.memory
    if asked is None or not 0 < asked.bytes <= limit.bytes:
        return _beyond(case, name, limit.text, key="memory")
    return allow(name.replace("_", "-"), f"{asked} of at most {limit}")


def _beyond(case: Case, name: str, limit: str, key: str = "") -> Finding:
    """The refusal that names the limit, the value asked for and the words to type."""
    asked = case.recipe.get(name, case.options.get(name))
    said = f"{asked:g}" if isinstance(asked, float) else asked
    option, rule = f"--{name.replace('_', '-')}", f"`limits.{key or name}`"
    write = f"Write `{option} {limit}` or less" if limit != "0s" else f"Leave `{option}` out"
    return refuse(
        name.replace("_", "-"),
        Reason.REFUSED_LIMIT,
        f"`{option} {said}` is beyond the limit of {limit} ({rule})",
        f"{write}, or ask a maintainer to raise {rule}.",
    )


def _above(one: str, other: str) -> bool:
    return PRIORITIES.index(one) > PRIORITIES.index(other)


def _line(name: str) -> str:
    return f"--priority {name}"
