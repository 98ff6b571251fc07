"""Pictures, described as data and in words; `reports.charts` draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.model import Evidence, Measure, Table
from reports import wording
from reports.compose.view import check_anchor
from reports.document import Block, Chart

DRAWN = frozenset({"reliability", "reliability_curve", "calibration_curve", "attributions"})
"""Tables of evidence that a picture shows."""

GROUPS_SHOWN = 20
_BARS_SHOWN = 15
_NAMED_IN_WORDS = 12
_POINTS_SHOWN = 1500


def rates(
    anchor: str, attribute: str, panels: Sequence[tuple[str, Sequence[Measure]]], order: Sequence[str]
) -> Chart:
    """Return one picture of an attribute: a panel a rate, a line a group, with intervals."""
    words = [
        f"{title} by {attribute}: {'; '.join(_spelt(m) for m in measures[:_NAMED_IN_WORDS])}"
        + (
            f"; and {wording.count(len(measures) - _NAMED_IN_WORDS)} more"
            if len(measures) > _NAMED_IN_WORDS
            else ""
        )
        for title, measures in panels
    ]
    return Chart(
        id=f"picture-{anchor}",
        kind="rates",
        caption=f"Rates by {attribute}, each with its 95 % interval; hollow points are measured but not compared",
        alt=". ".join(words) + ".",
        data={
            "panels": [
                {"title": title, "rows": [_rate_row(m) for m in _in_order(measures, order)]}
                for title, measures in panels
            ]
        },
    )


def _in_order(measures: Sequence[Measure], order: Sequence[str]) -> list[Measure]:
    return sorted(measures, key=lambda m: order.index(m.of["group"]))


def _spelt(measure: Measure) -> str:
    return f"{wording.crossed(measure.of['group'])} {wording.measured(measure)}, n {wording.count(measure.n)}"


def _rate_row(measure: Measure) -> dict[str, str | float | bool | None]:
    return {
        "label": wording.crossed(measure.of["group"]),
        "value": measure.value,
        "low": measure.low,
        "high": measure.high,
        "text": wording.number(measure.value),
        "compared": measure.note is None and measure.of["group"] != "not stated",
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
        caption="Reliability: how often the event happened against the score given; on the diagonal they agree",
        alt=(
            f"{wording.plural(len(points), 'bin')} of the score. The largest distance from the diagonal is at a mean "
            f"score of {wording.number(worst['said'])}, where {wording.number(worst['seen'])} was seen."
        ),
        data={"points": points},
    )


_SAID = ("mean_score", "mean_predicted", "score", "predicted", "mean_prediction")
_SEEN = ("observed_rate", "observed", "frequency", "observed_share", "rate")
_ENDS = {"low": ("low", "observed_low"), "high": ("high", "observed_high")}


def _reliability(table: Table) -> list[dict[str, float]]:
    said, seen = _position(table, _SAID), _position(table, _SEEN)
    ends = {name: _position(table, among) for name, among in _ENDS.items()}
    if said is None or seen is None:
        return []
    points = []
    for row in table.rows:
        x, y = row[said], row[seen]
        if isinstance(x, int | float) and isinstance(y, int | float):
            point = {"said": float(x), "seen": float(y)}
            for name, at in ends.items():
                end = row[at] if at is not None else None
                if isinstance(end, int | float):
                    point[name] = float(end)
            points.append(point)
    return points


def _position(table: Table, among: Sequence[str]) -> int | None:
    return next((table.columns.index(name) for name in among if name in table.columns), None)


def importances(evidence: Evidence) -> Iterator[Block]:
    """Yield bars of what each feature is worth, heaviest first."""
    found = [
        m
        for m in evidence.measures
        if m.name == "importance" and m.of.keys() == {"feature"} and m.value is not None
    ]
    found.sort(key=lambda m: (-(m.value or 0.0), m.of["feature"]))
    if not found:
        return
    shown = found[:_BARS_SHOWN]
    more = len(found) - len(shown)
    yield Chart(
        id=f"picture-{check_anchor(evidence.check)}",
        kind="bars",
        caption=(
            f"{'The heaviest ' + str(len(shown)) if more else 'All ' + str(len(shown))} features by importance"
            + (f"; {wording.plural(more, 'more')} in the table" if more else "")
        ),
        alt="Importance: "
        + "; ".join(f"{m.of['feature']} {wording.measured(m)}" for m in shown[:_NAMED_IN_WORDS])
        + ".",
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
    table = next((t for t in evidence.tables if t.name in DRAWN), None)
    if table is None:
        return
    feature, value = _position(table, ("feature",)), _position(table, ("attribution",))
    level = _position(table, ("value",))
    if feature is None or value is None:
        return
    points = [
        {"label": str(row[feature]), "value": row[value], "level": row[level] if level is not None else None}
        for row in table.rows[:_POINTS_SHOWN]
    ]
    names = list(dict.fromkeys(str(p["label"]) for p in points))
    yield Chart(
        id=f"swarm-{check_anchor(evidence.check)}",
        kind="swarm",
        caption="Contributions to single decisions: a point is one person; right of the line it raised the score",
        alt=f"Contributions of {wording.joined(names[:_NAMED_IN_WORDS])} to sampled decisions.",
        data={"points": points},
    )
