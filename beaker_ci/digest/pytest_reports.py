"""Failed tests out of pytest's report: its summary, or headers and ``E`` lines without one."""

from __future__ import annotations

import re
from dataclasses import replace

from beaker_ci.digest.cleaning import UNHIDDEN
from beaker_ci.digest.model import FailedTest
from beaker_ci.digest.tracebacks import INSTALLED

MOST = 200
"""Failed tests that are kept."""

_LONGEST = 20_000
"""Lines after which a report without an end is left."""

_BEGIN = re.compile(r"={3,} (?:FAILURES|ERRORS) ={3,}$")
_END = re.compile(
    r"={3,} short test summary info ={3,}$"
    r"|={3,} .{0,200}\b(?:failed|passed|errors?)\b.{0,80} in [\d.:]+ ?s.{0,40}={3,}$"
)
_TEST = re.compile(r"_{3,} (?:ERROR (?:at (?:setup|teardown) of|collecting) )?(\S.{0,300}?) _{3,}$")
_SAYS = re.compile(r"E {3,20}(\S.*)$")
_PLACE = re.compile(
    r"(?P<file>[^\s:][^:\n]{0,300}\.py):(?P<line>\d{1,7}): ?(?P<kind>[\w.]{0,100})$"
)
_SUMMARY = re.compile(
    r"(?:FAILED|ERROR) (?:\[[\d.]+s\] )?(?P<node>[^\s:]+\.py(?:::[^\n]*?)?)(?: - (?P<message>.*))?$"
)


def own_place(text: str) -> tuple[str, int] | None:
    """File and line that a report's line names, where they are not an installed package's."""
    place = _PLACE.match(text)
    if place is None or INSTALLED.search(place["file"]):
        return None
    return place["file"], int(place["line"])


class PytestReport:
    """Reads the report of one pytest run, of the last one if there are several."""

    def __init__(self) -> None:
        self.active = False
        self._left = 0
        self._tests: dict[str, FailedTest] = {}
        self._name = ""

    @property
    def tests(self) -> tuple[FailedTest, ...]:
        """The failed tests, in the report's order."""
        named = [test for test in self._tests.values() if "::" in test.node or ".py" in test.node]
        return tuple(named or self._tests.values())

    def feed(self, text: str) -> str:
        """Takes a line; says what it is: ``explanation``, ``summary``, ``inside`` or nothing."""
        if self.active:
            return self._inside(text)
        if _BEGIN.match(text):
            self.active, self._left, self._name = True, _LONGEST, ""
            return "inside"
        return self._summarise(text)

    def _inside(self, text: str) -> str:
        self._left -= 1
        if _END.match(text) or self._left <= 0:
            self.active = False
            return "inside"
        named = _TEST.match(text)
        if named:
            self._name = named[1]
            self._put(FailedTest(self._name))
            return "inside"
        says = _SAYS.match(text)
        if says and self._name:
            test = self._tests.get(self._name)
            if test and not test.message:
                self._put(replace(test, message=says[1][:UNHIDDEN]))
                return "explanation"
            return "inside"
        place = own_place(text)
        test = self._tests.get(self._name)
        if place and test:
            self._put(replace(test, file=place[0], line=place[1]))
            return "inside"
        return self._summarise(text) or "inside"

    def _summarise(self, text: str) -> str:
        found = _SUMMARY.match(text)
        if not found:
            return ""
        node = found["node"].rstrip()
        name = ".".join(node.split("::")[1:]) or node
        known = self._tests.pop(name, None) or self._tests.get(node)
        file = known.file if known and known.file else node.partition("::")[0]
        told = (found["message"] or "").strip()
        words = known.message if known and (not told or told.endswith("...")) else told
        self._put(FailedTest(node, file, known.line if known else 0, words[:UNHIDDEN]))
        return "summary"

    def _put(self, test: FailedTest) -> None:
        if test.node in self._tests or len(self._tests) < MOST:
            self._tests[test.node] = test
