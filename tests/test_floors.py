"""The map of the package: imports only go down, core and edges never meet, core touches nothing outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mailgate

PACKAGE = Path(mailgate.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 260

# From the ground up. A file imports from its own floor's part and from lower floors only.
WORDS = (
    "errors",
    "model",
    "model_entry",
    "model_reading",
    "model_search",
    "model_dispatch",
    "model_website",
    "model_amss",
    "config_types",
    "config_servers",
    "config_answers",
    "config_duty",
    "config_decisions",
    "config_public",
    "config_website",
    "config_amss",
    "config",
    "config_file",
)
FLOORS = (
    WORDS,
    ("core", "edges"),
    ("cell",),
    ("pdf_cell",),
    ("samples",),
    ("office",),
    ("jobs",),
    ("worker",),
    ("web",),
    ("daemon",),
    ("demo",),
    ("cli", "__main__"),
)
HEIGHT = {part: n for n, parts in enumerate(FLOORS) for part in parts}
KNOWS_BOTH = {"cell", "pdf_cell", "office", "jobs", "worker", "web", "daemon", "demo", "cli", "__main__"}
OUTSIDE = frozenset(
    "os pathlib socket ssl sqlite3 sqlite_utils asyncio subprocess threading multiprocessing signal time random secrets "  # noqa: E501
    "io shutil tempfile glob fcntl logging http smtplib imaplib aioimaplib aiosmtplib jinja2 click select".split()
)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module a file imports, in full, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor they come from"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str:
    """The part of the package a module belongs to; "" for the package itself and for others."""
    names = module.split(".")
    return names[1] if names[0] == "mailgate" and len(names) > 1 and names[1] in HEIGHT else ""


def upward(part: str, source: str) -> list[str]:
    """Imports of a file of ``part`` that the map forbids."""
    found = []
    for module in imports(ast.parse(source)):
        target = part_of(module)
        if not target or target == part:
            continue
        neighbours = {part, target} == {"core", "edges"}
        words = part in WORDS and target in WORDS and WORDS.index(target) > WORDS.index(part)
        if HEIGHT[target] > HEIGHT[part] or neighbours or words:
            found.append(module)
    return found


def touched(source: str) -> list[str]:
    """What a pure file must not have: modules that reach outside, and calls that read the clock or a file."""
    tree = ast.parse(source)
    found = [m for m in imports(tree) if m.split(".")[0] in OUTSIDE or m.startswith("urllib.request")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in ("now", "utcnow", "today") or (
                isinstance(called, ast.Name) and name in ("open", "print", "input")
            ):
                found.append(f"{name}()")
    return found


def _part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def _shown(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


CODE = [path for path in FILES if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", CODE, ids=_shown)
def test_imports_only_go_down(path: Path) -> None:
    assert _part(path) in HEIGHT, f"{_shown(path)} is on no floor of the map"
    assert upward(_part(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=_shown)
def test_core_touches_nothing_outside(path: Path) -> None:
    assert touched(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", CODE, ids=_shown)
def test_only_the_floors_above_know_both_core_and_edges(path: Path) -> None:
    parts = {part_of(m) for m in imports(ast.parse(path.read_text("utf-8")))}
    if {"core", "edges"} <= parts:
        assert _part(path) in KNOWS_BOTH


@pytest.mark.parametrize("path", FILES, ids=_shown)
def test_no_file_grows_too_long_to_be_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


def test_the_package_itself_imports_nothing_of_its_floors() -> None:
    assert [m for m in imports(ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))) if part_of(m)] == []


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("core", "from mailgate.edges.store import Store"),
        ("core", "def f():\n    import mailgate.edges.archive"),
        ("edges", "from mailgate.core import thai"),
        ("edges", "from mailgate import office"),
        ("model", "from mailgate.config import Config"),
        ("config", "from mailgate import config_file"),
        ("office", "from mailgate.jobs.poll import poll"),
        ("jobs", "import mailgate.daemon"),
        ("daemon", "from mailgate.cli.main import cli"),
        ("demo", "from mailgate.cli import main"),
    ],
)
def test_a_forbidden_import_would_be_caught(part: str, source: str) -> None:
    assert upward(part, source) != []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from pathlib import Path",
        "import time",
        "def f():\n    import socket",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "x = open('file')",
    ],
)
def test_touching_the_outside_would_be_caught(source: str) -> None:
    assert touched(source) != []


@pytest.mark.parametrize(
    "source", ["from datetime import date, datetime, time", "from zoneinfo import ZoneInfo", "x = max(a.now, 1)"]
)
def test_words_that_only_look_like_it_are_allowed(source: str) -> None:
    assert touched(source) == []
