"""What excludes each other in one job. gantry would find it too, but only while it submits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

Called = Callable[[str], str]
"""How a sentence calls a field of gantry's Recipe."""

_PYTHON: Final = (
    *("python_manager", "system_python", "uv_venv", "uv_extras", "uv_all_extras"),
    *("uv_torch_backend", "conda_file", "conda_env"),
)
_UV: Final = ("uv_venv", "uv_extras", "uv_all_extras", "uv_torch_backend")
_CONDA: Final = ("conda_file", "conda_env")
_PAIRS: Final = (
    ("beaker_image", "docker_image"),
    ("system_python", "uv_venv"),
    ("system_python", "conda_env"),
    ("uv_extras", "uv_all_extras"),
)
_MOUNTED: Final = ("datasets", "weka", "mounts", "dataset_secrets")
_GANTRYS: Final = ("results", "runtime_dir")
_PROJECT_FILES: Final = ("pyproject.toml", "setup.py", "setup.cfg")
_CONDA_FILES: Final = ("environment.yml", "environment.yaml")


def key(field: str) -> str:
    """A field as the configuration and gantry's Recipe call it: ``uv_extras``, as code."""
    return f"`{field}`"


def conflicts(
    values: Mapping[str, object],
    *,
    entries: Collection[str] | None = None,
    called: Called = key,
) -> Iterator[str]:
    """What contradicts itself in a whole job. Total: values of any type are taken.

    Args:
        values: gantry Recipe fields, merged from all that has a say.
        entries: Names at the root of the commit's tree; None where they are not known, which
            leaves out what rests on them.
        called: How to call a field.

    Yields:
        Clauses without a full stop, each naming the fields that do not go together.
    """
    yield from exclusions(values, called=called)
    if _is_set(values, "torchrun") and not values.get("gpus"):
        yield f"{called('torchrun')} needs {called('gpus')}, at least 1"
    if entries is not None and not _is_set(values, "no_python"):
        yield from _against_the_tree(values, entries, called)


def exclusions(values: Mapping[str, object], *, called: Called = key) -> Iterator[str]:
    """What contradicts itself already in a part of a job: no other value could mend it.

    Args:
        values: gantry Recipe fields.
        called: How to call a field.

    Yields:
        As :func:`conflicts`.
    """
    for one, other in _PAIRS:
        if _is_set(values, one) and _is_set(values, other):
            yield f"{called(one)} and {called(other)} exclude each other"
    if _is_set(values, "no_python"):
        others = [called(name) for name in _PYTHON if _is_set(values, name)]
        if others:
            yield f"{called('no_python')} excludes {_listed(others)}"
    else:
        yield from _managers(values, called)
    yield from _variables(values, called)
    yield from _places(values, called)


def _managers(values: Mapping[str, object], called: Called) -> Iterator[str]:
    uv = [called(name) for name in _UV if _is_set(values, name)]
    conda = [called(name) for name in _CONDA if _is_set(values, name)]
    manager = values.get("python_manager")
    if manager == "uv" and conda:
        yield f"{_listed(conda)} and the {called('python_manager')} uv exclude each other"
    elif manager == "conda" and uv:
        yield f"{_listed(uv)} and the {called('python_manager')} conda exclude each other"
    elif manager is None and uv and conda:
        yield f"{_listed(uv)} and {_listed(conda)} exclude each other: they are uv's and conda's"


def _variables(values: Mapping[str, object], called: Called) -> Iterator[str]:
    names = {
        field: Counter(text.partition("=")[0] for text in _texts(values, field))
        for field in ("env_vars", "env_secrets")
    }
    for field, counted in names.items():
        for name in (name for name, times in counted.items() if times > 1):
            yield f"the variable `{name}` is set twice by {called(field)}"
    for name in (name for name in names["env_vars"] if name in names["env_secrets"]):
        fields = f"{called('env_vars')} and {called('env_secrets')}"
        yield f"the variable `{name}` is set by both {fields}"


def _places(values: Mapping[str, object], called: Called) -> Iterator[str]:
    """Each place in the job is given once, and none lies in what gantry makes itself."""
    seen: dict[str, str] = {}
    for field in _MOUNTED:
        for text in _texts(values, field):
            place = text.rpartition(":")[2]
            if place in seen:
                by = dict.fromkeys((called(seen[place]), called(field)))
                yield f"`{place}` is given twice, by {_listed(by)}"
            seen.setdefault(place, field)
    for field in _GANTRYS:
        for own in _texts(values, field):
            for place, other in seen.items():
                if _overlap(own, place):
                    yield f"{called(field)} `{own}` and {called(other)} at `{place}` overlap"
            seen.setdefault(own, field)


def _against_the_tree(
    values: Mapping[str, object], entries: Collection[str], called: Called
) -> Iterator[str]:
    manager = values.get("python_manager")
    conda = any(_is_set(values, name) for name in _CONDA)
    files = [name for name in _CONDA_FILES if name in entries]
    uv = [called(name) for name in _UV if _is_set(values, name)]
    if manager is None and not conda and files and uv:
        yield (
            f"{_listed(uv)} and the repository's {files[0]} exclude each other unless "
            f"{called('python_manager')} says uv"
        )
    elif manager != "conda" and not conda and not {*_PROJECT_FILES} & {*entries}:
        for name in ("uv_extras", "uv_all_extras"):
            if values.get(name):
                yield f"{called(name)} needs one of {_listed(_PROJECT_FILES)}; the commit has none"


def _is_set(values: Mapping[str, object], field: str) -> bool:
    """Whether a value asks for anything; that no extras are wanted is a wish of its own."""
    value = values.get(field)
    if field == "uv_all_extras":
        return value is not None
    return value not in (None, False, "", ())


def _texts(values: Mapping[str, object], field: str) -> tuple[str, ...]:
    value = values.get(field)
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value),)


def _overlap(one: str, other: str) -> bool:
    first, second = PurePosixPath(one), PurePosixPath(other)
    return first.is_relative_to(second) or second.is_relative_to(first)


def _listed(words: Collection[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
