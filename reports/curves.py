"""Draw rows with intervals, lines along a number, and matrices; `reports.charts` knows when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from reports.frame import COLOURS, ROW, axis, columns, distinct, framed, held, names

_PLOT, _BESIDE = 120, 108
"""The plot of a row, and what its number and the words beside it take."""
_LINE_PLOT, _LINE_HIGH, _LINE_NAMES = 176, 150, 134
_APART = 14
"""Names of lines stand at least so far from each other."""
_CURVE_PLOT, _CURVE_HIGH, _STRIP = 268, 120, 22
_CELL = 36
_SLANT = 62
"""What slanted names above a matrix take."""
_DARKEST = 0.42
"""The words in a cell stay readable on this much colour, on white and on black."""
_STYLES: Sequence[tuple[str, list[float]]] = (
    ("accent", [1, 0]), ("warm", [7, 3]), ("ink", [2, 2.5]), ("soft", [9, 3, 2, 3]),
)  # fmt: skip
"""Lines differ in dashes first, so that colour is not needed."""


def forest(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    """Draw one line a row: a point with its interval, its number and words beside it."""
    return [_forest_panel(panel) for panel in data["panels"]]


def _forest_panel(panel: Mapping[str, Any]) -> alt.LayerChart:
    wanted = ("value", "low", "high", "text", "side", "compared", "tick", "least", "most")
    values = columns(panel["rows"], wanted)
    base = alt.Chart(held(values)).encode(y=names([v["c0"] for v in values]))
    scale = alt.Scale(domain=list(panel["domain"]), nice=False, clamp=True)
    x = alt.X("c1:Q", scale=scale, axis=axis(ticks=2), title=None)
    thin = base.mark_rule(strokeWidth=2, color=COLOURS["accent"], opacity=0.55)
    thick = base.mark_rule(strokeWidth=7, color=COLOURS["warm"], opacity=0.5)
    tick = base.mark_tick(thickness=2.4, size=14, color=COLOURS["warm"], opacity=1)
    points = base.mark_point(size=50, filled=True, opacity=1, stroke=COLOURS["accent"], strokeWidth=1.6)
    fill = alt.Scale(domain=[True, False], range=[COLOURS["accent"], COLOURS["card"]])
    text = base.mark_text(align="right", color=COLOURS["ink"], fontSize=11.5)
    side = base.mark_text(align="right", color=COLOURS["soft"], fontSize=10.5)
    layers = [
        thin.encode(x=alt.X("c2:Q", title=None, scale=scale), x2="c3:Q"),
        thick.encode(x=alt.X("c8:Q", title=None, scale=scale), x2="c9:Q"),
        tick.encode(x=alt.X("c7:Q", title=None, scale=scale)),
        points.encode(x=x, fill=alt.Color("c6:N", legend=None, scale=fill)),
        text.encode(x=alt.value(_PLOT + 46), text="c4:N"),
        side.encode(x=alt.value(_PLOT + _BESIDE - 2), text="c5:N"),
    ]
    if panel["reference"] is not None:
        line = alt.Chart(held([{"c1": panel["reference"]}]))
        layers.insert(0, line.mark_rule(color=COLOURS["soft"], strokeDash=[4, 4]).encode(x=x))
    return framed(alt.layer(*layers), str(panel["title"]), _PLOT, len(values) * ROW, right=_BESIDE)


def lines(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    """Draw lines along a number, named at their end; a rule stands at the declared number."""
    return [_lines_panel(panel, data) for panel in data["panels"]]


def _lines_panel(panel: Mapping[str, Any], data: Mapping[str, Any]) -> alt.LayerChart:
    scale = alt.Scale(domain=list(data["domain"]), nice=False, clamp=True)
    x = alt.X("c0:Q", scale=scale, axis=axis(data["along"]))
    unit = alt.Scale(domain=[0, 1], nice=False, clamp=True)
    y = alt.Y("c1:Q", scale=unit, axis=axis(), title=None)
    layers: list[Any] = []
    if data["declared"] is not None:
        rule = alt.Chart(held([{"c0": data["declared"]}]))
        layers.append(rule.mark_rule(color=COLOURS["soft"], strokeWidth=1.4).encode(x=x))
    ends = [next((p["y"] for p in reversed(s["points"]) if p["y"] is not None), 0.0) for s in panel["lines"]]
    places = apart([_LINE_HIGH * (1 - end) for end in ends], _LINE_HIGH)
    called = distinct([s["name"] for s in panel["lines"]], 16)
    for position, (series, place, name) in enumerate(zip(panel["lines"], places, called, strict=True)):
        colour, dash = _STYLES[position % len(_STYLES)]
        values = [{"c0": p["x"], "c1": p["y"]} for p in series["points"]]
        line = alt.Chart(held(values)).encode(x=x, y=y)
        layers.append(line.mark_line(color=COLOURS[colour], strokeDash=dash, strokeWidth=1.8))
        here = alt.Chart(held([{"c2": name}])).encode(y=alt.value(place))
        sample = here.mark_rule(color=COLOURS[colour], strokeDash=dash, strokeWidth=1.8)
        layers.append(sample.encode(x=alt.value(_LINE_PLOT + 6), x2=alt.value(_LINE_PLOT + 26)))
        word = here.mark_text(align="left", baseline="middle", color=COLOURS["ink"], fontSize=10.5)
        layers.append(word.encode(x=alt.value(_LINE_PLOT + 31), text="c2:N"))
    return framed(
        alt.layer(*layers), str(panel["title"]), _LINE_PLOT, _LINE_HIGH, left=44, right=_LINE_NAMES, bottom=44
    )


def apart(places: Sequence[float], room: float) -> list[float]:
    """Move places as little as needed, so that names beside them do not lie upon each other."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    moved = list(places)
    for before, i in zip([None, *order], order, strict=False):
        moved[i] = max(moved[i], 0.0 if before is None else moved[before] + _APART)
    below = room
    for i in reversed(order):
        moved[i] = min(moved[i], below)
        below = moved[i] - _APART
    return moved


