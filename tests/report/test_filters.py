"""What each filter does to a text."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from github_page import Page
from hostile import TEXT
from hypothesis import given, settings
from inline_snapshot import snapshot

from beaker_ci.report.redact import redact
from beaker_ci.report.safe import (
    clean,
    code,
    code_link,
    fence,
    inline,
    link,
    number,
    plain,
    prose,
    url,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, 0.25 of them", snapshot("plain words, 0.25 of them")),
        ("@alice @org/team a@b.co", snapshot("@\u2060alice @\u2060org/team a@\u2060b.co")),
        (
            "#12 o/r#12 GH-12 9fceb02d0ae5 o@9fceb02",
            snapshot(
                "\\#\u206012 o/r#\u206012 GH-\u206012 9fceb0\u20602d0ae5 o@\u20609fceb0\u20602"
            ),
        ),
        ("see https://e.vil or www.e.vil", snapshot("see https:\u2060//e.vil or www\u2060.e.vil")),
        (":tada: at 12:30", snapshot("\\:\u2060tada: at 12:30")),
        (
            "*a* _b_ ~~c~~ `d` [e](f) ![g](h) <i> &lt; |",
            snapshot(
                "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\[e\\](f) !\\[g\\](h) \\<i\\> \\&lt; \\|"
            ),
        ),
        ("costs $5 or $6", snapshot("costs <span>$</span>5 or <span>$</span>6")),
        ("# title", snapshot("\\# title")),
        ("1. item", snapshot("1\\. item")),
        ("/beaker stop --all", snapshot("\u2060/beaker stop --all")),
        ("two\r\nlines\u2028more", snapshot("two lines more")),
        ("\x1b[1;31mred\x1b[0m \u202egnp\u200b", snapshot("red gnp")),
        ("\u200b", snapshot("–")),
    ],
)
def test_inline(text: str, shown: str) -> None:
    assert inline(text) == shown


def test_inline_ends_in_an_ellipsis_where_it_is_too_long() -> None:
    assert inline("*" * 400, limit=4) == r"\*\*\*…"


def test_prose_shows_code_between_backticks() -> None:
    assert prose("Did you mean `--gpus`, not `--gpu*`, *here*?") == snapshot(
        "Did you mean `--gpus`, not `--gpu*`, \\*here\\*?"
    )
    assert prose("one ` alone") == snapshot("one \\` alone")
    assert prose("") == "–"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pytest -m gpu", snapshot("`pytest -m gpu`")),
        ("echo `date`", snapshot("`` echo `date` ``")),
        ("a ``b` c", snapshot("```a ``b` c```")),
        ("cat x | wc", snapshot("<code>cat x \\| wc</code>")),
        ("", snapshot("–")),
    ],
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_filters_in_a_table_stay_in_their_cell(text: str) -> None:
    table = [
        "| a | b |",
        "|---|---|",
        *(f"| {safe(text)} | end |" for safe in (inline, prose, code)),
    ]
    page = Page("\n".join(table))
    assert page.words.count("end") == 3
    assert page.structure.count("td") == 6
    assert page.living() == []


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_fence_holds_its_text(text: str) -> None:
    page = Page(f"{fence(text, 'text')}\n\nend")
    assert page.structure == ["pre", "/pre", "p", "/p"]
    assert page.words == ["end"]


def test_fence_keeps_head_and_tail() -> None:
    assert fence("\n".join(str(line) for line in range(100)), lines=6) == snapshot("""\
```
0
1
2
3
… 94 lines left out …
98
99
```\
""")
    assert fence("0123456789" * 3, chars=12) == snapshot("""\
