"""Options that say what goes into a job and where its results go."""

from __future__ import annotations

from typing import Final

from beaker_ci.commands.options.model import Access, Kind, Option

_INPUTS: Final = "Inputs"
_OUTPUTS: Final = "Outputs"
_IMAGE: Final = r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}"
_IMAGE_FORM: Final = "letters, digits and . _ / : @ -, without .."
_EXPOSED: Final = "The whole job is code of the pull request and could print any secret it gets."
_BY_NAME: Final = "`--env-secret NAME=SECRET` gives a secret that the configuration allows. "
_PRESET: Final = "A maintainer can put it into a preset on the default branch."
_COMMIT: Final = "A run is always the pull request's head commit."
_PIN: Final = "Leave it out; `--sha` with all 40 digits pins the commit."

INPUTS: Final = (
    Option(
        field="beaker_image",
        spellings=("--beaker-image",),
        help="an image on Beaker",
        group=_INPUTS,
        access=Access.LIMITED,
        rule="image",
        pattern=_IMAGE,
        form=_IMAGE_FORM,
    ),
    Option(
        field="docker_image",
        spellings=("--docker-image",),
        help="a public Docker image",
        group=_INPUTS,
        access=Access.LIMITED,
        rule="image",
        pattern=_IMAGE,
        form=_IMAGE_FORM,
    ),
    Option(
        field="datasets",
        spellings=("--dataset",),
        kind=Kind.MOUNT,
        help="mounts a dataset: `name:/path` or `name:sub/path:/path`",
        group=_INPUTS,
        pattern=r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*(:[A-Za-z0-9._][A-Za-z0-9._/-]*)?:/[^:]*",
        form="a name and an absolute path, such as my-data:/data",
        repeatable=True,
        access=Access.LIMITED,
        rule="dataset",
    ),
    Option(
        field="mounts",
        spellings=("--mount", "-m"),
        kind=Kind.MOUNT,
        help="mounts a directory of the cluster's node",
        group=_INPUTS,
        pattern=r"/[A-Za-z0-9._@+/-]*:/[^:]*",
        form="a directory of the node and an absolute path, such as /scratch:/scratch",
        repeatable=True,
        access=Access.REFUSED,
        refusal="It would open the node's own files, other people's data among them, for writing.",
        instead=f"Use `--dataset` or `--weka`. {_PRESET}",
        policy_only=True,
    ),
    Option(
        field="weka",
        spellings=("--weka",),
        kind=Kind.MOUNT,
        help="mounts a Weka bucket: `bucket:/path`",
        group=_INPUTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="mount",
    ),
    Option(
        field="uploads",
        spellings=("--upload", "-u"),
        help="uploads files of the submitting machine",
        group=_INPUTS,
        repeatable=True,
        access=Access.REFUSED,
        refusal="It would copy files of the runner, its credentials among them, into the job.",
        instead="Commit the files, or mount them with `--dataset`.",
    ),
    Option(
        field="env_vars",
        spellings=("--env",),
        kind=Kind.VARIABLE,
        longest=4096,
        help="sets a variable; its value is public",
        group=_INPUTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="environment",
    ),
    Option(
        field="env_secrets",
        spellings=("--env-secret", "--secret-env"),
        kind=Kind.SECRET_VARIABLE,
        help="sets a variable from a Beaker secret",
        group=_INPUTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="secret",
    ),
    Option(
        field="dataset_secrets",
        spellings=("--dataset-secret",),
        kind=Kind.SECRET_FILE,
        help="mounts a Beaker secret as a file",
        group=_INPUTS,
        repeatable=True,
        access=Access.LIMITED,
        rule="secret",
    ),
    Option(
        field="ref",
        spellings=("--ref",),
        help="another commit",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_COMMIT,
        instead=_PIN,
        dropped=True,
    ),
    Option(
        field="branch",
        spellings=("--branch",),
        help="another branch",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_COMMIT,
        instead=_PIN,
        dropped=True,
    ),
    Option(
        field="remote",
        spellings=("--remote",),
        help="another repository",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal="Only this repository is run from its pull requests.",
        instead="Leave it out.",
        dropped=True,
    ),
    Option(
        field="git_repo",
        help="a prepared repository object",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_COMMIT,
        instead="Leave it out.",
    ),
    Option(
        field="gh_token_secret",
        spellings=("--gh-token-secret",),
        help="the secret that a private repository is cloned with",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_EXPOSED,
        instead="A maintainer sets `github_token_secret` in the configuration.",
    ),
    Option(
        field="aws_config_secret",
        spellings=("--aws-config-secret",),
        help="a secret that becomes `~/.aws/config`",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_EXPOSED,
        instead=_BY_NAME + _PRESET,
        policy_only=True,
    ),
    Option(
        field="aws_credentials_secret",
        spellings=("--aws-credentials-secret",),
        help="a secret that becomes `~/.aws/credentials`",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_EXPOSED,
        instead=_BY_NAME + _PRESET,
        policy_only=True,
    ),
    Option(
        field="google_credentials_secret",
        spellings=("--google-credentials-secret",),
        help="a secret that becomes `~/.google/credentials.json`",
        group=_INPUTS,
        access=Access.REFUSED,
        refusal=_EXPOSED,
        instead=_BY_NAME + _PRESET,
        policy_only=True,
    ),
)

OUTPUTS: Final = (
    Option(
        field="results",
        spellings=("--results",),
        kind=Kind.DIRECTORY,
        help="the directory kept as the result",
        group=_OUTPUTS,
        access=Access.LIMITED,
        rule="form",
    ),
)
