"""Which room may import what: the import table of the design, read off the source."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[2] / "beaker_ci"

# The frozen values that travel between the rooms. Anyone may import them.
VALUES = {
    "capacity",
    "commands.model",
    "digest.model",
    "events",
    "facts",
    "history",
    "metrics.model",
    "patience",
    "plan",
    "policy.model",
    "problem",
    "progress",
    "quantities",
    "queueing",
    "reasons",
    "recipe",
    "redaction",
    "report.views",
    "run",
    "triggers.cron",
    "triggers.model",
    "triggers.patterns",
}
CORE = {
    "commands",
    "config",
    "policy",
    "plan",
    "digest",
    "metrics",
    "triggers",
    "report",
    "github",
    "beaker",
}
# Each room, and the rooms that it may import besides itself and the values.
ROOMS: dict[str, set[str]] = {
    "capacity": set(),
    "events": set(),
    "facts": set(),
    "history": set(),
    "patience": set(),
    "problem": set(),
    "progress": set(),
    "quantities": set(),
    "queueing": set(),
    "reasons": set(),
    "recipe": set(),
    "redaction": set(),
    "run": set(),
    "commands": set(),
    "config": {"commands"},
    "policy": {"commands", "config"},
    "plan": {"policy", "config"},
    "digest": set(),
    "metrics": set(),
    "triggers": {"config"},
    "report": set(),
    "github": set(),
    "beaker": set(),
    "setup": {"config"},
    "bot": {*CORE, "setup"},
    "runner": {"report"},
    "handling": {"runner", "bot", "report"},
    "step": {"runner", "bot", "handling", "report"},
    "action": {"bot", "report", "runner", "step"},
    "server": {"bot"},
    "setup_commands": {
        "bot",
        "commands",
        "config",
        "digest",
        "policy",
        "report",
        "runner",
        "setup",
    },
    "cli": {"bot", "action", "config", "server", "sandbox", "setup_commands"},
    "__main__": {"action", "cli"},
    "sandbox": set(),
}
WITH_CLIENTS = {
    "github",
    "beaker",
    "bot",
    "action",
    "server",
    "setup_commands",
    "cli",
    "__main__",
    "sandbox",
}
CLIENTS = {
    "github": {"github"},
    "beaker": {"beaker", "sandbox"},
    "gantry": {"beaker", "sandbox"},
    "grpc": {"beaker", "sandbox"},
}
IO = {"http.client", "httpx", "requests", "socket", "subprocess", "urllib.request", "urllib3"}
# What costs tenths of a second to load: only where it is used.
HEAVY = {*CLIENTS, "cryptography", "graphql", "requests"}


class Import(NamedTuple):
    """One import statement: who imports what, and whether only inside a function."""

    where: str
    importer: str
    target: str
    lazy: bool

    @property
    def room(self) -> str:
        return self.importer.partition(".")[0]

    @property
    def own(self) -> str | None:
        """The target inside our package, without the package's name."""
        return self.target.removeprefix("beaker_ci.") if self.is_own else None

    @property
    def is_own(self) -> bool:
        return self.target.startswith("beaker_ci.")

    def reaches(self, module: str) -> bool:
        return self.target == module or self.target.startswith(f"{module}.")


@cache
def is_module(dotted: str) -> bool:
    path = PACKAGE.parent.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def targets(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            known = not node.module.startswith("beaker_ci") or is_module(inner)
            yield inner if known else node.module


def walk(node: ast.AST, *, lazy: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        yield child, lazy
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from walk(child, lazy=lazy or function)


@cache
def imports() -> list[Import]:
    """Every import of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        importer = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        place = path.relative_to(PACKAGE.parent)
        for node, lazy in walk(ast.parse(path.read_text("utf-8"))):
            where = f"{place}:{getattr(node, 'lineno', 0)}"
            found += [Import(where, importer, target, lazy) for target in targets(node)]
    return found


def described(found: list[Import]) -> list[str]:
    return sorted({f"{item.where} imports {item.target}" for item in found})


def test_every_module_belongs_to_a_room() -> None:
    modules = {path.stem for path in PACKAGE.iterdir() if (path.suffix == ".py") or path.is_dir()}
    assert modules - {"__init__", "__pycache__"} - ROOMS.keys() == set()


def test_rooms_import_only_what_the_design_allows() -> None:
    forbidden = [
        item
        for item in imports()
        if item.own
        and item.own not in VALUES
        and item.room not in {"__init__", "sandbox"}
        and item.own.partition(".")[0] not in ROOMS[item.room] | {item.room}
    ]
    assert described(forbidden) == []


@pytest.mark.parametrize("client", CLIENTS)
def test_only_its_room_imports_a_client(client: str) -> None:
    strangers = [
        item for item in imports() if item.reaches(client) and item.room not in CLIENTS[client]
    ]
    assert described(strangers) == []


def test_the_pure_core_does_no_input_or_output() -> None:
    impure = [
        item
        for item in imports()
        if item.room not in WITH_CLIENTS and any(map(item.reaches, IO | CLIENTS.keys()))
    ]
    assert described(impure) == []


def test_only_the_command_line_knows_the_sandbox_and_only_where_it_runs_it() -> None:
    early = [
        item
        for item in imports()
        if item.reaches("beaker_ci.sandbox")
        and item.room != "sandbox"
        and not (item.room == "cli" and item.lazy)
    ]
    assert described(early) == []


@pytest.mark.parametrize("module", ["beaker_ci.cli", "beaker_ci.action"])
def test_the_edges_load_no_heavy_library(module: str) -> None:
    program = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert HEAVY & set(json.loads(answer.stdout)) == set()
