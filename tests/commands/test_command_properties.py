"""What holds for every comment."""

from __future__ import annotations

import shlex
import sys
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from beaker_ci.commands import (
    COMMANDS,
    OPTIONS,
    Access,
    Command,
    Mistake,
    looks_like_command,
    parse_command_line,
    parse_comment,
)
from beaker_ci.commands.characters import HIDDEN
from beaker_ci.commands.exclusions import exclusions
from beaker_ci.commands.nearest import distance, nearest
from beaker_ci.commands.usage import UsageError
from beaker_ci.commands.values import flaw, reserved_name
from beaker_ci.commands.words import split_words

# The machine may be busy.
PATIENT = settings(deadline=None)
SPELLINGS = [name for option in OPTIONS for name in (*option.spellings, *option.negative)]
PIECES = st.sampled_from(
    [
        *("/beaker", "/beaker ", "/Beaker ", "\n", "\r\n", "\n\n", "\\", "\\\n", "    ", "\t", " "),
        *(
            "`",
            "```",
            "```\n",
            "~~~",
            "> ",
            ">",
            "- ",
            "1. ",
            "# ",
            "---",
            "===",
            "|",
            "<!--",
            "-->",
        ),
        *(
            "<div>",
            "</div>",
            "<a href='",
            "[",
            "](u)",
            "]",
            "!",
            "*",
            "_",
            "--",
            "-",
            "=",
            "'",
            '"',
        ),
        *("\u200b", "\u00a0", "\u202e", "\x00", "\ud800", "\x0b", "\u2028", "е", "“", "—", "🚀"),
        *("run", "plan", "x", "2", "a=b", "/a:/b", "--gpus", "-c", "--env", "-yu", "help"),
        *COMMANDS,
        *SPELLINGS,
    ]
)
COMMENTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))
WORDS = st.lists(
    st.text(
        st.characters(exclude_categories=("C", "Z", "Mn"), include_characters=" \t"), max_size=12
    ).filter(lambda word: not HIDDEN.search(word)),
    min_size=1,
    max_size=6,
).filter(lambda words: words[0] != "")


def line_of(comment: str) -> list[str]:
    return comment.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(COMMENTS)
@example("/BE\x1fAKER")
@settings(PATIENT, max_examples=400)
def test_any_comment_is_answered(comment: str) -> None:
    for place, parsed in enumerate(parse_comment(comment)):
        assert parsed.place == place
        assert looks_like_command(comment)
        if isinstance(parsed, Mistake):
            assert parsed.what
            assert parsed.next_step
            assert "\n" not in parsed.paste
            assert not parsed.paste or parsed.paste.startswith("/beaker")
            assert not HIDDEN.search(parsed.what + parsed.next_step + parsed.paste)
        else:
            assert parsed.source.startswith("/beaker")
            assert not HIDDEN.search(parsed.source)


@given(COMMENTS)
@settings(PATIENT, max_examples=200)
def test_any_workflow_input_is_answered(text: str) -> None:
    parsed = parse_command_line(text)
    assert parsed or not text.strip(" \t\r\n\\")


@given(COMMENTS)
@settings(PATIENT, max_examples=200)
def test_commands_stand_at_the_start_of_a_line(comment: str) -> None:
    starts = [line.lstrip(" ") for line in line_of(comment)]
    for parsed in parse_comment(comment):
        if isinstance(parsed, Command):
            assert any(start.startswith("/beaker") for start in starts)


@given(COMMENTS)
@PATIENT
def test_quotes_never_command(comment: str) -> None:
    assert parse_comment("\n".join(f"> {line}" for line in line_of(comment))) == ()


@given(COMMENTS)
@PATIENT
def test_fenced_code_never_commands(comment: str) -> None:
    fence = "`" * (comment.count("`") + 3)
    assert parse_comment(f"{fence}\n{comment}\n{fence}") == ()


@given(COMMENTS)
@PATIENT
def test_indented_code_never_commands(comment: str) -> None:
    assert parse_comment("\n".join(f"    {line}" for line in line_of(comment))) == ()


@given(COMMENTS.filter(lambda text: "-->" not in text))
@example("/beaker status")
@PATIENT
def test_html_comments_never_command(comment: str) -> None:
    assert parse_comment(f"<!--\n{comment}\n-->") == ()


@given(st.lists(st.sampled_from(["/beaker status", "text", "*a*", "  /beaker list"]), min_size=1))
@PATIENT
def test_inline_code_never_commands(lines: list[str]) -> None:
    assert parse_comment("\n".join(["``code", *lines, "end``"])) == ()


