"""Pictures of what more of a feature does: partial dependence, and accumulated effects beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.model import Evidence, Measure, Table
from reports import wording
from reports.compose import rows
from reports.compose.view import View, check_anchor
from reports.document import Block, Chart, Paragraph
from reports.language import _, said

_LINES, _LISTS = 6, 2
"""Features drawn along a number, and features of categories."""
_OTHER = "interpretability.ale"
_TOLD = 3
Point = dict[str, Any]


def dependence(view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield what the answers would be along the features that move them most."""
    points = _by_feature(evidence, "dependence")
    beside = view.default(_OTHER)
    near = _by_feature(beside, "effects") if beside else {}
    words = wording.paragraph((*_sentences(evidence, points), *_unasked(evidence)))
    if words:
        yield Paragraph(words)
    moving = {name: found for name, found in points.items() if _moves(found)}
    lines = {name: found for name, found in moving.items() if found[0]["at"] is not None}
    lists = {name: found for name, found in moving.items() if found[0]["at"] is None}
    if lines:
        yield _along(evidence, lines, near, len(points) - len(moving))
    if lists:
        yield _listed(evidence, lists, near)


def effects(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Say which features are shown to move the answers of people who are near their values."""
    found = [m for m in evidence.measures if m.name == "effect_range" and m.value is not None]
    found.sort(key=lambda m: (-(m.low or 0.0), -(m.value or 0.0), m.of["feature"]))
    moving = [m for m in found if m.low]
    told = [
        _("{feature} by {range}", feature=wording.name(m.of["feature"]), range=wording.measured(m))
        for m in moving[:_TOLD]
    ]
    if told:
        yield Paragraph(
            _(
                "Between the lowest and the highest point of a curve the answers of people who are near "
                "move, for {curves} ({scale}){more}. The curves are drawn dashed below, beside partial "
                "dependence: where the two differ, the model answers for people who could not exist.",
                curves=wording.joined(told),
                scale=_scale(evidence),
                more=rows.more(len(moving) - len(told)),
            )
        )
        if any((m.high or 0.0) > 1 and m.unit.startswith("probability") for m in moving[:_TOLD]):
            yield Paragraph(
                _(
                    "A curve adds up what steps do to different people, so it can span more than the answer "
                    "of one person can move: a probability moves by 1 at most."
                )
            )
    elif found:
        yield Paragraph(_("No feature was shown to move the answers of people who are near its values."))
    if words := wording.paragraph(_unasked(evidence)):
        yield Paragraph(words)


def _by_feature(evidence: Evidence, name: str) -> dict[str, list[Point]]:
    """Return the points of each feature, in the order of the table; `missing` is told, not drawn."""
    table = next((t for t in evidence.tables if t.name == name), None)
    found: dict[str, list[Point]] = {}
    for point in _rows(table) if table is not None else ():
        numbered = found.get(str(point["feature"]), [point])[0]["at"] is not None
        if not numbered or point["at"] is not None:
            found.setdefault(str(point["feature"]), []).append(point)
    return found


def _rows(table: Table) -> Iterator[Point]:
    for row in table.rows:
        yield dict(zip(table.columns, row, strict=True))


def _moves(points: Sequence[Point]) -> bool:
    means = [p["mean"] for p in points]
    return len(points) > 1 and max(means) > min(means)


def _sentences(evidence: Evidence, points: Mapping[str, list[Point]]) -> Iterator[str]:
    """Say of the leading features from which value to which the mean answer goes."""
    ranges = {m.of["feature"]: m for m in evidence.measures if m.name == "effect_range"}
    flat = [name for name, m in ranges.items() if m.value == 0]
    moving = [(name, found) for name, found in points.items() if name in ranges and _moves(found)]
    for name, found in moving[:_TOLD]:
        yield _moved(name, found, ranges[name])
    if len(moving) > _TOLD:
        yield _(
            "{many} the mean answer less: see the picture or the annex.",
            many=wording.plural(len(moving) - _TOLD, "more feature moves", "more features move"),
        )
    if flat:
        yield _("No answer moves along {features}.", features=_named(flat))


def _unasked(evidence: Evidence) -> Iterator[str]:
    """Name the features without a curve, and say why they have none."""
    why: dict[str, list[str]] = {}
    for m in evidence.measures:
        if m.name == "effect_range" and m.value is None and m.note:
            why.setdefault(m.note, []).append(m.of["feature"])
    for note, names in why.items():
        yield _("Without a curve: {features} ({why}).", features=_named(names), why=said(note))
    left = next((m for m in evidence.measures if m.name == "features_left_out" and m.value), None)
    if left is not None:
        yield _(
            "{many} not asked about: {why}.",
            many=wording.plural(left.value or 0.0, "more feature was", "more features were"),
            why=said(left.note or ""),
        )


def _named(names: Sequence[str]) -> str:
    named = wording.listed(wording.name(name) for name in names[:_TOLD])
    if len(names) <= _TOLD:
        return wording.joined(wording.name(name) for name in names)
    return _("{items} and {count} more", items=named, count=wording.count(len(names) - _TOLD))


def _moved(name: str, points: Sequence[Point], measure: Measure) -> str:
    low, high = (pick(points, key=lambda p: p["mean"]) for pick in (min, max))
    return _(
        "Were everybody's {feature} {high} instead of {low}, all else as it stands, the mean answer would be "
        "{mean} instead of {other} (difference {difference}).",
        feature=wording.name(name),
        high=_value(high),
        low=_value(low),
        mean=wording.number(high["mean"]),
        other=wording.number(low["mean"]),
        difference=wording.measured(measure),
    )


def _value(point: Point) -> str:
    return (
        wording.number(point["at"]) if point["at"] is not None else f"“{wording.brief(point['value'], 30)}”"
    )


def _scale(evidence: Evidence) -> str:
    method = next((m.method for m in evidence.measures if m.name == "effect_range"), "")
    return said(method.partition("; ")[2].partition(", ")[0])


def _along(
    evidence: Evidence,
    lines: Mapping[str, list[Point]],
    near: Mapping[str, list[Point]],
    flat: int,
) -> Chart:
    shown = list(lines.items())[:_LINES]
    ends = [p[key] for _, found in shown for p in found for key in ("tenth", "ninetieth", "low", "high")]
    domain = rows.span([{"value": min(ends)}, {"value": max(ends)}])
    panels = [
        {
            "title": name,
            "points": [
                {key: p[key] for key in ("at", "people", "mean", "low", "high", "tenth", "ninetieth")}
                for p in found
            ],
            "effects": _level(found, near.get(name, ()), domain),
        }
        for name, found in shown
    ]
    return Chart(
        f"picture-{check_anchor(evidence.check)}",
        "dependence",
        _(
            "The answer ({scale}) along the features that move it most: the line is the mean if everybody "
            "had this value, with its limits as a dark band; the answers of eight of ten people lie in the "
            "light one. Dashed: accumulated local effects, of people who are near the value, set to the same "
            "mean. The strip below shows where people are{more}",
            scale=_scale(evidence),
            more=rows.more(len(lines) - len(shown) + flat),
        ),
        _(
            "Partial dependence. {items}.",
            items=wording.series(_spelt(name, found) for name, found in shown),
        ),
        {"domain": domain, "panels": panels},
    )


def _level(points: Sequence[Point], near: Sequence[Point], domain: Sequence[float]) -> list[Point]:
    """Return accumulated effects on the level of the curve, as far as they are within it."""
    if not points or not near:
        return []
    people = sum(p["people"] for p in points)
    level = sum(p["mean"] * p["people"] for p in points) / people
    first, last = points[0]["at"], points[-1]["at"]
    inside = [p for p in near if p["at"] is not None and first <= p["at"] <= last]
    low, high = domain
    return [{"at": p["at"], "mean": min(max(p["effect"] + level, low), high)} for p in inside]


def _spelt(name: str, points: Sequence[Point]) -> str:
    told = "; ".join(f"{_value(p)}: {wording.number(p['mean'])}" for p in (points[0], points[-1]))
    return _("{feature} from {points}", feature=wording.brief(name, 40), points=told)


def _listed(evidence: Evidence, lists: Mapping[str, list[Point]], near: Mapping[str, list[Point]]) -> Chart:
    panels = []
    for name, found in list(lists.items())[:_LISTS]:
        level = sum(p["mean"] * p["people"] for p in found) / sum(p["people"] for p in found)
        ticks = {p["value"]: p["effect"] + level for p in near.get(name, ())}
        ordered = sorted(found, key=lambda p: -p["mean"])[: rows.DRAWN_ROWS]
        lines = [_line(p, ticks.get(p["value"])) for p in ordered]
        panels.append(rows.panel(name, lines))
    return Chart(
        f"categories-{check_anchor(evidence.check)}",
        "forest",
        _(
            "The answer ({scale}) if everybody had this value, highest first, with its limits and the number "
            "of people who have it; the upright mark is the accumulated local effect, at the same mean{more}",
            scale=_scale(evidence),
            more=rows.more(len(lists) - len(panels)),
        ),
        _(
            "Partial dependence. {items}.",
            items=wording.series(
                f"{wording.brief(name, 40)}: "
                + "; ".join(f"{wording.brief(p['value'], 30)} {wording.number(p['mean'])}" for p in found[:6])
                for name, found in list(lists.items())[:_LISTS]
            ),
        ),
        {"panels": panels},
    )


def _line(point: Point, near: float | None) -> Point:
    return {
        "label": point["value"],
        "value": point["mean"],
        "low": point["low"],
        "high": point["high"],
        "text": wording.number(point["mean"]),
        "side": f"n {wording.count(point['people'])}",
        "compared": True,
        "tick": near,
    }
