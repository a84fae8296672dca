"""What stands around a failure, and how its bytes arrive, changes nothing of its digest."""

from __future__ import annotations

import re

import pytest
from digest_logs import FIXTURES, TRAILER, digest, fixture
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.digest import Digest, Digester, load

CAUSES = sorted(
    path.stem
    for path in FIXTURES.glob("*.log")
    if load().named[path.stem].kind in ("cause", "victim", "wrapper", "caught")
)
names = st.sampled_from(CAUSES)
ORDINARY = "step {} loss {}.4410 lr 1.0e-4 tokens/s=48211"


def told(found: Digest) -> tuple[str, str, str]:
    return found.headline, found.category, found.rule


def at_once(name: str) -> tuple[list[str], Digest]:
    text, _ = fixture(name)
    return text.rstrip("\n").split("\n"), digest(text)


def joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@given(names, st.data())
def test_any_chunks_give_the_same_digest(name: str, data: st.DataObject) -> None:
    log = fixture(name)[0].replace("\n", "\r\n").encode() + TRAILER
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=30)))
    digester = Digester()
    for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        digester.feed(log[start:end])
    assert digester.finish() == digest(log)


@given(names, st.integers(1, 400), st.integers(0, 9))
def test_a_trailer_and_another_replicas_success(name: str, more: int, loss: int) -> None:
    lines, plain = at_once(name)
    after = [f"[rank7]: {ORDINARY.format(step, loss)}" for step in range(min(more, 80))]
    assert told(digest(joined([*lines, *after]).encode() + TRAILER)) == told(plain)


@given(names, st.integers(0, 12))
def test_ranks_line_by_line(name: str, ahead: int) -> None:
    lines, plain = at_once(name)
    other = ["" for _ in range(ahead)]
    both = zip([*lines, *other], [*other, *lines], strict=True)
    mixed = [line for a, b in both for line in (f"[rank0]: {a}", f"[rank1]: {b}")]
    assert told(digest(joined(mixed))) == told(plain)


@pytest.mark.parametrize(
    "prefix",
    [
        "[rank3]: ",
        "[default3]:",
        "2026-02-03T11:04:09.123456789Z ",
        "2026-02-03 11:04:09,123 ",
        "[2026-02-03 11:04:09] ",
        "(Worker pid=91) ",
        "(TrainWorker pid=91, ip=10.0.0.7) ",
        "2: ",
        "[1,3]<stderr>:",
        "#7 12.4 ",
        "2026-02-03T11:04:09Z [rank3]: ",
        "replica-1: ",
        "trainer-1  | ",
        "[pod/train-0/main] ",
        "2026-02-03T11:04:09.123456789Z stderr F ",
        "build\tRun tests\t2026-02-03T11:04:09.1234567Z ",
        "[rank: 3] ",
        "Feb 03 11:04:09 node-7 train[123]: ",
        "2026-02-03T11:04:09.123456+00:00 app[worker.1]: ",
        "2026-02-03T11:04:09.123456Z 01E ",
        "2026-02-03T11:04:09.123456Z 00O+",
        "1770116649.123 ",
        "[   12.345678] ",
    ],
)
def test_a_prefix_on_every_line(prefix: str) -> None:
    for name in CAUSES:
        lines, plain = at_once(name)
        assert told(digest(joined([prefix + line for line in lines]))) == told(plain)


@given(names, st.data())
def test_colours_and_line_ends(name: str, data: st.DataObject) -> None:
    lines, plain = at_once(name)
    painted = []
    for line in lines:
        words = re.split(r"( )", line)
        place = data.draw(st.integers(0, len(words) - 1))
        colour = data.draw(st.sampled_from(["\x1b[31m", "\x1b[1;38;5;9m", "\x1b]8;;x\x1b\\"]))
        words[place] = f"{colour}{words[place]}\x1b[0m"
        painted.append("".join(words))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    assert told(digest(end.join([*painted, ""]))) == told(plain)


@given(names, names)
def test_an_attempt_that_failed_before(first: str, second: str) -> None:
    before, _ = at_once(first)
    lines, plain = at_once(second)
    found = digest(joined([*before, "[launcher] attempt 2 of 2", *lines]))
    assert told(found) == told(plain)
    assert found.earlier_attempts == 1
    assert [line.line - len(before) - 1 for line in found.root_cause] == [
        line.line for line in plain.root_cause
    ]


@given(names, st.integers(1, 3000), st.data())
def test_ordinary_lines_before_and_in_between(name: str, count: int, data: st.DataObject) -> None:
    lines, plain = at_once(name)
    # In between the four lines that every fixture begins with.
    place = data.draw(st.integers(0, 1))
    more = [ORDINARY.format(step, step % 9) for step in range(count)]
    found = digest(joined([*lines[:place], *more, *lines[place:]]))
    assert told(found) == told(plain)
    assert found.root_cause[0].line == plain.root_cause[0].line + count


@given(names)
def test_behind_a_bar_without_an_end(name: str) -> None:
    text, line = fixture(name)
    lines = text.rstrip("\n").split("\n")
    bar = "\r".join(
        f" {i}%|{'█' * (i // 10):10}| {i}/100 [00:03<00:04, 2.1it/s]" for i in range(99)
    )
    if lines[line - 1].startswith(" ") or any(text.startswith("E ") for text in lines):
        return  # its place in the line matters
    lines[line - 1] = bar + lines[line - 1]
    assert told(digest(joined(lines))) == told(digest(text))


@given(names)
def test_nothing_is_made_up(name: str) -> None:
    text, _ = fixture(name)
    found = digest(text)
    for line in (*found.root_cause, *found.excerpt):
        assert line.text in text.split("\n")[line.line - 1]
    assert all(part in text for part in re.split(r": ", found.headline))
    assert all(tail in text for tail in found.tail)


@given(names, names)
def test_a_wrapper_never_wins_over_a_cause(name: str, other: str) -> None:
    kinds = load().named
    if kinds[name].kind != "wrapper" or kinds[other].kind != "cause" or kinds[other].weight <= 60:
        return
    cause, plain = at_once(other)
    wrapper, _ = at_once(name)
    assert told(digest(joined([*cause, *wrapper]))) == told(plain)
    assert told(digest(joined([*wrapper, *cause]))) == told(plain)
