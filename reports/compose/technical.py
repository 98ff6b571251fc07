"""The technical annex: all evidence with its parameters, seeds and versions, for whoever makes it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reports.compose.annex import parts
from reports.compose.method import method
from reports.compose.view import View
from reports.document import Chart, Paragraph, Section
from reports.language import _


def technical(view: View) -> Iterator[Section]:
    """Yield the annex's parts: how it was made, then everything that was found."""
    yield Section(
        _("What this is"),
        "about",
        (
            Paragraph(
                _(
                    "Everything that the report of this audit rests on, for whoever checks it or makes it "
                    "again: files, columns, parameters, seed and versions, every requirement with its "
                    "criteria, and every number with its interval and its method. Pictures stand in the "
                    "report; each is drawn from numbers in these tables."
                )
            ),
        ),
    )
    yield method(view)
    yield from map(_without_pictures, parts(view))


def _without_pictures(section: Section) -> Section:
    return replace(
        section,
        blocks=tuple(block for block in section.blocks if not isinstance(block, Chart)),
        sections=tuple(map(_without_pictures, section.sections)),
    )
