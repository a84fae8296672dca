"""Lines that are understood: words, options, values."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from told import read, the_command, wrapped

from beaker_ci.commands import Mistake, parse_command_line, parse_comment

SHA = "3f9c2a71" * 5
PLAN = "2871390021-9f2c4b7a01d3e865"

UNDERSTOOD = [
    # The command of the job, word for word.
    ("run -- python train.py", "run -- python train.py"),
    ("run -- python train.py --gpus 2 -n x", "run -- python train.py --gpus 2 -n x"),
    ("run -- a -- b", "run -- a -- b"),
    ("run '--' a", "run -- a"),
    ("run -- ''a'b'\"c\"\\ d", "run -- 'abc d'"),
    ("run -- echo '' \"\"", "run -- echo '' ''"),
    ('run -- echo "\\$HOME \\" \\\\ \\` \\n"', "run -- echo '$HOME \" \\ ` \\n'"),
    (
        "run -- echo $HOME `id` $(id) ~ * {a,b}",
        "run -- echo '$HOME' '`id`' '$(id)' '~' '*' '{a,b}'",
    ),
    ("run -- echo don’t", "run -- echo 'don’t'"),
    ("run -- echo # no remark", "run -- echo '#' no remark"),
    ("run -- echo \"—lr\" 'a – b'", "run -- echo '—lr' 'a – b'"),
    ("run -- пример 例 🚀", "run -- 'пример' '例' '🚀'"),
    # Presets.
    ("run gpu-tests", "run gpu-tests"),
    ("run gpu-tests -- pytest", "run gpu-tests -- pytest"),
    ("run 'gpu-tests'", "run gpu-tests"),
    ("plan gpu-tests --gpus 2", 'plan gpu-tests {"gpus": 2}'),
    ("run --gpus 2 gpu-tests --fresh", 'run gpu-tests {"gpus": 2, "fresh": true}'),
    # Spellings.
    ("run x --gpus=2", 'run x {"gpus": 2}'),
    ("run x -c ai2/jupiter", 'run x {"clusters": ["ai2/jupiter"]}'),
    ("run x -cai2/jupiter", 'run x {"clusters": ["ai2/jupiter"]}'),
    (
        "run x -c 'ai2/*-cirrascale' --cluster=ai2/ceres",
        'run x {"clusters": ["ai2/*-cirrascale", "ai2/ceres"]}',
    ),
    ("run x --gpu-type h100 --gpu-type a100", 'run x {"gpu_types": ["h100", "a100"]}'),
    (
        "run x -n label -d 'a text' -t main",
        'run x {"name": "label", "description": "a text", "task_name": "main"}',
    ),
    ("run x -w ai2/ws -b ai2/budget", 'run x {"workspace": "ai2/ws", "budget": "ai2/budget"}'),
    # Values.
    ("run x --description==x", 'run x {"description": "=x"}'),
    ("run x --cpus 0.5", 'run x {"cpus": 0.5}'),
    ("run x --gpus 0", 'run x {"gpus": 0}'),
    (
        "run x --memory 2.5GiB --shared-memory 10GiB",
        'run x {"memory": "2.5GiB", "shared_memory": "10GiB"}',
    ),
    (
        "run x --task-timeout 90m --min-runtime 1h",
        'run x {"task_timeout": "90m", "min_runtime": "1h"}',
    ),
    (
        "run x --start-timeout 30m --inactive-timeout 600s",
        'run x {"start_timeout": "30m", "inactive_timeout": "600s"}',
    ),
    ("run x --priority high --retries 1", 'run x {"priority": "high", "retries": 1}'),
    ("run x --env A=1 --env B=", 'run x {"env_vars": ["A=1", "B="]}'),
    ("run x --env 'A=b c=d'", 'run x {"env_vars": ["A=b c=d"]}'),
    ("run x --env-secret A=S --secret-env B=S", 'run x {"env_secrets": ["A=S", "B=S"]}'),
    ("run x --dataset-secret S:/k", 'run x {"dataset_secrets": ["S:/k"]}'),
    ("run x --env=PYTHONUNBUFFERED=1", 'run x {"env_vars": ["PYTHONUNBUFFERED=1"]}'),
    ("run x --weka oe-eval-default:/weka", 'run x {"weka": ["oe-eval-default:/weka"]}'),
    ("run x --dataset my-org/d:sub/dir:/data", 'run x {"datasets": ["my-org/d:sub/dir:/data"]}'),
    ("run x --results /results", 'run x {"results": "/results"}'),
    (
        "run x --interconnect ib --tag storage:weka",
        'run x {"interconnect": "ib", "tags": ["storage:weka"]}',
    ),
    (
        "run x --docker-image ghcr.io/a/b@sha256:00",
        'run x {"docker_image": "ghcr.io/a/b@sha256:00"}',
    ),
    ("run x --torchrun --replicas 2", 'run x {"torchrun": true, "replicas": 2}'),
    (
        "run x --no-auto-resume --no-leader-selection",
        'run x {"auto_resume": false, "leader_selection": false}',
    ),
    (
        "run x --uv-no-extras --uv-torch-backend cu129",
        'run x {"uv_all_extras": false, "uv_torch_backend": "cu129"}',
    ),
    (
        "run x --default-python-version 3.12 --uv-extra dev",
        'run x {"default_python_version": "3.12", "uv_extras": ["dev"]}',
    ),
    ("run x --install 'pip install -e .'", 'run x {"install": "pip install -e ."}'),
    (
        "run x --conda-file envs/gpu.yml --conda-env base",
        'run x {"conda_file": "envs/gpu.yml", "conda_env": "base"}',
    ),
    (f"run x --sha {SHA.upper()}", f'run x {{"sha": "{SHA}"}}'),
    # Superseded spellings.
    ("run x --preemptible", "run x"),
    ("run x --skip-tcpxo-setup", 'run x {"skip_nccl_setup": true}'),
    # The other commands.
    (f"go {PLAN}", f"go {PLAN}"),
    (f"approve {PLAN}", f"approve {PLAN}"),
    ("status", "status"),
    ("status 3f9c2a71", "status 3f9c2a71"),
    ("list", "list"),
    (
        "logs --tail 50 3f9c2a71 --task main --replica 0",
        'logs 3f9c2a71 {"tail": 50, "task": "main", "replica": 0}',
    ),
    ("stop", "stop"),
    ("stop --all", 'stop {"all": true}'),
    ("retry 3f9c2a71 --failed", 'retry 3f9c2a71 {"failed": true}'),
    (f"compare --base {SHA}", f'compare {{"base": "{SHA}"}}'),
    ("gpus --type h100", 'gpus {"type": "h100"}'),
    ("help", "help"),
    ("help run", "help run"),
    ("--help", "help"),
    ("-h", "help"),
    ("run --help", "help run"),
    ("logs --help", "help logs"),
]


@pytest.mark.parametrize(("line", "expected"), UNDERSTOOD)
def test_understood(line: str, expected: str) -> None:
    assert read(f"/beaker {line}") == [expected]


def test_notes_tell_what_was_translated() -> None:
    lines = [
        "run x --preemptible",
        "run x --skip-tcpxo-setup",
        "run -- cd src && make",
        "run -- echo $HOME",
        "run -- pytest tests/*.py",
    ]
    page = "\n".join(
        f"{line}\n{wrapped(' '.join(the_command(f'/beaker {line}').notes))}" for line in lines
    )
    assert page == snapshot("""\
