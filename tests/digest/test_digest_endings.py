"""The job's record and structured files are trusted before the log."""

from __future__ import annotations

import json

import pytest
from digest_logs import digest

from beaker_ci.digest import Digester, Ending, FailedTest
from beaker_ci.history import Verdict

KEY = (
    "Traceback (most recent call last):\n"
    '  File "/data/train/main.py", line 97, in main\n'
    "    rate = settings['lr']\n"
    "KeyError: 'lr'\n"
)
STEPS = "step 1 loss 9.1\nstep 2 loss 8.7\n"
LIMIT = (
    "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-02-03T11:04:09 DUE TO TIME LIMIT ***\n"
)
JUNIT = b"""<?xml version="1.0"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" tests="2">
<testcase classname="tests.test_io" name="test_read" time="0.1"/>
<testcase classname="tests.test_io" name="test_write" file="tests/test_io.py" line="11">
<failure message="assert 3 == 4&#10; +  where">...</failure></testcase></testsuite></testsuites>"""

BY_PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest">
<testcase classname="tests.test_io.TestIO" name="test_a[1]" time="0.1">
<failure message="ValueError: width is 0">self = ...

    def test_a(self, x):
&gt;       read(x)

tests/test_io.py:7:
_ _ _ _

&gt;       raise ValueError("width is 0")
E       ValueError: width is 0

src/io.py:9:
_ _ _ _
E       ValueError: width is 0

/opt/conda/lib/python3.11/site-packages/torch/nn/module.py:1532: ValueError</failure></testcase>
<testcase classname="tests.test_io" name="test_b"><error message="failed on setup with &quot;x&quot;">
tests/conftest.py:11: OSError</error></testcase>
<testcase classname="tests.test_io" name="test_c"><failure message="boom&#10;no"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize("ending", [Ending(0), Ending(verdict=Verdict.SUCCEEDED)])
def test_a_success_has_no_cause_whatever_the_log_says(ending: Ending) -> None:
    found = digest(KEY, ending)
    assert (found.category, found.root_cause, found.headline) == ("none", (), "")
    assert found.tail[-1] == "KeyError: 'lr'"


@pytest.mark.parametrize(
    ("ending", "category", "infrastructure"),
    [
        (Ending(verdict=Verdict.PREEMPTED), "preempted", True),
        (Ending(verdict=Verdict.INFRASTRUCTURE), "node", True),
        (Ending(verdict=Verdict.IMPOSSIBLE), "unschedulable", None),
        (Ending(137), "host-out-of-memory", False),
        (Ending(-9), "host-out-of-memory", False),
        (Ending(1, out_of_memory=True), "host-out-of-memory", False),
    ],
)
def test_the_record_is_not_overruled_by_an_exception(
    ending: Ending, category: str, infrastructure: bool | None
) -> None:
    found = digest(KEY, ending)
    assert (found.category, found.infrastructure) == (category, infrastructure)
    assert found.root_cause == ()
    assert found.confidence == "high"


@pytest.mark.parametrize(
    ("ending", "category"),
    [
        (Ending(verdict=Verdict.TIMED_OUT), "timeout"),
        (Ending(verdict=Verdict.CANCELLED), "stopped"),
        (Ending(124), "timeout"),
        (Ending(127), "missing"),
        (Ending(139), "crash"),
        (Ending(143), "stopped"),
    ],
)
def test_a_job_that_hung_failed_where_its_exception_says(ending: Ending, category: str) -> None:
    assert digest(STEPS, ending).category == category
    found = digest(KEY + STEPS, ending)
    assert (found.category, found.headline) == ("exception", "KeyError: 'lr'")


def test_the_line_that_agrees_with_the_record_is_named() -> None:
    found = digest(STEPS + LIMIT, Ending(verdict=Verdict.TIMED_OUT))
    assert (found.category, found.root_cause[0].line) == ("timeout", 3)


def test_beakers_own_words_are_the_headline_where_the_log_has_none() -> None:
    found = digest(STEPS, Ending(verdict=Verdict.INFRASTRUCTURE, message="node n1 went away"))
    assert (found.headline, found.root_cause) == ("node n1 went away", ())


def test_a_failure_without_a_word_has_no_clear_cause() -> None:
    found = digest(STEPS, Ending(1))
    assert (found.category, found.headline, found.confidence) == ("unknown", "", "none")
    assert found.tail == ("step 1 loss 9.1", "step 2 loss 8.7")


def elastic(time: int, name: str) -> str:
    stack = KEY.replace("KeyError: 'lr'", name)
    extra = {"py_callstack": stack, "timestamp": str(time)}
    return json.dumps({"message": {"message": name, "extraInfo": extra}})


