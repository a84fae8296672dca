"""The table of options is complete, and says of gantry what gantry says of itself."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from told import read, the_command

from beaker_ci.commands import (
    COMMANDS,
    OPTIONS,
    Access,
    Kind,
    Mistake,
    Option,
    Origin,
    parse_command_line,
)
from beaker_ci.commands.values import flaw

SPELLED: dict[str, Option] = {
    spelling: option for option in OPTIONS for spelling in (*option.spellings, *option.negative)
}
# In a process of its own: importing gantry's commands replaces sys.excepthook.
DESCRIBE_GANTRY = """
import dataclasses, json, click
from gantry.commands.main import main
from gantry.commands.run import run
from gantry.recipe import Recipe

def describe(command):
    return [
        {
            "spellings": parameter.opts,
            "negative": parameter.secondary_opts,
            "multiple": parameter.multiple,
            "flag": parameter.is_flag,
            "positive": parameter.flag_value is not False,
            "choices": list(getattr(parameter.type, "choices", [])),
        }
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in ("help", "version")
    ]

fields = [field.name for field in dataclasses.fields(Recipe)]
print(json.dumps({"run": describe(run), "global": describe(main), "fields": fields}))
"""


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the installed gantry says of itself."""
    home: Path = tmp_path_factory.mktemp("home")
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DESCRIBE_GANTRY],
        cwd=home,
        env={"HOME": str(home)},
        check=True,
        capture_output=True,
    )
    described: dict[str, Any] = json.loads(finished.stdout)
    return described


def test_every_recipe_field_is_classified(gantry: dict[str, Any]) -> None:
    ours = {option.field for option in OPTIONS if option.origin is Origin.RECIPE}
    assert ours == set(gantry["fields"])


def test_every_option_of_gantry_is_in_the_table(gantry: dict[str, Any]) -> None:
    for theirs in [*gantry["run"], *gantry["global"]]:
        for spelling in (*theirs["spellings"], *theirs["negative"]):
            ours = SPELLED[spelling]
            assert ours.repeatable == theirs["multiple"], spelling
            assert (ours.kind is Kind.FLAG) == theirs["flag"], spelling
            if theirs["choices"] and ours.access is not Access.REFUSED:
                assert set(ours.choices) == set(theirs["choices"]), spelling
        for spelling in theirs["spellings"]:
            assert (
                not theirs["flag"]
                or (spelling in SPELLED[spelling].spellings) == (theirs["positive"])
            )


def test_nothing_is_in_the_table_that_gantry_does_not_know(gantry: dict[str, Any]) -> None:
    theirs = {name for one in gantry["run"] for name in (*one["spellings"], *one["negative"])}
    ours = {
        name for name, option in SPELLED.items() if option.origin in (Origin.RECIPE, Origin.LAUNCH)
    }
    assert ours == theirs


def test_every_spelling_is_there_once() -> None:
    for definition in COMMANDS.values():
        names = [
            name for option in definition.options for name in (*option.spellings, *option.negative)
        ]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: f"{option.field}")
def test_every_option_is_explained(option: Option) -> None:
    assert option.help
    assert not option.help.endswith(".")
    assert bool(option.rule) == (option.access is Access.LIMITED)
    refused = option.access is Access.REFUSED
    assert bool(option.refusal) == refused
    assert bool(option.instead) == refused
    for sentence in filter(None, (option.refusal, option.instead, option.note)):
        assert sentence.endswith(".")
    assert bool(option.pattern) == bool(option.form)
    re.compile(option.pattern)


