"""Pictures, described as data and in words; `reports.charts` draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.model import Evidence, Measure, Table
from checks.names import crossed
from reports import wording
from reports.compose.view import check_anchor
from reports.document import Block, Chart, Paragraph
from reports.language import N_, _, own

DRAWN = frozenset({"reliability", "contributions", "frontier"})
"""Tables of evidence that a picture shows."""

GROUPS_SHOWN = 20
_BARS_SHOWN = 15
_NAMED_IN_WORDS = 12
_PANELS_DRAWN = 6
PEOPLE_DRAWN = 100


def rates(
    anchor: str, attribute: str, panels: Sequence[tuple[str, Sequence[Measure]]], order: Sequence[str]
) -> Chart:
    """Return one picture of an attribute: a panel a rate, a line a group, with intervals."""
    words = [
        _(
            "{title} by {attribute}: {items}",
            title=title,
            attribute=wording.brief(attribute),
            items=wording.series(_spelt(m) for m in measures[:_NAMED_IN_WORDS]),
        )
        + (
            _("; and {count} more", count=wording.count(len(measures) - _NAMED_IN_WORDS))
            if len(measures) > _NAMED_IN_WORDS
            else ""
        )
        for title, measures in panels
    ]
    return Chart(
        id=f"picture-{anchor}",
        kind="rates",
        caption=_(
            "Rates by {attribute} with 95 % intervals and the number of people each is of; the "
            "dashed line is the highest rate, hollow points are measured but not compared",
            attribute=attribute,
        ),
        alt=_(". ").join(words) + _("."),
        data={
            "panels": [
                {
                    "title": title,
                    "rows": [_rate_row(m) for m in _in_order(measures, order)],
                    "reference": _highest(measures),
                }
                for title, measures in panels
            ]
        },
    )


def _highest(measures: Sequence[Measure]) -> float | None:
    """Return what the others are compared with; None where nobody is compared."""
    found = [m.value for m in measures if m.value is not None and _compared(m)]
    return max(found) if len(found) > 1 else None


def _compared(measure: Measure) -> bool:
    return measure.note is None and measure.of["group"] != "not stated"


def _in_order(measures: Sequence[Measure], order: Sequence[str]) -> list[Measure]:
    return sorted(measures, key=lambda m: order.index(m.of["group"]))


def _spelt(measure: Measure) -> str:
    group = wording.brief(wording.group(measure.of["group"]))
    return _("{name} {value}, n {n}", name=group, value=wording.measured(measure), n=wording.count(measure.n))


def _rate_row(measure: Measure) -> dict[str, str | float | bool | None]:
    return {
        "label": wording.group(measure.of["group"]),
        "value": measure.value,
        "low": measure.low,
        "high": measure.high,
        "text": wording.number(measure.value) if measure.value is not None else wording.measured(measure),
        "people": _("n {n}", n=wording.count(measure.n)) if measure.n is not None else "",
        "compared": _compared(measure),
    }


def calibration(evidence: Evidence) -> Iterator[Block]:
    """Yield the reliability curve: what the score says against what happened."""
    table = next((t for t in evidence.tables if t.name in DRAWN), None)
    points = _reliability(table) if table is not None else []
    if not points:
        return
    gaps = [abs(p["said"] - p["seen"]) for p in points]
    worst = points[gaps.index(max(gaps))]
    yield Chart(
        id=f"picture-{check_anchor(evidence.check)}",
        kind="calibration",
        caption=_(
            "Reliability: the score given against how often the event happened; on the line they agree"
        ),
        alt=(
            _(
                "{many} of the score. The largest distance from the diagonal is at a mean score of "
                "{said}, where {seen} was seen.",
                many=wording.plural(len(points), "bin"),
                said=wording.number(worst["said"]),
                seen=wording.number(worst["seen"]),
            )
        ),
        data={"points": points},
    )


def _reliability(table: Table) -> list[dict[str, float]]:
    said, seen = _position(table, "mean_score"), _position(table, "frequency")
    if said is None or seen is None:
        return []
    return [
        {"said": float(x), "seen": float(y)}
        for row in table.rows
        if isinstance(x := row[said], int | float) and isinstance(y := row[seen], int | float)
    ]


def _position(table: Table, name: str) -> int | None:
    return table.columns.index(name) if name in table.columns else None


def importances(evidence: Evidence) -> Iterator[Block]:
    """Yield bars of what each feature is worth, heaviest first."""
    found = [
        m
        for m in evidence.measures
        if m.name in {"importance", "group_importance"} and m.of.keys() == {"feature"} and m.value is not None
    ]
    joined = any(m.name == "group_importance" for m in found)
    found.sort(key=lambda m: (-(m.value or 0.0), m.of["feature"]))
    if not found:
        return
    if not any(m.value for m in found):
        yield Paragraph(_("No feature moves the answers: those asked for were all the same."))
        return
    shown = found[:_BARS_SHOWN]
    more = len(found) - len(shown)
    yield Chart(
        id=f"picture-{check_anchor(evidence.check)}",
        kind="bars",
        caption=_("Features by importance, heaviest first")
        + _scale(found[0].unit)
        + (_("; features joined by + were shuffled as one") if joined else "")
        + (_("; {many} in the table", many=wording.plural(more, "more feature")) if more else ""),
        alt=_("Importance: ")
        + wording.series(
            _("{name} {value}", name=wording.brief(m.of["feature"]), value=wording.measured(m))
            for m in shown[:_NAMED_IN_WORDS]
        )
        + _("."),
        data={
            "rows": [
                {
                    "label": m.of["feature"],
                    "value": m.value,
                    "low": m.low,
                    "high": m.high,
                    "text": wording.number(m.value),
                }
                for m in shown
            ]
        },
    )


def contributions(evidence: Evidence) -> Iterator[Block]:
    """Yield the bars, and each sampled person's contributions where the check kept them."""
    yield from importances(evidence)
    unit = next((m.unit for m in evidence.measures if m.name == "importance"), None)
    table = next((t for t in evidence.tables if t.name in DRAWN), None)
    points = _contributions(table) if table is not None else {}
    if not any(value for values in points.values() for value, _level in values):
        return
    drawn = max(len(values) for values in points.values())
    cut = _("; {drawn} sampled people", drawn=wording.count(drawn)) if drawn >= PEOPLE_DRAWN else ""
    spans = (
        _(
            "{name} from {low} to {high}",
            name=wording.brief(name),
            low=wording.number(min(v for v, _ in values)),
            high=wording.number(max(v for v, _ in values)),
        )
        for name, values in points.items()
    )
    yield Chart(
        id=f"swarm-{check_anchor(evidence.check)}",
        kind="swarm",
        caption=_(
            "Contributions to single decisions: a point is a person, right of the line it raised "
            "the answer; warm points have high values of the feature, cool ones low{cut}",
            cut=cut,
        )
        + _scale(unit),
        alt=_("Contributions to single decisions: {items}.", items=wording.series(spans)),
        data={
            "points": [
                {"label": name, "value": value, "level": level}
                for name, values in points.items()
                for value, level in values
            ]
        },
    )


