"""What a job can read besides its code: said before anybody agrees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_ci.policy.values import texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from beaker_ci.recipe import RecipeValue

_FILES = {
    "aws_config_secret": "~/.aws/config",
    "aws_credentials_secret": "~/.aws/credentials",
    "google_credentials_secret": "~/.google/credentials.json",
}


def readable(recipe: Mapping[str, RecipeValue], *, private: bool) -> tuple[str, ...]:
    """What the job's code can read, a few words each; of a secret its name alone.

    Args:
        recipe: The merged values of the job.
        private: Whether the job clones with a token, which its code can read then.
    """
    return tuple(_readable(recipe, private=private))


def _readable(recipe: Mapping[str, RecipeValue], *, private: bool) -> Iterator[str]:
    if private and recipe.get("gh_token_secret"):
        yield f"the clone token `{recipe['gh_token_secret']}`"
    for value in texts(recipe, "env_secrets"):
        variable, _, secret = value.partition("=")
        yield f"the secret `{secret or variable}` as `{variable}`"
    for value in texts(recipe, "dataset_secrets"):
        secret, _, path = value.rpartition(":")
        yield f"the secret `{secret}` at `{path}`"
    for field, path in _FILES.items():
        if recipe.get(field):
            yield f"the secret `{recipe[field]}` at `{path}`"
    for field, kind, access in (
        ("datasets", "dataset", ""),
        ("weka", "Weka bucket", ", writable"),
        ("mounts", "node's directory", ", writable"),
    ):
        for value in texts(recipe, field):
            name, _, path = value.rpartition(":")
            yield f"the {kind} `{name}` at `{path}`{access}"
