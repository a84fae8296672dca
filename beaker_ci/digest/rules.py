"""The rules that tell one failure from another, read from ``rules.toml`` and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

MOST_STEPS = 6_000
"""The product of a pattern's repetitions: what one place of a line may cost."""

_KINDS = ("cause", "caught", "wrapper", "victim", "benign", "shield", "attempt", "banner")
_FIRST = ("caught", "benign", "shield", "attempt", "banner")
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
            attempt, and so does the second ``banner``.
        on: Lines, exceptions that ended a traceback, or any of them.
        count: Whether the first or the last of equal lines is shown.
        next_step: Instead of the category's.
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
        by_word: dict[str, list[Rule]] = {}
        for rule in self.named.values():
            for word in rule.words:
                by_word.setdefault(word, []).append(rule)
        # Hundreds of words, of which nearly none is in a line: first the few stems in them.
        self._by_stem: dict[str, list[tuple[str, list[Rule]]]] = {stem: [] for stem in self.stems}
        self._others: list[tuple[str, list[Rule]]] = []
        for word, its in by_word.items():
            stem = next((stem for stem in self.stems if stem in word), None)
            (self._others if stem is None else self._by_stem[stem]).append((word, its))
        self._any_other = re.compile(
            "|".join(re.escape(word) for word, _ in self._others) or "(?!)"
        )

    def match(self, text: str, on: str) -> tuple[Rule, int] | None:
        """The rule that says most about a text, and where in it; noise before causes.

        Args:
            text: A line without prefixes, or an exception with its message.
            on: ``line`` or ``exception``.
        """
        low = text.lower()
        best: tuple[Rule, int] | None = None
        tried: set[str] = set()
        for rule in self._possible(low):
            if rule.on not in ("any", on) or rule.name in tried:
                continue
            tried.add(rule.name)
            if best and _rank(rule) <= _rank(best[0]):
                continue
            found = rule.pattern.search(text)
            if found:
                best = rule, found.start()
        return best

    def _possible(self, low: str) -> Iterator[Rule]:
        """The rules of which a word is in the text; some more than once."""
        for stem, entries in self._by_stem.items():
            if stem in low:
                for word, rules in entries:
                    if word in low:
                        yield from rules
        if self._any_other.search(low):
            for word, rules in self._others:
                if word in low:
                    yield from rules


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
