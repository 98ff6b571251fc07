"""The register of hostile files names what exists: each case its layer and a test that tries it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "hostile-files.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| (\w+) \| `(tests/[\w/]+\.py)::(\w+)(?:\[(.+)\])?` \|$", PAGE, re.MULTILINE)
LAYERS = {
    "door", "check", "Landlock", "seccomp", "rlimits", "clock", "child", "frames", "answers", "escaping",
    "statement",
}  # fmt: skip
PROMISED = {
    "code on load": "test_a_pickle_is_refused_before_it_is_loaded",
    "code on predict": "run_program",
    "tcp": "tcp-", "udp": "udp-", "unix": "unix-", "io_uring": "io_uring",
    "secrets": "read secret", "other tenants": "list_tenants", "parent memory": "parent-memory",
    "environment": "parent-environment", "ptrace": "ptrace", "signals": "kill_parent", "fork": "fork-",
    "threads": "threads-", "memory": "memory-", "processor": "spin-", "sleep": "sleep-",
    "forged frames": "forged_frame", "prints": "prints", "out of range": "out-of-range", "cycles": "cycle",
    "feature index": "feature out of range", "zip bomb": "unpacks_to_much_more",
    "Parquet bomb": "parquet_bomb",
    "npz bomb": "an npz that", "xlsx bomb": "workbook_that_unpacks", "header": "200k-columns",
    "path traversal": "climbs out", "formula": "spreadsheet", "HTML": "in_the_page", "Typst": "typst",
    "private": "metadata", "link-local": "link-local", "mapped": "mapped", "rebinding": "pinned",
    "service answers": "answers_others",
}  # fmt: skip
"""What the suite must cover -> a part of a test's name or case that stands for it."""


@cache
def functions(file: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_register_has_more_than_sixty_cases_and_none_twice():
    assert len({(file, name, case) for _, _, file, name, case in ROWS}) == len(ROWS) >= 60
    assert len({case for case, *_ in ROWS}) >= len(ROWS) - 10, "cases of two sections may share words"


def test_every_line_of_a_table_is_a_case():
    lines = [
        line for line in PAGE.splitlines() if line.startswith("| ") and line != "| case | layer | test |"
    ]
    assert len(lines) == len(ROWS)


@pytest.mark.parametrize(("file", "name"), sorted({(file, name) for _, _, file, name, _ in ROWS}))
def test_the_test_of_a_case_exists(file, name):
    assert name in functions(file)


def test_every_layer_is_one_that_the_page_explains():
    assert {layer for _, layer, *_ in ROWS} == LAYERS
    assert set(re.findall(r"\*\*(\w+)\*\*", PAGE)) == LAYERS


@pytest.mark.parametrize("noun", PROMISED)
def test_every_kind_of_attack_has_its_case(noun):
    assert [name for _, _, _, name, case in ROWS if PROMISED[noun] in f"{name}[{case}]"]


def test_the_named_case_is_one_that_pytest_would_run(request):
    """A case that was renamed leaves its old name behind: only a collection shows it."""
    cases = {f"{file}::{name}[{case}]" for _, _, file, name, case in ROWS if case}
    missing = cases - {item.nodeid for item in request.session.items}
    if not missing:  # the whole suite runs, and has been collected already
        return
    files = sorted({case.partition("::")[0] for case in missing})
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", *files],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2_000:]
    assert missing - set(ran.stdout.splitlines()) == set()
