"""The mark in a description: ours, for one run, or none at all."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.report.views import TreeLine
from beaker_ci.run import (
    LONGEST_RECEIPT,
    Mark,
    Receipt,
    describe,
    read_description,
    search_text,
)

KEY = "fa26a7603d238293"
SECRET = "a-beaker-token"
MARK = Mark(
    repository=812,
    number=7,
    asker=1001,
    reserved=0.25,
    writer="1f2e3d4c",
    since=1_700_000_000,
    comment_id=11,
    check_id=12,
    shown="queued",
)
IDS = st.none() | st.integers(0, 2**63)
MARKS = st.builds(
    Mark,
    repository=st.integers(1, 10**12),
    number=st.integers(0, 10**6),
    asker=st.integers(0, 10**12),
    reserved=st.floats(0, 1e6),
    writer=st.text(max_size=8),
    since=st.integers(0, 2**40),
    comment_id=IDS,
    check_id=IDS,
    shown=st.sampled_from(["", "queued", "running", "finished"]),
    used=st.none() | st.floats(0, 1e6),
)


@given(st.text(), MARKS)
def test_what_was_described_is_read_again(human: str, mark: Mark) -> None:
    description = describe(human, mark, KEY, SECRET)

    told = read_description(description, KEY, SECRET)

    assert told.mark == mark
    assert told.is_open is not mark.settled
    assert (search_text(mark.repository) in description) is not mark.settled
    assert describe(told.human, mark, KEY, SECRET) == description


def test_what_somebody_edited_is_not_believed() -> None:
    description = describe("python train.py", MARK, KEY, SECRET)

    for edited in (
        description.replace('"check_id":12', '"check_id":13'),
        description.replace('"reserved":0.25', '"reserved":0.0'),
        description.replace('"used":null', '"used":0'),
        description.replace('"seal":"', '"seal":"0'),
        description.replace('"check_id":12,', ""),
        description[:-1],
        description + " ",
    ):
        assert edited != description
        assert read_description(edited, KEY, SECRET).mark is None


def test_a_mark_counts_for_its_run_alone_and_for_its_token() -> None:
    description = describe("python train.py", MARK, KEY, SECRET)

    assert read_description(description, KEY[::-1], SECRET).mark is None
    assert read_description(description, KEY, "another token").mark is None


def test_a_command_cannot_pretend_to_be_a_mark() -> None:
    forged = describe("x", replace(MARK, check_id=99), KEY, "no token")
    closed = replace(MARK, used=0.1, settled=True)

    told = read_description(describe(forged, closed, KEY, SECRET), KEY, SECRET)

    assert told.mark == closed
    assert search_text(812) not in describe(forged, closed, KEY, SECRET)


@given(st.text())
def test_any_text_is_a_description(text: str) -> None:
    assert read_description(text, KEY, SECRET).mark is None


def test_a_receipt_is_read_again() -> None:
    receipt = Receipt((TreeLine(0, "run", "allow", "é\n`x`"),), ("A note.",))
    assert Receipt.load(receipt.dump()) == receipt
    assert receipt.dump().isascii()


def test_a_receipt_that_is_too_long_is_left_out() -> None:
    assert Receipt((TreeLine(0, "run", "allow", "x" * LONGEST_RECEIPT),)).dump() == ""


@given(st.text())
def test_any_text_is_read_as_a_receipt(text: str) -> None:
    assert isinstance(Receipt.load(text), Receipt)
