"""What every picture shares: colours, the place of the plot in its frame, axes, and names that fit.

Nothing is laid out by the width of a text, so a drawing does not depend on the fonts of the host. What a name
takes is estimated by its characters, and generously: it is cut before it leaves its place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from reports.language import _

FONT = "Libertinus Serif"
COLOURS: Mapping[str, str] = {
    "ink": "#12343b",
    "soft": "#52676b",
    "line": "#dfd9cd",
    "accent": "#17616a",
    "warm": "#b4561f",
    "card": "#ffffff",
}
"""Every colour of a picture, by the name that templates/report/report.css gives it."""

LABEL = 17
"""What a name may take before a row, in widths of a small letter: of a wide font of the screen, too."""
NUMBERS = ".9~g"
"""How axes spell numbers: as they are, without powers of ten where they are of a human size."""
LEFT, RIGHT, TOP, BOTTOM = 126, 46, 30, 26
ROW = 22
WIDE = 420
_HEAD = 46
"""What a title may take."""
_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%&—")


def taken(text: str) -> float:
    """Return what *text* takes, in widths of a small letter."""
    return sum(map(_width, text))


def _width(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 2.1
    if char in _NARROW:
        return 0.6
    if char in _BROAD:
        return 1.75
    return 1.3 if char.isupper() or not char.isascii() else 1.0


def fitted(text: str, room: float = LABEL) -> str:
    """Return *text* cut to *room*, with a sign that it was cut; in full it stands in the table."""
    if taken(text) <= room:
        return text
    kept = ""
    for char in text:
        if taken(f"{kept}{char}…") > room:
            break
        kept += char
    return f"{kept}…"


def distinct(labels: Sequence[str], room: float = LABEL) -> list[str]:
    """Shorten labels to what fits, and keep them apart."""
    whole = [label or _("empty text") for label in labels]
    short = [fitted(text, room) for text in whole]
    return [
        text if short.count(text) == 1 else f"{fitted(whole[i], room - 4)} ({i + 1})"
        for i, text in enumerate(short)
    ]


def columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows with columns of our own naming: c0 is the label, then *names* in their order."""
    labels = distinct([str(row["label"]) for row in rows])
    return [
        {"c0": label, **{f"c{i}": row.get(name) for i, name in enumerate(names, start=1)}}
        for label, row in zip(labels, rows, strict=True)
    ]


def names(labels: Sequence[str]) -> alt.Y:
    """Return rows named by *labels*, from top to bottom."""
    axis = alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=0, labelOverlap=False, title=None)
    return alt.Y("c0:N", sort=list(labels), axis=axis, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def axis(title: str | None = None, *, ticks: int = 4) -> alt.Axis:
    """Return an axis of numbers."""
    return alt.Axis(
        format=NUMBERS,
        tickCount=ticks,
        grid=True,
        title=title,
        domain=False,
        ticks=False,
        labelOverlap=False,
        labelPadding=6,
    )


def held(values: Sequence[Mapping[str, Any]]) -> alt.Data:
    """Return the rows of a picture, in a tuple: Altair copies lists, and all in them, with every step."""
    return alt.Data(values=tuple(values))


def framed(
    chart: alt.LayerChart,
    title: str,
    width: int,
    height: int,
    *,
    left: int = LEFT,
    right: int = RIGHT,
    top: int | None = None,
    bottom: int = BOTTOM,
) -> alt.LayerChart:
    """Give *chart* its fixed place: no width of a text moves anything."""
    look = {
        "labelColor": COLOURS["ink"], "titleColor": COLOURS["soft"], "gridColor": COLOURS["line"],
        "labelFontSize": 11.5, "titleFontSize": 11.5, "titleFontWeight": "normal",
    }  # fmt: skip
    text = fitted(title, _HEAD)
    above = TOP if title else 10
    heading = {"text": text, "anchor": "start", "frame": "group", "dx": 0, "offset": 10} if title else None
    return (
        chart.properties(
            width=width,
            height=height,
            autosize=alt.AutoSizeParams(type="none"),
            padding={
                "left": left,
                "right": right,
                "top": above if top is None else top,
                "bottom": bottom,
            },
            **({"title": alt.TitleParams(**heading)} if heading else {}),
        )
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(**look)
        .configure_title(color=COLOURS["ink"], fontSize=13, fontWeight="bold")
    )
