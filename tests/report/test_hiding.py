"""Tokens are hidden by their value, however they are coded and whatever stands around them."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.problem import quoted
from beaker_ci.redaction import HIDDEN, Hiding
from beaker_ci.report import Redactor, ReplyView, TreeLine, hide_lines, reply_comment

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


SHAPED = "hf_" + "aB3" * 12
HIDE = Hiding(["MY_OWN"], [TOKEN])


@given(
    st.sampled_from([SHAPED, TOKEN, "MY_OWN=" + SHAPED[::-1]]),
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.sampled_from(["\r", "\r\r", "\x1b[2K\r", "\x0b", "\x85", "\u2028"]),
)
def test_no_part_of_a_secret_that_is_cut(secret: str, cuts: list[int], between: str) -> None:
    line = secret
    for cut in sorted(cuts, reverse=True):
        line = line[:cut] + between + line[cut:]
    before, shown, after = hide_lines(["before", f"it is {line} here", "after"], HIDE)
    assert (before, after) == (["before"], ["after"])
    told = "".join(shown)
    assert HIDDEN in told
    assert not any(secret[at : at + 5] in told for at in range(7, len(secret) - 5))


@pytest.mark.parametrize(
    "line",
    [
        " 10%|#  | 1/10 [00:01<00:09]\r 20%|## | 2/10 [00:02<00:08]",
        "Epoch 1: loss=0.53, tokens=12345\rEpoch 2: loss=0.51, tokens=24690",
        "token_acc=0.5134\rtoken_acc=0.5671",
        "\rDownloading model-00001-of-00004.safetensors:  45%\rDownloading: done",
        "10%\r11%\r12%\r13%\r14%",
        "the auth token is not set\rretrying",
    ],
)
def test_what_a_bar_showed_one_after_the_other(line: str) -> None:
    assert hide_lines(["x", line], HIDE) == [["x"], line.split("\r")]


def test_lines_stay_as_many() -> None:
    assert hide_lines([], HIDE) == []
    assert hide_lines([""], HIDE) == [[""]]
    key = ["-----BEGIN PRIVATE KEY-----", *["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"] * 3]
    shown = hide_lines([*key, "-----END PRIVATE KEY-----", "MY_OWN=a b\rc", "d\re"], HIDE)
    assert shown == snapshot(
        [
            ["-----BEGIN PRIVATE KEY-----"],
            ["***"],
            ["***"],
            ["***"],
            ["-----END PRIVATE KEY-----"],
            ["***"],
            ["d", "e"],
        ]
    )