def curve(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    """Draw a line with its band along a number, cut points as dashes, and how many people it rests on."""
    return [_curve_panel(panel, data) for panel in data["panels"]]


def _curve_panel(panel: Mapping[str, Any], data: Mapping[str, Any]) -> alt.LayerChart:
    points = panel["points"]
    most = max(p["n"] for p in points) or 1
    values = [
        {"c0": p["at"], "c1": p["value"], "c2": p["low"], "c3": p["high"], "c4": _foot(p["n"] / most)}
        for p in points
    ]
    scale = alt.Scale(domain=[points[0]["at"], points[-1]["at"]], nice=False, clamp=True)
    x = alt.X("c0:Q", scale=scale, axis=axis(data["along"]))
    high = alt.Scale(domain=list(panel["domain"]), nice=False, clamp=True, range=[_CURVE_HIGH, 0])
    y = alt.Y("c1:Q", scale=high, axis=axis(ticks=2), title=None)
    base = alt.Chart(held(values)).encode(x=x)
    band = base.mark_area(color=COLOURS["accent"], opacity=0.22).encode(
        y=alt.Y("c2:Q", scale=high, title=None), y2="c3:Q"
    )
    strip = base.mark_rule(color=COLOURS["soft"], strokeWidth=5, opacity=0.5).encode(
        y=alt.Y("c4:Q", scale=None, title=None), y2=alt.value(_CURVE_HIGH + 6 + _STRIP)
    )
    layers: list[Any] = [band, base.mark_line(color=COLOURS["accent"], strokeWidth=2).encode(y=y), strip]
    cuts = [{"c0": cut} for cut in data["cuts"] if points[0]["at"] < cut < points[-1]["at"]]
    if cuts:
        rules = alt.Chart(held(cuts)).encode(x=x, y=alt.value(0), y2=alt.value(_CURVE_HIGH))
        layers.insert(0, rules.mark_rule(color=COLOURS["soft"], strokeDash=[2, 3], strokeWidth=1.2))
    if panel["reference"] is not None:
        line = alt.Chart(held([{"c1": panel["reference"]}]))
        layers.insert(0, line.mark_rule(color=COLOURS["soft"], strokeDash=[4, 4]).encode(y=y))
    height = _CURVE_HIGH + 6 + _STRIP
    return framed(alt.layer(*layers), str(panel["title"]), _CURVE_PLOT, height, left=52, right=34, bottom=44)


def _foot(share: float) -> float:
    return _CURVE_HIGH + 6 + _STRIP * (1 - share)


def matrix(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    """Draw a cell a row and column, darker where it is lower, then one line a row with its interval."""
    heads, rows = distinct(data["heads"], 13), distinct([row["label"] for row in data["rows"]])
    known = [c["value"] for r in data["rows"] for c in r["cells"] if c["value"] is not None and c["compared"]]
    low, high = min(known, default=0.0), max(known, default=1.0)
    cells = [
        {
            "c0": row,
            "c1": at * _CELL,
            "c2": (at + 1) * _CELL - 2,
            "c3": at * _CELL + _CELL / 2 - 1,
            "c4": cell["text"],
            "c5": _shade(cell, low, high),
        }
        for row, each in zip(rows, data["rows"], strict=True)
        for at, cell in enumerate(each["cells"])
    ]
    width, height = len(heads) * _CELL, len(rows) * ROW
    base = alt.Chart(held(cells)).encode(y=names(rows))
    plain = alt.Scale(domain=[0, width], range=[0, width], nice=False)
    shade = alt.Scale(domain=[0, 1], range=[0, 1])
    boxes = base.mark_bar(color=COLOURS["accent"], height=ROW - 2).encode(
        x=alt.X("c1:Q", scale=plain, axis=None),
        x2="c2:Q",
        opacity=alt.Opacity("c5:Q", scale=shade, legend=None),
    )
    ends = base.mark_text(color=COLOURS["ink"], fontSize=10.5).encode(
        x=alt.X("c3:Q", scale=plain, axis=None), text="c4:N"
    )
    slanted = [{"c3": at * _CELL + _CELL / 2, "c4": head} for at, head in enumerate(heads)]
    above = alt.Chart(held(slanted)).mark_text(
        angle=320, align="left", baseline="bottom", color=COLOURS["ink"], fontSize=11
    )
    titles = above.encode(x=alt.X("c3:Q", scale=plain, axis=None), y=alt.value(-3), text="c4:N")
    title = alt.Chart(held([{"c4": data["title"]}])).mark_text(
        align="left", color=COLOURS["ink"], fontSize=13, fontWeight="bold"
    )
    layers = [boxes, ends, titles, title.encode(x=alt.value(0), y=alt.value(-_SLANT - 12), text="c4:N")]
    drawn = framed(alt.layer(*layers), "", width, height, right=_SLANT, top=30 + _SLANT, bottom=10)
    return [drawn, *forest(data)]


def _shade(cell: Mapping[str, Any], low: float, high: float) -> float:
    """Return how dark a cell is; what is not compared stays white."""
    if cell["value"] is None or not cell["compared"]:
        return 0.0
    shade: float = round(0.05 + (_DARKEST - 0.05) * (high - cell["value"]) / ((high - low) or 1.0), 3)
    return shade
