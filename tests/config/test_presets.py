"""What a preset may give to a job: every field of gantry's that is not refused, in its form."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

import pytest
from inline_snapshot import snapshot

from beaker_ci.commands import OPTIONS, Access, Kind, Origin
from beaker_ci.config import parse_configuration
from beaker_ci.config.preset import NOT_GANTRYS, REFUSED_FIELDS, Preset
from beaker_ci.problem import Problem

TABLE = {option.field: option for option in OPTIONS if option.origin is Origin.RECIPE}
# Fields that a command gives by a way of its own, or that a preset has under another name.
OTHERWISE = {"args", "description", "name"}
BY_KIND: dict[Kind, Any] = {
    Kind.INTEGER: 1,
    Kind.NUMBER: 0.5,
    Kind.SIZE: "1GiB",
    Kind.DURATION: "1h",
    Kind.FLAG: False,
    Kind.VARIABLE: ["A=1"],
    Kind.SECRET_VARIABLE: ["A=S"],
    Kind.MOUNT: ["name:/data"],
    Kind.SECRET_FILE: ["S:/key"],
    Kind.DIRECTORY: "/place",
}
BY_FIELD: dict[str, Any] = {
    "workspace": "ai2/w",
    "budget": "ai2/b",
    "mounts": ["/scratch:/data"],
    "default_python_version": "3.12",
    "uv_torch_backend": "cu129",
}


def mistakes(preset: str) -> str:
    with pytest.raises(Problem) as caught:
        parse_configuration(f"version: 1\npresets:\n  a:\n    {preset}\n", "f")
    return caught.value.why


def a_value(field: str) -> Any:
    option = TABLE[field]
    if option.choices:
        return option.choices[0]
    text = ["word"] if option.repeatable else "word"
    return BY_FIELD.get(field, BY_KIND.get(option.kind, text))


def test_presets_and_the_table_of_options_agree_field_by_field() -> None:
    may = {field for field, option in TABLE.items() if option.in_preset} - OTHERWISE
    assert set(Preset.model_fields) - NOT_GANTRYS == may
    assert set(REFUSED_FIELDS) == set(TABLE) - may - (OTHERWISE - {"name"})
    for reason in REFUSED_FIELDS.values():
        assert len(reason) > 10


def test_what_only_a_maintainer_may_set_is_a_key() -> None:
    only = {field for field, option in TABLE.items() if option.policy_only}
    assert only <= set(Preset.model_fields)
    assert only == {
        *("aws_config_secret", "aws_credentials_secret", "google_credentials_secret"),
        *("mounts", "pre_setup", "uv_cache_dir"),
    }
    assert all(TABLE[field].access is Access.REFUSED for field in only)


@pytest.mark.parametrize("field", sorted(set(Preset.model_fields) - NOT_GANTRYS))
def test_every_key_reaches_the_job(field: str) -> None:
    value = a_value(field)
    text = json.dumps({"version": 1, "presets": {"a": {field: value}}})
    recipe = parse_configuration(text, "f").presets["a"].recipe()
    assert recipe == {field: tuple(value) if isinstance(value, list) else value}


@pytest.mark.parametrize("field", sorted(REFUSED_FIELDS))
def test_every_refused_key_is_refused_with_its_reason(field: str) -> None:
    for value in ("x", "[x]", "true", "null"):
        said = f"f:4: `{field}` cannot be set in `presets.a`: {REFUSED_FIELDS[field]}"
        assert mistakes(f"{field}: {value}") == said


def test_values_have_the_forms_of_the_options() -> None:
    presets = [
        "task_name: a b", "task_name: -x", "group_names: [a/b, 'a b']", "gpu_types: ['h100;id']",
        "tags: ['a b']", "clusters: ['$(id)']", "beaker_image: 'a b'", "docker_image: -it",
        "results: /etc/x", "results: /a/../etc", "runtime_dir: /results", "weka: ['b:/usr/lib']",
        "weka: ['b:s:/data']", "mounts: ['data:/data']", "mounts: ['/x:/root/.ssh']",
        "datasets: ['d:/proc/1']", "dataset_secrets: ['S:/dev/x']", "dataset_secrets: ['a/b:/k']",
        "env_secrets: [A=b/c]", "env_secrets: [A]", "env_secrets: [GITHUB_TOKEN=S]",
        "env_vars: [https_proxy=x]", "env_vars: [1A=x]", "uv_venv: /v/../x", "uv_extras: ['a b']",
        "uv_torch_backend: 'cpu --index x'", "default_python_version: /usr/bin/python3",
        "conda_file: ../env.yml", "conda_file: /etc/passwd", "conda_env: 'a;b'",
        "uv_cache_dir: /weka/../x", "aws_config_secret: a/b", "priority: immediate",
        "task_timeout: 0s", "gpus: -1", "replicas: 0",
    ]  # fmt: skip
    told = "\n".join(mistakes(preset).removeprefix("f:4: `presets.a.") for preset in presets)
    assert told == snapshot("""\
