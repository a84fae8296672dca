"""Lines that are not understood, or ask what may not be asked, and what is answered."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from told import read, the_mistake, wrapped

SHA = "3f9c2a71" * 5
PLAN = "2871390021-9f2c4b7a01d3e865"

BAD_VALUES = [
    "run x --gpus", "run x --gpus -- a", "run x --gpus=", "run x --gpus two", "run x --gpus 1.5",
    "run x --gpus -1", "run x --gpus +1", "run x --gpus 1_0", "run x --gpus ٣", "run x --gpus 0x2",
    "run x --gpus 9999999999", "run x --gpus 2 --gpus 2", "run x --gpus=2 --gpus 3",
    "run x --cpus 0", "run x --cpus nan", "run x --cpus inf", "run x --cpus 1e3",
    "run x --memory 64", "run x --memory 64gib", "run x --memory 0GiB", "run x --memory=-1GiB",
    "run x --task-timeout 2d", "run x --task-timeout 0h", "run x --task-timeout 1h30m",
    "run x --task-timeout 3600", "run x --task-timeout 1.5h", "run x --task-timeout -1",
    "run x --priority top", "run x --priority HIGH", "run x --interconnect wifi",
    "run x --env NAME", "run x --env 1A=2", "run x --env =2", "run x --env A=1 --env A=2",
    "run x --env-secret A", "run x --secret-env A", "run x --env-secret=A", "run x --env-secret A=",
    "run x --env-secret A=-b", "run x --env-secret A=b/c", "run x --env-secret 'A=b c'",
    f"run x --env-secret A={'s' * 129}", "run x --env-secret A=S --secret-env A=T",
    "run x --env A=1 --env-secret A=S", "run x --secret-env A=S --env A=1",
    "run x --dataset-secret S", "run x --dataset-secret S:x", "run x --dataset-secret S:/etc/x",
    "run x --dataset-secret S:/a:/b", "run x --dataset-secret S:/a --dataset-secret T:/a",
    "run x --dataset-secret a/b:/k", "run x --dataset-secret S:/k --dataset d:/k",
    "run x --name -", "run x --name a-", "run x --name=-a", "run x --name ''",
    "run x --description 'a\tb'", f"run x --install {'a' * 4097}",
    f"run x --env A={'a' * 4096}", "run x --memory 1000000000000B", "run x --task-timeout 0000000001h",
    "run x --weka bucket:sub:/data", "run x --weka 'bucket:/a b'", "run x --weka 'b:/$(id)'",
    "run x --dataset d:../up:/data", "run x --uv-venv '/venv; id'", "run x --uv-venv venv",
    "run x --beaker-image a --docker-image b", "run x --no-python --uv-extra dev",
    "run x --uv-all-extras --uv-extra dev", "run x --uv-no-extras --uv-extra dev",
    "run x --system-python --conda-env base", "run x --python-manager conda --uv-extra dev",
    "run x --conda-file e.yml --uv-venv /venv", "run x --weka a:/d --dataset b:/d",
    "run x --results /out --weka a:/out/b", "run x --runtime-dir /weka/code --weka a:/weka",
    "run x --name Bad_Name", "run x --name aaaaaaaaaaaaaaaaaaaaa", "run x --name=-x",
    f"run x --description {'a' * 201}", "run x --description ''",
    "run x --workspace ../../etc", "run x --budget 'a b'", "run x --docker-image 'a b'",
    "run x --weka bucket", "run x --weka bucket:relative", "run x --weka bucket:/etc",
    "run x --weka bucket:/data/../etc", "run x --weka bucket://etc", "run x --weka bucket:/lib64/x",
    "run x --weka bucket:/", "run x --weka bucket:/data/", "run x --weka a:/d --weka b:/d",
    "run x --dataset a:b:c:/d", "run x --results /gantry", "run x --results out",
    "run x --default-python-version python3", "run x --default-python-version /usr/bin/python3",
    "run x --uv-extra 'a b'", "run x --uv-torch-backend 'cu129 --index-url x'",
    "run x --conda-file ../env.yml", "run x --conda-file /etc/passwd",
    "run x --sha 3f9c2a71", f"run x --sha {SHA}0", f"run x --sha {SHA[:-1]}g",
    "run x --fresh --fresh", "run x --fresh=true", "run x --torchrun=1",
    "run x --leader-selection --no-leader-selection", "run x -c=ai2/jupiter", "run x -n=a",
    "run x --replicas 0", "run x y", "run python train.py", "run ./train.sh",
    "run 'unclosed", 'run "unclosed', "run -- 'a'' b", "run “gpu tests”", "run x --name=“a”",
    "run x —gpus 2", "run x –n a", "run x — python",
    "go", "go 12", "go latest", f"go {PLAN.upper()}", f"go {PLAN} extra", "go -- x",
    "status -- x", "status a b", "list 3f9c2a71", "logs --tail 0", "logs --tail all",
    "stop 3f9c2a71 --all", f"compare --base {SHA[:12]}", "help run plan",
]  # fmt: skip

REFUSED = [
    "run x --show-logs", "run x --no-logs", "run x --timeout 10m", "run x --timeout=-1",
    "run x --allow-dirty", "run x -y", "run x --yes", "run x --dry-run", "run x --save-spec /tmp/x",
    "run x --callback-module os", "run x --callback slack", "run x --slack-webhook-url http://x",
    "run x --hostname node-1", "run x -m /etc:/data", "run x --mount /etc:/data",
    "run x -u /etc/passwd:/x", "run x --upload .:/x", "run x -yuq:/b", "run x -u=q:/b", "run x -uq",
    "run x --env-secret GITHUB_TOKEN=S", "run x --secret-env path=S", "run x --ref main", "run x --branch main",
    "run x --remote a/b", "run x --gh-token-secret S", "run x --aws-config-secret S",
    "run x --aws-credentials-secret S", "run x --google-credentials-secret S",
    "run x --not-preemptible", "run x --pre-setup 'git config x'", "run x --uv-cache-dir /weka/uv",
    "run x --log-level debug", "run x --quiet", "run x --version", "run x --pre-setup",
    "run x --env GITHUB_TOKEN=x", "run x --env GIT_REF=x", "run x --env github_repo=x",
    "run x --env LD_PRELOAD=x", "run x --env PYTHONPATH=x", "run x --env https_proxy=x",
    "run x --env BEAKER_CI_KEY=x", "run x --env PATH=/x", "run x --env ENV=/x",
    "run x --env GANTRY_PRE_SETUP_CMD=x", "run x --env UV_INDEX_URL=x", "run x --env home=/x",
]  # fmt: skip

UNKNOWN_OPTIONS = [
    "run x --gpu 2", "run x --gpus_per_node 2", "run x --worksp a", "run x --clusters a",
    "run x -v", "run x -gpus 2", "run x -name a", "run x -cluster ai2/jupiter", "run x -q",
    "run x -",
    "run x --evn A=1", "run x ---gpus 2", "run x --gpu-types h100", "run x --Gpus 2",
    "run x --gрus 2", "run x --preset y", "status --all", "list --gpus 2", "stop --force",
    "go --sha x", "help --all",
]  # fmt: skip


@pytest.mark.parametrize("line", BAD_VALUES)
def test_bad_value(line: str) -> None:
    assert read(f"/beaker {line}") == ["usage.bad-value"]


@pytest.mark.parametrize("line", REFUSED)
def test_refused_option(line: str) -> None:
    assert read(f"/beaker {line}") == ["refused.option"]


@pytest.mark.parametrize("line", UNKNOWN_OPTIONS)
def test_unknown_option(line: str) -> None:
    assert read(f"/beaker {line}") == ["usage.unknown-option"]


@pytest.mark.parametrize(
    "line", ["run", "plan", "run --gpus 2", "run --", "run gpu-tests --", "run -- ''"]
)
def test_missing_command(line: str) -> None:
    assert read(f"/beaker {line}") == ["usage.missing-command"]


@pytest.mark.parametrize(
    "line", ["gpu-tests", "rnu x", "RUN x", "cancel", "рun x", "''", "help me"]
)
def test_unknown_command(line: str) -> None:
    assert read(f"/beaker {line}") == ["usage.unknown-command"]


PASTE = [
    ("run x --gpu 2 -- a  'b c'", "/beaker run x --gpus 2 -- a  'b c'"),
    ("run x --gpu=2", "/beaker run x --gpus=2"),
    ("run x '--gpu=2'", ""),
    ("run x --gpu-types h100", "/beaker run x --gpu-type h100"),
    ("run x --worksp a", "/beaker run x --workspace a"),
    ("run x --evn A=1", "/beaker run x --env A=1"),
    ("run x --Gpus 2", "/beaker run x --gpus 2"),
    ("run x --gрus 2", "/beaker run x --gpus 2"),
    ("run x -cluster a", "/beaker run x --cluster a"),
    ("run x -c=a", "/beaker run x -c a"),
    ("run x -c='a b'", "/beaker run x -c 'a b'"),
    ("run x —gpus 2", "/beaker run x --gpus 2"),
    ("run x –n a", "/beaker run x -n a"),
    ("run — python", "/beaker run -- python"),
    ("run x --name=“a”", '/beaker run x --name="a"'),
    ("run\u00a0x\u200b", "/beaker run x"),
    ("run python train.py", "/beaker run -- python train.py"),
    ("run --gpus 1 python train.py -- x", "/beaker run --gpus 1 -- python train.py x"),
    ("run pytest -v", "/beaker run -- pytest -v"),
    ("run ./train.sh --lr 3", "/beaker run -- ./train.sh --lr 3"),
    ("run x --show-logs --gpus 2", "/beaker run x --gpus 2"),
    ("run x --ref main --gpus 2", "/beaker run x --gpus 2"),
    ("run x -y", "/beaker run x"),
    ("run x -yuq:/b", ""),
    ("run x --dry-run --gpus 2", "/beaker plan x --gpus 2"),
    ("run x --timeout 2h", ""),
    ("rnu x", "/beaker run x"),
    ("RUN x", "/beaker run x"),
    ("stat", "/beaker status"),
    ("cancel --all", "/beaker stop --all"),
    ("dry-run gpu-tests", "/beaker plan gpu-tests"),
    ("help rnu", "/beaker help run"),
    ("gpu-tests", "/beaker help"),
    ("go -- x", "/beaker go"),
]


@pytest.mark.parametrize(("line", "paste"), PASTE)
def test_the_line_to_paste(line: str, paste: str) -> None:
    assert the_mistake(f"/beaker {line}").paste == paste


def test_mistakes_say_what_why_and_what_next() -> None:
    lines = [
        "nope", "run x --gpu 2", "run x --gрus 2", "run x -y", "run x --timeout 2h",
        "run x --not-preemptible", "run x --upload a:b", "run x --env NAME", "run x --env PATH=x",
        "run x --env-secret NAME", "run x --secret-env HF_TOKEN=a/b", "run x --env A=1 --env-secret A=S",
        "run x --no-python --uv-extra dev --conda-env base", "run x --weka a:/d --weka b:/d",
        "run x --weka a:/d --dataset b:/d", "run x --aws-config-secret S", "run x --name a_b",
        "run x --task-timeout 2d", "run x --sha 3f9c2a71", "run x --gpus two", "run x --gpus",
        "run x --gpus 1 --gpus 2", "run x --fresh=1", "run x --priority top", "run x y",
        "run x/y", "run 'x", "run x\u200b", "run “x", "run x —gpus 2", "run", "run x --", "go",
        "stop a --all", "status -- x", "run x --weka b:/etc", "run `x` `y", "run x \\",
    ]  # fmt: skip
    mistakes = {line: the_mistake(f"/beaker {line}") for line in lines}
    page = "\n".join(
        f"{line!a}\n{wrapped(mistake.what)}\n{wrapped(mistake.next_step)}"
        for line, mistake in mistakes.items()
    )
    assert page == snapshot("""\
