"""Text of a file → configuration, or a problem that names every mistake."""

from __future__ import annotations

import tomllib
from typing import Any

from pydantic import ValidationError

from beaker_ci.config.document import Document, Mistake, read_document
from beaker_ci.config.mistakes import explain
from beaker_ci.config.schema import Configuration
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

_MOST_MISTAKES = 25


def parse_configuration(text: str, path: str) -> Configuration:
    """Reads the configuration file.

    Args:
        text: The file's content.
        path: What to call the file in messages.

    Raises:
        Problem: ``config.invalid``; its ``why`` has one line ``path:line: mistake`` for each
            mistake, in the order of the file.
    """
    document = read_document(text)
    configuration, found = _validated(document)
    mistakes = sorted({*document.mistakes, *found})
    if configuration is None or mistakes:
        raise _invalid(path, mistakes)
    return configuration


def configuration_from_pyproject(text: str) -> Configuration:
    """The configuration of a repository without a file of its own.

    Args:
        text: The content of its ``pyproject.toml``; may be empty.

    Returns:
        Workspace and budget of ``[tool.gantry]`` where it has them; all else is the default.

    Raises:
        Problem: ``config.invalid`` when the text is no TOML or a value there is none of ours.
    """
    try:
        settings = tomllib.loads(text).get("tool", {}).get("gantry", {})
        chosen = {key: settings[key] for key in ("workspace", "budget") if key in settings}
    except tomllib.TOMLDecodeError as error:
        raise _invalid_pyproject(f"not TOML: {error}") from None
    except RecursionError:
        raise _invalid_pyproject("nested too deeply") from None
    except (AttributeError, TypeError):
        raise _invalid_pyproject("`[tool.gantry]` is not a table") from None
    document = Document(value={"version": 1, **chosen})
    configuration, mistakes = _validated(document)
    if configuration is None:
        raise _invalid_pyproject("; ".join(f"[tool.gantry] {one.text}" for one in mistakes))
    return configuration


def _validated(document: Document) -> tuple[Configuration | None, list[Mistake]]:
    value: Any = document.value
    if value is None:
        empty = [Mistake(1, "the file is empty; write at least `version: 1`")]
        return None, [] if document.mistakes else empty
    if not isinstance(value, dict):
        return None, [Mistake(1, "the file must be a mapping of keys, beginning with `version: 1`")]
    unversioned = [Mistake(1, "`version` is missing; write `version: 1` at the top")]
    mistakes = [] if "version" in value else unversioned
    try:
        return Configuration.model_validate(value), mistakes
    except ValidationError as error:
        found = [explain(one, document) for one in error.errors(include_url=False)]
        return None, mistakes + found


def _invalid(path: str, mistakes: list[Mistake]) -> Problem:
    lines = [f"{path}:{one.line}: {one.text}" for one in mistakes[:_MOST_MISTAKES]]
    if len(mistakes) > _MOST_MISTAKES:
        lines.append(f"… and {len(mistakes) - _MOST_MISTAKES} more")
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return Problem(
        Reason.CONFIG_INVALID,
        f"`{path}` has {count}.",
        why="\n".join(lines),
        next_step="Mend the file on the default branch, then ask again; "
        "`beaker-ci validate` checks it beforehand.",
    )


def _invalid_pyproject(why: str) -> Problem:
    return Problem(
        Reason.CONFIG_INVALID,
        "`pyproject.toml` on the default branch cannot be read for its `[tool.gantry]` table.",
        why=why,
        next_step="Mend it, or add a `.github/beaker-ci.yml`, then ask again.",
    )