task_name` (`a b`): it takes 1 to 128 letters, digits and . _ -
task_name` (`-x`): no value may begin with `-`
group_names[2]` (`a b`): it takes letters, digits and . _ / -, without ..
gpu_types[1]` (`h100;id`): it takes a GPU's name, such as h100
tags[1]` (`a b`): it takes letters, digits and . _ : / -
clusters[1]` (`$(id)`): it takes letters, digits and . _ / -, without .., and * ? [ ] for patterns
beaker_image` (`a b`): it takes letters, digits and . _ / : @ -, without ..
docker_image` (`-it`): no value may begin with `-`
results` (`/etc/x`): that directory belongs to the system or to gantry
results` (`/a/../etc`): a path is absolute, without `..`, `.`, `//` or end `/`
runtime_dir` (`/results`): that directory belongs to the system or to gantry
weka[1]` (`b:/usr/lib`): that directory belongs to the system or to gantry
weka[1]` (`b:s:/data`): it takes a name and an absolute path, such as my-data:/data
mounts[1]` (`data:/data`): it takes a directory of the node and an absolute path, such as /scratch:/scratch
mounts[1]` (`/x:/root/.ssh`): that directory belongs to the system or to gantry
datasets[1]` (`d:/proc/1`): that directory belongs to the system or to gantry
dataset_secrets[1]` (`S:/dev/x`): that directory belongs to the system or to gantry
dataset_secrets[1]` (`a/b:/k`): it takes a secret's name and an absolute path, such as MY_KEY:/secrets/key
env_secrets[1]` (`A=b/c`): it takes NAME=SECRET, such as HF_TOKEN=MY_HF_TOKEN
env_secrets[1]` (`A`): write NAME=SECRET; the environment of who submits is never read
env_secrets[1]` (`GITHUB_TOKEN=S`): GITHUB_TOKEN is reserved: it would steer gantry, git or the job's tools
env_vars[1]` (`https_proxy=x`): https_proxy is reserved: it would steer gantry, git or the job's tools
env_vars[1]` (`1A=x`): write NAME=VALUE; the environment of who submits is never read
uv_venv` (`/v/../x`): a path is absolute, without `..`, `.`, `//` or end `/`
uv_extras[1]` (`a b`): it takes 1 to 64 letters, digits and . _ -
uv_torch_backend` (`cpu --index x`): it takes auto, cpu, xpu, cu129 or rocm6.3 alike
default_python_version` (`/usr/bin/python3`): it takes a version such as 3.12
conda_file` (`../env.yml`): it takes a path inside the repository: letters, digits and . _ / -, without ..
conda_file` (`/etc/passwd`): it takes a path inside the repository: letters, digits and . _ / -, without ..
conda_env` (`a;b`): it takes an environment's name: letters, digits and . _ -
uv_cache_dir` (`/weka/../x`): a path is absolute, without `..`, `.`, `//` or end `/`
aws_config_secret` (`a/b`): a secret's name is 1 to 128 letters, digits, dots, dashes or underscores
priority` must be `low`, `normal`, `high` or `urgent`, not `immediate`
task_timeout` (`0s`): it must be more than 0
gpus` must be at least 0, not `-1`
replicas` must be at least 1, not `0`\
""")


def test_what_excludes_each_other_is_told() -> None:
    presets = [
        "{beaker_image: a, docker_image: b}", "{no_python: true, uv_extras: [dev]}",
        "{system_python: true, uv_venv: /v}", "{uv_extras: [dev], uv_all_extras: false}",
        "{python_manager: conda, uv_torch_backend: cpu}", "{torchrun: true}",
        "{env_vars: [A=1], env_secrets: [A=S]}", "{env_vars: [A=1, A=2]}",
        "{weka: ['a:/d'], mounts: ['/x:/d']}",
    ]  # fmt: skip
    text = "".join(f"  p{place}: {preset}\n" for place, preset in enumerate(presets))
    with pytest.raises(Problem) as caught:
        parse_configuration(f"version: 1\npresets:\n{text}", "f")
    assert caught.value.why == snapshot("""\
f:3: `presets.p0`: `beaker_image` and `docker_image` exclude each other
f:4: `presets.p1`: `no_python` excludes `uv_extras`
f:5: `presets.p2`: `system_python` and `uv_venv` exclude each other
f:6: `presets.p3`: `uv_extras` and `uv_all_extras` exclude each other
f:7: `presets.p4`: `uv_torch_backend` and the `python_manager` conda exclude each other
f:8: `presets.p5`: `torchrun` needs `gpus`, at least 1
f:9: `presets.p6`: the variable `A` is set by both `env_vars` and `env_secrets`
f:10: `presets.p7`: the variable `A` is set twice by `env_vars`
f:11: `presets.p8`: `/d` is given twice, by `weka` and `mounts`\
""")


BOMBS = {
    "keys of a preset": "version: 1\npresets:\n  a:\n"
    + "".join(f"    gpu{place}: 1\n" for place in range(5_000)),
    "names": "version: 1\npresets:\n" + "".join(f"  P{place}: {{}}\n" for place in range(5_000)),
    "aliases": "version: 1\na: &a [x]\n" + "b: [" + "*a, " * 19_000 + "]\n",
    "flow": "[" + "[]," * 80_000 + "]",
    "a megabyte": "version: 1\n" + "# a remark\n" * 100_000,
    "a long key": "version: 1\n" + "k" * 900 + ": 1\n",
    "a long tag": "!" * 200_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_with_many_mistakes_is_answered_soon_and_briefly(name: str) -> None:
    started = monotonic()
    with pytest.raises(Problem) as caught:
        parse_configuration(BOMBS[name], "f")
    # It takes a second or two; naming every mistake took a minute.
    assert monotonic() - started < 20
    lines = caught.value.why.splitlines()
    assert len(lines) <= 26
    assert all(len(line) < 450 for line in lines)


def test_all_mistakes_are_counted_though_only_the_first_are_named() -> None:
    keys = "".join(f"key{place}: 1\n" for place in range(19_000))
    with pytest.raises(Problem) as caught:
        parse_configuration(f"version: 1\n{keys}", "f")
    lines = caught.value.why.splitlines()
    assert caught.value.what == "`f` has 19000 mistakes."
    assert [line.split(":")[1] for line in lines[:-1]] == [str(line) for line in range(2, 27)]
    assert lines[-1] == "… and 18975 more"
