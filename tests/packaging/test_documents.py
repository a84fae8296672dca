"""What the documents promise exists: links, headings, make targets."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
IN_HTML = re.compile(r"""\b(?:href|src|srcset)\s*=\s*["']([^"'\s]+)""")
MAKE_TARGETS = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def documents() -> list[Path]:
    """All Markdown of the checkout, apart from environments and caches."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") or name == ".github"]
        found += [Path(folder, name) for name in names if name.endswith(".md")]
    return sorted(found)


def tokens(path: Path) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8")):
        yield token
        yield from token.children or []


def links(path: Path) -> Iterator[str]:
    for token in tokens(path):
        if token.type in {"link_open", "image"}:
            yield str(token.attrGet("href") or token.attrGet("src"))
        elif token.type in {"html_block", "html_inline"}:
            yield from IN_HTML.findall(token.content)


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    content = list(tokens(path))
    headings = [
        content[number + 1].content
        for number, token in enumerate(content)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def is_broken(path: Path, link: str) -> bool:
    if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
        return False
    name, _, anchor = unquote(link).partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert [link for link in links(path) if is_broken(path, link)] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    code = [t.content for t in tokens(path) if t.type in {"code_inline", "fence", "code_block"}]
    named = re.findall(r"^\s*(?:\$ )?make ([a-z]+)", "\n".join(code), re.MULTILINE)
    assert set(named) <= set(MAKE_TARGETS)


def test_make_alone_lists_the_targets() -> None:
    assert {"demo", "test", "check", "bench", "lock", "clean", "help"} <= set(MAKE_TARGETS)
    # As a person types it: `make test` marks what it starts as a part of itself.
    surroundings = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    answer = subprocess.run(
        ["make"], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in answer.stdout.splitlines()] == MAKE_TARGETS


def test_the_gate_runs_the_command_of_the_readme() -> None:
    gate = ROOT / ".ci/run"
    assert os.access(gate, os.X_OK)
    assert "for target in test check" in gate.read_text("utf-8")


PROOFS = re.compile(r"`((?:tests|benchmarks)/[\w/]+\.py)(?:::(\w+))?`")
SECURITY = ROOT / "docs/security.md"


@cache
def functions(path: str) -> frozenset[str]:
    """The names of the tests in a file; none where there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found = ast.walk(ast.parse(file.read_text("utf-8")))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_proof_that_is_named_exists(path: Path) -> None:
    named = PROOFS.findall(path.read_text("utf-8"))
    missing = [
        (file, test)
        for file, test in named
        if not (ROOT / file).is_file() or (test and test not in functions(file))
    ]
    assert missing == []


def test_every_defence_names_its_proof() -> None:
    section = SECURITY.read_text("utf-8").split("## Threats and defences")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    defences = [line for line in rows if not line.startswith("| threat |")]
    assert len(defences) > 30
    assert [line for line in defences if not PROOFS.search(line)] == []
