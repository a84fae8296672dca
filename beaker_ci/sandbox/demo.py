"""The whole way on this machine: a comment, the bot's answer, the job, its log and its metrics.

Nothing is acted: the local GitHub and the local Beaker are real servers, the bot is the action as
a workflow step would start it, and the job runs as a process in a fresh checkout.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from beaker_ci.sandbox.beaker import ExperimentView, LocalBeaker
from beaker_ci.sandbox.git import SandboxRepository
from beaker_ci.sandbox.github import CheckRun, LocalGitHub
from beaker_ci.sandbox.runner import TOKEN_PERMISSIONS, Step, StepResult

EXAMPLE = "examples/train.py"
COMMENT = "Does it still learn?\n\n/beaker run --gpus 1 -- python examples/train.py"
"""What the demo's researcher writes, unless she is told otherwise."""

PLAIN_COMMENT = "/beaker run -- ls"
"""What she writes where there is no example."""

RULES = "the demo's own: no presets, CPU and GPU runs of up to 1h"

ASKER = "ada"
"""The researcher."""

CONFIG = """\
version: 1
workspace: ai2/widgets
budget: ai2/widgets-budget
limits: {timeout: 1h}
"""

_HIDDEN = re.compile(r"<!--.*?-->\n?|</?(?:details|summary|sub|span)>", re.DOTALL)
_DETAILS = re.compile(r"<details>.*?</details>", re.DOTALL)


@dataclass(frozen=True)
class Story:
    """What the demo came to.

    Attributes:
        step: The bot's step.
        answers: The bot's comments.
        checks: Its check runs.
        experiments: The runs on Beaker after their end.
    """

    step: StepResult
    answers: tuple[str, ...]
    checks: tuple[CheckRun, ...]
    experiments: tuple[ExperimentView, ...]


def play(repository: Path, comment: str | None, console: Console) -> Story:
    """Plays the demo and shows it.

    Args:
        repository: A git repository; its HEAD is the pull request. Nothing is written to it.
        comment: What the researcher writes; by default a run of the repository's example, or of
            ``ls`` where there is none.
        console: Where to show the conversation.

    Raises:
        beaker_ci.sandbox.git.GitError: ``repository`` is none, or has no commit.
    """
    with _services(repository) as (directory, hub, beaker):
        if comment is None:
            example = hub.repository.file(hub.repository.head("change"), EXAMPLE)
            comment = COMMENT if example is not None else PLAIN_COMMENT
        hub.add_user(ASKER, permission="write")
        number = hub.open_pull_request("change", by=ASKER, title="Your change, at HEAD")
        for name, address in (("GitHub", hub.html_url), ("Beaker", beaker.address)):
            console.print(Text.assemble((f"Local {name}   ", "dim"), (address, "cyan")))
        console.print(Text(f"Configuration  {RULES}\n", "dim"))
        _say(console, ASKER, f"commented on #{number}", Markdown(comment))
        step = _step(directory, hub, beaker, number, comment).run()
        answers = [text.body for text in hub.comments(number) if text.author.type == "Bot"]
        for answer in answers:
            _say(console, "github-actions", "answered", _readable(answer))
        if step.reason == "nothing-to-do":
            console.print("The bot saw no command in that, and kept quiet.\n")
        elif not answers:
            _say(console, "github-actions", "could not answer", Text(step.log.rstrip()))
        for check in hub.check_runs():
            console.print(Text.assemble("● ", (check.name, "bold"), f"  {check.title}"))
        console.print()
        experiments = [_watch(beaker, one, console) for one in _submitted(step)]
        return Story(step, tuple(answers), tuple(hub.check_runs()), tuple(experiments))


def _submitted(step: StepResult) -> list[str]:
    commands = json.loads(step.outputs.get("result") or "{}").get("commands", [])
    return [command["workload-id"] for command in commands if command.get("workload-id")]


@contextmanager
def _services(repository: Path) -> Iterator[tuple[Path, LocalGitHub, LocalBeaker]]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beaker-ci-")))
        copy = stack.enter_context(SandboxRepository.open(repository, directory / "repository"))
        copy.set_ref("refs/heads/change", copy.head("main"))
        copy.commit("main", {".github/beaker-ci.yml": CONFIG}, message="Set up beaker-ci")
        hub = stack.enter_context(LocalGitHub(copy))
        beaker = stack.enter_context(LocalBeaker(directory / "beaker", {hub.full_name: copy.path}))
        yield directory, hub, beaker


def _step(
    directory: Path, hub: LocalGitHub, beaker: LocalBeaker, number: int, comment: str
) -> Step:
    token = hub.add_token("actions", permissions=TOKEN_PERMISSIONS)
    reached = beaker.environment()
    del reached["HOME"]
    return Step.prepare(
        directory,
        event="issue_comment",
        payload=hub.comment(number, by=ASKER, body=comment),
        repository=hub.full_name,
        api_url=hub.api_url,
        server_url=hub.server_url,
        inputs={"github-token": token},
        extra=reached,
    )


def _watch(beaker: LocalBeaker, workload: str, console: Console) -> ExperimentView:
    """Waits for a job's end and shows its log and metrics."""
    with console.status("The job runs…"):
        experiment = beaker.wait(workload, timeout=3700)
    log = Text.from_ansi(experiment.log.rstrip() or "(no output)")
    _say(console, "Beaker", f"ran {experiment.name}", log)
    for job in experiment.jobs:
        metrics = "".join(f"   {name} {value}" for name, value in sorted(job.metrics.items()))
        verdict = Text(f"{experiment.status}", "bold green" if job.exit_code == 0 else "bold red")
        why = f" ({job.canceled_for})" if job.canceled_for else ""
        console.print(Text.assemble("● ", verdict, f", exit code {job.exit_code}{why}{metrics}\n"))
    return experiment


def _say(console: Console, who: str, what: str, content: RenderableType) -> None:
    title = Text.assemble((who, "bold"), f" {what}")
    console.print(Panel(content, title=title, title_align="left", padding=(0, 1)))


def _readable(markdown: str) -> RenderableType:
    """A comment as a terminal can show it: folded parts stay folded."""
    folded = _DETAILS.sub("", markdown)
    return Group(Markdown(_HIDDEN.sub("", folded).strip()))