REFUSED = [option for option in OPTIONS if option.access is Access.REFUSED]
LOOK_ALIKE = str.maketrans("aceiopxy", "асеіорху")  # Cyrillic
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def as_written(spelling: str) -> Iterator[str]:
    """An option as it means to gantry's command line, or to a shell: refused, whatever it says."""
    for said in (
        spelling,
        f"'{spelling}'",
        f'"{spelling}"',
        f"\\{spelling}",
        f"{spelling[0]}''{spelling[1:]}",
    ):
        yield from (said, f"{said} a:/b", f"{said}=a:/b", f"{said}=", f"{said} a:/b {said} c:/d")
        yield from (f"--gpus 1 {said} a:/b", f"{said} -- job", f"{said} 'two words'", f"{said} ''")
    if len(spelling) == 2:
        yield from (f"{spelling}a:/b", f"{spelling}u", f"{spelling}u a:/b", f"-n a {spelling}'a'")


def as_disguised(spelling: str) -> Iterator[str]:
    """What a person could take for the option, or an earlier gantry could have."""
    name = spelling.lstrip("-")
    dashes = ("—", "–", "‐", "−", "－－", "-\u00ad-", "-\u200b-", "---", "—-", "/")
    words = [f"{dash}{name}" for dash in dashes]
    words += [spelling.upper(), spelling.title(), spelling.translate(FULL_WIDTH)]
    words += [f"{spelling}\u200b", f"\u2060{spelling}", f"\ufeff{spelling}"]
    words += [
        spelling.replace("-", "_"),
        f"--no-{name}",
        f"--not-{name}",
        f"--{name[:-1]}",
        f"-{name}",
    ]
    words += [f"--{name.translate(LOOK_ALIKE)}", f"--{name.translate(FULL_WIDTH)}"]
    words += [f"--{name.replace('-', '_')}", f"--{name}s", f"-t{spelling}", f"-c {spelling}"]
    words += [f"--description={spelling}", f"--env {spelling}", f"--env A=1 {name}"]
    known = {*SPELLED, "-t"}
    for word in words:
        if word not in known:
            yield from (f"{word} a:/b", f"{word}=a:/b")


def never_set(line: str, fields: set[str]) -> bool:
    """Whether a line gives no command that sets one of the fields."""
    return all(
        isinstance(parsed, Mistake) or not fields & set(parsed.options)
        for parsed in parse_command_line(line)
    )


@pytest.mark.parametrize("option", REFUSED, ids=lambda option: option.field)
def test_refused_options_are_refused_however_they_are_written(option: Option) -> None:
    for spelling in (*option.spellings, *option.negative):
        for written in as_written(spelling):
            assert read(f"/beaker run x {written}") == ["refused.option"], written
            assert read(f"/beaker plan {written}") == ["refused.option"], written


def test_refused_options_are_set_by_no_disguise() -> None:
    for option in REFUSED:
        for spelling in (*option.spellings, *option.negative):
            for written in as_disguised(spelling):
                line = f"/beaker run x {written}"
                assert never_set(line, {option.field}), line


def test_no_command_ever_sets_a_refused_field() -> None:
    """Whatever stands behind ``-y``, and in whatever order."""
    fields = {option.field for option in REFUSED}
    shorts = [name for name in SPELLED if len(name) == 2]
    for one, other in itertools.product(shorts, shorts):
        for line in (f"{one}{other[1]} x:/y", f"{one}x{other} x:/y", f"{one} x {other}x:/y"):
            assert never_set(f"/beaker run x {line}", fields), line
    for bundle in ("-yu x", "-yuq:/b", "-yyu x", "-uy x", "-myu x:/y"):
        assert read(f"/beaker run x {bundle}") == ["refused.option"]