```
01234567
… 18 characters left out …
6789
```\
""")


def test_fence_is_longer_than_those_within() -> None:
    assert fence("````\nx\n~~~~~~\n", "text").split("\n")[0] == "```````text"


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://beaker.org/ex/01", "https://beaker.org/ex/01"),
        ("http://127.0.0.1:8080/ex/01?a=b&c=d#e", "http://127.0.0.1:8080/ex/01?a=b&c=d#e"),
        (
            "https://e.org/a(b)[c]|d\"e'<f>`g`\\h;",
            snapshot("https://e.org/a%28b%29%5Bc%5D%7Cd%22e%27%3Cf%3E%60g%60%5Ch%3B"),
        ),
        ("https://user:secret@e.org/", ""),
        ("https://e.org/a b", ""),
        ("https://e.org/\u202ea", ""),
        ("https://bücher.example/", ""),
        ("javascript:alert(1)", ""),
        ("ftp://e.org", ""),
        ("//e.org", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("", ""),
        ("https://e.org/" + "a" * 2000, ""),
    ],
)
def test_url(address: str, target: str) -> None:
    assert url(address) == target


def test_links() -> None:
    assert link("https://e.org/(1)", "the *run*") == r"[the \*run\*](https://e.org/%281%29)"
    assert link("javascript:1", "the run") == "the run"
    assert code_link("https://e.org", "9fceb02") == "[`9fceb02`](https://e.org)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (100, "100"),
        (2048, "2,048"),
        (0.25, "0.25"),
        (0.07, "0.07"),
        (1 / 3, "0.34"),
        (1e-9, "0.01"),
        (1e300, "1e+300"),
        (float("nan"), "an unknown number of"),
    ],
)
def test_number(value: float, shown: str) -> None:
    assert number(value) == shown


def test_plain_is_one_line() -> None:
    assert plain("a\n::error::b\t c", limit=12) == "a ::error::…"


def test_clean_leaves_no_character_that_cannot_be_seen() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    kept = {unicodedata.category(character) for character in set(clean(everything)) - set("\t\n")}
    assert kept.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


@pytest.mark.parametrize(
    ("before", "secret", "after"),
    [
        ("", "ghp_" + "a1B2" * 9, ""),
        ("token: ", "gho_" + "a1B2" * 9, "\n"),
        ("", "ghs_12345_eyJhbGciOi.JIUzI1NiIs.a-b_c", ""),
        ("x_", "github_pat_" + "A1" * 30, " "),
        ("", "AKIAIOSFODNN7EXAMPLE", ""),
        ("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""),
        ("", "xoxb-1234567890-abcdefghij", ""),
        ("https://hooks.slack.com/services/", "T000/B000/abcdefgh", "?x"),
        ("", "hf_" + "aBcD" * 9, ""),
        ("OPENAI_API_KEY=", "sk-proj-" + "aBcD_1-2" * 5, ""),
        ("Authorization: Bearer ", "abcdefghijklmnop0123", ""),
        ("https://", "bob:hunter2", "@e.org/x"),
        ("https://", "bob:hunt@er2", "@e.org/x"),
        ("git+https://", "x-access-token", "@e.org/x"),
        ("", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", ""),
        ("", "AIza" + "a1B2c" * 7, ""),
        ("", "glpat-" + "a1B2c" * 4, ""),
        ("", "npm_" + "a1B2c" * 7, ""),
        ("", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "\nx"),
        ("", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", ""),
        (
            "",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----",
            "",
        ),
        ("", "---- BEGIN SSH2 PRIVATE KEY ----\nP2/56\n---- END SSH2 PRIVATE KEY ----", "\nx"),
        ("", "MIIEow\nAgEA\n-----END RSA PRIVATE KEY-----", "\nfailed"),
        ("", "MIIE\n-----END PRIVATE KEY-----\nb3Bl\n-----END PRIVATE KEY-----", "\nfailed"),
    ],
)
def test_redaction_hides_it(before: str, secret: str, after: str) -> None:
    hidden = redact(before + secret + after)
    assert hidden == f"{before}***{after}"
    assert redact(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "ci-vision-pr7-run-1a2b3c4d5e6f7081",
        "risk-assessment-of-something-long",
        "https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B?a=b@c",
        "git@github.com:octo-lab/vision.git",
        "--env-secret HF_TOKEN=HF_TOKEN --max-tokens 512",
        "bearer of news",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    ],
)
def test_redaction_leaves_it(text: str) -> None:
    assert redact(text) == text


def test_a_token_in_pieces_is_found() -> None:
    token = "ghp_" + "a1B2" * 9
    for gap in ("\x1b[0m", "\u200b", "\u2060", "\0"):
        assert plain(gap.join((token[:9], token[9:]))) == "***"