@given(WORDS)
@PATIENT
def test_a_command_goes_through_word_for_word(words: list[str]) -> None:
    (parsed,) = parse_comment(f"/beaker run -- {shlex.join(words)}")
    assert isinstance(parsed, Command), parsed
    assert parsed.argv == tuple(words)


@given(st.text(st.sampled_from("ab '\"\\\t-=`|"), max_size=20))
@PATIENT
def test_words_are_those_of_a_posix_shell(line: str) -> None:
    try:
        expected = shlex.split(line)
    except ValueError:
        expected = None
    try:
        words = split_words(line)
    except UsageError:
        assert expected is None
        return
    # shlex keeps the backslash before a backtick in double quotes; a shell takes it away.
    if "\\`" not in line:
        assert [word.text for word in words] == expected
    assert all(line[word.start : word.end].strip() for word in words)


@given(
    st.permutations(
        [
            "--gpus 2",
            "-c ai2/jupiter",
            "--env A=1",
            "--fresh",
            "--no-auto-resume",
            "-t main",
            "gpu-tests",
            "--memory=64GiB",
        ]
    )
)
@PATIENT
def test_the_order_of_options_does_not_matter(words: list[str]) -> None:
    (parsed,) = parse_comment(f"/beaker run {' '.join(words)} -- pytest")
    (sorted_,) = parse_comment(f"/beaker run {' '.join(sorted(words))} -- pytest")
    assert isinstance(parsed, Command)
    assert isinstance(sorted_, Command)
    assert parsed.options == sorted_.options
    assert (
        (parsed.preset, parsed.argv) == (sorted_.preset, sorted_.argv) == ("gpu-tests", ("pytest",))
    )


def flat(command: Command) -> list[object]:
    """The values of a command's options, those of repeatable ones singly."""
    values: list[object] = []
    for value in command.options.values():
        values += value if isinstance(value, tuple) else [value]
    return values


@given(st.sampled_from(SPELLINGS), st.sampled_from(["", "=", " "]), st.text(max_size=8))
@PATIENT
def test_an_option_is_never_half_accepted(spelling: str, between: str, value: str) -> None:
    for parsed in parse_command_line(f"run x {spelling}{between}{shlex.quote(value)}"):
        if isinstance(parsed, Command) and parsed.name == "run":
            assert len(parsed.options) == 1 or parsed.notes
            assert value in ("", *map(str, flat(parsed)), *flat(parsed)) or parsed.notes


GIVEN = st.tuples(
    st.sampled_from(SPELLINGS),
    st.sampled_from(["=", " ", ""]),
    st.sampled_from(
        [
            *(
                "1",
                "0",
                "64GiB",
                "2h",
                "word",
                "ai2/x",
                "3.12",
                "cu129",
                "uv",
                "ib",
                "low",
                "e.yml",
            ),
            *("A=1", "A=S", "PATH=x", "S:/k", "a:/b", "a:b:/c", "/x", "/etc", "/a/../b", "..", "*"),
            *("-x", "--", "-yu", "$(id)", "'a b'", "''", "f" * 40, "x" * 600, "٣", "１", "о", "\t"),
        ]
    )
    | st.text(max_size=6).map(shlex.quote),
).map("".join)


@given(st.lists(GIVEN, min_size=1, max_size=3), st.lists(st.sampled_from(SPELLINGS), max_size=2))
@settings(PATIENT, max_examples=400)
def test_what_is_accepted_has_its_form_and_is_not_refused(
    options: list[str], job: list[str]
) -> None:
    table = {option.field: option for option in OPTIONS if not option.note}
    for parsed in parse_command_line(f"run {' '.join(options)} -- job {' '.join(job)}"):
        if isinstance(parsed, Mistake) or parsed.name != "run":
            continue
        assert not list(exclusions(parsed.options))
        for field, values in parsed.options.items():
            option = table[field]
            assert option.access is not Access.REFUSED
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, str):
                    assert flaw(option, value) is None
                    assert reserved_name(option, value) is None


@given(st.sampled_from(SPELLINGS), st.data())
@PATIENT
def test_one_slip_in_an_option_is_corrected_to_a_near_one(
    spelling: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(2, len(spelling)))
    slip = spelling[:place] + "x" + spelling[place:]
    found = nearest(slip, SPELLINGS)
    if len(spelling) > 4:
        assert found is not None
        assert distance(slip, found) <= 1


def test_every_blank_and_format_character_is_hidden() -> None:
    visible = {" ", "\t", "\n"}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co"}:
            assert HIDDEN.match(character) or character in visible, hex(code)
        assert not (character.isprintable() and code < 0x300 and HIDDEN.match(character))
