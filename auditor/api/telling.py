"""How a document is answered: as a page that can load nothing and run one script, or as PDF."""

from __future__ import annotations

from flask import Response

from reports import html

REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    f"script-src {html.named(html.source('report.js'))}; sandbox allow-scripts"
)
"""A report is made of submitted words: it asks for nothing, has no origin, and runs what sorts its tables."""


def document(told: bytes, form: str, name: str) -> Response:
    """Return a document as an answer; *name* is what its file is called, without an ending."""
    if form == "html":
        return Response(told, mimetype="text/html", headers={"Content-Security-Policy": REPORT_POLICY})
    disposition = f'inline; filename="{name}.pdf"'
    return Response(told, mimetype="application/pdf", headers={"Content-Disposition": disposition})
