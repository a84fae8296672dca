"""Which lines of a comment are commands."""

from __future__ import annotations

import subprocess
import sys

import pytest
from told import read, the_command, the_mistake

from beaker_ci.commands import looks_like_command, parse_comment

RUN = ["run gpu-tests"]
UNKNOWN = ["usage.unknown-command"]
BAD = ["usage.bad-value"]

COMMANDS = [
    ("/beaker run gpu-tests", RUN),
    ("/beaker run gpu-tests\r\n", RUN),
    ("/beaker run gpu-tests\r", RUN),
    ("  /beaker run gpu-tests  ", RUN),
    ("   /beaker run gpu-tests", RUN),
    ("/beaker\trun\tgpu-tests", RUN),
    ("Looks good to me.\n\n/beaker run gpu-tests", RUN),
    ("Looks good to me.\n/beaker run gpu-tests\nThanks!", RUN),
    ("Looks good\\\n/beaker run gpu-tests", RUN),
    ("*Looks\n/beaker run gpu-tests\ngood*", RUN),
    ("/beaker run gpu-tests\n\n/beaker status\n", ["run gpu-tests", "status"]),
    ("/beaker run a\n/beaker run b\n/beaker nonsense", ["run a", "run b", *UNKNOWN]),
    ("> What about GPUs?\n\n/beaker run gpu-tests", RUN),
    ("- fix the loss\n- then\n/beaker run gpu-tests", RUN),
    ("- fix the loss\n\n  /beaker run gpu-tests", RUN),
    ("1. first\n\n   /beaker run gpu-tests", RUN),
    ("```\n/beaker run a\n```\n/beaker run gpu-tests", RUN),
    ("<!-- /beaker run a -->\n/beaker run gpu-tests", RUN),
    ("<details>\n\n/beaker run gpu-tests\n\n</details>", RUN),
    ("# Title\n/beaker run gpu-tests", RUN),
    ("Title\n=====\n/beaker run gpu-tests", RUN),
    ("[see\n/beaker run gpu-tests\n] there", RUN),
    ("[a]: https://example.org\n/beaker run gpu-tests", RUN),
    ("|a|b|\n|-|-|\n|1|2|\n\n/beaker run gpu-tests", RUN),
    ("\u00a0\n/beaker run gpu-tests", RUN),
    ("a\u2028b\n/beaker run gpu-tests", RUN),
    ("`a` and ``b\n/beaker run gpu-tests", RUN),
    ("a < b\n/beaker run gpu-tests", RUN),
    ("\u202etxet\n/beaker run gpu-tests", RUN),
    ("/beaker", ["help"]),
    ("/beaker   ", ["help"]),
]