'nope'
    There is no command `nope`.
    `/beaker help` lists the commands; a preset is started with `/beaker run PRESET`.
'run x --gpu 2'
    `/beaker run` has no option `--gpu`.
    Did you mean `--gpus`?
'run x --g\\u0440us 2'
    `--gрus` is no option: it has letters that are not plain ASCII.
    Did you mean `--gpus`?
'run x -y'
    `-y` is not taken from a comment. Nothing is ever asked here, so there is nothing to
    confirm.
    Leave it out.
'run x --timeout 2h'
    `--timeout` is not taken from a comment. It is how long gantry waits on the submitting
    machine, where nothing waits here.
    To limit the job's run time use `--task-timeout`.
'run x --not-preemptible'
    `--not-preemptible` is not taken from a comment. It used to mean a guarantee of 8
    hours, for which a job may wait for days.
    Name the time that you need, such as `--min-runtime 30m`.
'run x --upload a:b'
    `--upload` is not taken from a comment. It would copy files of the runner, its
    credentials among them, into the job.
    Commit the files, or mount them with `--dataset`.
'run x --env NAME'
    `--env NAME` has no value.
    Write `--env NAME=VALUE`. The environment of the runner is never read.
'run x --env PATH=x'
    The variable `PATH` is reserved: it would steer gantry, git or the tools that set up
    the job.
    Choose another name, or set it inside the job's own command.
