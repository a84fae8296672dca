"""Options that set up Python in the job, and beaker-ci's own."""

from __future__ import annotations

from typing import Final

from beaker_ci.commands.options.model import Access, Kind, Option, Origin

_PYTHON: Final = "Python"
_OWN: Final = "Of beaker-ci"

PYTHON: Final = (
    Option(
        field="python_manager",
        spellings=("--python-manager",),
        kind=Kind.CHOICE,
        choices=("uv", "conda"),
        help="what sets up the environment",
        group=_PYTHON,
    ),
    Option(
        field="default_python_version",
        spellings=("--default-python-version",),
        help="Python of a new environment, such as `3.12`",
        group=_PYTHON,
        access=Access.LIMITED,
        rule="form",
        pattern=r"3\.\d{1,2}",
        form="a version such as 3.12",
    ),
    Option(
        field="system_python",
        spellings=("--system-python",),
        kind=Kind.FLAG,
        help="use the image's Python",
        group=_PYTHON,
    ),
    Option(
        field="install",
        spellings=("--install",),
        help="a command instead of the usual installation",
        longest=4096,
        group=_PYTHON,
        access=Access.LIMITED,
        rule="commands",
    ),
    Option(
        field="no_python",
        spellings=("--no-python",),
        kind=Kind.FLAG,
        help="no Python set-up",
        group=_PYTHON,
    ),
    Option(
        field="uv_venv",
        spellings=("--uv-venv",),
        kind=Kind.DIRECTORY,
        help="an environment on the image",
        group=_PYTHON,
        access=Access.LIMITED,
        rule="image",
    ),
    Option(
        field="uv_extras",
        spellings=("--uv-extra",),
        help="an extra of the project to install",
        group=_PYTHON,
        repeatable=True,
        access=Access.LIMITED,
        rule="form",
        pattern=r"[A-Za-z0-9._][A-Za-z0-9._-]{0,63}",
        form="1 to 64 letters, digits and . _ -",
    ),
    Option(
        field="uv_all_extras",
        spellings=("--uv-all-extras",),
        negative=("--uv-no-extras",),
        kind=Kind.FLAG,
        help="install all extras, or none",
        group=_PYTHON,
    ),
    Option(
        field="uv_torch_backend",
        spellings=("--uv-torch-backend",),
        help="the PyTorch build, such as `cu129`",
        group=_PYTHON,
        access=Access.LIMITED,
        rule="form",
        pattern=r"auto|cpu|cu\d{2,3}|rocm[\d.]+|xpu",
        form="auto, cpu, xpu, cu129 or rocm6.3 alike",
    ),
    Option(
        field="uv_cache_dir",
        spellings=("--uv-cache-dir",),
        kind=Kind.DIRECTORY,
        help="uv's cache",
        group=_PYTHON,
        access=Access.REFUSED,
        refusal="What one pull request writes into a shared cache, other jobs would install.",
        instead="A maintainer can put it into a preset on the default branch.",
        policy_only=True,
    ),
    Option(
        field="conda_file",
        spellings=("--conda-file",),
        help="a conda environment file of the repository",
        group=_PYTHON,
        access=Access.LIMITED,
        rule="form",
        pattern=r"(?!.*\.\.)[A-Za-z0-9._][A-Za-z0-9._/-]{0,254}",
        form="a path inside the repository: letters, digits and . _ / -, without ..",
    ),
    Option(
        field="conda_env",
        spellings=("--conda-env",),
        help="a conda environment on the image",
        group=_PYTHON,
        access=Access.LIMITED,
        rule="form",
        pattern=r"[A-Za-z0-9._][A-Za-z0-9._-]{0,63}",
        form="an environment's name: letters, digits and . _ -",
    ),
)

OWN: Final = (
    Option(
        field="sha",
        spellings=("--sha",),
        kind=Kind.COMMIT,
        help="run only if this is the head commit; all 40 digits",
        group=_OWN,
        origin=Origin.OWN,
    ),
    Option(
        field="fresh",
        spellings=("--fresh",),
        kind=Kind.FLAG,
        help="run again even if an equal run has a result",
        group=_OWN,
        origin=Origin.OWN,
    ),
)
