"""What pydantic found wrong, in words that a maintainer can act on."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from beaker_ci.commands.nearest import nearest
from beaker_ci.config.document import Document, Mistake, Path, plain_meaning
from beaker_ci.config.hints import hint, needed
from beaker_ci.config.preset import REFUSED_FIELDS, Preset
from beaker_ci.config.schema import Configuration
from beaker_ci.config.types import Section

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text (write numbers, `true` and `null` in quotes)",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "mapping_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_OTHER_WORDS = {
    "args": "command",
    "branches-ignore": "branches",
    "cmd": "command",
    "cron": "schedule",
    "dispatch": "workflow_dispatch",
    "env": "env_vars",
    "environment": "env_vars",
    "gpu": "gpus",
    "gpu_count": "gpus",
    "higher_better": "higher_is_better",
    "image": "beaker_image",
    "lower_is_better": "higher_is_better",
    "max_increase": "max_drop",
    "max_rise": "max_drop",
    "merge_queue": "merge_group",
    "nightly": "schedule",
    "paths-ignore": "paths",
    "pull_request_target": "pull_request",
    "secrets": "env_secrets",
    "tags": "branches",
    "tags-ignore": "branches",
    "timeout": "task_timeout",
    "tolerance": "max_drop",
    "user": "users",
}
_REMARKS = {
    "branches-ignore": "take branches back with `!` in `branches`, as in "
    '`branches: ["**", "!dev/**"]`',
    "lower_is_better": "write `higher_is_better: false` where a fall is the improvement",
    "max_increase": "write `max_drop`: how much worse it may become, up or down",
    "max_rise": "write `max_drop`: how much worse it may become, up or down",
    "paths-ignore": 'take files back with `!` in `paths`, as in `paths: ["**", "!docs/**"]`',
    "tags": "tags start nothing: name branches, as in `branches: [main]`",
    "tags-ignore": "tags start nothing, leave it out",
}
"""What to write instead of keys of which ours is not merely another name."""


def explain(error: ErrorDetails, document: Document) -> Mistake:
    """One of pydantic's findings as a mistake on its line."""
    return Mistake(line_of(error, document), _sentence(error, _path(error)))


def without_echoes(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that say that a key is missing where it is there, but misspelled."""
    meant = {
        (*path[:-1], _meant(str(path[-1]), keys_of(section_at(path[:-1]))))
        for path in (_path(one) for one in errors if one["type"] == "extra_forbidden")
    }
    return [one for one in errors if one["type"] != "missing" or _path(one) not in meant]


def line_of(error: ErrorDetails, document: Document) -> int:
    """The line of the file that one of pydantic's findings is about."""
    return document.line(_path(error))


def _path(error: ErrorDetails) -> Path:
    return tuple(part for part in error["loc"] if part != "[key]")


def _meant(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, if one is near."""
    known = tuple(known)
    other = _OTHER_WORDS.get(word.lower())
    return other if other in known else nearest(word, known)


def _sentence(error: ErrorDetails, path: Path) -> str:
    kind, where, value = error["type"], _written(path), error["input"]
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return f"`{path[-1]}` is missing in `{_written(path[:-1])}`{needed(path)}"
    if kind == "literal_error":
        return _wrong_word(where, value, path, str(context["expected"]))
    if kind == "value_error":
        said = f" ({_shown(value)})" if isinstance(value, str | int | float) else ""
        return f"`{where}`{said}: {context['error']}"
    if kind in _KINDS:
        scalar = isinstance(value, str | int | float | None)
        wanted = _KINDS[kind] if scalar or kind != "string_type" else "text"
        return f"`{where}` must be {wanted}, not {_shown(value)}{hint(path, value, kind)}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"`{where}` must be {words} {context[bound]:g}, not {_shown(value)}"
    return f"`{where}` is {_shown(value)}: {error['msg']}"


def _unknown_key(path: Path) -> str:
    key, parent = str(path[-1]), path[:-1]
    section = section_at(parent)
    within = _within(parent)
    if section is Preset and key in REFUSED_FIELDS:
        return f"`{key}` cannot be set {within}: {REFUSED_FIELDS[key]}"
    meant = _meant(key, keys_of(section))
    if meant:
        told = _REMARKS.get(key, f"did you mean `{meant}`?")
        return f"there is no key `{key}` {within}; {told}"
    elsewhere = [place for place, other in _sections() if key in keys_of(other)]
    if elsewhere:
        return f"there is no key `{key}` {within}; it belongs {' or '.join(elsewhere[:2])}"
    known = keys_of(section)
    there = f"there are {_listed(known)}" if len(known) < 20 else "`beaker-ci schema` lists them"
    return f"there is no key `{key}` {within}; {there}"


def _wrong_word(where: str, value: Any, path: Path, expected: str) -> str:
    if path == ("version",):
        return f"`version` is {_shown(value)}; this beaker-ci reads version 1: write `version: 1`"
    words = re.findall(r"'([^']*)'", expected)
    meant = _meant(value, words) if isinstance(value, str) else None
    hint = f"; did you mean `{meant}`?" if meant else ""
    return f"`{where}` must be {_listed(words, 'or')}, not {_shown(value)}{hint}"


def section_at(path: Path) -> type[Section] | None:
    """The section of the schema that stands at ``path``."""
    kind: Any = Configuration
    for part in path:
        section = _as_section(kind)
        if section is not None:
            kind = _annotations(section).get(str(part))
        else:
            arguments = typing.get_args(_plain(kind))
            kind = arguments[-1] if arguments else None
    return _as_section(kind)


def keys_of(section: type[Section] | None) -> tuple[str, ...]:
    """The keys of a section as they are written in the file."""
    return tuple(_annotations(section)) if section is not None else ()


def _annotations(section: type[Section]) -> Mapping[str, Any]:
    fields = section.model_fields.items()
    return {field.alias or name: field.annotation for name, field in fields}


def _sections(path: Path = ()) -> Iterable[tuple[str, type[Section]]]:
    """Every section with its place, the outer before the inner; presets as ``presets.NAME``."""
    section = section_at(path)
    if section is not None:
        yield _within(path), section
        for key in keys_of(section):
            yield from _sections((*path, key))
    elif path == ("presets",):
        yield from _sections((*path, "NAME"))


def _plain(kind: Any) -> Any:
    """The type without ``Annotated`` and ``| None``."""
    if typing.get_origin(kind) is typing.Annotated:
        return _plain(typing.get_args(kind)[0])
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        rest = [one for one in typing.get_args(kind) if one is not types.NoneType]
        return _plain(rest[0]) if len(rest) == 1 else kind
    return kind


def _as_section(kind: Any) -> type[Section] | None:
    kind = _plain(kind)
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _within(path: Path) -> str:
    return f"in `{_written(path)}`" if path else "at the top"


def _written(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "empty", True: "true", False: "false"}[value]
    text = str(value)
    if isinstance(value, str) and not isinstance(plain_meaning(value), str):
        text = f'"{value}"'
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"


def _listed(words: Iterable[str], last: str = "and") -> str:
    quoted = [f"`{word}`" for word in words]
    return f" {last} ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1]))) if quoted else ""