SILENT = [
    "",
    "\n\n",
    "beaker run gpu-tests",
    "please /beaker run gpu-tests",
    "`/beaker run gpu-tests`",
    "\\/beaker run gpu-tests",
    "&#47;beaker run gpu-tests",
    "**/beaker run gpu-tests**",
    "~~/beaker run gpu-tests~~",
    "//beaker run gpu-tests",
    "/ beaker run gpu-tests",
    "/beakers run gpu-tests",
    "/beaker-run gpu-tests",
    "/beaker_run gpu-tests",
    "/beaker/run",
    "/beaker: run gpu-tests",
    "/beaker, run gpu-tests",
    "/beaker.",
    "/baker run gpu-tests",
    "    /beaker run gpu-tests",
    "\t/beaker run gpu-tests",
    "text\n\n    /beaker run gpu-tests",
    "text\n    /beaker run gpu-tests",
    "text\n\t/beaker run gpu-tests",
    "```\n/beaker run gpu-tests\n```",
    "```bash\n/beaker run gpu-tests",
    "~~~\n/beaker run gpu-tests\n~~~",
    "````\n```\n/beaker run gpu-tests\n```\n````",
    "- item\n  ```\n  /beaker run gpu-tests\n  ```",
    "`code\n/beaker run gpu-tests\nmore`",
    "``code ` \n/beaker run gpu-tests\n``",
    "> /beaker run gpu-tests",
    ">/beaker run gpu-tests",
    "> quoted\n/beaker run gpu-tests",
    "> > quoted\n/beaker run gpu-tests",
    "> - quoted\n/beaker run gpu-tests",
    "- > quoted\n  /beaker run gpu-tests",
    "> [!NOTE]\n> /beaker run gpu-tests",
    "<!-- /beaker run gpu-tests -->",
    "<!--\n/beaker run gpu-tests\n-->",
    "<!--\n\n/beaker run gpu-tests\n\n-->",
    "<!--\n/beaker run gpu-tests",
    "text <!--\n/beaker run gpu-tests\n-->",
    "<details>\n/beaker run gpu-tests\n</details>",
    "<div>\n/beaker run gpu-tests\n</div>",
    "<pre>\n\n/beaker run gpu-tests\n\n</pre>",
    "<script>\n\n/beaker run gpu-tests\n\n</script>",
    "text <a href='\n/beaker run gpu-tests\n'>",
    "text <?\n/beaker run gpu-tests\n?>",
    "<![CDATA[\n/beaker run gpu-tests\n]]>",
    "# /beaker run gpu-tests",
    "- /beaker run gpu-tests",
    "* /beaker run gpu-tests",
    "1. /beaker run gpu-tests",
    "- [ ] /beaker run gpu-tests",
    "| /beaker run gpu-tests |\n|---|",
    "a | b\n--|--\n/beaker run | x",
    "[see\n/beaker run gpu-tests\n](https://example.org)",
    "![see\n/beaker run gpu-tests\n](https://example.org)",
    "[see\n/beaker run gpu-tests\n][1]\n\n[1]: https://example.org",
    "[a]:\n/beaker",
    "[a]: /url\n'\n/beaker run gpu-tests\n'",
    "\uff0fЬеакег run gpu-tests",
]

LOOKALIKES = [
    ("/Beaker run gpu-tests", UNKNOWN),
    ("/BEAKER RUN gpu-tests", UNKNOWN),
    ("/bеaker run gpu-tests", UNKNOWN),  # Cyrillic е
    ("\uff0fbeaker run gpu-tests", UNKNOWN),  # full-width slash
    ("\u2215beaker run gpu-tests", UNKNOWN),  # division slash
    ("/be\u0430ker run gpu-tests", UNKNOWN),  # Cyrillic a
    ("\u200b/beaker run gpu-tests", BAD),
    ("/\u200bbeaker run gpu-tests", BAD),
    ("/bea\u00adker run gpu-tests", BAD),
    ("/beaker\u200b run gpu-tests", BAD),
    ("/beaker\u00a0run gpu-tests", BAD),
    ("\u00a0/beaker run gpu-tests", BAD),
    ("\ufeff/beaker run gpu-tests", BAD),
    ("\u202e/beaker run gpu-tests", BAD),
    ("\x00/beaker run gpu-tests", BAD),
    ("/beaker run gpu-tests\u202e", BAD),
    ("/beaker run\u2003gpu-tests", BAD),
    ("/beaker run gpu-tests\x1b[31m", BAD),
    ("/beaker run gpu-tests\ud800", BAD),
    ("/beaker run -- echo \u3164", BAD),
    ("/beaker run -- echo \U000e0041", BAD),
    ("/beaker run -- echo a\u0085b", BAD),
]

