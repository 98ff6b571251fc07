"""Pictures of single checks: thresholds, representation, drift, costs, people not stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from checks.model import NOT_STATED, Evidence, Measure, Table
from checks.names import crossed, split
from reports import wording
from reports.compose import rows
from reports.compose.shapes import dependence, effects
from reports.compose.standins import stand_ins
from reports.compose.surrogate import surrogate
from reports.compose.together import interactions, monotonicity
from reports.compose.view import View, check_anchor
from reports.document import Block, Chart
from reports.language import N_, _, own

_RATES = ("positive_rate", "accuracy", "true_positive_rate", "false_positive_rate")
_RATIO = "impact_ratio of "
_LINES = 4
"""So many lines in a panel can be told apart without colour."""
_INDEX = "population_stability_index"


def drawn(view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield the picture of *evidence*, where it has one."""
    picture = _PICTURES.get(evidence.check)
    if picture is not None:
        yield from picture(view, evidence)


def _chart(evidence: Evidence, kind: str, caption: str, alt: str, data: Mapping[str, Any]) -> Chart:
    return Chart(f"picture-{check_anchor(evidence.check)}", kind, caption, alt, data)


def _thresholds(view: View, evidence: Evidence) -> Iterator[Block]:
    table = next((t for t in evidence.tables if t.name == "thresholds" and t.rows), None)
    if table is None:
        return
    cuts = [float(x) for x in _column(table, "threshold")]
    ratios = [name for name in table.columns if name.startswith(_RATIO)]
    ratios.sort(key=lambda name: len(split(name.removeprefix(_RATIO))))  # crossings last
    panels = [
        (_("Rates, all people"), {wording.plain(n): _column(table, n) for n in _RATES if n in table.columns}),
        (
            _("Impact ratio"),
            {crossed(n.removeprefix(_RATIO)): _column(table, n) for n in ratios[:_LINES]},
        ),
    ]
    panels = [
        (title, {n: v for n, v in lines.items() if any(y is not None for y in v)}) for title, lines in panels
    ]
    declared = view.columns.get("threshold")
    declared = 0.5 if declared is None else float(declared)
    yield _chart(
        evidence,
        "lines",
        _(
            "What another threshold would give: rates of everybody, and the lowest selection rate over "
            "the highest. The upright line is the declared threshold, {declared}. Without intervals: for "
            "looking, not for judging{more}",
            declared=wording.exact(declared),
            more=rows.more(len(ratios) - _LINES),
        ),
        _(
            "Thresholds from {low} to {high}: {items}.",
            low=wording.number(min(cuts)),
            high=wording.number(max(cuts)),
            items=wording.series(_reaches(panels)),
        ),
        {
            "along": _("threshold"),
            "domain": [min(0.0, *cuts), max(1.0, *cuts)]
            if min(cuts) >= 0 and max(cuts) <= 1
            else _ends(cuts),
            "declared": declared if _within(declared, cuts) else None,
            "panels": [
                {"title": title, "lines": [_line(name, cuts, values) for name, values in lines.items()]}
                for title, lines in panels
                if lines
            ],
        },
    )


def _reaches(panels: Iterable[tuple[str, Mapping[str, Sequence[float | None]]]]) -> Iterator[str]:
    """Yield each line in words, by its lowest and highest value."""
    for _title, lines in panels:
        for name, values in lines.items():
            known = [y for y in values if y is not None]
            if known:
                low, high = wording.number(min(known)), wording.number(max(known))
                yield _("{name} from {low} to {high}", name=name, low=low, high=high)


def _ends(cuts: Sequence[float]) -> list[float]:
    return [min(cuts), max(cuts)] if max(cuts) > min(cuts) else [min(cuts) - 1, max(cuts) + 1]


def _within(declared: float, cuts: Sequence[float]) -> bool:
    return min(0.0, *cuts) <= declared <= max(1.0, *cuts)


def _line(name: str, cuts: Sequence[float], values: Sequence[Any]) -> dict[str, Any]:
    return {"name": name, "points": [{"x": x, "y": y} for x, y in zip(cuts, values, strict=True)]}


def _column(table: Table, name: str) -> list[Any]:
    at = table.columns.index(name)
    return [line[at] for line in table.rows]


