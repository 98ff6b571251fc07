"""What `docs/coverage.md` lists exists, and every check has been shown to speak and to stay silent."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from checks.registry import all_checks, pages

ROOT = Path(__file__).parent.parent
COVERAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = [line for line in COVERAGE.splitlines() if line.startswith("| ") and "`" in line]
TOKENS = sorted({token for line in ROWS for token in re.findall(r"`([^`]+)`", line)})


def exists(token: str) -> bool:
    """A token is a check id, a file (with `::name` for something defined in it), or a page of the service."""
    if token in all_checks():
        return True
    path, _, name = token.partition("::")
    if not (ROOT / path).exists():
        return False
    if not name:
        return True
    source = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".py"):
        nodes = ast.walk(ast.parse(source))
        return any(isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name for n in nodes)
    return name in source


def test_the_page_lists_something():
    assert len(ROWS) > 40


@pytest.mark.parametrize("token", TOKENS)
def test_what_is_listed_exists(token):
    assert exists(token), f"docs/coverage.md names `{token}`, which is not there"


@pytest.mark.parametrize("check_id", sorted(all_checks()))
def test_every_check_is_listed(check_id):
    assert f"`{check_id}`" in COVERAGE


@pytest.mark.parametrize("check_id", sorted(all_checks()))
def test_every_check_was_shown_to_speak_and_to_stay_silent(check_id):
    assert {(check_id, "speaks"), (check_id, "silent")} <= planted_truths()


def planted_truths() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for path in sorted((ROOT / "tests" / "checks").glob("test_*.py")):
        module = import_module(f"tests.checks.{path.stem}")
        for value in vars(module).values():
            found |= set(getattr(value, "planted", ()))
    return found


def test_pages_are_read_from_source_as_they_are():
    """The catalogue that the web process reads without importing is the registry that workers run."""
    assert {i: (p.title, p.asks_model) for i, p in pages().items()} == {
        i: (c.title, c.asks_model) for i, c in all_checks().items()
    }
