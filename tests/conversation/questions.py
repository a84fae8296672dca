"""Questions about runs, and what is answered to them."""

from __future__ import annotations

import re

from stage import Stage

from beaker_ci.sandbox.runner import StepResult

RUN = "/beaker run gpu-tests"
KEY = "hf_" + "a1B2" * 8
"""Has the form of a token."""


def comment(stage: Stage, body: str, by: str = "writer", number: int | None = None) -> StepResult:
    """Somebody comments, and the bot heard it."""
    asked = stage.hub.comment(number or stage.number, by=by, body=body)
    result = stage.deliver(asked)
    stage.heard(asked)
    return result


def submit(stage: Stage, body: str = RUN, number: int | None = None) -> str:
    """Submits a run; its workload's id."""
    return comment(stage, body, number=number).outputs["workload-id"]


def ask(stage: Stage, body: str, by: str = "writer", reason: str = "answered") -> str:
    """What a question is answered with, without marker, quotation and signature."""
    result = comment(stage, body, by)
    assert (result.exit_code, result.reason) == (0, reason), result.log
    return newest(stage)


def newest(stage: Stage) -> str:
    """The newest comment's middle, without what depends on the moment."""
    shown = stage.tidy(stage.hub.comments(stage.number)[-1].body)
    body = shown.partition("\n\n")[2].rpartition("\n\n<sub>")[0]
    body = re.sub(r"(?<=een at )\d\d:\d\d", "12:34", body)
    return re.sub(r"(?<=Waiting for )\d{1,2} s", "0 s", body)


def take(stage: Stage) -> list[str]:
    """Takes everything that is left on both servers; the comments' texts."""
    bodies = []
    for left in stage.leftovers():
        if found := re.match(r"comment \d+ on #(\d+)", left):
            bodies.append(stage.tidy(stage.hub.take_comment(int(found[1])).body))
        elif left.startswith("check"):
            stage.hub.take_check()
        else:
            stage.beaker.take_experiment()
    return bodies