run x --preemptible
    `--preemptible` was left out: runs are preemptible by default (no guaranteed run time,
    resumed on their own). `--min-runtime` and `--no-auto-resume` change that.
run x --skip-tcpxo-setup
    `--skip-tcpxo-setup` is now called `--skip-nccl-setup` and was read as that.
run -- cd src && make
    `&&` is given to the program as it stands: no shell reads the command. For a shell,
    put the lines into a fenced block directly under `/beaker run`.
run -- echo $HOME
    `$HOME` is given to the program as it stands: no shell reads the command. For a shell,
    put the lines into a fenced block directly under `/beaker run`.
run -- pytest tests/*.py
    `tests/*.py` is given to the program as it stands: no shell reads the command. For a
    shell, put the lines into a fenced block directly under `/beaker run`.\
""")


@pytest.mark.parametrize(
    "line",
    [
        "run -- bash -c 'cd src && make'",
        "run -- /bin/sh -c *",
        "run --exec-method bash -- cd src && make",
        "run -- echo '$HOME' '*' '&&'",
        "run -- grep ^a$ file",
    ],
)
def test_no_note_where_a_shell_reads_or_nothing_is_to_be_read(line: str) -> None:
    assert the_command(f"/beaker {line}").notes == ()


def test_a_workflow_input_is_read_without_markdown() -> None:
    parsed = parse_command_line("run gpu-tests \\\r\n  --gpus 2\r\n\r\n/beaker status\n    list\n")
    assert [one.source for one in parsed] == [
        "/beaker run gpu-tests   --gpus 2",
        "/beaker status",
        "/beaker list",
    ]
    assert [one.place for one in parsed] == [0, 1, 2]
    assert not any(isinstance(one, Mistake) for one in parsed)


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t"])
def test_a_blank_workflow_input_asks_nothing(text: str) -> None:
    assert parse_command_line(text) == ()


@pytest.mark.parametrize(
    "text", ["nope", "run 'x", "run x \\", "> run x", "`run x`", "/Beaker run"]
)
def test_a_wrong_workflow_input_is_a_mistake(text: str) -> None:
    (mistake,) = parse_command_line(text)
    assert isinstance(mistake, Mistake)


def test_equal_comments_read_equal() -> None:
    comment = "/beaker run x --gpus 2\n/beaker rnu"
    assert parse_comment(comment) == parse_comment(comment)
