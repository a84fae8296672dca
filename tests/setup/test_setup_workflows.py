"""Workflow files → findings: the file of ``init``, and everything that can be wrong with one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.setup import (
    NO_COMMIT,
    WORKFLOW_PATH,
    Examination,
    Place,
    Verdict,
    examine_workflows,
    workflow_file,
)

COMMIT = "8f3c" * 10
WRITTEN = workflow_file(COMMIT, "v0.1.0")
PLACE = Place("octo/widget", "main")


def examine(text: str) -> Examination:
    return examine_workflows({WORKFLOW_PATH: text, ".github/workflows/ci.yml": "on: push"}, PLACE)


def amiss(text: str) -> list[str]:
    """What is not well, in one line each."""
    return [
        f"{'✗' if finding.verdict is Verdict.BROKEN else '?'} {finding.code}: {finding.evidence}".replace(
            WORKFLOW_PATH, "beaker.yml"
        )
        for finding in examine(text).findings
        if finding.verdict is not Verdict.WELL
    ]


def changed(*path: str | int, to: Any = None) -> str:
    """The written workflow with one value replaced, or taken out; without its comments."""
    value = yaml.load(WRITTEN, yaml.BaseLoader)  # noqa: S506 - builds words only
    held: Any = value
    for key in path[:-1]:
        held = held[key]
    if to is None:
        del held[path[-1]]
    else:
        held[path[-1]] = to
    return str(yaml.safe_dump(value))


JOB = ("jobs", "beaker")
STEP = (*JOB, "steps", 0)


def test_the_written_workflow_is_well() -> None:
    found = examine(WRITTEN)

    assert {finding.verdict for finding in found.findings} == {Verdict.WELL}
    assert not any(finding.remedy for finding in found.findings)
    assert found.tokens == (("beaker", "BEAKER_TOKEN"),)
    assert [finding.code for finding in found.findings] == snapshot(
        [
            "workflow.file",
            "workflow.trigger",
            "workflow.pull-requests",
            "workflow.schedule",
            "workflow.filter",
            "workflow.concurrency",
            "workflow.permissions",
            "workflow.environment",
            "workflow.token",
            "workflow.pin",
            "workflow.timeout",
        ]
    )


def test_no_workflow_runs_beaker_ci() -> None:
    assert amiss("on: push\njobs: {}") == snapshot(
        ["✗ workflow.file: on `main`: beaker.yml, .github/workflows/ci.yml"]
    )
    assert examine("on: push").tokens == ()


def test_a_file_that_is_no_yaml() -> None:
    assert amiss("name: beaker\non: [issue_comment\n") == snapshot(
        [
            "✗ workflow.file: beaker.yml:3: not YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'"
        ]
    )


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (
            "issue_comment",
            snapshot(
                [
                    "✗ workflow.trigger: beaker.yml:28: types: all",
                    "? workflow.pull-requests: beaker.yml: nothing of `pull_request_target` starts it",
                    "? workflow.schedule: without one, a run's end shows when the next event arrives, unless `beaker-ci sync` runs somewhere",
                ]
            ),
        ),
        (
            ["issue_comment", "schedule"],
            snapshot(
                [
                    "✗ workflow.trigger: beaker.yml:28: types: all",
                    "? workflow.pull-requests: beaker.yml: nothing of `pull_request_target` starts it",
                    "? workflow.schedule: without one, a run's end shows when the next event arrives, unless `beaker-ci sync` runs somewhere",
                ]
            ),
        ),
        (
            {"issue_comment": {"types": ["created", "edited"]}},
            snapshot(
                [
                    "✗ workflow.trigger: beaker.yml:29: types: [created, edited]",
                    "? workflow.pull-requests: beaker.yml: nothing of `pull_request_target` starts it",
                    "? workflow.schedule: without one, a run's end shows when the next event arrives, unless `beaker-ci sync` runs somewhere",
                ]
            ),
        ),
        (
            {"workflow_dispatch": {}},
            snapshot(
                [
                    "✗ workflow.trigger: beaker.yml has no trigger `issue_comment`",
                    "? workflow.pull-requests: beaker.yml: nothing of `pull_request_target` starts it",
                    "? workflow.schedule: without one, a run's end shows when the next event arrives, unless `beaker-ci sync` runs somewhere",
                ]
            ),
        ),
    ],
)
def test_triggers(on: Any, said: list[str]) -> None:
    assert amiss(changed("on", to=on)) == said


@pytest.mark.parametrize(
    ("trigger", "stops_superseded", "said"),
    [
        (
            None,
            False,
            snapshot(
                [
                    "unknown: Closing a pull request does not stop its runs (beaker.yml: nothing of `pull_request_target` starts it)"
                ]
            ),
        ),
        (
            None,
            True,
            snapshot(
                [
                    "broken: A push stops no runs, although `on_new_push` is `stop` (beaker.yml: nothing of `pull_request_target` starts it)"
                ]
            ),
        ),
        (
            {"types": "closed"},
            False,
            snapshot(["well: Runs of closed pull requests are stopped (beaker.yml:32)"]),
        ),
        (
            {"types": ["closed"]},
            True,
            snapshot(
                [
                    "broken: A push stops no runs, although `on_new_push` is `stop` (beaker.yml:32: closed of `pull_request_target` starts it)"
                ]
            ),
        ),
        (
            {"types": ["synchronize", "labeled"]},
            True,
            snapshot(
                [
                    "broken: Closing a pull request does not stop its runs (beaker.yml:32: labeled, synchronize of `pull_request_target` starts it)"
                ]
            ),
        ),
        (
            {},
            True,
            snapshot(
                [
                    "broken: Closing a pull request does not stop its runs (beaker.yml:32: opened, reopened, synchronize of `pull_request_target` starts it)"
                ]
            ),
        ),
        (
            {"types": ["closed", "synchronize"], "branches": ["main"]},
            True,
            snapshot(["well: Runs of closed pull requests are stopped (beaker.yml:32)"]),
        ),
    ],
)
def test_what_stops_runs(trigger: Any, stops_superseded: bool, said: list[str]) -> None:
    text = changed("on", "pull_request_target", to=trigger)
    files = {WORKFLOW_PATH: text}
    found = examine_workflows(files, PLACE, stops_superseded=stops_superseded).findings
    assert [
        f"{finding.verdict}: {finding.what} ({finding.evidence})".replace(
            WORKFLOW_PATH, "beaker.yml"
        )
        for finding in found
        if finding.code == "workflow.pull-requests"
    ] == said


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            None,
            snapshot(
                ["✗ workflow.filter: beaker.yml:5: a comment that is no command starts the job"]
            ),
        ),
        # Only comments: the schedule never passes.
        (
            "github.event.issue.pull_request && contains(github.event.comment.body, '/beaker')",
            snapshot(["✗ workflow.filter: beaker.yml:9"]),
        ),
        (
            "github.event_name == 'schedule'",
            snapshot(["✗ workflow.filter: beaker.yml:9"]),
        ),
        # A text with expressions in it is always true.
        (
            "${{ github.event_name != 'issue_comment' }} || ${{ false }}",
            snapshot(
                ["✗ workflow.filter: beaker.yml:9: a comment that is no command starts the job"]
            ),
        ),
        # A command may stand on any line of a comment.
        (
            "github.event_name == 'schedule' || startsWith(github.event.comment.body, '/beaker')",
            snapshot(["✗ workflow.filter: beaker.yml:9"]),
        ),
        (
            "vars.ENABLED == 'true'",
            snapshot(
                [
                    "? workflow.filter: beaker.yml:9: `vars` is not known here",
                    "? workflow.concurrency: beaker.yml: `vars` is not known here",
                ]
            ),
        ),
        (
            "github.actor != 'x[bot]' && github.event_name != 'push'",
            snapshot(
                [
                    "? workflow.filter: beaker.yml:9: `actor` is not known here",
                    "? workflow.concurrency: beaker.yml: `actor` is not known here",
                ]
            ),
        ),
        (
            "github.repository_owner == 'octo' && !(github.event.comment && !contains(github.event.comment.body, '/beaker '))",
            snapshot([]),
        ),
    ],
)
def test_what_the_if_lets_through(condition: str | None, said: list[str]) -> None:
    assert amiss(changed(*JOB, "if", to=condition)) == said


def test_what_does_not_pass_the_if_is_named() -> None:
    only_first = "startsWith(github.event.comment.body, '/beaker')"
    for condition, what in (
        (f"github.event_name != 'issue_comment' || {only_first}", "on a later line of a comment"),
        ("contains(github.event.comment.body, '/beaker')", "the schedule"),
        ("github.event.schedule || contains(github.event.comment.body, '/beaker')", "by hand"),
    ):
        findings = examine(changed(*JOB, "if", to=condition)).findings
        (found,) = (one for one in findings if one.verdict is Verdict.BROKEN)
        assert found.what.endswith(f"{what} through")


def test_a_filter_in_a_job_that_is_needed() -> None:
    value = yaml.load(WRITTEN, yaml.BaseLoader)  # noqa: S506
    job = value["jobs"]["beaker"]
    value["jobs"]["gate"] = {"if": job.pop("if"), "needs": "beaker"}
    job["needs"] = ["gate"]  # a circle, which GitHub refuses and we survive
    assert amiss(yaml.safe_dump(value)) == []


def test_a_schedule_that_no_reviewer_is_asked_for() -> None:
    value = yaml.load(WRITTEN, yaml.BaseLoader)  # noqa: S506
    job = value["jobs"]["beaker"]
    value["jobs"]["reports"] = {
        **job,
        "environment": {"name": "beaker-reports", "deployment": "false"},
        "if": "github.event_name == 'schedule'",
    }
    job["if"] = f"github.event_name != 'schedule' && ({job['if']})"

    text = yaml.safe_dump(value)

    assert amiss(text) == []
    assert examine(text).tokens == (
        ("beaker", "BEAKER_TOKEN"),
        ("beaker-reports", "BEAKER_TOKEN"),
    )


@pytest.mark.parametrize(
    ("path", "concurrency", "said"),
    [
        (("concurrency",), None, snapshot([])),
        (
            ("concurrency",),
            "beaker",
            snapshot(
                [
                    "✗ workflow.concurrency: beaker.yml:1: a command and another command on the same pull request share a group, in which a newer arrival cancels the one that waits"
                ]
            ),
        ),
        (
            ("concurrency",),
            "${{ github.workflow_ref }}",
            snapshot(["? workflow.concurrency: beaker.yml: `workflow_ref` is not known here"]),
        ),
        (
            ("concurrency",),
            {"group": "pr-${{ github.event.issue.number }}"},
            snapshot(
                [
                    "✗ workflow.concurrency: beaker.yml:1: a command and another command on the same pull request share a group, in which a newer arrival cancels the one that waits"
                ]
            ),
        ),
        (
            (*JOB, "concurrency"),
            {"group": "pr-${{ github.event.issue.number }}"},
            snapshot(
                [
                    "✗ workflow.concurrency: beaker.yml:6: a command and another command on the same pull request share a group, in which a newer arrival cancels the one that waits"
                ]
            ),
        ),
        (
            (*JOB, "concurrency"),
            "${{ github.ref }}",
            snapshot(
                [
                    "✗ workflow.concurrency: beaker.yml:6: a command and another command on the same pull request share a group, in which a newer arrival cancels the one that waits"
                ]
            ),
        ),
        ((*JOB, "concurrency"), {"group": "one", "queue": "max"}, snapshot([])),
        (
            (*JOB, "concurrency"),
            {"group": "one", "queue": "max", "cancel-in-progress": "true"},
            snapshot(
                [
                    "✗ workflow.concurrency: beaker.yml:6: a command and another command on the same pull request share a group, in which a newer arrival cancels the one that waits"
                ]
            ),
        ),
        ((*JOB, "concurrency"), "${{ github.run_id }}", snapshot([])),
    ],
)
def test_concurrency_groups(path: tuple[str, ...], concurrency: Any, said: list[str]) -> None:
    assert amiss(changed(*path, to=concurrency)) == said


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        (
            None,
            snapshot(["✗ workflow.permissions: beaker.yml: then the repository's settings decide"]),
        ),
        (
            "write-all",
            snapshot(
                [
                    "✗ workflow.permissions: beaker.yml:13: contents: write, actions: write, packages: write"
                ]
            ),
        ),
        (
            "read-all",
            snapshot(
                [
                    "✗ workflow.permissions: beaker.yml:13: missing checks: write, issues: write, pull-requests: write"
                ]
            ),
        ),
        (
            "everything",
            snapshot(["✗ workflow.permissions: beaker.yml:13: 'everything'"]),
        ),
        (
            {"contents": "read", "issues": "write"},
            snapshot(
                [
                    "✗ workflow.permissions: beaker.yml:13: missing checks: write, pull-requests: write"
                ]
            ),
        ),
        (
            {
                "checks": "write",
                "contents": "write",
                "id-token": "write",
                "issues": "write",
                "pull-requests": "write",
                "actions": "read",
            },
            snapshot(["✗ workflow.permissions: beaker.yml:13: contents: write, id-token: write"]),
        ),
    ],
)
def test_permissions(permissions: Any, said: list[str]) -> None:
    text = changed(*JOB, "permissions", to=permissions)
    assert amiss(text.replace("permissions: {}\n", "")) == said


@pytest.mark.parametrize(
    ("environment", "said", "name"),
    [
        (
            None,
            snapshot(
                [
                    "✗ workflow.environment: beaker.yml:5: its secret is one that every branch's workflow can print"
                ]
            ),
            None,
        ),
        ({"name": "gpus"}, snapshot([]), "gpus"),
        (
            "${{ inputs.environment }}",
            snapshot(
                [
                    "? workflow.environment: beaker.yml:6: it is the expression `${{ inputs.environment }}`"
                ]
            ),
            None,
        ),
    ],
)
def test_the_environment(environment: Any, said: list[str], name: str | None) -> None:
    text = changed(*JOB, "environment", to=environment)
    assert amiss(text) == said
    assert examine(text).tokens == ((name, "BEAKER_TOKEN"),)


@pytest.mark.parametrize(
    ("token", "said", "name"),
    [
        (
            None,
            snapshot(["✗ workflow.token: beaker.yml:21: no `beaker-token`"]),
            None,
        ),
        ("${{ secrets['MY_TOKEN'] }}", snapshot([]), "MY_TOKEN"),
        (
            "${{ secrets.A || secrets.B }}",
            snapshot(["? workflow.token: beaker.yml:22: an expression other than one secret"]),
            None,
        ),
        (
            "t0p-secret",
            snapshot(["✗ workflow.token: beaker.yml:22 (not shown)"]),
            None,
        ),
    ],
)
def test_where_the_token_comes_from(token: Any, said: list[str], name: str | None) -> None:
    text = changed(*STEP, "with", "beaker-token", to=token)
    assert amiss(text) == said
    assert examine(text).tokens == (("beaker", name),)
    assert "t0p-secret" not in str(examine(text))


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        (
            "allenai/beaker-ci@v0",
            snapshot(["✗ workflow.pin: beaker.yml:20: allenai/beaker-ci@v0"]),
        ),
        (
            f"allenai/beaker-ci@{NO_COMMIT}",
            snapshot(
                [
                    "✗ workflow.pin: beaker.yml:20: allenai/beaker-ci@0000000000000000000000000000000000000000"
                ]
            ),
        ),
        (f"my-fork/beaker-ci@{COMMIT}", snapshot([])),
        (
            "docker://ghcr.io/allenai/beaker-ci:0.1",
            snapshot(["✗ workflow.pin: beaker.yml:20: docker://ghcr.io/allenai/beaker-ci:0.1"]),
        ),
        (f"docker://ghcr.io/allenai/beaker-ci@sha256:{'9f' * 32}", snapshot([])),
        (
            f"allenai/beaker-ci-of-sorts@{COMMIT}",
            snapshot(["✗ workflow.file: on `main`: beaker.yml, .github/workflows/ci.yml"]),
        ),
    ],
)
def test_the_pin(uses: str, said: list[str]) -> None:
    assert amiss(changed(*STEP, "uses", to=uses)) == said


@pytest.mark.parametrize(
    ("minutes", "wait", "said"),
    [
        (None, "true", snapshot([])),  # GitHub's own limit
        ("360", "${{ inputs.wait || 'false' }}", snapshot([])),
        (
            "30",
            "${{ inputs.wait || 'false' }}",
            snapshot(
                [
                    "✗ workflow.timeout: beaker.yml:26: 30 minutes, where `wait` may be true. The run on Beaker is stopped with it, unless `on_cancel` is `keep`"
                ]
            ),
        ),
        ("30", "false", snapshot([])),
        ("30", None, snapshot([])),
        ("30", "25m", snapshot([])),
        (
            "30",
            "45m",
            snapshot(
                [
                    "✗ workflow.timeout: beaker.yml:26: 30 minutes, where `wait` may be 45m. The run on Beaker is stopped with it, unless `on_cancel` is `keep`"
                ]
            ),
        ),
        ("30", "soon", snapshot([])),
        (
            "${{ vars.MINUTES }}",
            "45m",
            snapshot(["? workflow.timeout: beaker.yml:26: `vars` is not known here"]),
        ),
        (
            "half an hour",
            "45m",
            snapshot(["? workflow.timeout: beaker.yml:26: `half an hour` is no number"]),
        ),
    ],
)
def test_the_time_that_a_job_has(minutes: str | None, wait: str | None, said: list[str]) -> None:
    value = yaml.safe_load(changed(*JOB, "timeout-minutes", to=minutes))
    given = value["jobs"]["beaker"]["steps"][0]["with"]
    given |= {"wait": wait} if wait else {}
    if not wait:
        del given["wait"]
    assert amiss(yaml.safe_dump(value)) == said


def test_a_start_by_hand_that_cannot_ask_to_wait_needs_no_time() -> None:
    value = yaml.safe_load(changed(*JOB, "timeout-minutes", to="30"))
    del value["on"]["workflow_dispatch"]["inputs"]["wait"]
    assert amiss(yaml.safe_dump(value)) == []


WORDS = st.sampled_from(
    ["issue_comment", "schedule", "created", "${{ github.run_id }}", "${{ vars.X }}", "", "beaker"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        ("on",),
        ("on", "issue_comment"),
        ("on", "schedule"),
        ("concurrency",),
        ("permissions",),
        ("jobs",),
        JOB,
        *((*JOB, key) for key in ("concurrency", "environment", "if", "needs", "permissions")),
        (*JOB, "steps"),
        STEP,
        (*STEP, "uses"),
        (*STEP, "with"),
    ]
)


@given(PLACES, VALUES)
def test_any_value_anywhere_is_judged(place: tuple[str | int, ...], value: Any) -> None:
    text = changed(*place, to=value if value is not None else "null")
    for finding in examine(text).findings:
        assert finding.what
        assert (finding.verdict is Verdict.WELL) is not bool(finding.remedy)


@given(st.text(max_size=80))
def test_any_text_is_judged(text: str) -> None:
    assert examine(text).findings