def test_what_stands_after_the_dashes_belongs_to_the_job() -> None:
    for spelling in SPELLED:
        for words in ([spelling], [spelling, "a:/b"], [f"{spelling}=a:/b"], ["--", spelling]):
            command = the_command(f"/beaker run x --gpus 1 -- job {shlex.join(words)}")
            assert dict(command.options) == {"gpus": 1}
            assert command.argv == ("job", *words)
        assert the_command(f"/beaker run -- {spelling}").argv == (spelling,)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("--preemptible", ["run x"]),
        ("--preemptible --preemptible", ["run x"]),
        ("--preemptible --min-runtime 1h", ['run x {"min_runtime": "1h"}']),
        ("--preemptible=true", ["usage.bad-value"]),
        ("--preemptible true", ["usage.bad-value"]),
        ("--not-preemptible", ["refused.option"]),
        ("--not-preemptible=false", ["refused.option"]),
        ("--preemptible --not-preemptible", ["refused.option"]),
        ("--no-preemptible", ["usage.unknown-option"]),
        ("--skip-tcpxo-setup", ['run x {"skip_nccl_setup": true}']),
        ("--skip-tcpxo-setup=1", ["usage.bad-value"]),
        ("--skip-tcpxo-setup --skip-tcpxo-setup", ["usage.bad-value"]),
        ("--skip-tcpxo-setup --skip-nccl-setup", ["usage.bad-value"]),
        ("--no-skip-tcpxo-setup", ["usage.unknown-option"]),
        ("--no-auto-resume", ['run x {"auto_resume": false}']),
        ("--auto-resume", ["usage.unknown-option"]),
    ],
)
def test_superseded_spellings(line: str, answer: list[str]) -> None:
    assert read(f"/beaker run x {line}") == answer
    if answer[0].startswith("run") and "auto" not in line:
        (note,) = the_command(f"/beaker run x {line}").notes
        assert line.split()[0] in note


def test_every_value_has_a_form_and_a_longest() -> None:
    """Nothing hidden, endless, or that a program could take for an option."""
    for option in OPTIONS:
        if option.access is Access.REFUSED or option.kind is Kind.FLAG or not option.spellings:
            continue
        for value in (
            "",
            "-",
            "-x",
            "--gpus",
            "a\nb",
            "a\0",
            "a\tb",
            "a\u202eb",
            "x" * (option.longest + 1),
        ):
            assert flaw(option, value), (option.field, value)


@pytest.mark.parametrize(
    "name",
    [
        *("GANTRY_X", "BEAKER_CI_KEY", "GIT_SSH_COMMAND", "GITHUB_TOKEN", "GH_TOKEN", "LD_PRELOAD"),
        *("PYTHONPATH", "UV_INDEX", "PIP_INDEX_URL", "CONDA_PREFIX", "AWS_PROFILE", "GOOGLE_X"),
        *("BASH_ENV", "SSL_CERT_FILE", "DYLD_X", "RESULTS_DIR", "PATH", "HOME", "SHELL", "ENV"),
        *("IFS", "TMPDIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PYTORCH_KERNEL_CACHE_PATH"),
        *("http_proxy", "HTTPS_PROXY", "no_proxy", "All_Proxy"),
        *("XDG_CONFIG_HOME", "SHELLOPTS", "BASHOPTS", "PS4", "CDPATH", "TAR_OPTIONS", "CURL_HOME"),
        *("WEBI_HOST", "WGETRC", "OPENSSL_CONF", "GCONV_PATH", "CONDARC"),
    ],
)
def test_reserved_names(name: str) -> None:
    for said in (name, name.lower(), name.upper(), name.title()):
        for option in ("--env", "--env-secret", "--secret-env"):
            for line in (f"{option} {said}=x", f"{option}={said}=x", f"{option} '{said}'=x"):
                assert read(f"/beaker run x {line}") == ["refused.option"], line


def test_what_a_preset_may_set() -> None:
    closed = {option.field for option in OPTIONS if not option.in_preset}
    recipe = {option.field for option in OPTIONS if option.origin is Origin.RECIPE}
    assert closed & recipe == {
        "allow_dirty",
        "branch",
        "callbacks",
        "gh_token_secret",
        "git_repo",
        "hostnames",
        "preemptible",
        "ref",
        "remote",
        "save_spec",
        "skip_tcpxo_setup",
        "uploads",
        "yes",
    }
