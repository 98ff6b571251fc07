"""A convention nobody tests is a wish: settings, checks, options, routes and links are documented."""

from __future__ import annotations

import argparse
import dataclasses
import re
import runpy
from pathlib import Path

import pytest

from auditor.app import create_app
from auditor.cli import parser
from auditor.config import NESTED, Settings
from auditor.sandbox import Limits
from checks.registry import pages

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
SECTIONS = ("Why it matters", "How to read it", "Limits", "References")


def reference(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Settings) if f.name not in NESTED])
def test_every_setting_is_documented(field):
    assert f"AUDITOR_{field.upper()}" in reference("settings.md")


@pytest.mark.parametrize("field", dataclasses.fields(Limits), ids=lambda f: f.name)
def test_every_limit_is_documented_with_its_default(field):
    if field.name == "unsafe_formats":
        row = "| `AUDITOR_UNSAFE_FORMATS` | none |"
    else:
        row = f"| `AUDITOR_LIMIT_{field.name.upper()}` | `{int(field.default)}` |"
    assert row in reference("settings.md")


@pytest.mark.parametrize("page", pages().values(), ids=lambda p: p.id)
def test_every_check_explains_itself(page):
    assert page.title.endswith("?") or page.title.endswith("."), "the first line is the title"
    for section in SECTIONS:
        assert f"\n{section}\n" in page.doc, f"the docstring of {page.id} has no section {section!r}"


def test_the_page_of_checks_is_current():
    written = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))["text"]()
    assert reference("checks.md") == written, "run: python docs/make_reference.py"


def commands(root: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = [a for a in root._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(actions[0].choices)


def test_every_command_and_option_is_documented():
    page = reference("cli.md")
    for name, command in commands(parser()).items():
        assert f"`{name}" in page or f"auditor {name}" in page, name
        for action in command._actions:
            for option in action.option_strings:
                if option.startswith("--") and option != "--help":
                    assert option in page, f"{name} {option}"


def test_every_route_is_documented(tmp_path):
    page = reference("api.md")
    app = create_app(Settings(home=tmp_path))
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            assert path in page, path


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "/")):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_nothing_names_a_registry_or_a_workplace():
    """Texts of the project name no package index and no folder of one machine."""
    words = re.compile(r"pypi\.org|registry\.npmjs|pythonhosted|/root/|/home/")
    for path in [*PAGES, ROOT / "Makefile", ROOT / "setup.sh", *ROOT.glob("requirements*")]:
        assert not words.search(path.read_text(encoding="utf-8")), path
