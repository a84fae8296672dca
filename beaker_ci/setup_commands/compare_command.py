"""``beaker-ci compare``: two runs, commits or files beside each other."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from beaker_ci.setup_commands.checkout import run_git

if TYPE_CHECKING:
    from beaker_ci.bot.at_hand import AtHand
    from beaker_ci.bot.besides import Side
    from beaker_ci.metrics.model import Rule
    from beaker_ci.report.views import Compared

LARGEST = 50 << 20
"""Bytes of a file that is read."""


@click.command(short_help="Put two runs' metrics beside each other: change, or noise?")
@click.argument("base", metavar="A")
@click.argument("head", metavar="B")
@click.option(
    "--preset",
    metavar="NAME",
    help="Whose run at a commit is meant, and whose rules judge two files.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=".github/beaker-ci.yml",
    show_default=True,
    help="The configuration with the rules for two files.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="`text` for people; `json` for programs.",
)
@click.option("--repo", metavar="OWNER/NAME", help="The repository; else this checkout's remote.")
@click.option(
    "--pr",
    type=click.IntRange(min=1),
    metavar="N",
    help="The pull request whose runs short ids name; else the open one of this checkout's commit.",
)
@click.option(
    "--account",
    envvar="BEAKER_CI_ACCOUNT",
    metavar="NAME",
    help="The Beaker account that the bot submits with; else your token's own.",
)
def compare(
    base: str,
    head: str,
    preset: str | None,
    config: Path,
    style: str,
    repo: str | None,
    pr: int | None,
    account: str | None,
) -> None:
    """Say what changed in the metrics from A to B, and what is only noise.

    A and B are files (metrics.json, results of lm-evaluation-harness or olmes), runs (a short id,
    or the page on Beaker) or commits with a run. Two files need no token and no network.

    \b
      beaker-ci compare base/metrics.json metrics.json
      beaker-ci compare 3f9c2a71 9f8e7d6c --format json
      beaker-ci compare main HEAD --preset eval

    Rules are those of the preset that B ran, on the default branch; for two files those of
    `--preset`. Without any, all metrics that both have are compared.

    Exit code: 0 no rule is broken, 1 one is, 2 a mistake in what was typed, or in a token or file
    that it needs, 3 GitHub or Beaker did not answer.
    """
    first, second = Path(base), Path(head)
    if _is_file(first) and _is_file(second):
        told = _of_files(first, second, preset, config)
        sys.exit(_show(told, style))
    for name in (base, head):
        if name.endswith((".json", ".jsonl")) and not _is_file(Path(name)):
            raise click.UsageError(f"There is no file {name}.")
        if _kind(Path(name)) == "folder" and _commit(name) is None:
            file = Path(name) / "metrics.json"
            raise click.UsageError(f"{name} is a directory.\nName the file in it, such as {file}.")
    from beaker_ci.setup_commands.runs_commands.at_hand import opened

    with opened(repo, pr, account) as hand:
        code = _show(_of_runs(hand, base, head, preset), style, hand)
    sys.exit(code)


def _of_files(base: Path, head: Path, preset: str | None, config: Path) -> Compared:
    from beaker_ci.bot.besides import beside

    one, other = _read(base), _read(head)
    told = beside(one, other, _rules(preset, config))
    if told.comparison is None or not (told.comparison.rows or told.comparison.broken):
        raise click.UsageError(
            f"{base} and {head} have no metric in common{' that a rule names' if preset else ''}.\n"
            f"{base}: {_named(one)}\n{head}: {_named(other)}"
        )
    return told


def _named(side: Side) -> str:
    from beaker_ci.report import plain

    return plain(", ".join(metric.name for metric in side.metrics.metrics))


def _of_runs(hand: AtHand, base: str, head: str, preset: str | None) -> Compared:
    from beaker_ci.bot.besides import beside
    from beaker_ci.bot.sides import named_side, rules_at_hand

    sides: list[Side] = []
    rules: tuple[Rule, ...] = ()
    for name in (base, head):
        if _is_file(Path(name)):
            sides.append(_read(Path(name)))
            continue
        side, run = named_side(hand, name, preset, _commit)
        sides.append(side)
        rules = rules_at_hand(hand, run)
    return beside(sides[0], sides[1], rules)


def _commit(name: str) -> str | None:
    """All 40 digits of a commit of this checkout, by any of its names."""
    if name.startswith("-"):
        return None
    return run_git(Path(), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def _is_file(path: Path) -> bool:
    """Whether it can be read: also what a shell's ``<(…)`` stands for, which is a pipe."""
    return _kind(path) == "file"


def _kind(path: Path) -> str:
    """``folder``, ``file`` for all else, or nothing where a name cannot even be looked up."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return "folder" if stat.S_ISDIR(mode) else "file"


def _read(path: Path) -> Side:
    """What a file says was measured.

    Raises:
        click.ClickException: When it cannot be read, or says nothing.
    """
    from beaker_ci.bot.besides import side_of_file

    try:
        if path.stat().st_size > LARGEST:
            raise click.UsageError(f"{path} is larger than {LARGEST >> 20} MiB.")
        text = path.read_text("utf-8")
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path} is not UTF-8 text: byte {error.start} is not.") from None
    side = side_of_file(_parsed(path, text), str(path))
    if not side.metrics.metrics:
        why = (
            "its numbers lie more than eight levels deep, or in lists of more than 1,000"
            if side.metrics.left_out
            else "no number under any name"
        )
        raise click.UsageError(
            f"{path} holds no metrics: {why}.\n"
            "It takes metrics.json, or the results of lm-evaluation-harness or olmes."
        )
    return side


def _parsed(path: Path, text: str) -> object:
    try:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise click.UsageError(
            f"{path}:{error.lineno}:{error.colno}: it is not JSON: {error.msg}."
        ) from None
    except (ValueError, RecursionError):
        raise click.UsageError(f"{path} is not JSON that can be read.") from None


def _rules(preset: str | None, config: Path) -> tuple[Rule, ...]:
    if preset is None:
        return ()
    from beaker_ci.bot.comparing import rules_of
    from beaker_ci.config import parse_configuration
    from beaker_ci.problem import Problem

    try:
        configuration = parse_configuration(config.read_text("utf-8"), str(config))
    except OSError as error:
        raise click.UsageError(
            f"{config} cannot be read: {error.strerror}.\n"
            "The rules of --preset stand there; --config names another file."
        ) from None
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{config} is not UTF-8 text: byte {error.start} is not.") from None
    except Problem as problem:
        raise click.UsageError(f"{problem.what}\n{problem.why}") from None
    found = configuration.presets.get(preset)
    if found is None:
        known = ", ".join(configuration.presets) or "none"
        raise click.UsageError(f"{config} has no preset {preset!r}; it has: {known}.")
    return rules_of(found.compare) if found.compare else ()


def _show(told: Compared, style: str, hand: AtHand | None = None) -> int:
    """Prints a comparison; the exit code that it makes."""
    from beaker_ci.bot.besides import compared_view
    from beaker_ci.report import Redactor, comparison_json
    from beaker_ci.setup_commands.runs_commands.showing import show, show_json

    redactor = hand.services.redactor if hand else Redactor(())
    if style == "json":
        show_json(comparison_json(told), redactor)
    else:
        show(compared_view(told), redactor)
    return 0 if told.passed else 1
