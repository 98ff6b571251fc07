"""Fairness: per attribute one picture, one table, one plain sentence; then the disparities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from checks.model import Measure
from checks.names import crossed, split
from reports import wording
from reports.compose import pictures
from reports.compose.contrasts import contrast, shown
from reports.compose.view import View, check_title, measure_title
from reports.document import Block, Cell, Column, Paragraph, Section, Table

_RATES = (
    ("fairness.selection_rate", "selection_rate"),
    ("fairness.error_rates", "true_positive_rate"),
    ("fairness.error_rates", "false_positive_rate"),
    ("fairness.error_rates", "positive_predictive_value"),
    ("fairness.error_rates", "accuracy"),
    ("fairness.scoring_rate", "scoring_rate"),
)
_NUMBERS = tuple(
    ("fairness.regression", name)
    for name in ("mean_error", "mean_absolute_error", "root_mean_squared_error", "r2")
)
"""What stands in a table of its own, without a picture: the numbers are in the units of the label."""
_PANELS = 4
_MAIN = (
    "impact_ratio",
    "selection_rate_gap",
    "true_positive_rate_gap",
    "false_positive_rate_gap",
    "equalized_odds_gap",
    "average_odds_gap",
    "positive_predictive_value_gap",
    "accuracy_gap",
    "roc_auc_gap",
    "mean_prediction_ratio",
    "mean_error_gap",
    "mean_absolute_error_gap",
    "root_mean_squared_error_gap",
    "r2_gap",
    "conditional_selection_rate_gap",
    "conditional_impact_ratio",
    "selection_rate_range",
    "calibration_error_gap",
    "difference_p_value",
    "uncompared_share",
)
"""Differences told with their attribute, in this order; the others stand in the annex."""
_MEAN = {"average": "macro"}
"""The key of means over classes."""


def fairness(view: View) -> Section:
    """Return the family: single attributes first, then where they cross."""
    attributes = view.attributes()
    single = [a for a in attributes if len(split(a)) == 1]
    crossings = [a for a in attributes if len(split(a)) > 1]
    parts = [_attribute(view, a) for a in (*single, *crossings)]
    lead = (
        "Per attribute: one sentence, the rates with their intervals, and the main differences. The annex "
        "has the rest. Hollow points and noted groups were measured, but are too small or not stated."
        if parts
        else "Nothing was compared between groups; the reasons stand under “What was not measured”."
    )
    return Section("Fairness", "family-fairness", (*_chosen(view), Paragraph(lead)), tuple(parts))


def _chosen(view: View) -> Iterator[Block]:
    """Yield which measure the submitter holds to fit the harm, why, and what it came to."""
    choice = view.submission.get("metric_choice")
    if not choice:
        return
    check, _, name = choice["measure"].rpartition(".")
    by = f" by {choice['chosen_by']}" if choice.get("chosen_by") else ""
    why = f" The reason given: “{choice['reason']}”" if choice.get("reason") else " No reason was given."
    yield Paragraph(
        f"Chosen{by} as the measure that fits the harm: {wording.measure(name)} ({choice['measure']}).{why} "
        "It is told first here; every other measure is told too, and the choice changes no verdict."
    )
    evidence = view.default(check)
    found = [m for m in (evidence.measures if evidence else ()) if m.name == name and "group" not in m.of]
    if found:
        cells = (
            (Cell(wording.where(m.of)), Cell(wording.measured(m)), Cell(wording.count(m.n))) for m in found
        )
        columns = (Column("Of"), Column("Value (interval)", "number"), Column("n", "number"))
        yield Table(f"The chosen measure: {wording.measure(name)}", columns, tuple(cells))
    else:
        yield Paragraph(
            "The chosen measure was not measured here; the reasons stand under “What was not measured”."
        )


def _attribute(view: View, attribute: str) -> Section:
    title = crossed(attribute)
    anchor = view.attribute_anchor(attribute)
    rates = _rates(view, attribute, _RATES)
    order, hidden = _order(rates)
    blocks: list[Block] = []
    sentence = contrast(view, attribute)
    if sentence:
        blocks.append(Paragraph(sentence))
    if rates and order:
        cut = [(name, [m for m in ms if m.of["group"] in order]) for name, ms in rates]
        panels = [(_title(name), ms) for name, ms in cut[:_PANELS]]
        blocks.append(pictures.rates(anchor, title, panels, order))
        blocks.append(_group_table(title, cut[:_PANELS], order, hidden))
    errors = _rates(view, attribute, _NUMBERS)
    if errors:
        blocks.append(_group_table(title, errors, *_order(errors)))
    blocks += _disparities(view, attribute, title)
    power = shown(view, attribute)
    if power:
        blocks.append(Paragraph(power))
    return Section(f"By {title}", anchor, tuple(blocks))


def _rates(view: View, attribute: str, asked: Sequence[tuple[str, str]]) -> list[tuple[str, list[Measure]]]:
    found = []
    for check, name in asked:
        evidence = view.default(check)
        measures = [
            m
            for m in (evidence.measures if evidence else ())
            if m.name == name and m.of.get("attribute") == attribute and m.of.keys() == {"attribute", "group"}
        ]
        if measures:
            found.append((name, measures))
    return found


def _order(rates: Sequence[tuple[str, list[Measure]]]) -> tuple[list[str], int]:
    """Return the groups to show, lowest first by the first rate, uncompared last; and how many are left."""
    if not rates:
        return [], 0
    first = sorted(rates[0][1], key=lambda m: (_hollow(m), m.value is None, m.value or 0.0, m.of["group"]))
    others = {m.of["group"]: None for _, ms in rates for m in ms}
    groups = list(dict.fromkeys([*(m.of["group"] for m in first), *others]))
    shown = groups[: pictures.GROUPS_SHOWN]
    return shown, len(groups) - len(shown)


def _hollow(measure: Measure) -> bool:
    return measure.note is not None or measure.of["group"] == "not stated"


def _title(name: str) -> str:
    words = wording.measure(name)
    return words[:1].upper() + words[1:]


def _group_table(
    title: str, rates: Sequence[tuple[str, list[Measure]]], order: Sequence[str], hidden: int
) -> Table:
    by_group = {name: {m.of["group"]: m for m in measures} for name, measures in rates}
    rows = []
    notes: dict[str, dict[str, None]] = {}
    for group in order:
        cells = [Cell(crossed(group) or "empty text"), Cell(_people(by_group, group))]
        for name, _ in rates:
            m = by_group[name].get(group)
            cells.append(Cell("" if m is None else wording.measured(m)))
            if m is not None and m.note:
                notes.setdefault(m.note, {})[crossed(group)] = None
        rows.append(tuple(cells))
    columns = (
        Column("Group"),
        Column("Rows", "number"),
        *(Column(_title(name), "number") for name, _ in rates),
    )
    more = (
        f"{wording.plural(hidden, 'more group', 'more groups')} with higher rates stand in the annex. "
        if hidden
        else ""
    )
    said = " ".join(f"{wording.joined(groups)}: {note}." for note, groups in notes.items())
    return Table(
        f"Groups of {title}, lowest first, with 95 % intervals", columns, tuple(rows), f"{more}{said}".strip()
    )


def _people(by_group: dict[str, dict[str, Measure]], group: str) -> str:
    counts = [m[group].n for m in by_group.values() if group in m]
    return wording.count(max((n for n in counts if n is not None), default=None))


def _disparities(view: View, attribute: str, title: str) -> Iterator[Block]:
    """Yield one table of the main differences; what several checks say alike is said once."""
    found = {
        (m.name, m.value, m.low, m.high): (m, evidence.check)
        for evidence in reversed(view.family("fairness"))
        for m in evidence.measures
        if m.of in ({"attribute": attribute}, {"attribute": attribute, **_MEAN}) and m.name in _MAIN
    }
    chosen = sorted(
        found.values(),
        key=lambda item: (-_evidence(item[0]), _MAIN.index(item[0].name), item[1] != _RATES[0][0], item[1]),
    )
    if not chosen:
        return
    noted = any(m.note for m, _ in chosen)
    rows = tuple(
        (
            Cell(f"{measure_title(m)}{', mean over classes' if 'average' in m.of else ''}"),
            Cell(check_title(check).partition(":")[0]),
            Cell(wording.measured(m)),
            Cell(wording.count(m.n)),
            *((Cell(wording.sentence(m.note or "")),) if noted else ()),
        )
        for m, check in chosen
    )
    heads = (
        Column("Difference"),
        Column("In"),
        Column("Value (interval)", "number"),
        Column("Rows", "number"),
    )
    columns = (*heads, *((Column("Note"),) if noted else ()))
    yield Table(f"Differences between groups of {title}", columns, rows, _BY_EVIDENCE)


_BY_EVIDENCE = (
    "Sorted by evidence, not by size: first what lies farthest from equality in standard errors, as its "
    "interval gives them. What is no comparison comes last."
)


def _evidence(measure: Measure) -> float:
    """Return the distance from equality in widths of the interval, which rank like standard errors."""
    value, low, high = measure.value, measure.low, measure.high
    if value is None or low is None or high is None or high <= low:
        return -1.0
    if measure.name.endswith("_gap"):
        return abs(value) / (high - low)
    if measure.name.endswith("_ratio") and value > 0:
        return abs(math.log(value)) / (math.log(high) - math.log(low)) if low > 0 else 0.0
    return -1.0
