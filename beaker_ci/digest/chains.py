"""Which exception of a chain says best what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from beaker_ci.digest.rules import Rule, Rules
from beaker_ci.digest.tracebacks import Chain, Link, Raised

_VAGUE = 82
"""Up to this weight an exception's first line leaves open what happened."""

_ENDINGS = ("stopped", "timeout", "preempted")


def choose(chain: Chain, rules: Rules) -> tuple[Rule, Raised, tuple[Raised, ...]] | None:
    """What a chain says: its weightiest exception, the rule that weighed it, and the others.

    Of a group, whose exceptions came one after the other, the first one that says why.
    """
    if chain.benign:
        return None
    leaves = [chain.raised, *chain.beside]
    found = [each for leaf in leaves if (each := _best(leaf, rules))]
    if not found:
        return None
    why = (each for each in found if each[0].kind == "cause" and each[0].category not in _ENDINGS)
    rule, best = next(why, None) or max(found, key=lambda each: _worth(each[0]))
    others = (other for leaf in leaves for other in leaf if other is not best and other.text)
    return rule, best, tuple(others)


def _best(raised: Sequence[Raised], rules: Rules) -> tuple[Rule, Raised] | None:
    """The weightiest of exceptions that followed from one another.

    Of equals, an exception that followed from the one before on purpose says it better; one that
    only happened while the other was handled does not. One whose message carries the traceback of
    another only passes it on.
    """
    best: tuple[Rule, Raised] | None = None
    for each, then in zip_longest(raised, raised[1:]):
        rule = weigh(each, rules)
        if rule is None:
            continue
        stopped = best is not None and best[0].category == "stopped" != rule.category
        if stopped and each.link is Link.DURING:
            continue  # what goes wrong while a program is being stopped did not stop it
        if rule.kind == "cause" and then is not None and then.link is Link.ORIGINAL:
            rule = replace(rule, kind="wrapper")
        better = best is None or _worth(rule) > _worth(best[0])
        equal = best is not None and _worth(rule) == _worth(best[0])
        if better or (equal and (each.link in (Link.DIRECT, Link.ORIGINAL) or each.raises)):
            best = rule, each
    return best


def weigh(raised: Raised, rules: Rules) -> Rule | None:
    """The rule for an exception; None if it is noise or has no name.

    The lines that follow may belong to its message and tell more, or to somebody else: how a job
    was ended is not taken from them.
    """
    if not raised.text:
        return None
    found = rules.match(raised.text, "exception")
    rule = found[0] if found else rules.named["exception"]
    if raised.more and rule.kind in ("cause", "victim") and rule.weight <= _VAGUE:
        lines = "\n".join([raised.text, *(line.text for line in raised.more)])
        fuller = rules.match(lines, "exception")
        if fuller and fuller[0].kind == "cause" and fuller[0].category not in _ENDINGS:
            rule = max(rule, fuller[0], key=_worth)
    return None if rule.kind == "benign" else rule


def _worth(rule: Rule) -> tuple[bool, int]:
    return rule.kind == "cause", rule.weight
