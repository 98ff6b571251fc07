"""Draw pictures as SVG: Altair describes, vl-convert draws. For workers only; nothing imports this early.

Columns are ours (c0, c1...): submitted names are values of data, never names of fields or expressions.
Nothing is laid out by the width of a text, so the drawing does not depend on the fonts of the host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import vl_convert

from reports.document import Chart

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

_LABEL = 20
_LEFT, _RIGHT, _TOP, _BOTTOM = 126, 46, 30, 26
_PLOT, _ROW = 130, 22
_PEOPLE = 52
"""What the number of people takes beside the number."""
_WIDE = 420


def draw(chart: Chart) -> tuple[str, ...]:
    """Return the panels of *chart*, each an SVG that stands alone."""
    return _drawn(chart.id, chart.kind, json.dumps(chart.data))


@lru_cache(maxsize=256)
def _drawn(name: str, kind: str, data: str) -> tuple[str, ...]:
    """Draw once for both the page and the paper."""
    panels = _KINDS[kind](json.loads(data))
    return tuple(_svg(panel, f"{name}-{i}") for i, panel in enumerate(panels))


def _svg(panel: alt.LayerChart, prefix: str) -> str:
    spec = panel.to_json(indent=None)
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
    values = _columns(panel["rows"], ("value", "low", "high", "text", "compared", "people"))
    base = alt.Chart(alt.Data(values=values)).encode(y=_names([v["c0"] for v in values]))
    x = alt.X("c1:Q", scale=alt.Scale(domain=[0, top], nice=False, clamp=True), axis=_axis("~g"), title=None)
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
    numbers = base.mark_text(align="right", color=COLOURS["ink"], fontSize=11.5, dx=_RIGHT - 4).encode(
        x=alt.value(_PLOT), text="c4:N"
    )
    people = base.mark_text(align="right", color=COLOURS["soft"], fontSize=10.5, dx=_RIGHT + _PEOPLE - 4)
    layers = [rules, points, numbers, people.encode(x=alt.value(_PLOT), text="c6:N")]
    if panel["reference"] is not None:
        reference = alt.Chart(alt.Data(values=[{"c1": panel["reference"]}]))
        layers.insert(0, reference.mark_rule(color=COLOURS["soft"], strokeDash=[4, 4]).encode(x=x))
    height = len(values) * _ROW
    return _framed(alt.layer(*layers), str(panel["title"]), _PLOT, height, right=_RIGHT + _PEOPLE)


def _bars(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    values = _columns(data["rows"], ("value", "low", "high", "text"))
    ends = [v[c] for v in values for c in ("c1", "c2", "c3") if v[c] is not None]
    domain = [min(0.0, *ends), max(0.0, *ends) or 1.0]
    base = alt.Chart(alt.Data(values=values)).encode(y=_names([v["c0"] for v in values]))
    x = alt.X("c1:Q", scale=alt.Scale(domain=domain, nice=False), axis=_axis("~g"), title=None)
    bars = base.mark_bar(color=COLOURS["accent"], height=11, opacity=0.85).encode(x=x)
    rules = base.mark_rule(color=COLOURS["ink"], strokeWidth=1.2).encode(
        x=alt.X("c2:Q", title=None), x2="c3:Q"
    )
    numbers = base.mark_text(align="right", color=COLOURS["ink"], fontSize=11.5, dx=_RIGHT + 10).encode(
        x=alt.value(_WIDE), text="c4:N"
    )
    return [_framed(alt.layer(bars, rules, numbers), "", _WIDE, len(values) * _ROW, right=_RIGHT + 14)]


def _calibration(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    values = [{"c0": p["said"], "c1": p["seen"]} for p in data["points"]]
    unit = alt.Scale(domain=[0, 1], nice=False, clamp=True)
    x = alt.X("c0:Q", scale=unit, axis=_axis("~g", "mean score in the bin"))
    y = alt.Y("c1:Q", scale=unit, axis=_axis("~g", "share seen"))
    ends = [{"c0": 0, "c1": 0}, {"c0": 1, "c1": 1}]
    diagonal = (
        alt.Chart(alt.Data(values=ends))
        .mark_line(color=COLOURS["soft"], strokeDash=[4, 4], strokeWidth=1.2)
        .encode(x=x, y=y)
    )
    base = alt.Chart(alt.Data(values=values)).encode(x=x)
    line = base.mark_line(color=COLOURS["accent"], strokeWidth=1.5, opacity=0.7).encode(y=y)
    points = base.mark_point(color=COLOURS["accent"], filled=True, size=56, opacity=1).encode(y=y)
    return [_framed(alt.layer(diagonal, line, points), "", 300, 300, left=52, bottom=44, right=16, top=12)]


_SHAPES = {"today": "square", "thresholds": "triangle-up", "stand-in": "cross", "one": "diamond"}
"""The shape of a rule on the frontier, so that colour is not needed."""


def _frontier(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    return [_frontier_panel(panel) for panel in data["panels"]]


def _frontier_panel(panel: Mapping[str, Any]) -> alt.LayerChart:
    values = [{"c0": p["ratio"], "c1": p["accuracy"], "c2": p["rule"]} for p in panel["points"]]
    ends = [v["c1"] for v in values]
    room = max(max(ends) - min(ends), 0.02) * 0.1
    least = min(0.9, max(0.0, min(v["c0"] for v in values) - 0.05))
    x = alt.X("c0:Q", scale=alt.Scale(domain=[least, 1], nice=False), axis=_axis("~g", "impact ratio"))
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False, zero=False)
    y = alt.Y("c1:Q", scale=scale, axis=_axis("~g", "accuracy"))
    curve = alt.Chart(alt.Data(values=[v for v in values if v["c2"] == "curve"])).encode(x=x, y=y)
    rules = alt.Chart(alt.Data(values=[v for v in values if v["c2"] != "curve"])).encode(x=x, y=y)
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
    return _framed(alt.layer(*layers), str(panel["title"]), 220, 190, left=62, bottom=44, right=16)


def _swarm(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    labels = list(dict.fromkeys(p["label"] for p in data["points"]))
    names = dict(zip(labels, _distinct(labels), strict=True))
    seen: dict[str, int] = dict.fromkeys(labels, 0)
    values = []
    for p in data["points"]:
        seen[p["label"]] += 1
        offset = (seen[p["label"]] * 7) % 13 - 6  # spread by position in the list: no chance in a picture
        values.append({"c0": names[p["label"]], "c1": p["value"], "c2": offset, "c3": p["level"]})
    base = alt.Chart(alt.Data(values=values))
    rows = [names[label] for label in labels]
    y = _names(rows)
    colour: Any = alt.value(COLOURS["accent"])
    if any(v["c3"] is not None for v in values):
        scale = alt.Scale(range=[COLOURS["accent"], COLOURS["warm"]])
        colour = alt.Color("c3:Q", legend=None, scale=scale)
    points = base.mark_circle(size=9, opacity=0.6).encode(
        x=alt.X("c1:Q", axis=_axis("~g"), title=None),
        y=y,
        yOffset=alt.YOffset("c2:Q", scale=alt.Scale(domain=[-8, 8])),
        color=colour,
    )
    zero = alt.Chart(alt.Data(values=[{"c1": 0}])).mark_rule(color=COLOURS["soft"]).encode(x="c1:Q")
    return [_framed(alt.layer(zero, points), "", _WIDE, len(rows) * _ROW)]


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], list[alt.LayerChart]]] = {
    "rates": _rates,
    "bars": _bars,
    "calibration": _calibration,
    "frontier": _frontier,
    "swarm": _swarm,
}


def _columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    labels = _distinct([str(row["label"]) for row in rows])
    return [
        {"c0": label, **{f"c{i}": row[name] for i, name in enumerate(names, start=1)}}
        for label, row in zip(labels, rows, strict=True)
    ]


def _distinct(labels: Sequence[str]) -> list[str]:
    """Shorten labels to what fits, and keep them apart."""
    short = [
        t if len(t) <= _LABEL else f"{t[: _LABEL - 1]}…" for t in (label or "empty text" for label in labels)
    ]
    return [t if short.count(t) == 1 else f"{t[: _LABEL - 5]} ({i + 1})" for i, t in enumerate(short)]


def _names(labels: Sequence[str]) -> alt.Y:
    axis = alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=0, labelOverlap=False, title=None)
    return alt.Y("c0:N", sort=list(labels), axis=axis, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def _axis(form: str, title: str | None = None) -> alt.Axis:
    return alt.Axis(
        format=form,
        tickCount=4,
        grid=True,
        title=title,
        domain=False,
        ticks=False,
        labelOverlap=False,
        labelPadding=6,
    )


def _framed(
    chart: alt.LayerChart,
    title: str,
    width: int,
    height: int,
    *,
    left: int = _LEFT,
    right: int = _RIGHT,
    top: int = _TOP,
    bottom: int = _BOTTOM,
) -> alt.LayerChart:
    """Give *chart* its fixed place: no width of a text moves anything."""
    axis = {
        "labelColor": COLOURS["ink"], "titleColor": COLOURS["soft"], "gridColor": COLOURS["line"],
        "labelFontSize": 11.5, "titleFontSize": 11.5, "titleFontWeight": "normal",
    }  # fmt: skip
    heading = {"text": title, "anchor": "start", "frame": "group", "dx": 0, "offset": 10} if title else None
    return (
        chart.properties(
            width=width,
            height=height,
            autosize=alt.AutoSizeParams(type="none"),
            padding={"left": left, "right": right, "top": top if title else 10, "bottom": bottom},
            **({"title": alt.TitleParams(**heading)} if heading else {}),
        )
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_title(color=COLOURS["ink"], fontSize=13, fontWeight="bold")
    )
