"""Tokens are hidden by their value, however they are coded and whatever stands around them."""

from __future__ import annotations

import base64
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.problem import quoted
from beaker_ci.report import Redactor, ReplyView, TreeLine, reply_comment

TOKEN = "us9pXq/Zk+3.v=aW%2"
tokens = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)
around = st.text(max_size=20)


@given(tokens, st.binary(max_size=9), st.binary(max_size=9), around)
def test_every_coding(token: str, before: bytes, after: bytes, other: str) -> None:
    raw = token.encode()
    basic = base64.b64encode(before + raw + after).decode()
    safe = base64.urlsafe_b64encode(before + raw + after).decode()
    redactor = Redactor([token])
    for coding in (token, raw.hex(), raw.hex().upper(), quote(token, safe=""), basic, safe):
        hidden = redactor.text(f"{other} {coding} {other}")
        assert coding not in hidden
        assert "***" in hidden
    # At either side at most four bits of the token are left in base64.
    assert len(redactor.text(basic)) <= (len(before) + len(after) + 4) * 4 / 3 + 8


@given(st.text(), st.lists(st.text(max_size=7)))
def test_what_is_no_token_stays(text: str, short: list[str]) -> None:
    assert Redactor(short).text(text) == text
    assert Redactor([*short, TOKEN]).text(text) == text


def test_invisible_characters_hide_nothing() -> None:
    redactor = Redactor([TOKEN])
    for hidden in ("\x1b[31m", "\u200b", "\x00", "\u202e"):
        assert redactor.text(f"a {TOKEN[:5]}{hidden}{TOKEN[5:]} b") == "a *** b"


def test_all_texts_of_a_view() -> None:
    view = ReplyView(
        marker="comment-1",
        reason="usage.bad-value",
        asker="a",
        source=f"/beaker run {TOKEN}",
        what=TOKEN,
        why=f"it is {TOKEN}",
        next_step=TOKEN,
        paste=TOKEN,
        decision=(TreeLine(0, "x", "refuse", TOKEN),),
    )
    hidden = Redactor([TOKEN]).view(view)
    assert TOKEN not in repr(hidden)
    assert (hidden.why, hidden.decision[0].evidence) == ("it is ***", "***")
    assert "`/beaker run ***`" in reply_comment((hidden,), "comment-1")


@given(st.lists(st.text(st.characters(min_codepoint=33), min_size=1, max_size=30)), around)
def test_a_quote_is_cut_between_words(words: list[str], space: str) -> None:
    said = quoted(" ".join([*words, TOKEN, *words]), 60)
    assert len(said) <= 60
    cut = said.removesuffix(" …").split(" ")
    assert cut == [""] or set(cut) <= {*words, TOKEN, "…"}
