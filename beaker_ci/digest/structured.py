"""Files that programs write about their own failure: torch elastic's error file, JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from beaker_ci.digest.chains import choose
from beaker_ci.digest.machine import Machine
from beaker_ci.digest.model import FailedTest
from beaker_ci.digest.rules import Rule, Rules
from beaker_ci.digest.tracebacks import Raised

LARGEST = 16 << 20
"""Bytes of a file beyond which it is not read."""

MOST = 200
"""Failed tests that are kept."""

LONGEST = 500
"""Characters of a test's message."""


def first_error(texts: Iterable[str], rules: Rules) -> tuple[Rule, Raised] | None:
    """What torch elastic's error files say: of several processes, the one that failed first.

    Args:
        texts: Contents of ``error.json`` files; what is none is passed over.
        rules: They weigh the exception.
    """
    errors = sorted(filter(None, map(_error, texts)), key=lambda error: error[0])
    for _, words in errors:
        machine, chain = Machine(""), None
        for text in words.splitlines():
            chain = machine.feed(0, text)[1] or chain
        chain = machine.finish() or chain
        found = choose(chain, rules) if chain else None
        if found:
            return found[0], found[1]
    return None


def _error(text: str) -> tuple[float, str] | None:
    """When, and the traceback."""
    if len(text) > LARGEST:
        return None
    try:
        message: Any = json.loads(text)["message"]
        extra = message["extraInfo"]
        return float(extra["timestamp"]), str(extra["py_callstack"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


@dataclass
class _Reader:
    """Gathers failed test cases while the XML is parsed."""

    tests: list[FailedTest] = field(default_factory=list)
    case: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testcase":
            self.case = attributes
        elif name in ("failure", "error") and self.case and len(self.tests) < MOST:
            place = self.case.get("file", "")
            owner = place or self.case.get("classname", "")
            node = "::".join(filter(None, (owner, self.case.get("name", ""))))
            line = self.case.get("line", "")
            message = attributes.get("message", "").strip().partition("\n")[0][:LONGEST]
            # JUnit's lines begin at 0.
            number = int(line) + 1 if line.isdecimal() and len(line) < 9 else 0
            self.tests.append(FailedTest(node[:LONGEST], place, number, message))
            self.case = {}


class _ForbiddenError(Exception):
    """A document type: nobody's test report needs one, and entities can blow up."""


def _forbid(*_: object) -> None:
    raise _ForbiddenError


def failed_tests(files: Iterable[bytes]) -> tuple[FailedTest, ...]:
    """The failed tests of JUnit files; what is no such file, or is too large, is passed over."""
    tests: list[FailedTest] = []
    for content in files:
        reader = _Reader()
        parser = expat.ParserCreate()
        parser.StartElementHandler = reader.start
        parser.StartDoctypeDeclHandler = _forbid
        try:
            if len(content) <= LARGEST:
                parser.Parse(content, True)
        except (expat.ExpatError, _ForbiddenError):
            pass  # what stood before the fault counts
        tests += reader.tests
    return tuple(tests[:MOST])
