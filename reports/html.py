"""Render a document as one HTML file that needs nothing else: no request, no font.

Its one script sorts tables; without it the page is complete, and another one would not run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from frameworks.model import Verdict
from reports.code import qr
from reports.document import Cell, Chart, Document
from reports.edition import edition
from reports.language import ENGLISH, _, speaking
from reports.wording import day, leading

TEMPLATES = Path(__file__).parent.parent / "templates" / "report"
_SHORT = {"number": " class=n", "code": " class=c", "prose": " class=p"}
"""Kinds of columns as cells name them: there are thousands."""
_WORST_FIRST = [str(verdict) for verdict in reversed(Verdict)]
_READ_RIGHT = re.compile(r"\d+(\.\d+)?(?![\d.,])")
"""What a browser reads as the number that it is."""


def source(name: str) -> str:
    """Return the style or the script of every report."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def named(text: str) -> str:
    """Return how a policy names a style or a script: by its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def render(document: Document) -> str:
    """Return *document* as HTML."""

    def panels(chart: Chart) -> list[Markup]:
        from reports import charts, frame  # a document without pictures needs neither

        names = {colour: f"var(--{name})" for name, colour in frame.COLOURS.items()}
        return [Markup(_dressed(svg, names)) for svg in charts.draw(chart)]  # noqa: S704 - drawn by us, names escaped

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["cell"] = _cell
    environment.filters["told"] = _marker(document.foreign)
    environment.globals["_"] = _
    style, script = source("report.css"), source("report.js")
    with speaking(document.language):
        return environment.get_template("report.html").render(
            document=document,
            day=day(document.as_of),
            edition=edition(),
            code=Markup(qr(document.entry)) if document.entry else "",  # noqa: S704 - squares alone
            short=document.entry.rpartition("/")[2],
            panels=panels,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=_policy(style, script),
        )


def _marker(foreign: Sequence[str]) -> Callable[[str], Markup]:
    """Return what escapes a text and marks the English in it, so that a voice reads it as English."""
    if not foreign:
        return escape
    either_case = (f"[{re.escape(t[0].upper() + t[0].lower())}]{re.escape(t[1:])}" for t in foreign if t)
    english = re.compile(f"({'|'.join(sorted(either_case, key=len, reverse=True))})")

    def marked(text: str) -> Markup:
        parts = english.split(str(text))
        span = Markup('<span lang="{}">{}</span>')
        return Markup("").join(
            span.format(ENGLISH, part) if at % 2 else escape(part) for at, part in enumerate(parts)
        )

    return marked


def _dressed(svg: str, names: dict[str, str]) -> str:
    """Let the page choose font and colours, for dark rooms too."""
    svg = re.sub(r' font-family="[^"]*"', "", svg)
    for colour, name in names.items():
        svg = svg.replace(f'"{colour}"', f'"{name}"')
    return svg


def _cell(kind: str, cell: Cell | None = None) -> Markup:
    """Return the attributes of a cell: its kind, and what it sorts by where its text would mislead."""
    value: float | None = None
    if cell is not None and kind == "number" and not _READ_RIGHT.match(cell.text):
        value = leading(cell.text)
    elif cell is not None and cell.verdict in _WORST_FIRST:
        value = _WORST_FIRST.index(cell.verdict)
    sorts = "" if value is None else f" data-value={value}"
    return Markup(_SHORT.get(kind, "") + sorts)  # noqa: S704 - a number


def _policy(style: str, script: str) -> str:
    """Return a policy that lets the page load nothing and run one script, which goes by its hash."""
    return (
        f"default-src 'none'; style-src {named(style)}; script-src {named(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
