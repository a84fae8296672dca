"""Writes docs/gallery.md: every state of a report, as the bot itself would write it.

python scripts/gallery.py            write it
python scripts/gallery.py --check    fail if it is not what would be written
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from beaker_ci.bot.digesting import paths_of, published_part
from beaker_ci.bot.pasting import line_to_paste
from beaker_ci.bot.views import activity_of, run_view, with_compared
from beaker_ci.digest import Digest, Digester, Ending
from beaker_ci.history import State, Verdict
from beaker_ci.metrics import compare
from beaker_ci.metrics.model import Metric, Metrics, Rule
from beaker_ci.progress import Progress
from beaker_ci.redaction import Hiding
from beaker_ci.report import (
    Cause,
    Compared,
    MergedView,
    ReplyView,
    RunView,
    TreeLine,
    merged_comment,
    reply_comment,
    run_check,
    run_comment,
)
from beaker_ci.run import Mark, Receipt, Run

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/gallery.md"
LOGS = ROOT / "tests/digest/fixtures"

SHA = "9fceb02d0ae598e95dc970b74767f19372d61af8"
REPOSITORY = "octo-lab/vision"
NOON = 1_700_049_600.0
HIDE = Hiding()

Measured = tuple[Metric, ...]

RUN = Run(
    workload_id="01JZ3V6M8Q4T2N5R7W9X1Y3A5B",
    name="ci-vision-pr7-gpu-tests-1a2b3c4d5e6f7081",
    url="https://beaker.org/ex/01JZ3V6M8Q4T2N5R7W9X1Y3A5B",
    key="1a2b3c4d5e6f7081",
    repository=REPOSITORY,
    repository_id=1,
    number=7,
    sha=SHA,
    asker="alice",
    asker_id=2,
    check_name="beaker / gpu-tests",
    preset="gpu-tests",
    config_commit="0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f60718293",
    workspace="ai2/vision",
    budget="ai2/vision-ci",
    status=2,
    created=NOON - 900,
    receipt=Receipt(
        (
            TreeLine(0, "request", "allow", "/beaker run gpu-tests"),
            TreeLine(1, "who", "allow", "alice has write on octo-lab/vision"),
            TreeLine(1, "limits", "allow", ""),
            TreeLine(2, "gpus", "allow", "8 of at most 8"),
        )
    ),
    command=("torchrun", "--nproc-per-node", "8", "train.py"),
    gpus=8,
    replicas=1,
    priority="normal",
    timeout_seconds=3600,
    retries=0,
    clusters=("ai2/jupiter",),
    summary="",
    mark=None,
    plan_hash="0011223344556677",
    spec_hash="5d" * 32,
    request="/beaker run gpu-tests",
)
PLAIN = replace(
    RUN,
    name="ci-vision-pr7-run-5e6f70811a2b3c4d",
    key="5e6f70811a2b3c4d",
    check_name="beaker / run 5e6f7081",
    preset=None,
    command=("python", "train.py", "--lr", "3e-4"),
    gpus=1,
    request="/beaker run --gpus 1 -- python train.py --lr 3e-4",
)
MARK = Mark(1, 7, 2, 8.0, "gallery", int(NOON))
ENDED = State(
    "finished", Verdict.FAILED, exit_code=1, seconds=754.0, gpu_hours=1.68, attempts=1, job="01J"
)
TRACEBACK = """\
epoch 3 of 10
[rank3]: Traceback (most recent call last):
[rank3]:   File "/gantry-runtime/train.py", line 88, in <module>
[rank3]:     main()
[rank3]:   File "/gantry-runtime/src/vision/step.py", line 41, in step
[rank3]:     loss.backward()
[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total \
capacity of 79.10 GiB of which 1.20 GiB is free.
"""
PASSED = replace(ENDED, verdict=Verdict.SUCCEEDED, exit_code=0)
EVAL = replace(RUN, preset="eval", check_name="beaker / eval", request="/beaker run eval")
BASE_SHA = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
AGAINST = Compared(
    base_run_id="9f8e7d6c",
    base_url="https://beaker.org/ex/01JZ2BASE8Q4T2N5R7W9X1Y3A5",
    base_sha=BASE_SHA,
    base_commit_url=f"https://github.com/{REPOSITORY}/commit/{BASE_SHA}",
    base_is="the merge base",
)
HISTORY = (
    (
        "accuracy",
        ("0a1b2c3", "1b2c3d4", "2c3d4e5", "3d4e5f6", "1a2b3c4"),
        (0.9071, 0.9102, 0.9088, 0.9131, 0.9124),
    ),
)
ACCURACY = Rule("accuracy", higher_is_better=True, max_drop=0.01)
LOSS = Rule("loss", higher_is_better=False)
BASE_LOSSES = (0.341, 0.352, 0.338)
LOSSES = (0.351, 0.343, 0.359)
CAUSES = {
    "cuda-out-of-memory": "Out of memory on the GPU",
    "host-out-of-memory": "Out of memory on the host",
    "nccl-timeout": "NCCL",
    "unreachable": "Network",
    "gpu-lost": "Node, GPU or driver",
    "missing-module": "Import or dependency",
    "gantry-install": "An installation that failed",
    "missing-file": "Missing file",
    "missing-credentials": "Missing credentials",
    "unauthorized": "Authentication",
    "disk-full": "Disk",
    "bad-configuration": "Configuration",
    "assertion": "Assertion",
    "corrupt-data": "Data",
    "not-a-number": "Numerics",
    "segmentation-fault": "A crash in native code",
    "compiler": "Build",
    "shell": "A command",
    "exception": "Any other exception",
}


def cause(log: str, published: str = "digest", *, run: Run = RUN, **ending: object) -> Cause:
    """What the bot makes of a log."""
    digester = Digester()
    digester.feed(log.encode())
    told = Ending(**{"exit_code": 1, "verdict": Verdict.FAILED, **ending})  # type: ignore[arg-type]
    digest = digester.finish(told)
    kept = published_part(digest, published)
    return Cause(
        replace(kept, paste=line_to_paste(kept, run)),
        f"https://github.com/{REPOSITORY}/blob/{SHA}",
        tuple(
            (file, paths[0])
            for file in _files(digest)
            if len(paths := paths_of(file, REPOSITORY)) == 1
        ),
    )


def _files(digest: Digest) -> Iterator[str]:
    yield from (each.file for each in (digest.frame, *digest.frames) if each)
    yield from (test.file for test in digest.tests if test.file)


def view(state: State, run: Run = RUN, mark: Mark = MARK, **more: object) -> RunView:
    """What the bot shows of a run."""
    log = more.pop("log", ())
    return run_view(
        run,
        mark,
        state,
        server_url="https://github.com",
        config_path=".github/beaker-ci.yml",
        log=log,  # type: ignore[arg-type]
        log_lines=20,
        log_url="https://beaker.org/job/01JZ3V6M8Q4T2N5R7W9X1Y3A5C" if state.verdict else "",
        left=str(more.pop("left", "")),
        hide=HIDE,
        **more,  # type: ignore[arg-type]
    )


def states() -> Iterator[tuple[str, str, RunView]]:
    """A heading, a sentence, and a view of every state but failures."""
    queued, running = State("queued"), State("running", phase="running", job="01J")
    left = "248 of 256 for this pull request"
    yield "Queued", "What stands at once, when a run was submitted.", view(queued, left=left)
    waiting = view(replace(queued, queued_since=NOON - 600))
    yield (
        "Waiting",
        "While somebody watches: why it waits.",
        replace(
            waiting,
            waiting="Waiting for 10 min: all 512 GPUs of ai2/jupiter are taken; 3 runs are before "
            "it.",
            activity=activity_of(RUN, queued, None, NOON, hide=HIDE),
        ),
    )
    progress = Progress(fraction=0.45, done=450, total=1000, remaining=720.0, label="epoch 3")
    yield (
        "Running, with its progress",
        "While somebody watches: how far it is, and its numbers so far.",
        replace(
            view(running),
            activity=replace(
                activity_of(
                    RUN,
                    replace(running, metrics=MappingProxyType({"loss": 0.613})),
                    progress,
                    NOON,
                    hide=HIDE,
                ),
                seconds=580.0,
            ),
        ),
    )
    metrics = MappingProxyType({"accuracy": 0.9134, "loss": {"train": 0.21, "eval": 0.34}})
    passed = replace(ENDED, verdict=Verdict.SUCCEEDED, exit_code=0, metrics=metrics)
    spent = (("09:12", 1.68), ("10:40", 1.42), ("12:00", 1.68))
    yield (
        "Passed, with its numbers",
        "GPU-hours are drawn where three runs of the pull request or more are known.",
        replace(view(passed, left=left), spent=spent),
    )
    yield (
        "Stopped by somebody",
        "",
        view(
            replace(
                ENDED,
                verdict=Verdict.CANCELLED,
                exit_code=None,
                why="bob stopped it with `/beaker stop`.",
            ),
            mark=replace(MARK, stopped="by bob"),
        ),
    )
    yield (
        "Stopped: superseded",
        "The pull request got another head, and `on_new_push` is `stop`.",
        view(
            replace(
                ENDED,
                verdict=Verdict.CANCELLED,
                exit_code=None,
                why="beaker-ci stopped it: the pull request has another head by now, and "
                "`on_new_push` is `stop`.",
            ),
            mark=replace(MARK, stopped="superseded"),
        ),
    )
    yield (
        "Timed out",
        "",
        view(
            replace(
                ENDED, verdict=Verdict.TIMED_OUT, exit_code=None, why="It ran into its time limit."
            ),
            cause=cause("step 900 of 4000\n", exit_code=None, verdict=Verdict.TIMED_OUT),
        ),
    )
    yield (
        "Preempted for good",
        "",
        view(
            replace(
                ENDED,
                verdict=Verdict.PREEMPTED,
                exit_code=None,
                why="It was preempted and did not come back.",
            ),
            cause=cause("step 900 of 4000\n", exit_code=None, verdict=Verdict.PREEMPTED),
        ),
    )
    yield (
        "The machine was lost",
        "",
        view(
            replace(
                ENDED,
                verdict=Verdict.INFRASTRUCTURE,
                exit_code=None,
                why="Its machine became unavailable; the job itself is not to blame.",
            ),
            cause=cause("step 900 of 4000\n", exit_code=None, verdict=Verdict.INFRASTRUCTURE),
        ),
    )
    yield (
        "An end that was not understood",
        "Never a success.",
        view(
            replace(
                ENDED,
                verdict=Verdict.UNKNOWN,
                exit_code=None,
                why="Its job ended with status 17, which beaker-ci does not know. That is no "
                "success.",
            )
        ),
    )


def failures() -> Iterator[tuple[str, str, RunView]]:
    """The same of failures."""
    yield (
        "Failed, in the repository's own code",
        "The line, who wrote it, the code behind it, what to do; a note at that line in the check.",
        view(ENDED, cause=cause(TRACEBACK)),
    )
    yield (
        "Tests failed",
        "Each failed test is a note at its line.",
        view(ENDED, cause=cause(_log("pytest-failed").replace("tests/", "checks/"))),
    )
    yield (
        "Not certain",
        "The log does not say the cause outright.",
        view(ENDED, cause=cause(_log("peer-lost"))),
    )
    yield (
        "Only that something failed",
        "A launcher reports a process whose own words are not in this log.",
        view(ENDED, cause=cause(_log("child-failed"))),
    )
    tail = ("step 899 of 4000", "step 900 of 4000")
    yield (
        "No clear cause",
        "Nothing is made up: the last lines are all there is.",
        view(ENDED, cause=cause("\n".join(tail)), log=tail),
    )
    yield (
        "Logs that stay on Beaker",
        "With `publish_logs: none`: what kind of failure it was, in words of our own.",
        view(ENDED, cause=cause(TRACEBACK, "none")),
    )
    yield (
        "Another run of the same pull request",
        "Told apart by preset, command and id.",
        view(ENDED, PLAIN, replace(MARK, reserved=1.0), cause=cause(TRACEBACK, run=PLAIN)),
    )


def compared(
    base: Measured | None, head: Measured, *rules: Rule, told: Compared = AGAINST
) -> Compared:
    """What the bot makes of two runs' metrics."""
    comparison = compare(Metrics(base) if base is not None else None, Metrics(head), rules)
    return replace(told, comparison=comparison, passed=not comparison.broken)


def _measured(accuracy: float, losses: tuple[float, ...]) -> Measured:
    """A share of 2,000 examples, and a loss of some seeds."""
    return (
        Metric("accuracy", accuracy, n=2000),
        Metric("loss", sum(losses) / len(losses), values=losses),
    )


def comparisons() -> Iterator[tuple[str, str, Compared]]:
    """The same of metrics beside those of the base commit's run."""
    base, same = _measured(0.9125, BASE_LOSSES), LOSSES
    yield (
        "Improved",
        "The headline names what moved.",
        compared(base, _measured(0.9385, same), ACCURACY, LOSS),
    )
    with_history = replace(AGAINST, history=HISTORY)
    yield (
        "Regressed, and the gate failed",
        "The broken rule stands in the headline and in the title of the check, which fails.",
        compared(base, _measured(0.8815, same), ACCURACY, LOSS, told=with_history),
    )
    yield (
        "A drop that noise explains",
        "It is more than the rule allows, and no evidence of a change: the gate passes.",
        compared(base, _measured(0.9005, same), ACCURACY, LOSS),
    )
    points = (Metric("accuracy", 0.9124), Metric("tokens_per_second", 1234.5))
    yield (
        "No interval",
        "Where nothing is known of the noise, the numbers alone decide.",
        compared(points, (Metric("accuracy", 0.9107), Metric("tokens_per_second", 1301.0))),
    )
    nothing = Compared(
        missing="None of the 14 commits that this one builds on has a result of `eval`.",
        next_step="This makes one at the tip of `main`, for all that will build on it:",
        paste='gh workflow run beaker.yml --ref main -f command="run eval"',
    )
    yield (
        "No base",
        "A rule that needs one cannot be judged, and fails the gate.",
        compared(None, _measured(0.9125, same), ACCURACY, LOSS, told=nothing),
    )
    yield (
        "The base's run goes on",
        "With `compare: {base: run}`; the check is not finished before.",
        replace(AGAINST, waits=True),
    )
    yield (
        "Many metrics",
        "Fifteen stand open. The more are compared, the more evidence each of them takes.",
        compared(_subjects(0.0), _subjects(0.18)),
    )


def _subjects(rise: float) -> Measured:
    """Shares of 200 examples each, one of which rises."""
    return tuple(
        Metric(
            f"mmlu.subject_{at:02d}",
            0.4 + at / 50 + (rise if at == 7 else rise / 12),
            n=200,
            higher_is_better=True,
        )
        for at in range(20)
    )


def merged() -> str:
    """What a merged pull request is told."""
    run = view(PASSED, EVAL)
    moved = compared(
        _measured(0.9125, BASE_LOSSES),
        _measured(0.8815, LOSSES),
        replace(ACCURACY, max_drop=None),
        LOSS,
        told=replace(AGAINST, base_is="the commit before it"),
    )
    return merged_comment(
        MergedView(
            marker=EVAL.key,
            preset="eval",
            sha=SHA,
            commit_url=run.commit_url,
            run_id=run.run_id,
            experiment_url=run.experiment_url,
            compared=moved,
            branch="main",
        )
    )


def reused() -> str:
    """What somebody is told who asks for what has run already."""
    view = ReplyView(
        marker="42-0",
        reason="reused",
        asker="alice",
        source="/beaker run eval",
        what="Nothing new runs: `eval` succeeded with these files already.",
        why="Run `1a2b3c4d` ran it at this very commit.",
        page=EVAL.url,
        next_step="To run it again all the same:",
        paste="/beaker run eval --fresh",
        compared=compared(
            _measured(0.9125, BASE_LOSSES), _measured(0.9005, LOSSES), ACCURACY, LOSS
        ),
    )
    return reply_comment([view], "42")


def _log(name: str) -> str:
    """A log of one rule; the mark that says which line decides is taken off."""
    text = (LOGS / f"{name}.log").read_text("utf-8")
    return "\n".join(line.removeprefix("=>") for line in text.split("\n"))


def build() -> str:
    """The whole page."""
    live, failed = list(states()), list(failures())
    parts = [
        "<!-- Written by scripts/gallery.py -->",
        "# What reports look like",
        "What beaker-ci writes in every state of a run. [How reports work](reports.md).",
        (
            "[From the command to the end](#from-the-command-to-the-end) ·\n"
            "[Metrics beside the base's](#metrics-beside-the-bases) ·\n"
            "[Failures](#failures) ·\n"
            "[Kinds of causes](#kinds-of-causes)"
        ),
        "## From the command to the end",
        *_shown(*live[0], whole=True),
        *(part for each in live[1:] for part in _shown(*each)),
        "## Metrics beside the base's",
        "Only what stands above the command.",
        *(part for each in comparisons() for part in _shown_above(*each)),
        "### What a merge moved",
        "A comment on the merged pull request, only if something moved.",
        _quoted(merged().partition("\n")[2]),
        "### Reused",
        "The preset has a success at the same files already.",
        _quoted(reused().partition("\n")[2]),
        "## Failures",
        *(part for each in failed for part in _shown(*each)),
        "## Kinds of causes",
        "Each from a log with that failure; what stands below the next step is left out here.",
    ]
    for name, heading in CAUSES.items():
        parts += _shown_in_short(heading, view(ENDED, cause=cause(_log(name))))
    return "\n\n".join(parts) + "\n"


def _shown(heading: str, sentence: str, shown: RunView, *, whole: bool = False) -> Iterator[str]:
    """A report; without its receipt, which is the same every time."""
    yield f"### {heading}"
    if sentence:
        yield sentence
    yield f"Check: `{run_check(shown).title}`"
    told = _without_marker(shown)
    yield _quoted(told if whole else told.split("<details>\n<summary>Why it was allowed")[0])


def _shown_above(heading: str, sentence: str, judged: Compared) -> Iterator[str]:
    shown = with_compared(view(PASSED, EVAL), judged)
    yield f"### {heading}"
    yield sentence
    yield f"Check: `{run_check(shown).title}`"
    yield _quoted(_without_marker(shown).split("```bash")[0])


def _shown_in_short(heading: str, shown: RunView) -> Iterator[str]:
    yield f"### {heading}"
    told = _without_marker(shown).split("<details>")[0].split("[The whole log]")[0]
    yield _quoted(told)


def _without_marker(shown: RunView) -> str:
    return run_comment(shown).partition("\n")[2].strip()


def _quoted(markdown: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in markdown.strip().split("\n"))


def main() -> None:
    """Writes the page, or checks it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    text = build()
    if not options.check:
        PAGE.write_text(text, "utf-8")
    elif PAGE.read_text("utf-8") != text:
        sys.exit("docs/gallery.md is not current: run `make gallery`")


if __name__ == "__main__":
    main()
