"""``beaker-ci doctor``: asks the bot to look at a set-up, and shows what it finds."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from beaker_ci.setup_commands.checkout import api_url, github_token, open_console, repository_of

if TYPE_CHECKING:
    from beaker_ci.setup import Finding

_MARKS = {"well": ("✓", "green"), "broken": ("✗", "bold red"), "unknown": ("?", "yellow")}
_SECTIONS = {
    "github": "GitHub",
    "config": "Configuration",
    "workflow": "Workflow",
    "environment": "Settings",
    "repository": "Settings",
    "beaker": "Beaker",
}


@click.command()
@click.option("--repo", metavar="OWNER/NAME", help="The repository; else this checkout's remote.")
@click.option(
    "--config",
    default=".github/beaker-ci.yml",
    show_default=True,
    help="The configuration's path on the default branch.",
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def doctor(repo: str | None, config: str, style: str) -> None:
    """Check a repository's set-up, and say how to mend it.

    Looks at both tokens and their rights, the configuration, the workflow, the settings that keep
    the Beaker token safe, and the accounts on Beaker.

    Reads GITHUB_TOKEN (or GH_TOKEN), GITHUB_API_URL, BEAKER_TOKEN and BEAKER_CONFIG. Looks at the
    default branch on GitHub, not at this checkout. Writes nothing but gantry's entrypoint dataset,
    where a workspace lacks it.

    Exit code: 0 nothing to mend, 1 something to mend, 3 GitHub or Beaker did not answer.
    """
    from beaker_ci.bot.doctor import Patient, examine

    # PyGithub warns of every refusal; here each of them is an answer.
    logging.getLogger("github").setLevel(logging.ERROR)
    patient = Patient(
        repository=repository_of(repo),
        github_token=github_token(),
        api_url=api_url(),
        config_path=config,
        environment=os.environ,
    )
    findings = examine(patient)
    if style == "json":
        sys.exit(_print_json(patient.repository, list(findings)))
    sys.exit(_print_text(patient.repository, findings))


def _print_json(repository: str, findings: list[Finding]) -> int:
    code = _exit_code(findings)
    shown = [
        {
            "code": finding.code,
            "verdict": finding.verdict.value,
            "what": finding.what,
            "evidence": finding.evidence,
            "remedy": finding.remedy,
        }
        for finding in findings
    ]
    result = {"schema": 1, "repository": repository, "exit_code": code, "findings": shown}
    click.echo(json.dumps(result, indent=2, ensure_ascii=False))
    return code


def _print_text(repository: str, findings: Iterable[Finding]) -> int:
    from rich.text import Text

    console, section, seen = open_console(), "", []
    console.print(Text(repository, "bold"))
    for finding in findings:
        seen.append(finding)
        title = _SECTIONS[finding.code.partition(".")[0]]
        if title != section:
            section = title
            console.print(Text(f"\n{title}", "bold"))
        mark, style = _MARKS[finding.verdict.value]
        console.print(Text.assemble("  ", (mark, style), f" {_plain(finding.what)}"))
        for line in finding.evidence.splitlines():
            console.print(Text(f"      {_plain(line)}", "dim"))
        if finding.remedy:
            console.print(Text(f"    → {_plain(finding.remedy)}"))
    counts = {name: sum(one.verdict == name for one in seen) for name in _MARKS}
    console.print(
        f"\n{counts['well']} well, {counts['broken']} to mend, {counts['unknown']} not known."
    )
    return _exit_code(seen)


def _exit_code(findings: list[Finding]) -> int:
    if any(finding.away for finding in findings):
        return 3
    return 1 if any(finding.verdict == "broken" for finding in findings) else 0


def _plain(text: str) -> str:
    """A text that comes from elsewhere, without what a terminal would obey."""
    one_line = " ".join(text.split())
    return "".join(character if character.isprintable() else "\ufffd" for character in one_line)