def test_of_several_error_files_the_earliest_counts() -> None:
    files = ("no JSON", "{}", elastic(20, "TypeError: late"), elastic(10, "ValueError: early"))
    found = digest(STEPS, Ending(1, error_files=files))
    assert (found.headline, found.root_cause[0].line) == ("ValueError: early", 0)
    assert found.frame is not None
    assert (found.frame.file, found.frame.line) == ("/data/train/main.py", 97)


def test_an_error_file_picks_the_exception_in_the_log() -> None:
    both = KEY + KEY.replace("KeyError: 'lr'", "TypeError: got None")
    found = digest(both, Ending(1, error_files=(elastic(1, "KeyError: 'lr'"),)))
    assert (found.headline, found.root_cause[0].line) == ("KeyError: 'lr'", 4)


def test_junit_lists_the_failed_tests() -> None:
    found = digest(STEPS, Ending(1, junit=(b"<not xml", JUNIT)))
    test = FailedTest("tests/test_io.py::test_write", "tests/test_io.py", 12, "assert 3 == 4")
    assert found.tests == (test,)
    assert found.category == "tests"
    assert found.headline == "tests/test_io.py::test_write: assert 3 == 4"


def test_the_best_of_junits_tests_are_the_root_cause() -> None:
    case = '<testcase classname="c" name="t{}"><failure/></testcase>'
    many = f"<testsuite>{''.join(map(case.format, range(30)))}</testsuite>"
    found = digest(STEPS, Ending(1, junit=(many.encode(),)))
    assert found.headline == "c::t0"
    assert [(line.line, line.text) for line in found.root_cause] == [
        (0, f"c::t{number}") for number in range(10)
    ]


def test_of_a_long_report_the_end_is_read_however_it_is_cut() -> None:
    report = "tests/a.py:1: X\n" + "<b/>x" * 50_000 + "\ntests/a.py:2: X\n"
    file = f'<testcase classname="tests.a" name="t"><failure>{report}</failure></testcase>'
    (test,) = digest(STEPS, Ending(1, junit=(file.encode(),))).tests
    assert (test.node, test.line) == ("tests/a.py::t", 2)
    (test,) = digest(STEPS, Ending(1, junit=(file.replace("a.py:2", "a.txt:2").encode(),))).tests
    assert (test.node, test.line) == ("tests.a::t", 0)


def test_junit_as_pytest_writes_it_tells_the_place_in_the_report_alone() -> None:
    found = digest(STEPS, Ending(1, junit=(BY_PYTEST,)))
    assert found.tests == (
        FailedTest("tests/test_io.py::TestIO::test_a[1]", "src/io.py", 9, "ValueError: width is 0"),
        FailedTest("tests.test_io::test_b", "tests/conftest.py", 11, 'failed on setup with "x"'),
        FailedTest("tests.test_io::test_c", message="boom"),
    )


@pytest.mark.parametrize("length", [480, 490, 500])
def test_nothing_is_cut_before_it_is_hidden(length: int) -> None:
    """Half a secret has no shape."""
    message = "a " * (length // 2) + "canary-" + "7" * 60
    file = f'<testsuite><testcase name="t"><failure message="{message}"/></testcase></testsuite>'
    digester = Digester(hide=lambda text: text.replace("canary-" + "7" * 60, "***"))
    found = digester.finish(Ending(1, junit=(file.encode(),)))
    assert found.tests
    assert "canary" not in str(found)


def test_a_document_type_is_not_read() -> None:
    bomb = JUNIT.replace(b"<testsuites>", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuites>')
    assert digest(STEPS, Ending(1, junit=(bomb,))).tests == ()


@pytest.mark.parametrize("ending", [Ending(137), Ending(verdict=Verdict.PREEMPTED)])
def test_what_the_record_overrules_was_also_seen(ending: Ending) -> None:
    found = digest(KEY + STEPS, ending)
    assert [(group.text, group.line) for group in found.also_seen] == [("KeyError: 'lr'", 4)]
    assert found.root_cause == ()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "bash: ./train.sh: Permission denied",
        "/bin/sh: 1: ./train.sh: Permission denied",
        "bash: ./train.sh: /usr/bin/pyton: bad interpreter: No such file or directory",
        "bash: ./train: cannot execute binary file: Exec format error",
        "/bin/sh: ./src/: Is a directory",
    ],
)
def test_a_program_that_was_found_and_could_not_be_run(line: str) -> None:
    found = digest(f"{STEPS}{line}\n", Ending(126))
    assert (found.category, "`chmod +x`" in found.next_step) == ("command", True)
    assert "interpreter in its first line" in found.next_step
    assert found.headline in (line, "")
    assert digest(KEY + STEPS, Ending(126)).headline == "KeyError: 'lr'"
