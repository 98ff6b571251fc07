"""QR codes: an address on paper that a telephone reads."""

from __future__ import annotations

import io

import segno

SHORT = 12
"""Digits of a digest that name an entry of the log on paper."""


def qr(text: str) -> str:
    """Return *text* as QR code: an SVG of black squares on white, with the quiet rim that readers need."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, svgns=True, nl=False
    )
    return out.getvalue().decode("ascii")
