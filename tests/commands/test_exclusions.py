"""What excludes each other in one job, told once for comments, presets and whole jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.commands import OPTIONS
from beaker_ci.commands.exclusions import conflicts, exclusions

CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"beaker_image": "a", "docker_image": "b"}, "`beaker_image` and `docker_image` exclude each other"),
    ({"system_python": True, "uv_venv": "/v"}, "`system_python` and `uv_venv` exclude each other"),
    ({"system_python": True, "conda_env": "b"}, "`system_python` and `conda_env` exclude each other"),
    ({"uv_extras": ("a",), "uv_all_extras": False}, "`uv_extras` and `uv_all_extras` exclude each other"),
    ({"no_python": True, "uv_extras": ("a",)}, "`no_python` excludes `uv_extras`"),
    (
        {"no_python": True, "python_manager": "uv", "conda_env": "b"},
        "`no_python` excludes `python_manager` and `conda_env`",
    ),
    ({"no_python": True, "uv_all_extras": False}, "`no_python` excludes `uv_all_extras`"),
    (
        {"python_manager": "conda", "uv_torch_backend": "cpu"},
        "`uv_torch_backend` and the `python_manager` conda exclude each other",
    ),
    (
        {"python_manager": "uv", "conda_file": "e.yml"},
        "`conda_file` and the `python_manager` uv exclude each other",
    ),
    (
        {"conda_env": "b", "uv_venv": "/v", "uv_extras": ("a",)},
        "`uv_venv` and `uv_extras` and `conda_env` exclude each other: they are uv's and conda's",
    ),
    ({"env_vars": ("A=1", "A=2")}, "the variable `A` is set twice by `env_vars`"),
    ({"env_secrets": ("A=S", "A=S")}, "the variable `A` is set twice by `env_secrets`"),
    (
        {"env_vars": ("A=1",), "env_secrets": ("A=S",)},
        "the variable `A` is set by both `env_vars` and `env_secrets`",
    ),
    ({"weka": ("a:/d",), "mounts": ("/x:/d",)}, "`/d` is given twice, by `weka` and `mounts`"),
    ({"datasets": ("a:/d", "b:s/t:/d")}, "`/d` is given twice, by `datasets`"),
    ({"dataset_secrets": ("S:/k",), "weka": ("a:/k",)}, "`/k` is given twice, by `weka` and `dataset_secrets`"),
    ({"results": "/out", "weka": ("a:/out",)}, "`results` `/out` and `weka` at `/out` overlap"),
    ({"runtime_dir": "/w/code", "weka": ("a:/w",)}, "`runtime_dir` `/w/code` and `weka` at `/w` overlap"),
    ({"runtime_dir": "/w", "results": "/w/out"}, "`runtime_dir` `/w` and `results` at `/w/out` overlap"),
    ({"torchrun": True}, "`torchrun` needs `gpus`, at least 1"),
    ({"torchrun": True, "gpus": 0}, "`torchrun` needs `gpus`, at least 1"),
]  # fmt: skip

FINE: list[dict[str, Any]] = [
    {},
    {"torchrun": True, "gpus": 8},
    {"torchrun": False},
    {"no_python": True, "install": "make", "default_python_version": "3.12"},
    {"no_python": False, "uv_extras": ("a",)},
    {"uv_extras": (), "uv_all_extras": True},
    {"python_manager": "uv", "uv_extras": ("a", "a"), "uv_torch_backend": "cpu"},
    {"python_manager": "conda", "conda_env": "b", "conda_file": "e.yml"},
    {"system_python": False, "uv_venv": "/v"},
    {"env_vars": ("A=1", "B=A"), "env_secrets": ("C=A", "D=A")},
    {"weka": ("a:/w",), "datasets": ("a:/d", "a:s:/e"), "results": "/results"},
    {"weka": ("a:/work",), "runtime_dir": "/workspace"},
    {"args": ("a", "a"), "gpu_types": ("h100", "h100")},
]


@pytest.mark.parametrize(("values", "told"), CONTRADICTIONS, ids=lambda value: str(value)[:60])
def test_a_contradiction_is_told_in_one_sentence(values: dict[str, Any], told: str) -> None:
    assert list(conflicts(values)) == [told]


@pytest.mark.parametrize("values", FINE, ids=str)
def test_what_goes_together(values: dict[str, Any]) -> None:
    assert list(conflicts(values)) == []


def test_a_part_of_a_job_is_not_blamed_for_what_is_still_to_come() -> None:
    assert list(exclusions({"torchrun": True})) == []


def test_fields_are_called_as_the_reader_writes_them() -> None:
    assert list(conflicts({"torchrun": True}, called=lambda name: f"--{name}")) == [
        "--torchrun needs --gpus, at least 1"
    ]


@pytest.mark.parametrize(
    ("values", "entries", "told"),
    [
        ({"uv_extras": ("a",)}, ["setup.cfg"], []),
        (
            {"uv_extras": ("a",)},
            ["README.md"],
            ["`uv_extras` needs one of pyproject.toml, setup.py and setup.cfg; the commit has none"],
        ),
        (
            {"uv_all_extras": True},
            [],
            ["`uv_all_extras` needs one of pyproject.toml, setup.py and setup.cfg; the commit has none"],
        ),
        ({"uv_all_extras": False}, [], []),
        ({"uv_extras": ("a",)}, None, []),
        (
            {"uv_torch_backend": "cpu"},
            ["environment.yml", "pyproject.toml"],
            ["`uv_torch_backend` and the repository's environment.yml exclude each other unless `python_manager` says uv"],
        ),
        ({"uv_torch_backend": "cpu", "python_manager": "uv"}, ["environment.yml"], []),
    ],
    ids=str,
)  # fmt: skip
def test_the_commits_tree_has_a_say(
    values: dict[str, Any], entries: list[str] | None, told: list[str]
) -> None:
    assert list(conflicts(values, entries=entries)) == told


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)


@given(
    st.dictionaries(
        st.sampled_from(sorted({option.field for option in OPTIONS})),
        anything | st.lists(anything, max_size=3).map(tuple),
        max_size=8,
    ),
    st.none() | st.frozensets(st.sampled_from(["pyproject.toml", "environment.yml", "x"])),
)
def test_it_is_total(values: dict[str, object], entries: frozenset[str] | None) -> None:
    told = list(conflicts(values, entries=entries))
    assert told[: len(list(exclusions(values)))] == list(exclusions(values))


# In a process of its own: importing gantry's commands replaces sys.excepthook.
ASK_GANTRY = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from gantry.beaker_utils import build_experiment_spec
from gantry.exceptions import ConfigurationError
from gantry.git_utils import GitRepoState

class Repo(GitRepoState):
    def is_in_tree(self, path):
        return str(path) in ENTRIES

repo = Repo(repo="a/b", repo_url="https://github.com/a/b", ref="0" * 40, _is_remote=True)
for values, entries in json.load(sys.stdin):
    ENTRIES = entries
    try:
        build_experiment_spec(
            None, task_name="main", clusters=[], task_resources=None, arguments=["x"],
            entrypoint_dataset="e", git_repo=repo, budget="ai2/b", group_names=[], env=[], env_secrets=[],
            dataset_secrets=[], datasets=[], beaker_image="i", results="/results", runtime_dir="/r",
            default_python_version="3.12", **values,
        )
        print("taken")
    except ConfigurationError:
        print("refused")
"""
PYTHON_VALUES: list[tuple[str, list[Any]]] = [
    ("no_python", [False, True]),
    ("system_python", [False, True]),
    ("python_manager", [None, "uv", "conda"]),
    ("uv_venv", [None, "/venv"]),
    ("uv_extras", [None, ["dev"]]),
    ("uv_all_extras", [None, False, True]),
    ("uv_torch_backend", [None, "cpu"]),
    ("conda_env", [None, "base"]),
    ("conda_file", [None, "e.yml"]),
]


def test_gantry_sees_it_the_same_way(tmp_path: Path) -> None:
    """All choices of Python's set-up that differ from the default in up to three fields."""
    jobs: list[tuple[dict[str, Any], list[str]]] = []
    for size in (1, 2, 3):
        for chosen in combinations(PYTHON_VALUES, size):
            for values in product(*(values[1:] for _, values in chosen)):
                job = dict(zip((name for name, _ in chosen), values, strict=True))
                jobs += [
                    (job, entries)
                    for entries in (["pyproject.toml"], [], ["environment.yml", "setup.py"])
                ]
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK_GANTRY],
        input=json.dumps(jobs),
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    ours = ["refused" if list(conflicts(job, entries=files)) else "taken" for job, files in jobs]
    differ = [
        (job, theirs, mine)
        for job, theirs, mine in zip(jobs, finished.stdout.split(), ours, strict=True)
        if theirs != mine
    ]
    assert differ == []