def _scale(unit: str | None) -> str:
    """Name the scale of a picture, where its numbers need one."""
    spelt = wording.unit(unit)
    return _("; scale: {unit}", unit=spelt) if spelt else ""


def _contributions(table: Table) -> dict[str, list[tuple[float, float | None]]]:
    """Return contributions with the level of the feature, by feature, for as many people as fit a picture."""
    feature, value = _position(table, "feature"), _position(table, "contribution")
    level = _position(table, "rank")
    found: dict[str, list[tuple[float, float | None]]] = {}
    if feature is None or value is None:
        return found
    for row in table.rows:
        points, moved = found.setdefault(str(row[feature]), []), row[value]
        if isinstance(moved, int | float):
            place = row[level] if level is not None else None
            points.append((float(moved), float(place) if isinstance(place, int | float) else None))
    return {name: _evenly(points) for name, points in found.items() if points}


def _evenly(points: list[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    """Return as many points as are drawn, from the first to the last: the table may be sorted by them."""
    last, drawn = len(points) - 1, min(len(points), PEOPLE_DRAWN)
    return [points[round(place * last / max(drawn - 1, 1))] for place in range(drawn)]


_KINDS_OF_RULE = (
    ("today", "today's decisions"),
    ("thresholds", "fairlearn thresholds"),
    ("stand-in", "stand-in"),
    ("one", "one cut-off for all"),
)


def frontier(evidence: Evidence) -> Iterator[Block]:
    """Yield accuracy against the impact ratio of the rules that were tried, a panel an attribute."""
    table = next((t for t in evidence.tables if t.name == "frontier"), None)
    panels = _frontier_panels(table) if table is not None else {}
    if not panels:
        return
    spans = (
        _(
            "{name}: {accuracy}, {ratio}",
            name=wording.brief(crossed(name)),
            accuracy=_span(N_("accuracy"), points),
            ratio=_span(N_("ratio"), points),
        )
        for name, points in panels.items()
    )
    yield Chart(
        id=f"picture-{check_anchor(evidence.check)}",
        kind="frontier",
        caption=_(
            "Accuracy against the impact ratio, on people held back: the line is cut-offs a group under "
            "tighter and tighter bounds; the square is today's decisions, triangles are fairlearn's "
            "thresholds, crosses the stand-in, the diamond the best single cut-off"
        ),
        alt=_("Accuracy against the impact ratio. {items}.", items=wording.series(spans)),
        data={"panels": [{"title": crossed(name), "points": points} for name, points in panels.items()]},
    )


def _span(key: str, points: Sequence[Mapping[str, Any]]) -> str:
    values = [point[key] for point in points]
    return _(
        "{name} from {low} to {high}",
        name=own(key),
        low=wording.number(min(values)),
        high=wording.number(max(values)),
    )


def _frontier_panels(table: Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for attribute, rule, _bound, accuracy, ratio, *_more in table.rows:
        if isinstance(accuracy, int | float) and isinstance(ratio, int | float):
            kind = next((k for k, start in _KINDS_OF_RULE if str(rule).startswith(start)), "curve")
            point = {"rule": kind, "accuracy": float(accuracy), "ratio": float(ratio)}
            found.setdefault(str(attribute), []).append(point)
    return dict(list(found.items())[:_PANELS_DRAWN])
