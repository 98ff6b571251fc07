"""Documents beside the report: the technical annex, the page for everybody, and where the log has them."""

from __future__ import annotations

from dataclasses import replace

from reports.code import SHORT
from reports.compose import subtitle, title
from reports.compose.everybody import Reach, everybody
from reports.compose.technical import technical
from reports.compose.view import View
from reports.document import Document, finished
from reports.language import ENGLISH, _
from reports.record import Audit


def compose_annex(audit: Audit, language: str = ENGLISH) -> Document:
    """Return the technical annex of *audit*: all evidence, parameters, seed and versions."""
    view = View.of(audit)
    return finished(
        language,
        view,
        lambda: Document(
            title(view), subtitle(view), "", "", tuple(technical(view)), heading=_("Technical annex")
        ),
        part=True,
    )


def compose_transparency(public: Audit, reach: Reach | None = None, language: str = ENGLISH) -> Document:
    """Return the page for everybody of an audit; *public* is what `reports.publish.publish` left of it."""
    if "publication" not in public.body:
        raise ValueError("the page for everybody is told from the version for everybody alone")
    view = View.of(public)
    return finished(
        language,
        view,
        lambda: Document(
            title(view), subtitle(view), "", "", tuple(everybody(view, reach or Reach())),
            heading=_("For everybody"), brief=True,
        ),
    )  # fmt: skip


def with_entry(document: Document, public_url: str, digest: str = "") -> Document:
    """Return *document* with the address, at *public_url*, of the log's entry of the record *digest*."""
    if not public_url:
        return document
    short = (digest or document.digest)[:SHORT]
    return replace(document, entry=f"{public_url.rstrip('/')}/log/{short}")
