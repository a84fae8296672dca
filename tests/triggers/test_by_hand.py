"""Workflows that are started by hand: typed inputs become variables, and mistakes say so."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from beaker_ci.config import parse_configuration
from beaker_ci.config.triggers import Scalar
from beaker_ci.problem import Problem
from beaker_ci.triggers.by_hand import wanted_by_hand

CONFIGURATION = parse_configuration(
    """\
version: 1
presets:
  train:
    command: [python, train.py]
    on:
      workflow_dispatch:
        inputs:
          learning-rate: {type: number, default: 0.1}
          steps: {type: number, required: true}
          fast: {type: boolean, default: false}
          size: {type: choice, options: [small, "7"], description: How large}
          note: {}
  plain:
    command: [pytest]
    on: {workflow_dispatch: true}
  tests:
    command: [pytest]
""",
    "beaker-ci.yml",
)


def values(**inputs: Scalar) -> dict[str, str]:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    found = wanted_by_hand({"preset": "train", **given}, CONFIGURATION, "7:1")
    assert found is not None
    return dict(found.values)


def test_inputs_become_variables() -> None:
    texts = values(learning_rate="3e-4", steps="100", fast="true", size="7", note="a b=c")
    assert texts == {
        "LEARNING_RATE": "3e-4",
        "STEPS": "100",
        "FAST": "true",
        "SIZE": "7",
        "NOTE": "a b=c",
    }
    assert values(steps=100, fast=True, size=7, learning_rate=0.5) == {
        "LEARNING_RATE": "0.5",
        "STEPS": "100",
        "FAST": "true",
        "SIZE": "7",
    }


def test_what_is_left_empty_takes_its_default_or_is_not_set() -> None:
    assert values(steps="1", learning_rate="", size="", note="") == {
        "LEARNING_RATE": "0.1",
        "STEPS": "1",
        "FAST": "false",
    }


def test_who_asks_is_the_workflow_run() -> None:
    own: dict[str, Scalar] = {"command": "", "pull-request": "7", "pull_request": ""}
    # Inputs of the workflow's other presets come empty, or as a box that nobody ticked.
    others: dict[str, Scalar] = {"fast": "false", "quick": False, "size": ""}
    found = wanted_by_hand({"preset": " plain ", **own, **others}, CONFIGURATION, "7:2")
    assert found is not None
    assert (found.preset, found.trigger, found.by, found.values) == (
        "plain",
        "workflow_dispatch",
        "dispatch:7:2",
        (),
    )
    nothings: list[dict[str, Scalar]] = [{}, {"preset": ""}, {"command": "run tests"}]
    for nothing in nothings:
        assert wanted_by_hand(nothing, CONFIGURATION, "7:1") is None


def told(**inputs: Scalar) -> str:
    with pytest.raises(Problem) as raised:
        wanted_by_hand(inputs, CONFIGURATION, "7:1")
    problem = raised.value
    parts = (problem.reason.value, problem.what, problem.why, problem.next_step, problem.paste)
    return " | ".join(filter(None, parts))


def test_what_does_not_fit_is_a_mistake() -> None:
    train: dict[str, Scalar] = {"preset": "train", "steps": 1}
    mistakes: list[dict[str, Scalar]] = [
        {"preset": "trian"},
        {"preset": "tests"},
        {"preset": "plain", "command": "run tests"},
        {"preset": "plain", "steps": "3"},
        {"preset": "train"},
        {**train, "steps": "many"},
        {**train, "steps": True},
        {**train, "steps": float("nan")},
        {**train, "steps": "1e400"},
        {**train, "fast": "yes"},
        {**train, "size": "large"},
        {**train, "note": "a\x1b[2J"},
        {**train, "note": "x" * 5000},
    ]
    assert [told(**inputs) for inputs in mistakes] == snapshot(
        [
            "usage.unknown-preset | There is no preset 'trian'. | The default branch's configuration has: plain, tests, train. | Start the workflow again with the name of one of them.",
            "usage.bad-value | The preset tests is not started by the input `preset`. | Its `on` has no `workflow_dispatch`. | Add `workflow_dispatch: true` there, or give this as the input `command`: | run tests",
            "usage.bad-value | The inputs `preset` and `command` are both given. | One of them says what to run. | Leave one of them empty.",
            "usage.bad-value | The preset plain does not take the input 'steps'. | It takes: none. | Leave it empty, or declare it below the preset's `on.workflow_dispatch.inputs`.",
            "usage.bad-value | The input `steps` is missing. | The preset train requires it. | Start the workflow again and give it.",
            "usage.bad-value | The input `steps` does not fit. | It is 'many'; it takes a number, such as 3 or 0.5. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `steps` does not fit. | It is True; it takes a number, such as 3 or 0.5. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `steps` does not fit. | It is nan; it takes a number, such as 3 or 0.5. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `steps` does not fit. | It is '1e400'; it takes a number, such as 3 or 0.5. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `fast` does not fit. | It is 'yes'; it takes true or false. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `size` does not fit. | It is 'large'; it takes one of small, 7. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `note` does not fit. | It is 'a\\x1b[2J'; it has a character that cannot be printed. | Start the workflow again with a value that fits.",
            "usage.bad-value | The input `note` does not fit. | It is  …; 4096 characters are the most. | Start the workflow again with a value that fits.",
        ]
    )
