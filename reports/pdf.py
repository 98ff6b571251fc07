"""Render a document as PDF/A-3a and PDF/UA-1, with the record attached; equal bodies have equal bytes.

The template is static and reads the document as JSON, so nothing that was submitted is ever markup.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import typst

from reports import fonts
from reports.code import qr
from reports.document import Document
from reports.edition import OWN_FONTS, edition
from reports.language import _, region, speaking
from reports.record import Audit
from reports.wording import day as spelt_day

TEMPLATES = Path(__file__).parent.parent / "templates" / "report"
STANDARDS: tuple[Literal["a-3a"], Literal["ua-1"]] = ("a-3a", "ua-1")

_LONG = re.compile(r"[^\s\u200b\u2e80-\u9fff\uf900-\ufaff\uff00-\uff65]{25,}")
"""Words that no line holds. Chinese has none: it turns the line after any character."""
_PIECE = re.compile(r"[^._/:-]{1,14}[._/:-]*|[._/:-]{1,14}")
"""Names break after what joins their parts, where that comes soon enough."""
_MISSING = re.compile(r"the text `\"(.+?)\"` could not be displayed")
_TRIES = 4


def render(document: Document, audit_json: bytes, own_fonts: Path | None = None) -> bytes:
    """Return *document* as PDF with the record attached, less its `run`, which may differ between equals.

    *own_fonts* is an operator's folder of fonts for characters that ours lack.
    """
    record = Audit.from_json(audit_json).without_run().to_json()

    def pictures(lacking: frozenset[str]) -> dict[str, Any]:
        """Draw with names as they will be spelt, so that what grows longer is cut to its place."""
        drawn = list(document.charts())
        if not drawn:
            return {}
        from reports import charts

        with speaking(document.language):
            told = ((chart, charts.draw(replace(chart, data=_spelt(chart.data, lacking)))) for chart in drawn)
            return {chart.id: [fonts.dressed(svg, document.language) for svg in svgs] for chart, svgs in told}

    tree = document.to_json()
    lacking: frozenset[str] = frozenset()
    for _try in range(_TRIES):
        try:
            return _compile(
                _spelt(tree, lacking), pictures(lacking), record, document, lacking, own_fonts=own_fonts
            )
        except typst.TypstError as problem:
            found = {char for text in _MISSING.findall(str(problem)) for char in text if not char.isascii()}
            if not found - lacking:
                raise
            lacking |= found
    every = frozenset(char for text in _texts(tree) for char in text if not char.isascii())
    return _compile(_spelt(tree, every), pictures(every), record, document, every, own_fonts=own_fonts)


def _compile(
    tree: dict[str, Any],
    pictures: dict[str, Any],
    record: bytes,
    document: Document,
    lacking: frozenset[str],
    *,
    own_fonts: Path | None,
) -> bytes:
    inputs = {
        "document": json.dumps(_breakable(tree)),
        "words": json.dumps(_words(document, own_fonts)),
        "pictures": json.dumps(pictures),
        "code": qr(document.entry) if document.entry else "",
        "ids": json.dumps(dict.fromkeys(document.ids(), True)),
        "record": record.decode(),
        "lacking": "yes" if lacking else "",
    }
    day = dt.datetime.fromisoformat(document.as_of).replace(tzinfo=dt.UTC)
    return typst.compile(
        TEMPLATES / "report.typ",
        root=TEMPLATES,
        format="pdf",
        sys_inputs=inputs,
        font_paths=fonts.fonts(own_fonts),
        ignore_system_fonts=True,
        pdf_standards=[*STANDARDS],
        timestamp=int(day.timestamp()),
    )


def _words(document: Document, own_fonts: Path | None) -> dict[str, Any]:
    """Return the words of the page itself, and how they are set."""
    tag, _dash, script = document.language.partition("-")
    with speaking(document.language):
        return {
            "edition": f"Auditor {edition()}{OWN_FONTS if own_fonts else ''}",
            "lang": tag,
            "region": region(document.language),
            "script": script.lower() or "auto",
            "fonts": fonts.families(document.language, own_fonts),
            "audit": _("Audit of {name}", name="").strip(),
            "contents": _("Contents"),
            "record": _("record"),
            "digest": _("Digest of the record"),
            "as_of": _("As of {day}", day=spelt_day(document.as_of)),
            "page": _("Page {number} of {all}"),
            "principle": _("Principle"),
            "verdict": _("Verdict"),
            "criteria": _("Criteria"),
            "comma": _(", "),
            "basis": _("Basis: {basis}"),
            "attachment": _("The record that this report tells, without the particulars of the run"),
            "entry": _("Entry in the log"),
            "code": _("QR code with the address of the entry in the log"),
            "lacking": _(
                "Characters that the fonts of this file lack are written as their Unicode number, such as "
                "‹U+4E2D›. The HTML report and the attached record show them as they are."
            ),
        }


def _breakable(tree: Any) -> Any:
    """Let long words break, so that no name and no digest leaves its column; the file has no such mark."""
    if isinstance(tree, str):
        return _LONG.sub(lambda word: "\u200b".join(_PIECE.findall(word[0])), tree)
    if isinstance(tree, list):
        return [_breakable(item) for item in tree]
    if isinstance(tree, dict):
        steering = {"id", "target", "kind", "block", "verdict", "alt"}
        return {key: item if key in steering else _breakable(item) for key, item in tree.items()}
    return tree


def _spelt(tree: Any, lacking: frozenset[str]) -> Any:
    """Write characters that the fonts lack as their code, visibly: none is left out."""
    if not lacking:
        return tree
    if isinstance(tree, str):
        tree = tree.replace("\u00a0", " ") if "\u00a0" in lacking else tree  # both are blanks to a reader
        return "".join(f"\u2039U+{ord(c):04X}\u203a" if c in lacking else c for c in tree)
    if isinstance(tree, list | tuple):
        return [_spelt(item, lacking) for item in tree]
    if isinstance(tree, dict):
        return {key: _spelt(item, lacking) for key, item in tree.items()}
    return tree


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list | dict):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(item)
