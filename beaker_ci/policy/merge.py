"""Preset and command → the values of the job."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from beaker_ci.commands.model import Command
from beaker_ci.commands.nearest import nearest
from beaker_ci.commands.values import identity
from beaker_ci.policy.options import LABEL, RECIPE_FIELDS, SETTABLE
from beaker_ci.policy.paste import as_own_command, with_preset
from beaker_ci.policy.values import duration
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from beaker_ci.commands.model import OptionValue
    from beaker_ci.config.preset import Preset
    from beaker_ci.config.schema import Configuration
    from beaker_ci.quantities import Duration
    from beaker_ci.recipe import Recipe, RecipeValue

RESULTS = "/results"
"""Where the job writes results. gantry would take it from the environment of who submits."""

RUNTIME_DIR = "/gantry-runtime"
"""Where the job clones to. gantry would take it from the environment of who submits."""

PYTHON_VERSION = "3.12"
"""Python of a new environment where nothing else is said. gantry would take that of who submits:
an update of the bot would then change every job. 3.12 is what today's GPU packages all have wheels
for; projects that need another one say so in a preset."""

WATCHED = ("start_timeout", "inactive_timeout", "inactive_soft_timeout")
"""Times for which gantry itself would have to follow the job."""

_SHELL = ("bash", "-euo", "pipefail", "-c")
_EITHER = {"beaker_image": "docker_image", "docker_image": "beaker_image"}
_CHANGES_NOTHING = frozenset({"sha", "fresh", LABEL})


def merge_recipe(command: Command, configuration: Configuration) -> Recipe:
    """The values of the job: defaults, over them the preset's, over them the command's.

    A single value replaces, a repeatable one adds (replacing what has its variable or its place in
    the job); what stands after ``--`` and a script replace the command.

    Args:
        command: A ``run`` or ``plan``.
        configuration: Presets and defaults.

    Returns:
        gantry Recipe fields, without those that are made at submission (name, commit, repository).

    Raises:
        Problem: ``usage.unknown-preset``, ``usage.missing-command``.
    """
    preset = _preset(command, configuration)
    values: dict[str, RecipeValue] = dict(_defaults(configuration))
    values.update(preset.recipe() if preset is not None else {})
    chosen = {name: value for name, value in command.options.items() if name in RECIPE_FIELDS}
    for name, value in chosen.items():
        values[name] = _added(name, values.get(name), value)
        other = _EITHER.get(name)
        if other is not None and other not in chosen:
            values.pop(other, None)
    if command.argv is not None:
        values["args"] = command.argv
    elif command.script is not None:
        values["args"] = (*_SHELL, command.script)
    if not values.get("args"):
        raise _missing_command(command, configuration)
    return MappingProxyType(values)


def watched_times(command: Command, configuration: Configuration) -> Mapping[str, Duration]:
    """The times that nobody but beaker-ci watches: the command's, else the preset's.

    Returns:
        Fields of :data:`WATCHED` that are set.

    Raises:
        Problem: ``usage.unknown-preset``.
    """
    preset = _preset(command, configuration)
    found = {
        name: duration(command.options, name) or getattr(preset, name, None) for name in WATCHED
    }
    return {name: time for name, time in found.items() if time is not None}


def is_modified(command: Command, configuration: Configuration) -> bool:
    """Whether a preset would run with anything changed; False where no preset is named.

    An option that repeats the preset's own value changes nothing; ``--sha``, ``--fresh`` and
    ``--name`` say which commit, whether, and under which label, not what runs.

    Raises:
        Problem: As :func:`merge_recipe`.
    """
    preset = _preset(command, configuration)
    if preset is None:
        return False
    if preset.command is None:
        return True
    bare = Command(command.name, command.place, command.source, preset=command.preset)
    if merge_recipe(command, configuration) != merge_recipe(bare, configuration):
        return True
    others = command.options.keys() - RECIPE_FIELDS - _CHANGES_NOTHING
    return any(str(getattr(preset, name, None)) != command.options[name] for name in others)


def _defaults(configuration: Configuration) -> Iterator[tuple[str, RecipeValue]]:
    yield "results", RESULTS
    yield "runtime_dir", RUNTIME_DIR
    yield "default_python_version", PYTHON_VERSION
    yield "task_timeout", configuration.limits.timeout.text
    yield "priority", configuration.priority.default
    for name, value in (
        ("workspace", configuration.workspace),
        ("budget", configuration.budget),
        ("gh_token_secret", configuration.github_token_secret),
    ):
        if value is not None:
            yield name, value


def _added(name: str, old: RecipeValue, new: OptionValue) -> RecipeValue:
    """The new value; of a repeatable option both, the new one where they name the same thing."""
    if not isinstance(new, tuple):
        return new
    both = (*(old if isinstance(old, tuple) else ()), *new)
    return tuple({identity(SETTABLE[name], value): value for value in both}.values())


def _preset(command: Command, configuration: Configuration) -> Preset | None:
    if command.preset is None:
        return None
    presets = configuration.presets
    if command.preset in presets:
        return presets[command.preset]
    meant = nearest(command.preset, presets)
    what = f"There is no preset `{command.preset}`."
    why = (
        f"Presets here: {', '.join(sorted(presets))}."
        if presets
        else "The configuration on the default branch has no presets."
    )
    if meant:
        line, next_step = with_preset(command, meant), "Did you mean this?"
    elif configuration.allow.commands == "any":
        line, next_step = as_own_command(command), "To run it as a command, write `--` before:"
    else:
        line, next_step = "", "Run one of the presets."
    raise Problem(Reason.USAGE_UNKNOWN_PRESET, what, why=why, next_step=next_step, paste=line)


def _missing_command(command: Command, configuration: Configuration) -> Problem:
    ready = sorted(name for name, one in configuration.presets.items() if one.command)
    about = f" The preset `{command.preset}` brings none." if command.preset else ""
    return Problem(
        Reason.USAGE_MISSING_COMMAND,
        f"There is nothing to run.{about}",
        why="Presets with a command: " + ", ".join(ready) + "." if ready else "",
        next_step="Write the command after `--`, or as a fenced block right under the line:",
        paste=" ".join(
            filter(None, ("/beaker", command.name, command.preset, "-- python train.py"))
        ),
    )