'run x --env-secret NAME'
    `--env-secret NAME` names no secret.
    Write `--env-secret NAME=SECRET`. The environment of the runner is never read.
'run x --secret-env HF_TOKEN=a/b'
    `HF_TOKEN=a/b` does not fit `--secret-env`: it takes NAME=SECRET, such as
    HF_TOKEN=MY_HF_TOKEN.
    For example `--secret-env HF_TOKEN=MY_HF_TOKEN`.
'run x --env A=1 --env-secret A=S'
    The variable `A` is set by both `--env` and `--env-secret`.
    Leave one of them out.
'run x --no-python --uv-extra dev --conda-env base'
    `--no-python` excludes `--uv-extra` and `--conda-env`.
    Leave one of them out.
'run x --weka a:/d --weka b:/d'
    `--weka` names `/d` twice.
    Give it once.
'run x --weka a:/d --dataset b:/d'
    `/d` is given twice, by `--dataset` and `--weka`.
    Leave one of them out.
'run x --aws-config-secret S'
    `--aws-config-secret` is not taken from a comment. The whole job is code of the pull
    request and could print any secret it gets.
    `--env-secret NAME=SECRET` gives a secret that the configuration allows. A maintainer
    can put it into a preset on the default branch.
'run x --name a_b'
    `a_b` does not fit `--name`: it takes 1 to 20 of a-z, 0-9 and -, with no - at either
    end.
    Give it another value, or leave it out.