CONTINUED = [
    ("/beaker run \\\n  gpu-tests", RUN),
    ("/beaker run \\\r\n  gpu-tests", RUN),
    ("/beaker run \\  \n  gpu-tests", RUN),
    ("/beaker run \\\n      gpu-tests \\\n\t--gpus 2", ['run gpu-tests {"gpus": 2}']),
    ("hello\n/beaker run \\\ngpu-tests\nthanks", RUN),
    ("/beaker run -- a\\\nb", ["run -- ab"]),
    ("/beaker run -- a\\\\\nb", ["run -- 'a\\'"]),
    ("/beaker run -- echo \\\n/beaker status", ["run -- echo /beaker status"]),
    ("/beaker run gpu-tests \\", BAD),
    ("/beaker run gpu-tests \\\n\nthanks", BAD),
    ("/beaker run gpu-tests \\\n- --gpus 2", BAD),
    ("/beaker run gpu-tests \\\n> --gpus 2", BAD),
    ("/beaker run gpu-tests \\\n```\necho\n```", BAD),
    ("/beaker run \\\n--", BAD),
    ("/beaker run gpu-tests\n---", BAD),
    ("/beaker run gpu-tests\n===", BAD),
    ("text\n/beaker run gpu-tests\n---", BAD),
]

SCRIPTS = [
    ("/beaker run\n```\necho hi\n```", ["run script 'echo hi\\n'"]),
    ("/beaker run --gpus 1\n```bash\na\nb\n```", ["run {\"gpus\": 1} script 'a\\nb\\n'"]),
    ("/beaker plan\n~~~sh\necho hi\n~~~", ["plan script 'echo hi\\n'"]),
    ("/beaker run gpu-tests\n```\necho hi\n```", ["run gpu-tests script 'echo hi\\n'"]),
    ("- x\n  /beaker run\n  ```\n  echo hi\n  ```", ["run script 'echo hi\\n'"]),
    ("/beaker run \\\n--gpus 1\n```\necho hi\n```", ["run {\"gpus\": 1} script 'echo hi\\n'"]),
    ("/beaker run\n```\n/beaker stop\n```", ["run script '/beaker stop\\n'"]),
    ("/beaker run\n  ```\n  echo hi\n    there\n  ```", ["run script 'echo hi\\n  there\\n'"]),
    ("/beaker run\n````\n```\n````", ["run script '```\\n'"]),
    ("/beaker run a\n/beaker run b\n```\necho\n```", ["run a", "run b script 'echo\\n'"]),
    ("/beaker run -- true\n```\necho hi\n```", ["run -- true"]),
    ("/beaker run gpu-tests\n\n```\necho hi\n```", RUN),
    ("/beaker run gpu-tests\n\n    echo hi", RUN),
    ("/beaker status\n```\necho hi\n```", ["status"]),
    ("- x\n  /beaker run gpu-tests\n```\necho hi\n```", RUN),
    ("/beaker run\n\n```\necho hi\n```", ["usage.missing-command"]),
    ("/beaker run\n```\n```", BAD),
    ("/beaker run\n```\n\n  \n# only a remark\n```", BAD),
    ("/beaker run\n```\necho hi", BAD),
    ("/beaker run\n```\necho hi\n", BAD),
    ("/beaker run\n```", BAD),
    ("/beaker run\n```python\nprint()\n```", BAD),
    ("/beaker run gpu-tests\n```diff\n-a\n```", BAD),
    ("/beaker run\n```\necho \u202e\n```", BAD),
    ("/beaker run\n```\necho\u00a0hi\n```", BAD),
    ("/beaker run\n```\necho\x0bhi\n```", BAD),
    (f"/beaker run\n```\n{'#' * 33_000}\n```", BAD),
]


@pytest.mark.parametrize(("comment", "expected"), [*COMMANDS, *LOOKALIKES, *CONTINUED, *SCRIPTS])
def test_what_a_comment_asks(comment: str, expected: list[str]) -> None:
    assert read(comment) == expected


@pytest.mark.parametrize("comment", SILENT)
def test_what_is_no_command(comment: str) -> None:
    assert read(comment) == []


def test_a_script_keeps_its_text() -> None:
    script = "python -c 'print(\"*a* _b_ -- `c`\")' \\\n\t&& echo “ok” …\n"
    assert the_command(f"/beaker run\r\n```bash\r\n{script}```\r\n").script == script


