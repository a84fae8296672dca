"""Files that programs write about their own failure: torch elastic's error file, JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from beaker_ci.digest.chains import choose
from beaker_ci.digest.cleaning import UNHIDDEN
from beaker_ci.digest.hiding import Hide, hide_test
from beaker_ci.digest.machine import Machine
from beaker_ci.digest.model import FailedTest
from beaker_ci.digest.pytest_reports import own_place
from beaker_ci.digest.rules import Rule, Rules
from beaker_ci.digest.tracebacks import Raised

LARGEST = 16 << 20
"""Bytes of a file beyond which it is not read."""

MOST = 200
"""Failed tests that are kept."""

_REPORT = 20_000
"""Characters of a test's own report that are looked at, from its end."""


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
    message: str | None = None
    report: list[str] = field(default_factory=list)
    size: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testcase":
            self.case = attributes
        elif name in ("failure", "error") and self.case and len(self.tests) < MOST:
            self.message = attributes.get("message", "")
            self.report, self.size = [], 0

    def text(self, data: str) -> None:
        if self.message is not None:
            self.report.append(data)
            self.size += len(data)
            if self.size > 2 * _REPORT:  # not each time: markup may cut a text into letters
                self.report = ["".join(self.report)[-_REPORT:]]
                self.size = _REPORT

    def end(self, name: str) -> None:
        if name in ("failure", "error") and self.message is not None:
            report = "".join(self.report)[-_REPORT:]
            self.tests.append(_test(self.case, self.message, report))
            self.case, self.message = {}, None


def _test(case: dict[str, str], message: str, report: str) -> FailedTest:
    """The failed test of a case: where it stands in its report, else as its attributes say."""
    places = [place for line in report.splitlines() if (place := own_place(line))]
    file, line = case.get("file", ""), case.get("line", "")
    # JUnit's lines begin at 0.
    at = (file, int(line) + 1 if line.isdecimal() and len(line) < 9 else 0)
    owner = _owner(case.get("classname", ""), [file, *(place[0] for place in places)])
    node = "::".join(filter(None, (owner, case.get("name", ""))))
    words = message.strip().partition("\n")[0]
    return FailedTest(node[:UNHIDDEN], *(places[-1] if places else at), words[:UNHIDDEN])


def _owner(classname: str, files: list[str]) -> str:
    """What stands before a test's name in pytest's words: its file, and the class in it.

    Args:
        classname: Dotted, as JUnit has it.
        files: Where the test may stand, the likeliest first.
    """
    for file in files:
        module = file.removesuffix(".py").replace("/", ".")
        if module and f"{classname}.".startswith(f"{module}."):
            return "::".join([file, *filter(None, classname[len(module) :].split("."))])
    return files[0] or classname


class _ForbiddenError(Exception):
    """A document type: nobody's test report needs one, and entities can blow up."""


def _forbid(*_: object) -> None:
    raise _ForbiddenError


def failed_tests(files: Iterable[bytes], hide: Hide) -> tuple[FailedTest, ...]:
    """The failed tests of JUnit files; what is no such file, or is too large, is passed over.

    Args:
        files: Contents of files.
        hide: Takes secrets out, before anything is cut.
    """
    tests: list[FailedTest] = []
    for content in files:
        reader = _Reader()
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = reader.start
        parser.CharacterDataHandler = reader.text
        parser.EndElementHandler = reader.end
        parser.StartDoctypeDeclHandler = _forbid
        try:
            if len(content) <= LARGEST:
                parser.Parse(content, True)
        except (expat.ExpatError, _ForbiddenError):
            pass  # what stood before the fault counts
        tests += reader.tests
    return tuple(hide_test(test, hide) for test in tests[:MOST])
