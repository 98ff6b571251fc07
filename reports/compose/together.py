"""What features do together, and whether the declared way ever harms anybody: words and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.model import Evidence, Measure
from checks.names import crossed
from reports import wording
from reports.compose import rows
from reports.compose.view import View, check_anchor
from reports.document import Block, Bullet, Bullets, Chart, Paragraph

_DRAWN = 8
_TOLD = 5
_WAYS = {"up": "raising", "down": "lowering"}


def interactions(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield how much features do together, the pair first that does most."""
    alone = _sorted(evidence, "interaction_share")
    pairs = _sorted(evidence, "pair_share")
    if not alone:
        return
    if not alone[0].value:
        yield Paragraph(
            "What each feature does is the same for everybody asked about: the answers are a sum of curves, "
            f"one a feature ({_scale(alone[0])})."
        )
        return
    yield Paragraph(" ".join(_told(alone, pairs)))
    floors = {m.of["feature"]: m.value for m in evidence.measures if m.name == "noise_floor"}
    panels = [rows.panel("One feature with the others", [_row(m) for m in alone[:_DRAWN]], _domain(alone))]
    if pairs:
        lines = [_row(m, floors.get(m.of["feature"])) for m in pairs[:_DRAWN]]
        panels.append(rows.panel("Two features together", lines, _domain(pairs)))
    yield Chart(
        f"picture-{check_anchor(evidence.check)}",
        "forest",
        "Part of the spread of the answers that features make together, largest first, with intervals; the "
        "upright mark is what chance alone would exceed once in forty times"
        f"{rows.more(max(len(alone) - _DRAWN, 0) + max(len(pairs) - _DRAWN, 0))}",
        f"Interactions. {rows.told([*alone[:3], *pairs[:3]], _name, 6)}.",
        {"panels": panels},
    )


def _sorted(evidence: Evidence, name: str) -> list[Measure]:
    found = [m for m in evidence.measures if m.name == name and m.value is not None]
    return sorted(found, key=lambda m: (-(m.value or 0.0), m.of["feature"]))


def _domain(measures: list[Measure]) -> list[float]:
    return [0.0, min(1.0, max([0.05, *(m.high or 0.0 for m in measures[:_DRAWN])]) * 1.05)]


def _scale(measure: Measure) -> str:
    return measure.method.partition("; ")[2].partition(", ")[0]


def _name(measure: Measure) -> str:
    return wording.brief(crossed(measure.of["feature"]), 40) if "pair" in measure.name else _brief(measure)


def _brief(measure: Measure) -> str:
    return wording.brief(measure.of["feature"], 40)


def _row(measure: Measure, floor: float | None = None) -> rows.Panel:
    return rows.row(measure, _name(measure), tick=floor)


def _told(alone: list[Measure], pairs: list[Measure]) -> Iterator[str]:
    first = alone[0]
    yield (
        f"What {_brief(first)} does depends on the other features most: "
        f"{wording.measured(first)} of the spread of the answers ({_scale(first)}) is its doing otherwise "
        "for some people than for others."
    )
    shown = [m for m in pairs if m.low]
    if shown:
        yield (
            f"Of the pairs, {_name(shown[0])} makes most together and neither alone: "
            f"{wording.measured(shown[0])}."
        )
    elif pairs:
        yield "No pair was shown to make anything together that neither makes alone."


def monotonicity(view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield a line for each declared direction, the one first that harms most people."""
    ways: Mapping[str, str] = view.submission.get("directions") or {}
    found: dict[str, dict[str, Measure]] = {}
    for m in evidence.measures:
        if "feature" in m.of:
            found.setdefault(m.of["feature"], {})[m.name] = m
    measured = {name: mine for name, mine in found.items() if "harmed_share" in mine}
    order = sorted(measured, key=lambda name: (-(measured[name]["harmed_share"].value or 0.0), name))
    lines = [_way(name, ways.get(name, ""), measured[name], _place(evidence, name)) for name in order[:_TOLD]]
    if not lines:
        yield Paragraph("No declared direction could be followed.")
        return
    left = len(order) - len(lines)
    if left:
        lines.append(f"{wording.plural(left, 'more declared direction')} in the annex.")
    yield Bullets(tuple(Bullet(line) for line in lines))


def _place(evidence: Evidence, name: str) -> tuple[float, float] | None:
    """Return the neighbouring values between which most is lost."""
    table = next((t for t in evidence.tables if t.name == "where people lose"), None)
    mine = [row for row in (table.rows if table else ()) if row[0] == name]
    worst = max(mine, key=lambda row: float(row[5] or 0.0), default=None)
    return None if worst is None else (float(worst[1] or 0.0), float(worst[2] or 0.0))


def _way(name: str, way: str, mine: Mapping[str, Measure], place: tuple[float, float] | None) -> str:
    harmed, feature = mine["harmed_share"], wording.brief(name, 40)
    doing = f"{_WAYS.get(way, 'moving')} {feature}"
    if not harmed.value:
        most = "" if harmed.high is None else f"; at most {wording.per_hundred(harmed.high)} would"
        return wording.sentence(
            f"{doing} made the answer worse for nobody of {wording.count(harmed.n)} people asked about{most}"
        )
    whom = f"{wording.per_hundred(harmed.value)} people ({wording.interval(harmed.low, harmed.high)})"
    size = wording.number(mine["worst_violation"].value)
    told = [f"{doing} makes the answer worse somewhere for {whom}, by up to {size}"]
    if place is not None:
        told.append(f"most is lost from {wording.number(place[0])} to {wording.number(place[1])}")
    turned = mine.get("turned_share")
    if turned is not None and turned.value:
        told.append(
            f"for {wording.per_hundred(turned.value)} it turns the answer that they want into another"
        )
    return wording.sentence("; ".join(told))
