"""The rules that tell one failure from another, read from ``rules.toml`` and checked."""

from __future__ import annotations

import re
import tomllib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

MOST_KNOWN, LONGEST_KNOWN = 2048, 400
"""Texts, and characters of one, whose rule is remembered."""

_ZEROS = str.maketrans("123456789", "0" * 9)
_BOUNDS = re.compile(r"\{\d*,?\d*\}|\[[^\]]*0-9[^\]]*\]")

MOST_STEPS = 6_000
"""The product of a pattern's repetitions: what one place of a line may cost."""

_KINDS = ("cause", "caught", "wrapper", "victim", "benign", "shield", "attempt")
_FIRST = ("caught", "benign", "shield", "attempt")
_ON = ("any", "line", "exception")
_COUNTS = ("first", "last")


class RulesError(ValueError):
    """The rules are not usable, and why."""


@dataclass(frozen=True, slots=True)
class Category:
    """One entry of the taxonomy.

    Attributes:
        key: Its stable name.
        title: In words, as a report's first words.
        infrastructure: Whose fault it is: the infrastructure's, the user's, or it depends.
        next_step: What to do now.
        paste: A comment that does it, where one exists.
    """

    key: str
    title: str
    infrastructure: bool | None
    next_step: str
    paste: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of line means.

    Attributes:
        name: Unique; its fixture is ``tests/digest/fixtures/<name>.log``.
        words: Lower-case words of which a line must hold one before the pattern is tried.
        pattern: Searched in the line, or in an exception with its message.
        category: A key of the taxonomy.
        weight: The highest decides, 0 to 100.
        kind: ``cause``; ``caught`` is one that its program survived; ``wrapper`` only reports that
            something else failed; ``victim`` was taken down by another; ``benign`` is noise;
            ``shield`` says that the traceback below it is ignored; ``attempt`` begins another
            attempt.
        on: Lines, exceptions that ended a traceback, or any of them.
        count: Whether the first or the last of equal lines is shown.
        next_step: Instead of the category's.
        digits: Its digits are meant as such: it may tell lines apart that differ in nothing else.
    """

    name: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    category: str
    weight: int
    kind: str = "cause"
    on: str = "any"
    count: str = "last"
    next_step: str = ""
    digits: bool = False


Match = tuple[Rule, int] | None
"""The rule that a text matches and where, or none."""


class Rules:
    """All rules and the taxonomy.

    Attributes:
        version: Of the rules' file.
        stems: Lower-case words; a line without any is not looked at.
        categories: The taxonomy by key.
        named: The rules by name.
    """

    def __init__(
        self,
        version: str,
        stems: Iterable[str],
        categories: Iterable[Category],
        rules: Iterable[Rule],
    ) -> None:
        self.version = version
        self.stems = tuple(stems)
        self.categories = {category.key: category for category in categories}
        self.named = {rule.name: rule for rule in rules}
        words = [(word, rule) for rule in self.named.values() for word in rule.words]
        self._steady = [(word, rule) for word, rule in words if not rule.digits]
        self._digits = [(word, rule) for word, rule in words if rule.digits]
        # Most lines of a noisy log differ in their digits only.
        self._known: OrderedDict[tuple[str, str], Match] = OrderedDict()

    def match(self, text: str, on: str) -> Match:
        """The rule that says most about a text, and where in it; noise before causes.

        Args:
            text: A line without prefixes, or an exception with its message.
            on: ``line`` or ``exception``.
        """
        low = text.lower()
        key = on, text.translate(_ZEROS)
        if key in self._known:
            best = self._known[key]
        else:
            best = _best((rule for word, rule in self._steady if word in low), text, on, None)
            if len(text) <= LONGEST_KNOWN:
                self._known[key] = best
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return _best((rule for word, rule in self._digits if word in low), text, on, best)

    def indifferent(self, text: str) -> bool:
        """Whether no rule would see anything else in a text that differs in its digits only."""
        low = text.lower()
        return not any(word in low for word, _ in self._digits)


def _best(rules: Iterable[Rule], text: str, on: str, best: Match) -> Match:
    for rule in rules:
        if rule.on in ("any", on) and (best is None or _rank(rule) > _rank(best[0])):
            found = rule.pattern.search(text)
            if found:
                best = rule, found.start()
    return best


def _rank(rule: Rule) -> tuple[bool, int]:
    return rule.kind in _FIRST, rule.weight


@cache
def load() -> Rules:
    """The rules of this package."""
    text = resources.files("beaker_ci.digest").joinpath("rules.toml").read_text("utf-8")
    return read(text)


def read(text: str, fixtures: Iterable[str] | None = None) -> Rules:
    """Reads and checks rules.

    Args:
        text: TOML.
        fixtures: Names of rules that have a fixture; None leaves that unchecked.

    Raises:
        RulesError: Something is unknown, missing, doubled, or may take for ever.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The rules are no TOML: {error}") from error
    categories = [_category(key, entry) for key, entry in data.get("category", {}).items()]
    keys = {category.key for category in categories}
    rules = [_rule(entry, keys) for entry in data.get("rule", [])]
    names = [rule.name for rule in rules]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise RulesError(f"Two rules are called {doubled[0]}.")
    if fixtures is not None:
        bare = sorted(set(names) - set(fixtures))
        if bare:
            raise RulesError(f"The rule {bare[0]} has no fixture.")
    return Rules(str(data.get("version", "")), data.get("stems", ()), categories, rules)