def _representation(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield the groups of each attribute, first those shown best to be too few."""
    panels: list[rows.Panel] = []
    words, left = list[str](), 0
    for attribute in dict.fromkeys(m.of["attribute"] for m in evidence.measures if "attribute" in m.of):
        found = {
            name: {
                m.of["group"]: m
                for m in evidence.measures
                if m.name == name and m.of.keys() == {"attribute", "group"} and m.of["attribute"] == attribute
            }
            for name in ("data_share", "population_share", "representation_ratio")
        }
        shares, ratios = found["data_share"], found["representation_ratio"]
        if not shares:
            continue
        if len(panels) == rows.PANELS:
            left += len(shares)
            continue
        order = sorted(shares.values(), key=lambda m: _too_few(ratios.get(m.of["group"])))
        left += max(0, len(order) - rows.DRAWN_ROWS)
        lines = [
            rows.row(
                m,
                rows.group(m),
                _ratio_words(ratios.get(m.of["group"])),
                tick=_value(found["population_share"].get(m.of["group"])),
            )
            for m in order[: rows.DRAWN_ROWS]
        ]
        panels.append(rows.panel(crossed(attribute), lines, _from_zero(lines)))
        worst = [ratios[m.of["group"]] for m in order if m.of["group"] in ratios]
        words.append(
            _(
                "{name}: {value}",
                name=wording.brief(crossed(attribute)),
                value=rows.told(worst, rows.group),
            )
        )
    if panels:
        yield _chart(
            evidence,
            "forest",
            _(
                "The share of each group in the data with its interval, beside its share of the population "
                "(upright mark), those first that are shown best to be too few; × is the one over the other"
            )
            + rows.more(left),
            _("Share in the data over share of the population. {items}.", items=_(". ").join(words)),
            {"panels": panels},
        )


def _too_few(ratio: Measure | None) -> tuple[float, float]:
    if ratio is None or ratio.value is None or ratio.high is None:
        return (float("inf"), 0.0)
    return (ratio.high, ratio.value)


def _ratio_words(ratio: Measure | None) -> str:
    return "" if ratio is None or ratio.value is None else _("× {value}", value=wording.number(ratio.value))


def _value(measure: Measure | None) -> float | None:
    return None if measure is None else measure.value


def _float(cell: Any) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def _from_zero(lines: Sequence[rows.Panel]) -> list[float]:
    return [0.0, min(1.0, max(rows.span(lines)[1], 0.05))]


def _drift(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield how far each column has moved, since training and over time."""
    found = [m for m in evidence.measures if m.name == _INDEX and m.value is not None]
    sides = {
        N_("Training to evaluation"): [m for m in found if "over time" not in m.of.get("case", "")],
        N_("Earlier to later half"): [m for m in found if "over time" in m.of.get("case", "")],
    }
    panels: list[rows.Panel] = []
    words, left = list[str](), 0
    for title, moved in sides.items():
        moved.sort(key=lambda m: (-(m.low or 0.0), -(m.value or 0.0)))
        if not moved:
            continue
        shown = moved[: rows.DRAWN_ROWS]
        left += len(moved) - len(shown)
        lines = [rows.row(m, _moved(m)) for m in shown]
        panels.append(rows.panel(own(title), lines, None, 0.0))
        words.append(_("{name}: {value}", name=own(title), value=rows.told(moved, _moved)))
    whole = max((p["domain"][1] for p in panels), default=1.0)
    for each in panels:
        each["domain"] = [0.0, whole]  # one scale, so that both can be set side by side
    if panels:
        yield _chart(
            evidence,
            "forest",
            _(
                "How far each column has moved (population stability index less what chance adds), those "
                "shown best first; an interval that reaches 0 may be chance"
            )
            + rows.more(left),
            _("Population stability index less chance. {items}.", items=_(". ").join(words)),
            {"panels": panels},
        )


def _moved(measure: Measure) -> str:
    of = measure.of
    if "feature" in of:
        return of["feature"]
    if "attribute" in of:
        return _("groups of {attribute}", attribute=crossed(of["attribute"]))
    return wording.case(of["case"].removesuffix(" over time"))


def _costs(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield what the decisions cost beside trivial ones, and each group's."""
    found = [m for m in evidence.measures if m.name == "expected_cost" and m.value is not None]
    whole = [m for m in found if m.of.keys() <= {"model"}]
    if not whole:
        return
    sets = [(_("All people"), whole, _decider)]
    attributes = dict.fromkeys(m.of["attribute"] for m in found if "group" in m.of)
    single = [name for name in attributes if len(split(name)) == 1]
    for name in single[: rows.PANELS - 1]:
        mine = [m for m in found if m.of.get("attribute") == name and m.of.keys() == {"attribute", "group"}]
        mine.sort(key=lambda m: (not rows.is_compared(m), -(m.value or 0.0), m.of["group"]))
        sets.append((crossed(name), mine, rows.group))
    left = sum(max(0, len(mine) - rows.DRAWN_ROWS) for _, mine, _ in sets)
    now = next((m.value for m in whole if not m.of), None)
    panels = [
        rows.panel(title, [rows.row(m, name(m), rows.people(m)) for m in mine[: rows.DRAWN_ROWS]], None, now)
        for title, mine, name in sets
    ]
    shared = [min(p["domain"][0] for p in panels), max(p["domain"][1] for p in panels)]
    for each in panels:
        each["domain"] = shared
    yield _chart(
        evidence,
        "forest",
        _(
            "What the decisions cost a person at the declared prices, with intervals; the dashed line is the "
            "system's own, hollow points are measured but not compared"
        )
        + rows.more(left),
        _(". ").join(
            _("{name}: {value}", name=own(title), value=rows.told(mine, name)) for title, mine, name in sets
        )
        + _("."),
        {"panels": panels},
    )


def _decider(measure: Measure) -> str:
    names = {"threshold that the costs imply": _("implied threshold")}
    model = measure.of.get("model")
    return _("this system") if model is None else names.get(model) or wording.case(model)


def _not_stated(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield what each group's rate may be, whoever the people not stated are."""
    found = [
        m
        for m in evidence.measures
        if m.name == "selection_rate_bounds"
        and m.of.keys() == {"attribute", "group"}
        and m.value is not None
        and NOT_STATED not in split(m.of["group"])
    ]
    table = next((t for t in evidence.tables if t.name.startswith("rates whoever")), None)
    reach = {} if table is None else {tuple(r[:3]): (_float(r[4]), _float(r[5])) for r in table.rows}
    attributes = list(dict.fromkeys(m.of["attribute"] for m in found))
    attributes.sort(key=lambda name: len(split(name)))
    panels: list[rows.Panel] = []
    words, left = list[str](), 0
    for attribute in attributes:
        mine = [m for m in found if m.of["attribute"] == attribute]
        if len(panels) == rows.PANELS:
            left += len(mine)
            continue
        mine.sort(key=lambda m: (not rows.is_compared(m), m.value or 0.0, m.of["group"]))
        left += max(0, len(mine) - rows.DRAWN_ROWS)
        lines = []
        for m in mine[: rows.DRAWN_ROWS]:
            least, most = reach.get((crossed(attribute), rows.group(m), "selection rate"), (None, None))
            lines.append(rows.row(m, rows.group(m), rows.people(m), least=least, most=most))
        panels.append(rows.panel(crossed(attribute), lines, [0.0, 1.0]))
        words.append(
            _(
                "{name}: {value}",
                name=wording.brief(crossed(attribute)),
                value=rows.told(mine, rows.group),
            )
        )
    if panels:
        yield _chart(
            evidence,
            "forest",
            _(
                "Selection rates whoever the people not stated are: the point is the rate of those who "
                "state their group, the thick bar what every assignment of the others would give, the "
                "thin line that with its interval; hollow points are not compared"
            )
            + rows.more(left),
            _("Bounds of selection rates. {items}.", items=_(". ").join(words)),
            {"panels": panels},
        )


_PICTURES: Mapping[str, Callable[[View, Evidence], Iterator[Block]]] = {
    "performance.thresholds": _thresholds,
    "performance.costs": _costs,
    "data.representation": _representation,
    "data.drift": _drift,
    "fairness.missing_demographics": _not_stated,
    "interpretability.ale": effects,
    "interpretability.interactions": interactions,
    "interpretability.monotonicity": monotonicity,
    "interpretability.partial_dependence": dependence,
    "interpretability.protected_attribution": stand_ins,
    "interpretability.surrogate": surrogate,
}
