"""Pictures of one attribute beside its rates: errors of numbers, several classes, curves along a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.model import Measure, Table
from checks.names import crossed
from reports import wording
from reports.compose import rows
from reports.compose.view import View
from reports.document import Block, Chart
from reports.language import _

_ERRORS = (("mean_error", 0.0), ("mean_absolute_error", None))
_KNOWN = "true_positive_rate"
_HEADS = 12
_CURVES = 4
_AT_LEAST = 2
"""A curve of fewer points has no line."""


def portraits(view: View, attribute: str) -> Iterator[Block]:
    """Yield what the task adds to the rates of *attribute*."""
    yield from _errors(view, attribute)
    yield from _classes(view, attribute)
    yield from _curves(view, attribute)


def _of(view: View, check: str, name: str, attribute: str, *keys: str) -> list[Measure]:
    evidence = view.default(check)
    return [
        m
        for m in (evidence.measures if evidence else ())
        if m.name == name and m.of.get("attribute") == attribute and m.of.keys() == {"attribute", *keys}
    ]


def _errors(view: View, attribute: str) -> Iterator[Block]:
    """Yield the errors of each group in units of the label, those first whose mean error is shown best."""
    found = {name: _of(view, "fairness.regression", name, attribute, "group") for name, _ in _ERRORS}
    lead = found["mean_error"]
    order = sorted(lead, key=lambda m: (not rows.is_compared(m), -rows.strength(m), m.of["group"]))
    place = {m.of["group"]: i for i, m in enumerate(order[: rows.DRAWN_ROWS])}
    panels, words = [], []
    for name, reference in _ERRORS:
        mine = sorted((m for m in found[name] if m.of["group"] in place), key=lambda m: place[m.of["group"]])
        if mine:
            title = wording.measure(name).capitalize()
            lines = [rows.row(m, rows.group(m), rows.people(m)) for m in mine]
            domain = None if reference is not None else [0.0, rows.span(lines)[1]]
            panels.append(rows.panel(title, lines, domain, reference))
            words.append(_("{name}: {value}", name=title, value=rows.told(mine, rows.group, rows.DRAWN_ROWS)))
    if panels:
        yield Chart(
            f"errors-{view.attribute_anchor(attribute)}",
            "forest",
            _(
                "Errors by {attribute} in units of the label, with intervals, those first whose mean "
                "error is shown best; left of the dashed line a group is underestimated, right of it "
                "overestimated; hollow points are measured but not compared{more}",
                attribute=crossed(attribute),
                more=rows.more(len(order) - len(place)),
            ),
            _(
                "Errors by {attribute}. {items}.",
                attribute=wording.brief(crossed(attribute)),
                items=_(". ").join(words),
            ),
            {"panels": panels},
        )


def _classes(view: View, attribute: str) -> Iterator[Block]:
    """Yield how often each class is recognised in each group, the classes first whose gap is shown best."""
    gaps = _of(view, "fairness.error_rates", f"{_KNOWN}_gap", attribute, "class")
    if not gaps:
        return
    cells = {
        (m.of["class"], m.of["group"]): m
        for m in _of(view, "fairness.error_rates", _KNOWN, attribute, "class", "group")
    }
    gaps.sort(key=lambda m: (-rows.strength(m), -(m.value or 0.0), m.of["class"]))
    shown = gaps[: rows.DRAWN_ROWS]
    means = {m.of["group"]: m for m in _of(view, "fairness.error_rates", "accuracy", attribute, "group")}
    groups = dict.fromkeys(name for _, name in cells)
    heads = sorted(groups, key=lambda name: _lowest_first(means.get(name), name))
    lines = [{**rows.row(m, m.of["class"], rows.people(m)), "compared": True} for m in shown]
    more = max(len(gaps) - len(shown), 0) + max(len(heads) - _HEADS, 0)
    yield Chart(
        f"classes-{view.attribute_anchor(attribute)}",
        "matrix",
        _(
            "How often each class is recognised, by {attribute}: the stronger the colour, the lower; "
            "what has none is not compared. Classes stand first whose gap between groups is shown best, "
            "groups first that are judged correctly least often. Then the gap of each class with its "
            "interval{more}",
            attribute=crossed(attribute),
            more=rows.more(more),
        ),
        _(
            "{name} by class and {attribute}. Gap between groups: {told}.",
            name=wording.measure(_KNOWN).capitalize(),
            attribute=wording.brief(crossed(attribute)),
            told=rows.told(shown, lambda m: m.of["class"], rows.DRAWN_ROWS),
        ),
        {
            "title": wording.measure(_KNOWN).capitalize(),
            "heads": [wording.group(name) for name in heads[:_HEADS]],
            "rows": [
                {
                    "label": m.of["class"],
                    "cells": [_cell(cells.get((m.of["class"], name))) for name in heads[:_HEADS]],
                }
                for m in shown
            ],
            "panels": [rows.panel(_("Gap between groups"), lines, [0.0, 1.0])],
        },
    )


def _lowest_first(measure: Measure | None, name: str) -> tuple[bool, float, str]:
    if measure is None or measure.value is None:
        return (True, 0.0, name)
    return (not rows.is_compared(measure), measure.value, name)


def _cell(measure: Measure | None) -> dict[str, Any]:
    if measure is None or measure.value is None:
        return {"value": None, "text": rows.NOTHING, "compared": False}
    text = wording.number(measure.value)
    return {"value": measure.value, "text": text, "compared": rows.is_compared(measure)}


def _curves(view: View, attribute: str) -> Iterator[Block]:
    """Yield each rate along the number, those first that are shown best to change."""
    evidence = view.default("fairness.curve")
    table = next((t for t in evidence.tables if t.name == "curve"), None) if evidence else None
    if evidence is None or table is None:
        return
    found = {key: points for key, points in _points(table, attribute).items() if len(points) >= _AT_LEAST}
    ranges = {
        (m.of.get("class", ""), m.name.removesuffix("_range")): m
        for m in evidence.measures
        if m.name.endswith("_range") and m.of.get("attribute") == attribute
    }
    several = len({event for event, _ in found}) > 1
    keys = sorted(found, key=lambda key: -_change(ranges, key, several))[:_CURVES]
    if not keys:
        return
    panels = [_curve(key, found[key], several) for key in keys]
    cuts = [float(cut) for cut in (view.submission.get("bins") or {}).get(attribute, ())]
    everybody = [p["n"] for key in keys for p in found[key]]
    name = crossed(attribute)
    yield Chart(
        f"curve-{view.attribute_anchor(attribute)}",
        "curve",
        _("Along {name}, with the interval of each point as a band; ", name=name)
        + (_("dotted lines are the edges of the groups above, ") if cuts else "")
        + _(
            "the strip below is how many people a point rests on, {low} to {high}{more}",
            low=wording.count(round(min(everybody))),
            high=wording.count(round(max(everybody))),
            more=rows.more(len(found) - len(keys)),
        ),
        _("Along {name}. {items}.", name=wording.brief(name), items=_(". ").join(_said(p) for p in panels)),
        {"along": wording.brief(name, 30), "cuts": cuts, "panels": panels},
    )


def _points(table: Table, attribute: str) -> dict[tuple[str, str], list[dict[str, float]]]:
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for name, event, rate, *numbers in table.rows:
        if name == attribute and all(isinstance(x, int | float) for x in numbers):
            at, value, low, high, n = (float(x) for x in numbers if isinstance(x, int | float))
            point = {"at": at, "value": value, "low": low, "high": high, "n": n}
            found.setdefault((str(event), str(rate)), []).append(point)
    return found


def _change(ranges: dict[tuple[str, str], Measure], key: tuple[str, str], several: bool) -> float:
    measure = ranges.get(key if several else ("", key[1]))
    return -1.0 if measure is None else rows.strength(measure)


def _curve(key: tuple[str, str], points: list[dict[str, float]], several: bool) -> dict[str, Any]:
    event, rate = key
    title = wording.measure(rate)
    head = f"{title[:1].upper()}{title[1:]}"
    whole = not rate.startswith("mean_")
    reference = 0.0 if rate == "mean_error" else None
    domain = [0.0, 1.0] if whole else rows.span(points, reference)
    return {
        "title": _("{name}, {event}", name=head, event=event) if several else head,
        "points": points,
        "domain": domain,
        "reference": reference,
    }


def _said(panel: dict[str, Any]) -> str:
    low = min(panel["points"], key=lambda p: p["value"])
    high = max(panel["points"], key=lambda p: p["value"])
    return _(
        "{name}: lowest {low} at {low_at}, highest {high} at {high_at}",
        name=panel["title"],
        low=wording.number(low["value"]),
        low_at=wording.number(low["at"]),
        high=wording.number(high["value"]),
        high_at=wording.number(high["at"]),
    )
