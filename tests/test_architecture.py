"""The architecture is a test: imports point left, and the web process stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("checks", "frameworks", "reports", "auditor")
FILES = sorted(path.relative_to(ROOT) for package in ORDER for path in (ROOT / package).rglob("*.py"))
PAGES = ("/", "/frameworks", "/checks", "/api/v1/checks", "/api/v1/frameworks", "/api/openapi.json")
HEAVY = ("pandas", "scipy", "sklearn", "shap", "altair")


def imported_packages(path: Path) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_there_is_something_to_test():
    assert {path.parts[0] for path in FILES} == set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_left(path):
    allowed = set(ORDER[: ORDER.index(path.parts[0]) + 1])
    assert imported_packages(path) & set(ORDER) <= allowed


@pytest.mark.parametrize("path", [path for path in FILES if "migrations" not in path.parts], ids=str)
def test_files_stay_readable(path):
    """A file has at most about 400 lines and a function at most 50, docstrings aside."""
    source = (ROOT / path).read_text(encoding="utf-8")
    assert source.count("\n") <= 410, f"{path} is too long: split it"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert _length(node) <= 50, f"{path}:{node.lineno} {node.name} does not fit a screen"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    doc = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - doc


def test_the_web_process_imports_nothing_heavy(tmp_path):
    """Making the application and asking for pages loads none of the measuring libraries."""
    code = (
        "import sys\n"
        "from auditor.app import create_app\n"
        "client = create_app().test_client()\n"
        f"for path in {PAGES!r}:\n"
        "    assert client.get(path).status_code == 200, path\n"
        f"print(sorted(set({HEAVY!r}) & sys.modules.keys()))\n"
    )
    environment = {"PATH": "/usr/bin:/bin", "AUDITOR_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "[]"


def test_numbers_are_formatted_in_one_place():
    """No format specification for floats stands in reports outside wording.py (drawing and layout aside)."""
    allowed = {"reports/wording.py", "reports/charts.py"}
    for path in FILES:
        if path.parts[0] == "reports" and str(path) not in allowed:
            for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
                if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
                    spec = ast.unparse(node.format_spec)
                    assert not spec.rstrip("'\"").endswith(("f", "%", "g", "e")), f"{path}:{node.lineno}"