def _category(key: str, entry: Mapping[str, Any]) -> Category:
    unknown = entry.keys() - {"title", "infrastructure", "next", "paste"}
    if unknown or not {"title", "next"} <= entry.keys():
        raise RulesError(f"The category {key} lacks its title or next step, or has unknown keys.")
    whose = entry.get("infrastructure")
    return Category(key, entry["title"], whose, entry["next"], entry.get("paste", ""))


def _rule(entry: Mapping[str, Any], categories: set[str]) -> Rule:
    name = str(entry.get("name", ""))
    known = {"name", "words", "pattern", "category", "weight", "kind", "on", "count", "next"}
    unknown = sorted(entry.keys() - known)
    if not name or unknown:
        raise RulesError(f"The rule {name!r} has no name or unknown keys: {', '.join(unknown)}")
    rule = Rule(
        name,
        tuple(entry.get("words", ())),
        _pattern(name, str(entry.get("pattern", ""))),
        str(entry.get("category", "unknown")),
        int(entry.get("weight", 50)),
        str(entry.get("kind", "cause")),
        str(entry.get("on", "any")),
        str(entry.get("count", "last")),
        str(entry.get("next", "")),
    )
    bare = _BOUNDS.sub("", rule.pattern.pattern) + "".join(rule.words)
    rule = replace(rule, digits=any(map(str.isdigit, bare)))
    allowed = rule.kind in _KINDS and rule.on in _ON and rule.count in _COUNTS
    if not allowed or rule.category not in categories or not 0 <= rule.weight <= 100:
        raise RulesError(f"The rule {name} has an unknown category, kind, place, count or weight.")
    if not rule.words or any(word != word.lower() or len(word) < 3 for word in rule.words):
        raise RulesError(f"The rule {name} needs lower-case words of three letters or more.")
    return rule


def _pattern(name: str, text: str) -> re.Pattern[str]:
    """Compiles a pattern if it is sure to end soon: bounded repetitions, none of a group."""
    bare = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "c", re.sub(r"\\[^dDwWsSbBAZ]", "c", text))
    if not text or re.search(r"(?<!\\)[*+]|\{\d*,\}", bare):
        raise RulesError(
            f"The pattern of {name} is empty or has a repetition without an upper bound."
        )
    if re.search(r"\)\{", bare):
        raise RulesError(f"The pattern of {name} repeats a group.")
    if any(_steps(branch) > MOST_STEPS for branch in bare.split("|")):
        raise RulesError(f"The pattern of {name} may take too long on a long line.")
    try:
        return re.compile(text)
    except re.error as error:
        raise RulesError(f"The pattern of {name} is no regular expression: {error}") from error


def _steps(branch: str) -> int:
    steps = 1
    for bound in re.findall(r"\{\d*,(\d+)\}", branch):
        steps *= int(bound) if int(bound) > 20 else 1  # digits and blanks
    return steps
