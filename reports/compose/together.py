"""What features do together, and whether the declared way ever harms anybody: words and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.model import Evidence, Measure
from checks.names import crossed
from reports import wording
from reports.compose import rows
from reports.compose.view import View, check_anchor
from reports.document import Block, Bullet, Bullets, Chart, Paragraph
from reports.language import N_, _, said, said_or_same

_DRAWN = 8
_TOLD = 5
_WAYS = N_({"up": "raising {feature}", "down": "lowering {feature}", "": "moving {feature}"})


def interactions(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield how much features do together, the pair first that does most."""
    alone = _sorted(evidence, "interaction_share")
    pairs = _sorted(evidence, "pair_share")
    if not alone:
        return
    if not alone[0].value:
        yield Paragraph(
            _(
                "What each feature does is the same for everybody asked about: the answers are a sum of "
                "curves, one a feature ({scale}).",
                scale=_scale(alone[0]),
            )
        )
        return
    yield Paragraph(wording.paragraph(_told(alone, pairs)))
    floors = {m.of["feature"]: m.value for m in evidence.measures if m.name == "noise_floor"}
    panels = [rows.panel(_("One feature with the others"), [_row(m) for m in alone[:_DRAWN]], _domain(alone))]
    if pairs:
        lines = [_row(m, floors.get(m.of["feature"])) for m in pairs[:_DRAWN]]
        panels.append(rows.panel(_("Two features together"), lines, _domain(pairs)))
    yield Chart(
        f"picture-{check_anchor(evidence.check)}",
        "forest",
        _(
            "Part of the spread of the answers that features make together, largest first, with intervals; "
            "the upright mark is what chance alone would exceed once in forty times{more}",
            more=rows.more(max(len(alone) - _DRAWN, 0) + max(len(pairs) - _DRAWN, 0)),
        ),
        _("Interactions. {items}.", items=rows.told([*alone[:3], *pairs[:3]], _name, 6)),
        {"panels": panels},
    )


def _sorted(evidence: Evidence, name: str) -> list[Measure]:
    found = [m for m in evidence.measures if m.name == name and m.value is not None]
    return sorted(found, key=lambda m: (-(m.value or 0.0), m.of["feature"]))


def _domain(measures: list[Measure]) -> list[float]:
    return [0.0, min(1.0, max([0.05, *(m.high or 0.0 for m in measures[:_DRAWN])]) * 1.05)]


def _scale(measure: Measure) -> str:
    return said_or_same(measure.method.partition("; ")[2].partition(", ")[0])


def _name(measure: Measure) -> str:
    return wording.name(crossed(measure.of["feature"]) if "pair" in measure.name else measure.of["feature"])


def _row(measure: Measure, floor: float | None = None) -> rows.Panel:
    return rows.row(measure, wording.brief(_name(measure), 40), tick=floor)


def _told(alone: list[Measure], pairs: list[Measure]) -> Iterator[str]:
    first = alone[0]
    yield _(
        "What {feature} does depends on the other features most: {share} of the spread of the answers "
        "({scale}) is its doing otherwise for some people than for others.",
        feature=_name(first),
        share=wording.measured(first),
        scale=_scale(first),
    )
    shown = [m for m in pairs if m.low]
    if shown:
        yield _(
            "Of the pairs, {pair} makes most together and neither alone: {share}.",
            pair=_name(shown[0]),
            share=wording.measured(shown[0]),
        )
    elif pairs:
        yield _("No pair was shown to make anything together that neither makes alone.")


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
    left = len(order) - len(lines)
    if left:
        lines.append(
            _(
                "{many} in the annex.",
                many=wording.plural(left, "more declared direction", "more declared directions"),
            )
        )
    lines += [_unfollowed(name, mine) for name, mine in found.items() if name not in measured]
    if not lines:
        yield Paragraph(_("No declared direction could be followed."))
        return
    yield Bullets(tuple(Bullet(line) for line in lines))


def _unfollowed(name: str, mine: Mapping[str, Measure]) -> str:
    why = next((m.note for m in mine.values() if m.note), None)
    return _(
        "The declared direction of {feature} could not be followed: {why}.",
        feature=wording.name(name),
        why=said(why) if why else _("no number"),
    )


def _place(evidence: Evidence, name: str) -> tuple[float, float] | None:
    """Return the neighbouring values between which most is lost."""
    table = next((t for t in evidence.tables if t.name == "where people lose"), None)
    mine = [row for row in (table.rows if table else ()) if row[0] == name]
    worst = max(mine, key=lambda row: float(row[5] or 0.0), default=None)
    return None if worst is None else (float(worst[1] or 0.0), float(worst[2] or 0.0))


def _way(name: str, way: str, mine: Mapping[str, Measure], place: tuple[float, float] | None) -> str:
    harmed = mine["harmed_share"]
    doing = _(_WAYS[way], feature=wording.name(name))
    if not harmed.value:
        return wording.sentence(_harmless(doing, harmed))
    told = [
        _(
            "{doing} makes the answer worse somewhere for {share} people {sure}, by up to {size} ({unit})",
            doing=doing,
            share=wording.per_hundred(harmed.value),
            sure=wording.sure(harmed),
            size=wording.number(mine["worst_violation"].value),
            unit=wording.unit(mine["worst_violation"].unit),
        )
    ]
    if place is not None:
        low, high = (wording.number(end) for end in place)
        told.append(_("most is lost from {low} to {high}", low=low, high=high))
    turned = mine.get("turned_share")
    if turned is not None and turned.value:
        told.append(
            _(
                "{share} people {sure} would lose the decision that they want between two of the values "
                "asked about",
                share=wording.per_hundred(turned.value),
                sure=wording.sure(turned),
            )
        )
    own = mine.get("turned_from_own_share")
    if turned is not None and turned.value and own is not None and own.value is not None:
        told.append(
            _(
                "{share} {sure} by moving from their own value",
                share=wording.per_hundred(own.value),
                sure=wording.sure(own),
            )
        )
    return wording.sentence(wording.series(told))


def _harmless(doing: str, harmed: Measure) -> str:
    people = wording.count(harmed.n)
    if harmed.note:
        return _(
            "{doing} changes the answer of nobody of {people} people asked about, so this direction was not "
            "put to the test",
            doing=doing,
            people=people,
        )
    text = _(
        "{doing} made the answer worse for nobody of {people} people asked about", doing=doing, people=people
    )
    if harmed.high is None:
        return text
    return _("{said}; at most {share} would", said=text, share=wording.per_hundred(harmed.high))
