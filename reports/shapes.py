"""Draw what more of a feature does; `reports.charts` knows when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from reports.frame import COLOURS, axis, framed, held

_WIDE, _HIGH, _STRIP = 226, 124, 14


def dependence(data: Mapping[str, Any]) -> list[alt.LayerChart]:
    """Draw a panel a feature: mean and limits, where most answers lie, local effects, where people are."""
    return [_panel(panel, data["domain"]) for panel in data["panels"]]


def _panel(panel: Mapping[str, Any], domain: list[float]) -> alt.LayerChart:
    points = panel["points"]
    most = max(p["people"] for p in points) or 1
    names = ("at", "mean", "low", "high", "tenth", "ninetieth")
    values = [
        {
            **{f"c{i}": p[name] for i, name in enumerate(names)},
            "c6": _HIGH + 5 + _STRIP * (1 - p["people"] / most),
        }
        for p in points
    ]
    scale = alt.Scale(domain=[points[0]["at"], points[-1]["at"]], nice=False, clamp=True)
    x = alt.X("c0:Q", scale=scale, axis=axis(ticks=3), title=None)
    high = alt.Scale(domain=domain, nice=False, clamp=True, range=[_HIGH, 0])
    base = alt.Chart(held(values)).encode(x=x)

    def band(low: str, top: str, opacity: float) -> alt.Chart:
        area = base.mark_area(color=COLOURS["accent"], opacity=opacity)
        chart: alt.Chart = area.encode(y=alt.Y(f"{low}:Q", scale=high, title=None), y2=f"{top}:Q")
        return chart

    y = alt.Y("c1:Q", scale=high, axis=axis(ticks=3), title=None)
    people = base.mark_rule(color=COLOURS["soft"], strokeWidth=4, opacity=0.5).encode(
        y=alt.Y("c6:Q", scale=None, title=None), y2=alt.value(_HIGH + 5 + _STRIP)
    )
    layers: list[Any] = [
        band("c4", "c5", 0.13),
        band("c2", "c3", 0.4),
        base.mark_line(color=COLOURS["accent"], strokeWidth=2).encode(y=y),
        people,
    ]
    if panel["effects"]:
        near = alt.Chart(held([{"c0": p["at"], "c1": p["mean"]} for p in panel["effects"]]))
        layers.append(
            near.mark_line(color=COLOURS["warm"], strokeDash=[5, 3], strokeWidth=1.6).encode(x=x, y=y)
        )
    height = _HIGH + 5 + _STRIP
    return framed(alt.layer(*layers), str(panel["title"]), _WIDE, height, left=48, right=22)