'run x --task-timeout 2d'
    `2d` does not fit `--task-timeout`: it takes a time above 0 in s, m or h.
    Days are written in hours: `--task-timeout 48h`.
'run x --sha 3f9c2a71'
    `3f9c2a71` does not fit `--sha`: it takes a commit with all its 40 hex digits.
    Copy it from the pull request's commit list; a shorter one can be forged.
'run x --gpus two'
    `two` does not fit `--gpus`: it takes a whole number.
    For example `--gpus 2`.
'run x --gpus'
    `--gpus` needs a value.
    For example `--gpus 2`.
'run x --gpus 1 --gpus 2'
    `--gpus` is given twice, or against another spelling of itself.
    Which one is meant cannot be known; keep one.
'run x --fresh=1'
    `--fresh` is a switch and takes no value.
    Write `--fresh` alone.
'run x --priority top'
    `top` does not fit `--priority`: it takes low, normal, high, urgent, immediate.
    For example `--priority low`.
'run x y'
    `y` is one word too many for `/beaker run`.
    It takes one preset; a command stands after `--`.
'run x/y'
    `x/y` cannot be a PRESET: that is a preset's name, of letters, digits and . _ -.
    A command stands after `--`.
"run 'x"
    The quote ' at character 13 of the line is never closed.
    A quoted text ends on its own line. Several lines of shell go into a fenced block
    directly under a `/beaker run` without `--`.
'run x\\u200b'
    Character 14 of the line cannot be seen: U+200B ZERO WIDTH SPACE.
    Such characters come along when text is copied. Post the line without it.
'run \\u201cx'
    Character 13 of the line, `“`, is a typographic quote, which quotes nothing.
    Use a straight ' or ", or put the word into straight quotes.
'run x \\u2014gpus 2'
    `—gpus` begins with a typographic dash, not with `-`.
    Options are written with one or two plain `-`.
'run'
    `/beaker run` was given neither a preset, nor a command after `--`, nor a script in a
    fenced block directly under it.
    For example:
'run x --'
    Nothing follows `--`: there is no command to run.
    For example:
'go'
    `/beaker go` needs a PLAN: the id that the plan shows, such as
    2871390021-9f2c4b7a01d3e865.
    For example `/beaker go 2871390021-9f2c4b7a01d3e865`.
'stop a --all'
    `a` and `--all` exclude each other.
    Give one of them: `/beaker stop [RUN | --all]`.
'status -- x'
    `/beaker status` takes no command after `--`.
    Its usage is `/beaker status [RUN]`.
'run x --weka b:/etc'
    `b:/etc` does not fit `--weka`: that directory belongs to the system or to gantry.
    For example `--weka my-data:/data`.
'run `x` `y'
    `ˋxˋ` cannot be a PRESET: that is a preset's name, of letters, digits and . _ -.
    A command stands after `--`.
'run x \\\\'
    The line ends with a backslash, but what follows does not belong to its paragraph.
    Take the backslash away, or put the rest directly below, without an empty line or list
    mark.\
""")
    assert all(mistake.next_step for mistake in mistakes.values())


def test_both_spellings_of_the_same_switch_are_one_option() -> None:
    mistake = the_mistake("/beaker run x --skip-nccl-setup --skip-tcpxo-setup")
    assert "twice" in mistake.what


def test_mistakes_quote_without_breaking_code_marks() -> None:
    mistake = the_mistake("/beaker run x --gpus '`@team`'")
    assert mistake.what.startswith("`ˋ@teamˋ` does not fit")
    assert the_mistake("/beaker gpus --type ''").what.startswith("`''` does not fit `--type`")
