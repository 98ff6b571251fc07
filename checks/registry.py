"""The package is the registry: walk it, and every `@check` in it is found."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import MappingProxyType

import checks
from checks.model import Check


@cache
def all_checks() -> Mapping[str, Check]:
    """Return every check in the package, keyed by id, in id order."""
    names = sorted(m.name for m in walk_packages(checks.__path__, "checks.") if not m.ispkg)
    found = (v for n in names for v in vars(import_module(n)).values() if isinstance(v, Check))
    return MappingProxyType({c.id: c for c in found})


@dataclass(frozen=True, slots=True)
class Page:
    """A check's public page: its docstring, known without importing what it measures with."""

    id: str
    title: str
    doc: str
    asks_model: bool


@cache
def pages() -> Mapping[str, Page]:
    """Return the page of every check, keyed by id, in id order, read from source: imports nothing heavy."""
    root = Path(checks.__file__).parent
    found = (_page(path, root) for path in sorted(root.rglob("*.py")))
    return MappingProxyType({page.id: page for page in found if page is not None})


def _page(path: Path, root: Path) -> Page | None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if "check" in ast.unparse(decorator).partition("(")[0].split("."):
                doc = ast.get_docstring(tree) or ""
                return Page(
                    id=".".join(path.relative_to(root).with_suffix("").parts),
                    title=doc.partition("\n")[0],
                    doc=doc,
                    asks_model="asks_model=True" in ast.unparse(decorator),
                )
    return None
