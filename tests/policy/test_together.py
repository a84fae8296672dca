"""What goes together in one job, and what its code can read."""

from __future__ import annotations

from dataclasses import replace

import judging as j
import pytest
from inline_snapshot import snapshot

from beaker_ci.config import Configuration
from beaker_ci.policy import merge_recipe, readable
from beaker_ci.policy.model import Outcome
from beaker_ci.reasons import Reason
from beaker_ci.recipe import Recipe

BARE = frozenset({"README.md"})
PROJECT = frozenset({"pyproject.toml", "envs"})


def preset(lines: str) -> Configuration:
    return j.rules(
        "version: 1\nworkspace: ai2/team\nbudget: ai2/money\nallow: {images: ['*']}\n"
        f"presets: {{tests: {{command: [pytest], {lines}}}}}\n"
    )


@pytest.mark.parametrize(
    ("lines", "option"),
    [
        ("uv_extras: [gpu]", "--no-python"),
        ("conda_file: envs/gpu.yml", "--uv-torch-backend cu128"),
        ("torchrun: true, gpus: 1", "--gpus 0"),
        ("env_secrets: [TOKEN=HF_TOKEN]", "--env TOKEN=1"),
        ("weka: ['shared:/data']", "--dataset my-org/a:/data"),
    ],
)
def test_preset_and_command_are_judged_as_one_job(lines: str, option: str) -> None:
    config = preset(lines)
    decision = j.judged(f"/beaker run tests {option}", config, entries=PROJECT)
    assert decision.reason is Reason.USAGE_BAD_VALUE
    assert decision.cause.rule == "together"


def test_files_that_the_commit_has() -> None:
    extras, conda = preset("uv_extras: [gpu]"), preset("conda_file: ./envs/gpu.yml")
    for config in (extras, conda):
        assert j.judged("/beaker run tests", config, entries=PROJECT).outcome is Outcome.ALLOW
    assert j.cause(j.judged("/beaker run tests", conda, entries=BARE)) == snapshot("""\
[usage.bad-value] `conda_file` names ./envs/gpu.yml, which the commit does not have
Leave one of them out, or change it.\
""")
    assert j.cause(j.judged("/beaker run tests", extras, entries=BARE)) == snapshot("""\
[usage.bad-value] `uv_extras` needs one of pyproject.toml, setup.py and setup.cfg; the commit has none
Leave one of them out, or change it.\
""")


def test_files_that_nobody_listed_are_not_there() -> None:
    for lines in ("uv_extras: [gpu]", "conda_file: envs/gpu.yml", "uv_all_extras: true"):
        assert j.cause(j.judged("/beaker run tests", preset(lines), entries=None)) == snapshot("""\
[github.unavailable] GitHub did not say which files the commit has
Comment again in a minute.\
""")
    # Where the job rests on none of them, the list is not missed.
    assert j.judged("/beaker run gpu-tests", entries=None).outcome is Outcome.ALLOW


def test_a_bare_job_can_read_nothing() -> None:
    recipe = merge_recipe(j.asked("/beaker run -- pytest"), j.rules())
    assert readable(recipe, private=False) == readable(recipe, private=True) == ()


def test_all_that_a_job_can_read_is_said_before_it_runs() -> None:
    config = j.rules(
        "version: 1\nworkspace: ai2/team\nbudget: ai2/money\ngithub_token_secret: CLONE\n"
        "presets:\n"
        "  all:\n"
        "    command: [pytest]\n"
        "    env_secrets: [TOKEN=DEPLOY_KEY]\n"
        "    dataset_secrets: ['KEY:/secrets/key']\n"
        "    aws_credentials_secret: AWS\n"
        "    google_credentials_secret: GCS\n"
        "    weka: ['shared:/weka']\n"
        "    datasets: ['my-org/a:/a', 'my-org/b:part/of/it:/b']\n"
        "    mounts: ['/net/disk:/disk']\n"
    )
    run = "/beaker run all --env-secret HF=HF_TOKEN --weka other:/more --env PLAIN=secret"
    recipe = merge_recipe(j.asked(run), config)
    seen = readable(recipe, private=True)
    assert seen == snapshot(
        (
            "the clone token `CLONE`",
            "the secret `DEPLOY_KEY` as `TOKEN`",
            "the secret `HF_TOKEN` as `HF`",
            "the secret `KEY` at `/secrets/key`",
            "the secret `AWS` at `~/.aws/credentials`",
            "the secret `GCS` at `~/.google/credentials.json`",
            "the dataset `my-org/a` at `/a`",
            "the dataset `my-org/b:part/of/it` at `/b`",
            "the Weka bucket `shared` at `/weka`, writable",
            "the Weka bucket `other` at `/more`, writable",
            "the node's directory `/net/disk` at `/disk`, writable",
        )
    )
    assert readable(recipe, private=False) == seen[1:]
    assert not any("PLAIN" in words for words in seen)


def test_by_hand_written_secrets_are_named_too() -> None:
    by_hand: Recipe = {"env_secrets": ("BARE", "A=B"), "aws_config_secret": "CONFIG"}
    assert readable(by_hand, private=False) == snapshot(
        (
            "the secret `BARE` as `BARE`",
            "the secret `B` as `A`",
            "the secret `CONFIG` at `~/.aws/config`",
        )
    )


def test_a_private_repository_is_one_that_the_job_clones_with_a_token() -> None:
    config = j.rules(extra="github_token_secret: CLONE\n")
    decision = j.judged("/beaker run gpu-tests", config, pull=replace(j.PULL, private=True))
    assert j.findings(decision, "clone-secret") == snapshot(
        "+ clone-secret: the job clones with the secret CLONE"
    )
