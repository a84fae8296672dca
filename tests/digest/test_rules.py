"""Every rule does what it says, and rules that could do harm are refused."""

from __future__ import annotations

import time
from importlib import resources

import pytest
from digest_logs import FIXTURES, TRAILER, digest, fixture

from beaker_ci.digest import RulesError, load
from beaker_ci.digest.rules import read

RULES = load()
TEXT = resources.files("beaker_ci.digest").joinpath("rules.toml").read_text("utf-8")
NAMES = sorted(path.stem for path in FIXTURES.glob("*.log"))
ONE = """
version = "7"
stems = ["error"]
[category.data]
title = "Bad data"
next = "Mend it."
[[rule]]
name = "bad-shard"
words = ["shard"]
pattern = '''shard \\d{1,9} is bad'''
category = "data"
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_decides_its_fixture(name: str) -> None:
    text, line = fixture(name)
    found = digest(text)
    rule = RULES.named[name]
    if rule.kind in ("benign", "shield"):
        assert (line, found.root_cause, found.confidence) == (0, (), "none")
    elif rule.kind == "attempt":
        assert (found.root_cause[0].line, found.earlier_attempts) == (line, 1)
    else:
        assert (found.rule, found.root_cause[0].line) == (name, line)
        assert found.category == rule.category


@pytest.mark.parametrize("name", NAMES)
def test_a_trailer_changes_no_verdict(name: str) -> None:
    text, _ = fixture(name)
    plain, followed = digest(text), digest(text.encode() + TRAILER)
    assert (followed.headline, followed.rule) == (plain.headline, plain.rule)


def test_the_rules_are_read_with_a_fixture_each() -> None:
    assert read(TEXT, NAMES).version == RULES.version
    assert set(NAMES) == set(RULES.named)


def test_every_category_says_what_to_do_next() -> None:
    bare = [each.key for each in RULES.categories.values() if not each.next_step]
    assert bare == ["none"]


def test_every_category_of_a_rule_is_in_the_taxonomy_and_used() -> None:
    used = {rule.category for rule in RULES.named.values()}
    assert set(RULES.categories) - used == {"none", "unschedulable"}


def test_a_rule_without_a_fixture_is_refused() -> None:
    with pytest.raises(RulesError, match="The rule bad-shard has no fixture"):
        read(ONE, [])


def test_two_rules_of_one_name_are_refused() -> None:
    twice = ONE + ONE[ONE.index("[[rule]]") :]
    with pytest.raises(RulesError, match="Two rules are called bad-shard"):
        read(twice)


@pytest.mark.parametrize(
    "pattern",
    [
        "shard .*bad",
        "(a+)+b",
        "shard {2,}",
        "(?:a{1,9}){1,9}b",
        ".{0,400}x.{0,400}",
        "[a-z]+",
        "",
        "(",
    ],
)
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(RulesError, match="bad-shard"):
        read(ONE.replace("shard \\d{1,9} is bad", pattern))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"data"\n', '"date"\n'),
        ('name = "bad-shard"', 'name = "bad-shard"\nwieght = 3'),
        ('name = "bad-shard"', 'name = "bad-shard"\nweight = 101'),
        ('name = "bad-shard"', 'name = "bad-shard"\nkind = "fatal"'),
        ('["shard"]', '["Shard"]'),
        ('["shard"]', "[]"),
        ('title = "Bad data"\n', ""),
        ("[[rule]]", "[[rule"),
    ],
)
def test_a_mistake_in_a_rule_is_refused(old: str, new: str) -> None:
    with pytest.raises(RulesError):
        read(ONE.replace(old, new))


@pytest.mark.parametrize(
    "filler", ["a", " ", "a ", "/a", "Error ", "1.", "'", "a:", "error: ", "failed (", "loss nan "]
)
def test_no_line_takes_long(filler: str) -> None:
    line = (filler * 4096)[:4096]
    start = time.process_time()
    for on in ("line", "exception"):
        RULES.match(line, on)
    assert time.process_time() - start < 0.5