def test_the_raw_line_is_taken() -> None:
    command = the_command("/beaker run -- echo '*a*' _b_ '`c`' -- \"--\" '<b>' '&amp;' … '“q”'")
    assert command.argv == ("echo", "*a*", "_b_", "`c`", "--", "--", "<b>", "&amp;", "…", "“q”")


def test_places_count_commands_and_mistakes() -> None:
    parsed = parse_comment("/beaker status\n\n/beaker nope\n\ntext\n\n/beaker list")
    assert [one.place for one in parsed] == [0, 1, 2]
    assert [one.source for one in parsed] == ["/beaker status", "/beaker nope", "/beaker list"]


def test_the_source_is_the_joined_line() -> None:
    assert the_command("/beaker run \\\r\n  gpu-tests").source == "/beaker run   gpu-tests"


def test_ten_commands_are_read_and_the_rest_is_answered_once() -> None:
    parsed = parse_comment("/beaker status\n" * 30)
    assert len(parsed) == 11
    assert read("/beaker status\n" * 30)[-2:] == ["status", "usage.bad-value"]
    assert read("/beaker status\n" * 10) == ["status"] * 10


def test_a_long_line_is_refused_and_shortened() -> None:
    mistake = the_mistake("/beaker run -- echo " + "a" * 9_000)
    assert mistake.what == "The command has 9,020 characters; 8,192 are the most."
    assert len(mistake.source) == 8_193


def test_many_lines_are_refused() -> None:
    assert "not read" in the_mistake("a\n" * 6_000 + "/beaker status").what
    assert "not read" in the_mistake("a" * 70_000 + "\n/beaker status").what
    assert "not read" in the_mistake("[" * 600 + "\n/beaker status").what


HOSTILE = {
    "quotes": ">" * 65_000,
    "spaced quotes": "> " * 32_000,
    "lists": "- " * 32_000,
    "mixed": "> - " * 16_000,
    "brackets": "[" * 65_000,
    "images": "![" * 32_000,
    "empty links": "[](" * 21_000,
    "backticks": " ".join("`" * count for count in range(350)),
    "tags": "<a " * 21_000,
    "openings": "<" * 65_000,
    "remarks": "a <!--" * 10_000,
    "instructions": "a <?" * 16_000,
    "data": "a <![CDATA[" * 5_000,
    "ampersands": "&" * 65_000,
    "stars": "*a " * 21_000,
    "backslashes": "\\" * 65_000,
    "definitions": "[a]: /u\n" * 4_900,
    "table": "|" * 30_000 + "\n" + "|-" * 15_000,
    "rows": "|a|b|\n|-|-|\n" + "|a|b|\n" * 4_900,
    "fences": "```\n" * 4_900,
    "hidden": "/" + "\u200b" * 65_000,
    "letters": ("/" + "\u200b" * 8 + "é" * 20 + "\n") * 2_000,
    "continued": "/beaker run \\\n" * 4_500,
    "bracketed code": ("`" + "[" * 499 + "\n/beaker run\n`\n\n") * 120,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markdown_ends(name: str) -> None:
    for end in ("", "\n/beaker status", "\n\n/beaker status"):
        parsed = read((HOSTILE[name] + end)[-65_536:])
        assert len(parsed) <= 11


def test_markdown_is_loaded_only_where_a_command_may_be() -> None:
    program = (
        "import sys\n"
        "from beaker_ci.commands import looks_like_command, parse_comment\n"
        "assert not looks_like_command('What a nice change!')\n"
        "assert parse_comment('What a nice change!') == ()\n"
        "assert 'markdown_it' not in sys.modules\n"
        "assert parse_comment('/beaker status')\n"
        "assert 'markdown_it' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("comment", [comment for comment, _ in [*COMMANDS, *LOOKALIKES]])
def test_every_command_looks_like_one(comment: str) -> None:
    assert looks_like_command(comment)
