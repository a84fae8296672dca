"""What people send who try, and people who slip: each comment with what must come of it.

The first word of what comes is a reason code, ``ignored``, or the name of a command that no policy
judges. Of an accepted one all values of the job are told that differ from those of a plain
``/beaker run -- pytest``: what is not told here has not been smuggled in.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEAD = "9fceb02d0ae598e95dc970b74767f19372d61af8"
OTHER = HEAD[:12] + "0" * 28
PLAN = "2871390021-9f2c4b7a01d3e865"


@dataclass(frozen=True)
class Row:
    """One comment: what comes of each of its commands, and the values of the accepted job."""

    comment: str
    expected: str
    fields: Mapping[str, Any]


def c(comment: str, expected: str = "accepted", /, **fields: Any) -> Row:
    """A whole comment."""
    return Row(comment, expected, fields)


def o(options: str, expected: str = "accepted", /, **fields: Any) -> Row:
    """The options of a plain command."""
    return Row(f"/beaker run {options} -- pytest", expected, fields)


def j(job: str, *args: str, code: str = "accepted") -> Row:
    """What stands after ``--``, and the arguments that it becomes."""
    return Row(f"/beaker run -- {job}", code, {"args": args})


BAD, OPTION, UNKNOWN = "usage.bad-value", "refused.option", "usage.unknown-option"
VERB, PRESET, LIMIT = "usage.unknown-command", "usage.unknown-preset", "refused.limit"
IGNORED, MISSING = "ignored", "usage.missing-command"
TESTS = {
    "args": ("pytest", "-v", "-m", "gpu"),
    "gpus": 1,
    "gpu_types": ("h100",),
    "task_timeout": "15m",
    "clusters": ("ai2/saturn",),
    "env_secrets": ("TOKEN=DEPLOY_KEY",),
}

SMUGGLED = [  # An option that is refused, in every shape that gantry's own command line would take.
    o("-u/etc/passwd:/x", OPTION), o("-yu/etc:/x", OPTION), o("-uq:/b", OPTION),
    o("--upload=/etc/passwd:/x", OPTION), o("--upload /etc:/x", OPTION), o("-m/:/host", OPTION),
    o("-m /:/host", OPTION), o("--mount=/:/host", OPTION), o("'-m' '/:/host'", OPTION),
    o('"--mount=/:/host"', OPTION), o("--moun\\t=/:/host", OPTION), o("--m''ount /:/host", OPTION),
    o("--mou /:/host", UNKNOWN), o("--MOUNT /:/host", UNKNOWN), o("---mount /:/host", UNKNOWN),
    o("-mount /:/host", UNKNOWN), o("--mount", OPTION), o("--mount=", OPTION),
    o("--gpus 1 --hostname a --hostname b", OPTION), o("--hostname=jupiter-cs-1", OPTION),
    o("--pre-setup 'git config --global url.x.insteadOf y'", OPTION), o("--ref main", OPTION),
    o("--ref=refs/pull/9/head", OPTION), o(f"--ref {OTHER}", OPTION), o("--branch x", OPTION),
    o("--remote evil/repo", OPTION), o("--callback-module os", OPTION), o("-y", OPTION),
    o('--callback \'{"type": "x"}\'', OPTION), o("--slack-webhook-url https://evil", OPTION),
    o("--save-spec /tmp/x", OPTION), o("--show-logs", OPTION), o("--no-logs", OPTION),
    o("--yes", OPTION), o("--yes=1", OPTION), o("--allow-dirty", OPTION), o("--dry-run", OPTION),
    o("--timeout -1", OPTION), o("--log-level debug", OPTION), o("--not-quiet", OPTION),
    o("--uv-cache-dir /weka/uv", OPTION), o("--not-preemptible", OPTION),
    o("--preemptible", "accepted"), o("--preemptible --gpus 1", "accepted", gpus=1),
    o("--skip-tcpxo-setup", skip_nccl_setup=True), o("--skip-tcpxo-setup --skip-nccl-setup", BAD),
    o("--no-preemptible", UNKNOWN), o("--name x --name y", BAD), o("-n x --name=y", BAD),
    o("-wai2/team -bai2/gold", "refused.budget"), o("-b=ai2/money", BAD),
    o("-bai2/spare", budget="ai2/spare"), o("--gpus=1 --gpus=1", BAD),
    o("--torchrun=true --gpus 1", BAD), o("--no-torchrun", UNKNOWN),
    o("--fresh --no-fresh", UNKNOWN), o("--args evil", UNKNOWN), o("--git-repo x", UNKNOWN),
    o("--auto-cancel", UNKNOWN), o("--client x", UNKNOWN), o("--env_vars A=1", UNKNOWN),
    o("--preset x", UNKNOWN), o("--configuration x", UNKNOWN), o("--host-networking", OPTION),
    o("--no-host-networking", host_networking=False),
    c("/beaker run cluster-test --host-networking", LIMIT),
    c("/beaker run gpu-tests --host-networking", OPTION),
]  # fmt: skip

LOOKALIKES = [  # What a reviewer reads must be what runs: characters that hide, turn or imitate.
    o("‐‐gpus 1", BAD), o("—gpus 1", BAD), o("–-gpus 1", BAD), o("－－gpus 1", BAD), o("−c x", BAD),
    o("-–gpus 1", UNKNOWN), o("--gpus\u00a01", BAD), o("--gpus\u200b 1", BAD),
    o("--gp\u00adus 1", BAD), o("--gpus 1\u202e", BAD), o("--gpus １", BAD), o("--gpus ١", BAD),
    o("--gpus ²", BAD), o("--gpus Ⅳ", BAD), o("--gрus 1", UNKNOWN), o("--gpus＝1", UNKNOWN),
    o("--gpüs 1", UNKNOWN), o("--cluster ai2/jupіter", BAD), o("--budget ai2/mоney", BAD),
    o("--env ΡATH=/x", BAD), o("--env GІT_DIR=/x", BAD), o("--env 'A=\u2066x'", BAD),
    o("--env A=\u3164", BAD), o("--description 'x\u2028y'", BAD), o("--sha " + "９" * 40, BAD),
    o("--priority lоw", BAD), o("--env A=é", env_vars=("A=é",)),
    o("--description '🚀 fast'", description="🚀 fast"), c("\u200b/beaker run -- pytest", BAD),
    c("/bеaker run -- pytest", VERB), c("／beaker run -- pytest", VERB),
    c("/beaker\u2060 run -- pytest", BAD), c("\ufeff/beaker run -- pytest", BAD),
    c("/beaker rυn -- pytest", VERB), c("/beaker run\u3000-- pytest", BAD),
    c("/beaker run gpu‑tests", BAD), c("/beaker run gpu-tеsts", BAD),
    c("/beaker run -- echo \u202e\u2066hidden", BAD), c("/beaker run -- \U000e0001pytest", BAD),
    c("/beaker run — pytest", BAD), c("/beaker run –– pytest", BAD),
    c("/beaker run －－ pytest", BAD), c("/beaker run -- pytest\x07", BAD),
    c("/beaker run -- py\x00test", BAD), c("/beaker run -- \x1b]0;x\x07", BAD),
    j("python t.py —lr 3", code=BAD), j("python t.py '—lr' 3", "python", "t.py", "—lr", "3"),
]  # fmt: skip

QUOTED = [  # Quoting is a POSIX shell's; nothing is expanded, and no shell ever reads it here.
    j("'a b' \"c d\"", "a b", "c d"), j("a\\ b", "a b"), j("'it'\\''s'", "it's"),
    j("a'b'\"c\"", "abc"), j('"\\$HOME"', "$HOME"), j("$HOME", "$HOME"), j("${IFS}x", "${IFS}x"),
    j("$(id)", "$(id)"), j("`id`", "`id`"), j("x; rm -rf /", "x;", "rm", "-rf", "/"),
    j("x && y", "x", "&&", "y"), j("x | sh", "x", "|", "sh"),
    j("x > /etc/passwd", "x", ">", "/etc/passwd"), j("~root", "~root"), j("*", "*"),
    j("{a,b}", "{a,b}"), j("!!", "!!"), j("%PATH%", "%PATH%"), j("#x", "#x"),
    j("x # y", "x", "#", "y"), j("x &", "x", "&"), j("<(id)", "<(id)"), j("$'\\x41'", "$\\x41"),
    j("'$(id)'", "$(id)"), j('""', "", code=MISSING), j("'' x", code=MISSING), j("x ''", "x", ""),
    j("'unclosed", code=BAD), j('"unclosed', code=BAD), j("x\\", code=BAD),
    j("„python“ x", code=BAD), j("“python” x", code=BAD), j("‘python’ x", code=BAD),
    j("«python» x", code=BAD), j("python -c “print(1)”", code=BAD), j("it’s", "it’s"),
    j("::set-output name=x::y", "::set-output", "name=x::y"),
    j("'${{ secrets.TOKEN }}'", "${{ secrets.TOKEN }}"),
    j("${{ github.token }}", "${{", "github.token", "}}"), j("{{ 7*7 }}", "{{", "7*7", "}}"),
    j("'{\"gpus\": 99}'", '{"gpus": 99}'), j("'gpus: 99'", "gpus: 99"),
    o("--env 'A={\"gpus\": 99}'", env_vars=('A={"gpus": 99}',)),
    o("--env 'A=b,GIT_DIR=/x'", env_vars=("A=b,GIT_DIR=/x",)),
    o("--env A=B=C", env_vars=("A=B=C",)), o("--env 'A=$(id)'", env_vars=("A=$(id)",)),
    o("--env A=", env_vars=("A=",)),
    o("--env 'A=${{ secrets.X }}'", env_vars=("A=${{ secrets.X }}",)),
    o("--description 'gpus: 99'", description="gpus: 99"),
    o("--description '@octo-lab/all #1'", description="@octo-lab/all #1"),
    o("--description '<!-- beaker-ci:open -->'", description="<!-- beaker-ci:open -->"),
    o("--env 'A=x\\nGIT_DIR=/x'", env_vars=("A=x\\nGIT_DIR=/x",)),
    o("--install 'x; y'", install="x; y"), o("--description -x", BAD), o("--description=-x", BAD),
]  # fmt: skip

DASHES = [  # The first bare ``--`` ends the options; what follows belongs to the job, all of it.
    j("--mount /:/host", "--mount", "/:/host"), j("-- pytest", "--", "pytest"),
    j("--gpus 99", "--gpus", "99"), j("--sha x", "--sha", "x"), j("--help", "--help"),
    j("/beaker run x", "/beaker", "run", "x"), j("--", "--"),
    c("/beaker run '--' pytest --gpus 99", args=("pytest", "--gpus", "99")),
    c("/beaker run --gpus -- 99", BAD), c("/beaker run --gpus=1 --", MISSING),
    c("/beaker run --", MISSING), c("/beaker run -- ''", MISSING),
    c("/beaker run --gpus=--  -- pytest", BAD), c("/beaker run --env=-- -- x", BAD),
    c("/beaker run pytest -- --gpus 99", PRESET), c("/beaker run -", UNKNOWN),
    c("/beaker run - pytest", UNKNOWN), c("/beaker run --gpus 1 pytest -v", UNKNOWN),
    c("/beaker run python train.py", BAD), c("/beaker run -gpus 1 -- x", UNKNOWN),
    c("/beaker run --help -- x", "help"), c("/beaker run --gpus 99 --help", "help"),
    c("/beaker run --mount /:/x --help", OPTION), c("/beaker status -- x", BAD),
    c("/beaker go -- x", BAD), c("/beaker -- run", VERB), c("/beaker --gpus 1", VERB),
    c("/beaker run gpu-tests -- echo hi", **{**TESTS, "args": ("echo", "hi")}),
]  # fmt: skip

RUN = "/beaker run -- pytest"
BASH = ("bash", "-euo", "pipefail", "-c")
MARKDOWN = [  # Code, quotes, HTML and lists: what GitHub shows as something else is no command.
    c(f"```\n{RUN}\n```", IGNORED), c(f"~~~~\n{RUN}\n~~~", IGNORED), c(f"`{RUN}`", IGNORED),
    c(f"    {RUN}", IGNORED), c(f"\t{RUN}", IGNORED), c(f"> {RUN}", IGNORED),
    c(f">> a\n{RUN}", IGNORED), c(f"> a\n\n{RUN}"), c(f"- {RUN}", IGNORED),
    c(f"- a\n  - b\n    - > c\n      {RUN}", IGNORED), c(f"- a\n  - b\n\n    {RUN}", IGNORED),
    c(f"1. a\n   ```\n   {RUN}\n   ```", IGNORED), c(f"<!-- {RUN} -->", IGNORED),
    c(f"<!--\n{RUN}\n-->", IGNORED), c(f"<!-- a --> \n{RUN}", "accepted"),
    c(f"a <!--\n{RUN}\n--> b", IGNORED),
    c(f"<details><summary>x</summary>\n{RUN}\n</details>", IGNORED),
    c(f"<details>\n\n{RUN}\n\n</details>"), c(f"<a title='\n{RUN}\n'>x</a>", IGNORED),
    c(f"# {RUN}", IGNORED), c(f"{RUN}\n---", BAD), c(f"{RUN}\n===", BAD),
    c(f"[x\n{RUN}\n](http://evil)", IGNORED), c(f"| {RUN} |\n|--|", IGNORED),
    c(f"**{RUN}**", IGNORED), c(f"\\{RUN}", IGNORED), c(f"````\n```\n{RUN}\n```\n````", IGNORED),
    c(f"```\nx\n```\n{RUN}"), c(f"``` {RUN}", IGNORED), c(f"&#47;{RUN[1:]}", IGNORED),
    c("/beaker run\n```\nset -x\nrm -rf $HOME\n```", args=(*BASH, "set -x\nrm -rf $HOME\n")),
    c("/beaker run\n```bash\n--mount /:/host\n```", args=(*BASH, "--mount /:/host\n")),
    c("/beaker run\n```yaml\ngpus: 99\n```", BAD), c("/beaker run\n```python\nimport os\n```", BAD),
    c("/beaker run\n```\nx", BAD), c("/beaker run\n```\n\n```", BAD),
    c("/beaker run\n```\n# only\n```", BAD), c("/beaker run\n\n```\nx\n```", MISSING),
    c("/beaker run\n```\nx\u202e\n```", BAD),
    c("/beaker run\n```\n/beaker run -- y\n```", args=(*BASH, "/beaker run -- y\n")),
    c("/beaker run -- pytest\n```\nrm -rf /\n```", "accepted"),
    c("/beaker plan\n```\nx\n```", args=(*BASH, "x\n")),
]  # fmt: skip

LINES = [  # Line ends, tabs, continued lines, and too much of everything.
    c("/beaker run \\\r\n--gpus 1 \\\r\n-- pytest", gpus=1),
    c("/beaker run\t--gpus\t1\t--\tpytest", gpus=1),
    c("/beaker run \\\n  --gpus 1 -- pytest", gpus=1),
    c("/beaker run --gp\\\nus 1 -- pytest", gpus=1), c("/beaker run \\ \n-- pytest", "accepted"),
    c("/beaker run \\\n\n-- pytest", BAD), c("/beaker run -- pytest \\", BAD),
    c("/beaker run -- pytest \\\\", args=("pytest", "\\")),
    c("/beaker run -- pytest\r", "accepted"), c("/beaker run -- pytest\x0b", BAD),
    c("/beaker run -- pytest\x85rm", BAD), c("text \\\n/beaker run -- pytest", "accepted"),
    c("/beaker run \\\n/beaker run -- pytest", BAD),
    c("/beaker run -- pytest\n--gpus 99", "accepted"),
    c(f"/beaker run -- {'x' * 8_177}", args=("x" * 8_177,)),
    c(f"/beaker run -- {'x' * 8_178}", BAD), c(f"/beaker run -- {'x' * 65_521}", BAD),
    c(RUN + " " * 65_515, "accepted"), c(RUN + "\n" + "y" * 65_600, BAD),
    c("y" * 65_000 + f"\n\n{RUN}", "accepted"), c("\n".join([RUN] * 5_001), BAD),
    c("\n".join([RUN] * 12), " ".join(["accepted"] * 10 + [BAD])),
    c("/beaker\n" * 3, "help help help"), c("[" * 501 + f"\n{RUN}", BAD),
    c("`" * 9_999 + f"\n{RUN}", IGNORED), c("> " * 2_000 + f"\n{RUN}", IGNORED),
    c("<" * 20_000 + f"\n\n{RUN}", "accepted"), c("\\\n" * 4_000 + RUN, "accepted"),
    c(f"{RUN}\n{RUN.replace('run', 'run --gpus 9')}\n/beaker rum", f"accepted {LIMIT} {VERB}"),
]  # fmt: skip

NAMES = [  # Presets are found by their exact names, and by nothing that a dictionary or path has.
    c("/beaker run run", PRESET), c("/beaker run help", PRESET), c("/beaker run ../x", BAD),
    c("/beaker run ..", BAD), c("/beaker run /etc/passwd", BAD),
    c("/beaker run gpu-tests/../x", BAD), c("/beaker run __proto__", BAD),
    c("/beaker run constructor", PRESET), c("/beaker run GPU-TESTS", PRESET),
    c("/beaker run gpu_tests", PRESET), c("/beaker run gpu-test", PRESET),
    c("/beaker run 'gpu-tests '", BAD), c("/beaker run 'gpu-tests'", **TESTS),
    c("/beaker run gpu-tests gpu-tests", BAD), c("/beaker run gpu-tests,resources", BAD),
    c("/beaker run gpu-*", BAD), c("/beaker run ''", BAD), c("/beaker run null", PRESET),
    c("/beaker run 1", PRESET), c(f"/beaker run {'a' * 65}", BAD),
    c("/beaker run resources", MISSING), c("/beaker gpu-tests", VERB),
    c("/beaker run gpu-tests --gpus 99", LIMIT), c("/beaker run gpu-tests --name x", **TESTS),
    c("/beaker run gpu-tests --gpus 1", **TESTS),
    c("/beaker run gpu-tests --gpus 0", **{**TESTS, "gpus": 0}),
    c("/beaker run gpu-tests --cluster ai2/saturn", "refused.cluster"),
]  # fmt: skip

RESERVED = [
    "PATH",
    "path",
    "Home",
    "GIT_DIR",
    "git_ssh_command",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "LD_PRELOAD",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "BEAKER_TOKEN",
    "BEAKER_CI_KEY",
    "beaker_ci_sha",
    "GANTRY_PRE_SETUP_CMD",
    "UV_INDEX_URL",
    "PIP_INDEX_URL",
    "HTTPS_PROXY",
    "no_proxy",
    "BASH_ENV",
    "ENV",
    "IFS",
    "XDG_CONFIG_HOME",
    "TAR_OPTIONS",
    "SHELLOPTS",
    "PS4",
    "CURL_HOME",
    "WEBI_HOST",
    "DYLD_INSERT_LIBRARIES",
    "GANTRY_",
    "RESULTS_DIR",
]
VARIABLES = [  # Reserved names in every case and by both options; and nothing from the runner.
    *(o(f"--env {name}=x", OPTION) for name in RESERVED),
    o("--env PYTHONHASHSEED=0 --env PYTHONUNBUFFERED=1", env_vars=("PYTHONHASHSEED=0", "PYTHONUNBUFFERED=1")),
    o("--env MY_PATH=x", env_vars=("MY_PATH=x",)), o("--env HOME", BAD), o("--env CANARY", BAD),
    o("--env-secret CANARY", BAD), o("--secret-env=CANARY", BAD), o("--env =x", BAD),
    o("--env 'GIT_DIR =x'", BAD), o("--env ' GIT_DIR=x'", BAD), o("--env A-B=x", BAD),
    o("--env 'A B=x'", BAD), o("--env 'BASH_FUNC_git%%=() { id; }'", BAD), o("--env 'A[0]=x'", BAD),
    o("--env A=1 --env=A=2", BAD), o("--env A=1 --env a=2", env_vars=("A=1", "a=2")),
    o("--env-secret PATH=HF_TOKEN", OPTION), o("--secret-env git_dir=HF_TOKEN", OPTION),
    c("/beaker run gpu-tests --env TOKEN=x", BAD),
    c("/beaker run gpu-tests --env GIT_REF=x", OPTION),
]  # fmt: skip

SECRETS = [  # Secrets by every option that could name one: by the list, exactly, or not at all.
    o("--env-secret X=HF_TOKEN", env_secrets=("X=HF_TOKEN",)),
    o("--secret-env X=HF_TOKEN", env_secrets=("X=HF_TOKEN",)),
    o("--env-secret X=DEPLOY_KEY", "refused.secret"),
    o("--env-secret HF_TOKEN=DEPLOY_KEY", "refused.secret"),
    o("--env-secret X=hf_token", "refused.secret"), o("--env-secret X=HF_TOKEN2", "refused.secret"),
    o("--env-secret 'X=HF_*'", BAD), o("--env-secret 'X=HF_TOKEN '", BAD),
    o("--env-secret X=ai2/other/HF_TOKEN", BAD), o("--env-secret X=HF_TOKEN,DEPLOY_KEY", BAD),
    o("--env-secret X=", BAD),
    o("--env-secret X=HF_TOKEN --env-secret Y=DEPLOY_KEY", "refused.secret"),
    o("--dataset-secret HF_TOKEN:/k", dataset_secrets=("HF_TOKEN:/k",)),
    o("--dataset-secret DEPLOY_KEY:/k", "refused.secret"),
    o("--dataset-secret HF_TOKEN:/root/.ssh/id_rsa", BAD),
    o("--dataset-secret HF_TOKEN:/gantry/entrypoint.sh", BAD),
    o("--dataset-secret HF_TOKEN:/k:/l", BAD), o("--gh-token-secret HF_TOKEN", OPTION),
    o("--aws-config-secret HF_TOKEN", OPTION), o("--aws-credentials-secret=HF_TOKEN", OPTION),
    o("--google-credentials-secret HF_TOKEN", OPTION),
    c("/beaker run gpu-tests --env-secret X=DEPLOY_KEY", "refused.secret"),
    c("/beaker run gpu-tests --env-secret TOKEN=HF_TOKEN",
      **{**TESTS, "env_secrets": ("TOKEN=HF_TOKEN",)}),
]  # fmt: skip

MOUNTS = [  # Mounts and datasets: allowed names at absolute places that neither climb nor cover.
    o("--weka shared:/weka", weka=("shared:/weka",)), o("--weka private:/weka", "refused.mount"),
    o("--weka shared/../private:/weka", BAD), o("--weka ../private:/weka", BAD),
    o("--weka shared:/weka/../etc", BAD), o("--weka shared:/", BAD), o("--weka shared://etc", BAD),
    o("--weka shared:/etc", BAD), o("--weka shared:/usr/local/bin", BAD),
    o("--weka shared:/var/lib/tcpxo", BAD), o("--weka shared:/sbin", BAD),
    o("--weka shared:/home/user", BAD), o("--weka shared:/gantry-runtime", BAD),
    o("--weka shared:/results/x", BAD), o("--weka shared:weka", BAD), o("--weka shared", BAD),
    o("--weka 'shared:/a b'", BAD), o("--weka 'shared:/$(id)'", BAD),
    o("--weka shared:/a --weka=shared:/a", BAD),
    o("--weka shared:/a --weka private:/b", "refused.mount"),
    o("--weka SHARED:/a", "refused.mount"), o("--weka 'sh*:/a'", BAD),
    o("--dataset my-org/a:/a", datasets=("my-org/a:/a",)),
    o("--dataset my-org/a:sub/dir:/a", datasets=("my-org/a:sub/dir:/a",)),
    o("--dataset my-org/a:../b:/a", BAD), o("--dataset my-org/../other/x:/a", BAD),
    o("--dataset other/x:/a", "refused.dataset"),
    o("--dataset 01J5XK9Z0V8Q4T2M7N3P6R1S8W:/a", "refused.dataset"), o("--dataset /etc:/a", BAD),
    o("--dataset my-org/a:/dev/shm", BAD), o("--dataset my-org/a:/a:/b", BAD),
    o("--results /output", results="/output"), o("--results /results", "accepted"),
    o("--results /etc", BAD), o("--results ../x", BAD),
    o("--results /weka/x --weka shared:/weka", BAD),
    o("--runtime-dir /weka/x --weka shared:/weka", BAD),
    o("--runtime-dir /code", runtime_dir="/code"), o("--runtime-dir /gantry-runtime/../x", BAD),
    o("--uv-venv /opt/venv", uv_venv="/opt/venv"), o("--uv-venv ../venv", BAD),
    o("--conda-file ../../etc/passwd", BAD), o("--conda-file /etc/passwd", BAD),
    o("--conda-file nowhere.yml", BAD), o("--conda-env /opt/x", BAD),
]  # fmt: skip

ACCOUNTS = [  # Images, clusters, budgets, workspaces, groups: what is listed, whatever it is called.
    o("--beaker-image ai2/cuda12", beaker_image="ai2/cuda12"),
    o("--beaker-image evil/miner", "refused.image"),
    o("--docker-image evil/miner", "refused.image"), o("--docker-image AI2/cuda", "refused.image"),
    o("--docker-image ai2/cuda/../../evil/miner", BAD),
    o("--docker-image evil.io/ai2/cuda", "refused.image"), o("--docker-image 'ai2/cuda x'", BAD),
    o("--docker-image -it", BAD), o("--beaker-image ai2/cuda --docker-image ai2/cuda", BAD),
    o("--docker-image https://evil/x", "refused.image"),
    o("-c ai2/jupiter", clusters=("ai2/jupiter",)), o("-cai2/jupiter", clusters=("ai2/jupiter",)),
    o("--cluster jupiter", clusters=("ai2/jupiter",)),
    o("--cluster ai2/jupiter-cirrascale-2", clusters=("ai2/jupiter",)),
    o("--cluster ai2/saturn", "refused.cluster"), o("--cluster saturn-old", "refused.cluster"),
    o("--cluster 'ai2/*'", "refused.cluster"), o("--cluster '*'", "refused.cluster"),
    o("--cluster 'ai2/s?turn'", "refused.cluster"), o("--cluster 'ai2/[!j]*'", "refused.cluster"),
    o("--cluster 'ai2/[a-'", "refused.cluster"), o("--cluster evil/jupiter", "refused.cluster"),
    o("--cluster AI2/JUPITER", "refused.cluster"), o("--cluster ai2/jupiter/", "refused.cluster"),
    o("--cluster ai2/jupiter,ai2/saturn", BAD),
    o("--cluster '*-cirrascale'", clusters=("ai2/neptune-cirrascale", "ai2/pluto-cirrascale")),
    o("--cluster ai2/jupiter --cluster ai2/saturn", "refused.cluster"),
    o("--cluster ai2/mars", "refused.cluster"), o("--cluster ''", BAD),
    o("--cluster ../jupiter", BAD),
    o("--cluster ai2/*-cirrascale", clusters=("ai2/neptune-cirrascale", "ai2/pluto-cirrascale")),
    o("--budget ai2/gold", "refused.budget"), o("--budget AI2/MONEY", "refused.budget"),
    o("--budget money", "refused.budget"), o("--budget ai2/money/", "refused.budget"),
    o("--budget ai2/spare2", "refused.budget"), o("--budget 'ai2/*'", BAD),
    o("--budget ai2/spare/../gold", BAD), o("--budget ai2/money", "accepted"),
    o("--workspace ai2/team", "accepted"), o("--workspace ai2/other", "refused.workspace"),
    o("-w team", "refused.workspace"), o("--workspace ''", BAD),
    o("--workspace ai2/team --workspace ai2/team", BAD),
    o("--group nightly", group_names=("nightly",)), o("--group mine", "refused.group"),
    o("--group nightly --group mine", "refused.group"), o("--group Nightly", "refused.group"),
    o("--gpu-type h100", gpu_types=("h100",)), o("--gpu-type 'h100;id'", BAD),
    o("--tag storage:weka", tags=("storage:weka",)), o("--tag 'a b'", BAD),
    o("--interconnect ib", interconnect="ib"), o("--interconnect wifi", BAD),
]  # fmt: skip

NUMBERS = [  # Numbers, sizes and durations at their edges.
    o("--gpus 0", gpus=0), o("--gpus 2", gpus=2),
    o("--gpus 08 --task-timeout 1h", gpus=8, task_timeout="1h"),
    o("--gpus 9 --task-timeout 1m", LIMIT), o("--gpus -1", BAD), o("--gpus +1", BAD),
    o("--gpus 1.0", BAD), o("--gpus 1e1", BAD), o("--gpus 0x8", BAD), o("--gpus 1_0", BAD),
    o("--gpus ''", BAD), o("--gpus ' 1'", BAD), o("--gpus 999999999", LIMIT),
    o("--gpus 9999999999", BAD), o("--gpus all", BAD), o("--gpus NaN", BAD),
    o("--gpus 8", "needs-approval.price"), o("--gpus 8 --retries 2", "refused.limit"),
    o("--replicas 0", BAD), o("--replicas 1", replicas=1), o("--replicas 2", LIMIT),
    o("--retries 2", retries=2), o("--retries 3", LIMIT), o("--retries -1", BAD),
    o("--cpus 0", BAD), o("--cpus 64", cpus=64.0), o("--cpus 64.000001", LIMIT),
    o("--cpus inf", BAD), o("--cpus nan", BAD), o("--cpus .5", BAD), o("--cpus 1e2", BAD),
    o("--cpus 0.5", cpus=0.5), o("--memory 1TiB", memory="1TiB"), o("--memory 1025GiB", LIMIT),
    o("--memory 999999999TiB", LIMIT), o("--memory 0GiB", BAD), o("--memory 0.000001B", LIMIT),
    o("--memory 64", BAD), o("--memory 64gib", BAD), o("--memory '64 GiB'", BAD),
    o("--memory 1PiB", BAD), o("--memory -1GiB", BAD), o("--shared-memory 2TiB", LIMIT),
    o("--shared-memory 10GiB", shared_memory="10GiB"), o("--task-timeout 24h", "accepted"),
    o("--task-timeout 25h", LIMIT), o("--task-timeout 86401s", LIMIT),
    o("--task-timeout 1441m", LIMIT), o("--task-timeout 0s", BAD), o("--task-timeout 1d", BAD),
    o("--task-timeout 3600", BAD), o("--task-timeout 1h30m", BAD), o("--task-timeout 1.5h", BAD),
    o("--task-timeout 1H", BAD), o("--task-timeout 8784h", LIMIT), o("--task-timeout 8785h", BAD),
    o("--task-timeout 999999999h", BAD), o("--task-timeout -1h", BAD), o("--task-timeout 1ns", BAD),
    o("--min-runtime 1h", min_runtime="1h"), o("--min-runtime 61m", LIMIT),
    o("--min-runtime 0s", BAD), o("--start-timeout 25h", LIMIT),
    o("--start-timeout 1h", "accepted"), o("--inactive-timeout 999h", LIMIT),
    o("--start-timeout 99999h", BAD), o("--inactive-soft-timeout 999h", LIMIT),
    o("--synchronized-start-timeout 25h", LIMIT), o("--torchrun", BAD),
    o("--torchrun --gpus 1", torchrun=True, gpus=1),
]  # fmt: skip

PRIORITIES = [  # Priorities, and what buys the same.
    o("--priority low", priority="low"), o("--priority normal", "accepted"),
    o("--priority high", "needs-approval.priority"), o("--priority urgent", "refused.priority"),
    o("--priority immediate", "refused.priority"), o("--priority HIGH", BAD),
    o("--priority ''", BAD), o("--priority low --priority high", BAD),
    o("--priority=low --priority=low", BAD), o("--priority 3", BAD),
    c("/beaker run gpu-tests --priority urgent", "refused.priority"),
    c("/beaker plan --priority high -- pytest", "needs-approval.priority"),
]  # fmt: skip

COMMITS = [  # The pin names the head with all 40 digits; plan ids are whole.
    o(f"--sha {HEAD}", "accepted"), o(f"--sha {HEAD.upper()}", "accepted"),
    o(f"--sha={HEAD}", "accepted"), o(f"--sha {HEAD[:12]}", BAD), o(f"--sha {HEAD[:39]}", BAD),
    o(f"--sha {HEAD}0", BAD), o(f"--sha {OTHER}", "refused.sha-mismatch"), o("--sha HEAD", BAD),
    o("--sha main", BAD), o(f"--sha {HEAD} --sha {HEAD}", BAD), o(f"--sha {HEAD}^", BAD),
    o(f"--sha refs/pull/7/head@{HEAD}", BAD), o("--sha " + "0" * 40, "refused.sha-mismatch"),
    o("--sha", BAD), c(f"/beaker go {PLAN}", "go"), c(f"/beaker approve {PLAN}", "approve"),
    c(f"/beaker go {PLAN.upper()}", BAD), c(f"/beaker go {PLAN}0", BAD),
    c("/beaker go 2871390021", BAD), c("/beaker go -1-9f2c4b7a01d3e865", UNKNOWN),
    c("/beaker go", BAD), c("/beaker approve latest", BAD), c("/beaker go ٣-9f2c4b7a01d3e865", BAD),
    c(f"/beaker go {PLAN} {PLAN}", BAD), c(f"/beaker go {PLAN} --gpus 99", UNKNOWN),
    c(f"/beaker approve {PLAN} -- x", BAD), c(f"/beaker go https://x/{PLAN}", BAD),
    c("/beaker approve *", BAD), c(f"/beaker go {'9' * 21}-9f2c4b7a01d3e865", BAD),
    c("/beaker stop --all 3f9c2a71", BAD), c("/beaker stop ../x", BAD),
    c("/beaker logs 'a b'", BAD), c("/beaker status 3f9c2a71;id", BAD),
    c("/beaker retry $(id)", BAD), c("/beaker logs --tail 1e9", BAD),
    c("/beaker logs --tail -5", BAD),
]  # fmt: skip

CLUMSY = [  # Slips of the hand, and what phones make of it.
    c("/Beaker run gpu-tests", VERB), c("/BEAKER RUN GPU-TESTS", VERB),
    c("/beaker: run gpu-tests", IGNORED), c("beaker run gpu-tests", IGNORED),
    c("please /beaker run gpu-tests", IGNORED), c("@beaker run gpu-tests", IGNORED),
    c("/beakers run x", IGNORED), c("//beaker run x", IGNORED), c("/ beaker run x", IGNORED),
    c("/beaker Run gpu-tests", VERB), c("/beaker rum gpu-tests", VERB),
    c("/beaker start gpu-tests", VERB), c("/beaker cancel", VERB),
    c("/beaker pls run gpu-tests", VERB), c("/beaker run, gpu-tests", VERB),
    c("/beaker run gpu-tests.", PRESET), c("/beaker run gpu-tests please", BAD),
    c("/beaker run gpu-tests!", BAD), c("/beaker run gpu tests", BAD),
    c("/beaker run “gpu-tests”", BAD), c("/beaker run `gpu-tests`", BAD),
    c("/beaker run <gpu-tests>", BAD), c("/beaker run [gpu-tests]", BAD),
    c("/beaker run @maria", BAD), c("/beaker run #7", BAD), o("--gpu 1", UNKNOWN),
    o("-gpus 1", UNKNOWN), o("gpus 1", BAD), o("--gpus: 1", UNKNOWN), o("--gpus", BAD),
    o("--gpus one", BAD), o("--gpus=1,", BAD), o("--timeout 2h", OPTION), o("--time 2h", UNKNOWN),
    o("--mem 64GiB", UNKNOWN), o("--ram 64GiB", UNKNOWN), o("--clusters ai2/jupiter", UNKNOWN),
    o("-g 1", UNKNOWN), o("--GPUS 1", UNKNOWN), o("--task_timeout 1h", UNKNOWN),
    o("--gpus = 1", BAD), o("--memory 64G", BAD), o("--memory 64GB", memory="64GB"),
    o("--env A 1", BAD), o("--env A:1", BAD), o("--env A=1 B=2", BAD), o("“--gpus” 1", BAD),
    o("--description „schnell“", BAD), o("--description “fast one”", BAD), c("/beaker", "help"),
    c("/beaker help me", VERB), c("/beaker ?", VERB), c("/beaker -h", "help"),
    c("/beaker run", MISSING), c("/beaker run --gpus 1", MISSING),
    c("/beaker plan gpu-tests", **TESTS), c("/beaker run …", BAD),
    c("/beaker run --gpus 1 … -- pytest", BAD),
]  # fmt: skip

BLOB = base64.b64encode(b"x" * 3000).decode()
STUFFED = [  # Values as long as they may be, and one more.
    o(f"--env A={BLOB}", env_vars=(f"A={BLOB}",)), o(f"--env A={BLOB}{'x' * 95}", BAD),
    o(f"--description {'x' * 200}", description="x" * 200), o(f"--description {'x' * 201}", BAD),
    o(f"--name {'x' * 20}", "accepted"), o(f"--name {'x' * 21}", BAD), o("--name ../x", BAD),
    o("--name a--b", "accepted"), o("-t -x", BAD), o("-t 'a b'", BAD),
    o(f"--post-setup '{'x' * 4096}'", post_setup="x" * 4096),
    o(f"--post-setup '{'x' * 4097}'", BAD), o("--uv-extra dev --uv-extra 'x --index-url y'", BAD),
    o("--uv-torch-backend 'cpu --index x'", BAD), o("--default-python-version 3.12;id", BAD),
    o("--default-python-version 2.7", BAD), o("--exec-method bash", exec_method="bash"),
    o("--exec-method sh", BAD),
    o(" ".join(f"--env A{n}=1" for n in range(200)), env_vars=tuple(f"A{n}=1" for n in range(200))),
]  # fmt: skip

TABLE: Mapping[str, list[Row]] = {
    "smuggled options": SMUGGLED,
    "look-alikes": LOOKALIKES,
    "quoting": QUOTED,
    "dashes": DASHES,
    "Markdown": MARKDOWN,
    "lines": LINES,
    "presets": NAMES,
    "variables": VARIABLES,
    "secrets": SECRETS,
    "mounts": MOUNTS,
    "accounts": ACCOUNTS,
    "numbers": NUMBERS,
    "priorities": PRIORITIES,
    "commits": COMMITS,
    "clumsy": CLUMSY,
    "stuffed": STUFFED,
}
