"""What looks like a secret, is named like one, or is known to be one does not get through."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secrets_in_logs import CANARIES, ORDINARY, PRIVATE_KEY, Canary

from beaker_ci.redaction import HIDDEN, Hiding, may_hold_secret, redact

STEMS = st.sampled_from(
    [
        *("token", "secret=", '"password": "', "api_key", "--auth ", "://", "@", "Bearer ", "sig="),
        *(
            "eyJ",
            "ghp_",
            "sk-",
            "SG.",
            "AKIA",
            "a1B2c3D4",
            "-----BEGIN PRIVATE KEY-----",
            "curl -u",
        ),
        *("-----END PRIVATE KEY-----", "\\", '"', "'", "=", ":", " ", "\n", ".", "-", "x", "7"),
        *("authorization: ", "cookie: a=", "value: ", ",", "webhooks/", "NAME"),
    ]
)


@pytest.mark.parametrize("canary", CANARIES, ids=[each.kind for each in CANARIES])
def test_a_secret_is_hidden_and_nothing_else(canary: Canary) -> None:
    hidden = redact(canary.line)
    before, after = canary.line.split(canary.secret)
    assert canary.secret not in hidden
    assert hidden.endswith(after)
    assert HIDDEN in hidden
    # Of what stands before, an id that belongs to the secret may go with it.
    assert hidden.startswith(before) or canary.kind == "aws pair"
    assert redact(hidden) == hidden
    assert may_hold_secret(canary.line)
    assert may_hold_secret(canary.line.encode())


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_stays(line: str) -> None:
    assert redact(line) == line
    assert Hiding(["SOME_SECRET"], ["some-other-secret"])(line) == line


@given(st.text() | st.lists(STEMS | st.text(max_size=4), max_size=30).map("".join))
def test_a_line_that_is_changed_was_suspected(text: str) -> None:
    hiding = Hiding(["NAME"], ["x7x7x7x7"])
    assert redact(text) == text or may_hold_secret(text)
    assert hiding(text) == text or hiding.may_hold_secret(text)
    assert hiding(text).count("\n") == text.count("\n")
    assert redact(redact(text)) == redact(text)


def test_a_private_key_is_hidden_line_by_line() -> None:
    hiding = Hiding()
    lines = ["before", *PRIVATE_KEY, "behind"]
    first, *bodies, last = PRIVATE_KEY
    expected = ["before", first, *[HIDDEN] * len(bodies), last, "behind"]
    assert hiding("\n".join(lines)).split("\n") == expected
    # Seen without its first, its last, or any neighbour.
    assert hiding("\n".join(lines[5:])).split("\n") == expected[5:]
    assert hiding("\n".join(lines[:-9])).split("\n") == expected[:-9]
    assert {hiding(line) for line in bodies[:-1]} == {HIDDEN}
    assert hiding("key: " + "\\n".join(PRIVATE_KEY)) == f"key: {first}{HIDDEN}{last}"
    assert hiding("\n".join(map(hiding, lines))).split("\n") == expected
    assert redact("\n".join(lines)) == f"before\n{HIDDEN}\nbehind"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("PIN=1", "PIN=***"),
        ("PIN=two words and more", "PIN=***"),
        ("+ PIN=1 python train.py", "+ PIN=***"),
        ("env PIN=1 python train.py", "env PIN=*** python train.py"),
        ("{'PIN': 'open sesame', 'LR': '3'}", "{'PIN': '***', 'LR': '3'}"),
        ('{"name": "PIN", "value": "a b"}', '{"name": "PIN", "value": "***"}'),
        ("pin: sesame", "pin: ***"),
        ("PIN is not set", "PIN is not set"),
        ("PIN: not set", "PIN: not set"),
        ("SPIN=1 PINS=2 my-PIN", "SPIN=1 PINS=2 my-PIN"),
    ],
)
def test_the_value_of_a_secrets_own_name(line: str, shown: str) -> None:
    assert Hiding(["PIN"])(line) == shown


def test_a_known_value_in_every_coding() -> None:
    value = 'open/se"same+7&?'
    hiding = Hiding(values=[value, "first line\nsecond line"])
    coded = base64.b64encode(b"ab" + value.encode() + b"c").decode()
    for form in (value, value.upper(), value.encode().hex(), quote(value, safe=""), repr(value)):
        assert hiding(f"it is {form}!") in (f"it is {HIDDEN}!", f"it is '{HIDDEN}'!")
    assert len(hiding(coded)) <= 10
    assert hiding('{"x": "open/se\\"same+7&?"}') == f'{{"x": "{HIDDEN}"}}'
    assert hiding("the second line of it") == f"the {HIDDEN} of it"


@pytest.mark.parametrize("token", ["hf_" + "a1B2" * 9, "github_pat_" + "a1B2" * 9])
def test_what_has_a_shape_behind_its_code(token: str) -> None:
    codes = [token.encode().hex(), "".join(f"%{byte:02x}" for byte in token.encode())]
    for around in ("", ":", "x:", "user:"):
        coded = base64.b64encode(f"{around}{token}".encode()).decode()
        codes += [coded, coded.rstrip("=")]
    for code in codes:
        assert redact(f"it is {code} there") == f"it is {HIDDEN} there"
        assert code[10:30] not in redact(f"https://e.org/x/{code}?a=b")
    for escape in (r"\n", r"\t", "%3D", "%2F"):
        assert redact(f"x{escape}{token}!") == f"x{escape}{HIDDEN}!"


def test_the_last_letters_of_a_code_are_read() -> None:
    """A shape of one length alone is none without them."""
    coded = base64.b64encode(b"AKIA" + b"Q7B2" * 4).decode()
    for code in (coded, coded.rstrip("=")):
        assert redact(f"it is {code} there") == f"it is {HIDDEN} there"


@settings(max_examples=30, deadline=None)
@given(st.lists(STEMS | st.text(max_size=3), min_size=1, max_size=6).map("".join))
def test_the_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    """A pattern that looks back and forth takes minutes for this; it takes some milliseconds."""
    text = (piece * 40_000)[:40_000]
    begun = time.process_time()
    Hiding(["NAME"], ["x7x7x7x7"])(text)
    assert time.process_time() - begun < 2
