"""Draw pictures as SVG: Altair describes, vl-convert draws. For workers only; nothing imports this early.

Columns are ours (c0, c1...): submitted names are values of data, never names of fields or expressions.
Nothing is laid out by the width of a text, so the drawing does not depend on the fonts of the host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from reports import curves, shapes
from reports.document import Chart
from reports.frame import COLOURS, RIGHT, ROW, WIDE, axis, columns, distinct, framed, held, names
from reports.language import _, current

_PLOT = 130
_PEOPLE = 52
"""What the number of people takes beside the number."""


def draw(chart: Chart) -> tuple[str, ...]:
    """Return the panels of *chart*, each an SVG that stands alone."""
    return _drawn(chart.id, chart.kind, json.dumps(chart.data), current())


@lru_cache(maxsize=256)
def _drawn(name: str, kind: str, data: str, _language: str) -> tuple[str, ...]:
    """Draw once for both the page and the paper, in the language that is being told.

    Not validated: the shapes are ours, only values are submitted. The tests validate every kind.
    """
    with debug_mode(False):
        return tuple(_svg(panel, f"{name}-{i}") for i, panel in enumerate(panels(kind, json.loads(data))))


def panels(kind: str, data: Mapping[str, Any]) -> list[alt.LayerChart]:
    """Return the panels of a picture of *kind*, as they are described to who draws."""
    return _KINDS[kind](data)


def _svg(panel: alt.LayerChart, prefix: str) -> str:
    spec = panel.to_json(indent=None, validate=False)
    svg: str = vl_convert.vegalite_to_svg(json.loads(spec), vl_version="6.1", allowed_base_urls=[])
    svg = re.sub(r'\b(id="|url\(#)', rf"\g<1>{prefix}-", svg)  # many pictures share one page
    return re.sub(
        r' (aria-[a-z]+|role|aria-roledescription)="[^"]*"', "", svg
    )  # the text beside it is better


def _rates(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    ends = [
        r[end] for p in data["panels"] for r in p["rows"] for end in ("value", "high") if r[end] is not None
    ]
    top = min(1.0, max([*ends, 0.05]) * 1.05)
    return [_dots(panel, top if top < 0.6 else 1.0) for panel in data["panels"]]


def _dots(panel: Mapping[str, Any], top: float) -> alt.LayerChart:
    """Draw one line a row: a point with its interval, the number and its n; dashed the reference."""
    values = columns(panel["rows"], ("value", "low", "high", "text", "compared", "people"))
    base = alt.Chart(held(values)).encode(y=names([v["c0"] for v in values]))
    x = alt.X("c1:Q", scale=alt.Scale(domain=[0, top], nice=False, clamp=True), axis=axis(), title=None)
    rules = base.mark_rule(strokeWidth=2, color=COLOURS["accent"], opacity=0.55).encode(
        x=alt.X("c2:Q", title=None), x2="c3:Q"
    )
    points = base.mark_point(
        size=56, filled=True, opacity=1, stroke=COLOURS["accent"], strokeWidth=1.6
    ).encode(
        x=x,
        fill=alt.Color(
            "c5:N",
            legend=None,
            scale=alt.Scale(domain=[True, False], range=[COLOURS["accent"], COLOURS["card"]]),
        ),
    )
    numbers = base.mark_text(align="right", color=COLOURS["ink"], fontSize=11.5, dx=RIGHT - 4).encode(
        x=alt.value(_PLOT), text="c4:N"
    )
    people = base.mark_text(align="right", color=COLOURS["soft"], fontSize=10.5, dx=RIGHT + _PEOPLE - 4)
    layers = [rules, points, numbers, people.encode(x=alt.value(_PLOT), text="c6:N")]
    if panel["reference"] is not None:
        reference = alt.Chart(held([{"c1": panel["reference"]}]))
        layers.insert(0, reference.mark_rule(color=COLOURS["soft"], strokeDash=[4, 4]).encode(x=x))
    height = len(values) * ROW
    return framed(alt.layer(*layers), str(panel["title"]), _PLOT, height, right=RIGHT + _PEOPLE)


def _bars(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    values = columns(data["rows"], ("value", "low", "high", "text"))
    ends = [v[c] for v in values for c in ("c1", "c2", "c3") if v[c] is not None]
    domain = [min(0.0, *ends), max(0.0, *ends) or 1.0]
    base = alt.Chart(held(values)).encode(y=names([v["c0"] for v in values]))
    x = alt.X("c1:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis(), title=None)
    bars = base.mark_bar(color=COLOURS["accent"], height=11, opacity=0.85).encode(x=x)
    rules = base.mark_rule(color=COLOURS["ink"], strokeWidth=1.2).encode(
        x=alt.X("c2:Q", title=None), x2="c3:Q"
    )
    numbers = base.mark_text(align="right", color=COLOURS["ink"], fontSize=11.5, dx=RIGHT + 10).encode(
        x=alt.value(WIDE), text="c4:N"
    )
    return [framed(alt.layer(bars, rules, numbers), "", WIDE, len(values) * ROW, right=RIGHT + 14)]


def _calibration(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    values = [{"c0": p["said"], "c1": p["seen"]} for p in data["points"]]
    unit = alt.Scale(domain=[0, 1], nice=False, clamp=True)
    x = alt.X("c0:Q", scale=unit, axis=axis(_("mean score in the bin")))
    y = alt.Y("c1:Q", scale=unit, axis=axis(_("share seen")))
    ends = [{"c0": 0, "c1": 0}, {"c0": 1, "c1": 1}]
    diagonal = (
        alt.Chart(held(ends))
        .mark_line(color=COLOURS["soft"], strokeDash=[4, 4], strokeWidth=1.2)
        .encode(x=x, y=y)
    )
    base = alt.Chart(held(values)).encode(x=x)
    line = base.mark_line(color=COLOURS["accent"], strokeWidth=1.5, opacity=0.7).encode(y=y)
    points = base.mark_point(color=COLOURS["accent"], filled=True, size=56, opacity=1).encode(y=y)
    return [framed(alt.layer(diagonal, line, points), "", 300, 300, left=52, bottom=44, right=16, top=12)]


_SHAPES = {"today": "square", "thresholds": "triangle-up", "stand-in": "cross", "one": "diamond"}
"""The shape of a rule on the frontier, so that colour is not needed."""


def _frontier(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    return [_frontier_panel(panel) for panel in data["panels"]]


def _frontier_panel(panel: Mapping[str, Any]) -> alt.LayerChart:
    values = [{"c0": p["ratio"], "c1": p["accuracy"], "c2": p["rule"]} for p in panel["points"]]
    ends = [v["c1"] for v in values]
    room = max(max(ends) - min(ends), 0.02) * 0.1
    least = min(0.9, max(0.0, min(v["c0"] for v in values) - 0.05))
    x = alt.X("c0:Q", scale=alt.Scale(domain=[least, 1], nice=False), axis=axis(_("impact ratio")))
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False, zero=False)
    y = alt.Y("c1:Q", scale=scale, axis=axis(_("accuracy")))
    curve = alt.Chart(held([v for v in values if v["c2"] == "curve"])).encode(x=x, y=y)
    rules = alt.Chart(held([v for v in values if v["c2"] != "curve"])).encode(x=x, y=y)
    shapes = alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values()))
    colours = alt.Scale(domain=list(_SHAPES), range=[COLOURS[c] for c in ("warm", "ink", "soft", "accent")])
    layers = [
        curve.mark_line(color=COLOURS["accent"], strokeWidth=1.4, opacity=0.7),
        curve.mark_point(color=COLOURS["accent"], filled=True, size=26, opacity=1),
        rules.mark_point(filled=True, size=86, opacity=1).encode(
            shape=alt.Shape("c2:N", scale=shapes, legend=None),
            color=alt.Color("c2:N", scale=colours, legend=None),
        ),
    ]
    return framed(alt.layer(*layers), str(panel["title"]), 220, 190, left=62, bottom=44, right=16)


def _swarm(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    labels = list(dict.fromkeys(p["label"] for p in data["points"]))
    called = dict(zip(labels, distinct(labels), strict=True))
    seen: dict[str, int] = dict.fromkeys(labels, 0)
    values = []
    for p in data["points"]:
        seen[p["label"]] += 1
        offset = (seen[p["label"]] * 7) % 13 - 6  # spread by position in the list: no chance in a picture
        values.append({"c0": called[p["label"]], "c1": p["value"], "c2": offset, "c3": p["level"]})
    base = alt.Chart(held(values))
    rows = [called[label] for label in labels]
    y = names(rows)
    colour: Any = alt.value(COLOURS["accent"])
    if any(v["c3"] is not None for v in values):
        scale = alt.Scale(range=[COLOURS["accent"], COLOURS["warm"]])
        colour = alt.Color("c3:Q", legend=None, scale=scale)
    points = base.mark_circle(size=9, opacity=0.6).encode(
        x=alt.X("c1:Q", axis=axis(), title=None),
        y=y,
        yOffset=alt.YOffset("c2:Q", scale=alt.Scale(domain=[-8, 8])),
        color=colour,
    )
    zero = alt.Chart(held([{"c1": 0}])).mark_rule(color=COLOURS["soft"]).encode(x="c1:Q")
    return [framed(alt.layer(zero, points), "", WIDE, len(rows) * ROW)]


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], list[alt.LayerChart]]] = {
    "rates": _rates,
    "bars": _bars,
    "calibration": _calibration,
    "frontier": _frontier,
    "swarm": _swarm,
    "dependence": shapes.dependence,
    "forest": curves.forest,
    "lines": curves.lines,
    "curve": curves.curve,
    "matrix": curves.matrix,
}
