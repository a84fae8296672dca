"""What a rule says of one row: broken, or excused by noise."""

from __future__ import annotations

from beaker_ci.metrics.gathering import MOST
from beaker_ci.metrics.model import LEVEL, Broken, Metric, Row, Rule, Word
from beaker_ci.metrics.plain import DEEPEST
from beaker_ci.metrics.statistics import interval, is_usable

_ROUNDING = 1e-9
_LONGEST_NAME = 100
_LONG = 1e9
_UNSHOWN = "\N{REPLACEMENT CHARACTER}"
_REMEDY = "Write it to the run's `metrics.json`, or take its rule out of `compare.metrics`."
_REMEDY_IF_CUT = (
    f"At most {MOST} metrics are read, {DEEPEST} levels deep, none named like a secret: "
    "write fewer, or rename it."
)


def judge(
    row: Row, *, has_base: bool, base_is_whole: bool = False, is_cut: bool = False
) -> tuple[tuple[Broken, ...], tuple[str, ...]]:
    """Judges one row by its rule.

    What cannot be judged never passes, but for a metric that is new: nothing of it can have
    fallen, and a strict rule alone asks for the base's. A bound that only the point estimate breaks
    passes, unless the rule is strict: noise explains it. Without an interval the point estimate
    decides. Exactly at the bound passes.

    Args:
        row: As it stands in the table.
        has_base: Whether there is a base's run at all.
        base_is_whole: Whether the base's run measured something, and all of that is known.
        is_cut: Whether the head wrote more than was read.

    Returns:
        What is broken, and sentences about what noise excuses.
    """
    rule = row.rule
    if rule is None or not rule.gates:
        return (), ()
    if row.head is None or not is_usable(row.head):
        return (Broken("missing", row.name, _not_measured(row, is_cut=is_cut)),), ()
    is_new = row.base is None and base_is_whole
    fallen = _fallen(row, rule, has_base=has_base, is_new=is_new)
    found = [fallen, *_beyond(row.head, rule)]
    broken = tuple(each for each in found if isinstance(each, Broken))
    return broken, tuple(each for each in found if isinstance(each, str))


def unmatched(rule: Rule, *, is_cut: bool = False) -> Broken:
    """For a rule whose glob matches no metric at all."""
    remedy = _REMEDY_IF_CUT if is_cut else _REMEDY
    says = f"No metric matches {_code(rule.name)}, so its rule cannot be judged. {remedy}"
    return Broken("missing", rule.name, says)


def is_higher_better(rule: Rule | None, base: Metric | None, head: Metric | None) -> bool | None:
    """As the rule says; else as the files do, the base's before that under judgement."""
    for source in (rule, base, head):
        if source is not None and source.higher_is_better is not None:
            return source.higher_is_better
    return None


def _fallen(row: Row, rule: Rule, *, has_base: bool, is_new: bool) -> Broken | str | None:
    """``max_drop``: the difference against how much worse it may become."""
    if rule.max_drop is None:
        return None
    name, bound = _code(row.name), f"`max_drop: {_number(rule.max_drop)}`"
    if is_new and not rule.strict:
        return (
            f"{name} is new, the base's run did not measure it: {bound} holds from the next run on."
        )
    if row.base is None or row.head is None or row.difference is None:
        why = _nothing_to_compare(row.base, has_base=has_base)
        says = f"{name} has nothing to compare with: {why}, so {bound} cannot be judged."
        return Broken("missing", row.name, says)
    fall, verb = _fall(row, row.difference)
    if fall <= rule.max_drop + _ROUNDING * max(abs(row.base.value), abs(row.head.value)):
        return None
    says = f"{name} {verb} by {_apart(fall, rule.max_drop)}, more than {bound}"
    around = None if row.low is None or row.high is None else (row.low, row.high)
    is_sure = row.word in (Word.REGRESSED, Word.CHANGED)
    if rule.strict or around is None or is_sure:
        return Broken("max_drop", row.name, says + _decided(around, is_sure=is_sure, signed=True))
    if around[0] <= 0 <= around[1]:
        return f"{says}; noise explains it ({_spelled(around, signed=True)})."
    return f"{says}; noise explains it (p = {row.p:.2g}, corrected over the table)."


def _fall(row: Row, difference: float) -> tuple[float, str]:
    """How much worse it became, and the verb; any change, where nobody said what is better."""
    match is_higher_better(row.rule, row.base, row.head):
        case None:
            return abs(difference), "changed"
        case True:
            return -difference, "dropped"
        case False:
            return difference, "rose"


def _beyond(head: Metric, rule: Rule) -> list[Broken | str]:
    """``min`` and ``max``: the head's own value, with its own interval."""
    found: list[Broken | str] = []
    bounds = (("min", rule.minimum, -1, "below"), ("max", rule.maximum, 1, "above"))
    for key, bound, sign, side in bounds:
        if bound is None or sign * (head.value - bound) <= _ROUNDING * abs(head.value):
            continue
        says = (
            f"{_code(head.name)} is {_apart(head.value, bound)}, {side} `{key}: {_number(bound)}`"
        )
        around = interval(head)
        is_sure = around is not None and not around[0] <= bound <= around[1]
        if rule.strict or around is None or is_sure:
            found.append(Broken(key, head.name, says + _decided(around, is_sure=is_sure)))
        else:
            found.append(f"{says}; noise explains it ({_spelled(around)}).")
    return found


def _nothing_to_compare(base: Metric | None, *, has_base: bool) -> str:
    if not has_base:
        return "there is no run of the base"
    if base is None:
        return "the base's run did not measure it"
    what = "the difference" if is_usable(base) else "the base's"
    return f"{what} is no finite number"


def _not_measured(row: Row, *, is_cut: bool) -> str:
    name = _code(row.name)
    if row.head is not None:
        return f"{name} is not a finite number, so its rule cannot be judged."
    if is_cut:
        return f"{name} was not found, so its rule cannot be judged. {_REMEDY_IF_CUT}"
    return f"{name} was not measured, so its rule cannot be judged. {_REMEDY}"


def _decided(around: tuple[float, float] | None, *, is_sure: bool, signed: bool = False) -> str:
    """The end of a sentence about a broken bound: what decided, the interval or strictness."""
    if around is None:
        return " (no interval)."
    decided = "" if is_sure else ", but the rule is strict"
    return f" ({_spelled(around, signed=signed)}{decided})."


def _spelled(around: tuple[float, float], *, signed: bool = False) -> str:
    low, high = (_minus(f"{end:{'+' if signed else ''}.{_digits(end)}g}") for end in around)
    return f"{100 * (1 - LEVEL):.0f} % interval {low} to {high}"


def _apart(value: float, bound: float) -> str:
    """A number with as many digits as tell it from its bound."""
    texts = (f"{value:.{digits}g}" for digits in range(_digits(value), 17))
    return _minus(next((text for text in texts if float(text) != bound), repr(value)))


def _digits(value: float) -> int:
    """Three, or as many as stand before the point."""
    return max(3, len(str(int(abs(value))))) if abs(value) < _LONG else 3


def _number(value: float) -> str:
    """As it stands in the configuration."""
    return f"{value:.12g}"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _code(name: str) -> str:
    """An untrusted name as Markdown code: on one line, without what would end it."""
    shown = " ".join(name.replace("`", "'").split())
    shown = "".join(letter if letter.isprintable() else _UNSHOWN for letter in shown)
    if len(shown) > _LONGEST_NAME:
        shown = shown[: _LONGEST_NAME - 1] + "…"
    return f"`{shown or ' '}`"
