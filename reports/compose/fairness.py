"""Fairness: per attribute one picture, one table, one plain sentence; then the disparities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.model import Measure, Outcome
from reports import wording
from reports.compose import pictures
from reports.compose.explain import compared, spell_contrast
from reports.compose.view import View, annex_anchor, check_title, measure_title
from reports.document import Block, Bullet, Bullets, Cell, Column, Paragraph, Section, Table

_RATES = (
    ("fairness.selection_rate", "selection_rate"),
    ("fairness.scoring_rate", "scoring_rate"),
    ("fairness.error_rates", "true_positive_rate"),
    ("fairness.error_rates", "false_positive_rate"),
    ("fairness.error_rates", "positive_predictive_value"),
    ("fairness.error_rates", "accuracy"),
)
_PANELS = 4
_MAIN = frozenset(
    {
        "impact_ratio",
        "selection_rate_gap",
        "equal_opportunity_gap",
        "equalized_odds_gap",
        "average_odds_gap",
        "true_positive_rate_gap",
        "false_positive_rate_gap",
        "positive_predictive_value_gap",
        "accuracy_gap",
        "roc_auc_gap",
        "calibration_error_gap",
        "uncompared_share",
        "difference_p_value",
    }
)
"""Disparities told with their attribute; the others stand in the annex."""


def fairness(view: View) -> Section:
    """Return the family: single attributes first, then where they cross."""
    attributes = view.attributes()
    single = [a for a in attributes if len(wording.split(a)) == 1]
    crossed = [a for a in attributes if len(wording.split(a)) > 1]
    parts = [_attribute(view, a) for a in (*single, *crossed)]
    lead: tuple[Block, ...] = ()
    if not parts:
        lead = (
            Paragraph(
                "Nothing was compared between groups; the reasons stand under “What was not measured”."
            ),
        )
    return Section("Fairness", "family-fairness", lead, tuple(parts))


def _attribute(view: View, attribute: str) -> Section:
    title = wording.crossed(attribute)
    anchor = view.attribute_anchor(attribute)
    rates = _rates(view, attribute)
    order, hidden = _order(rates)
    blocks: list[Block] = []
    sentence = _sentence(view, attribute)
    if sentence:
        blocks.append(Paragraph(sentence))
    if rates and order:
        cut = [(name, [m for m in ms if m.of["group"] in order]) for name, ms in rates]
        panels = [(_title(name), ms) for name, ms in cut[:_PANELS]]
        blocks.append(pictures.rates(anchor, title, panels, order))
        blocks.append(_group_table(title, cut, order, hidden))
    blocks += _disparities(view, attribute, title)
    blocks += _annex_links(view, attribute)
    return Section(title, anchor, tuple(blocks))


def _rates(view: View, attribute: str) -> list[tuple[str, list[Measure]]]:
    found = []
    for check, name in _RATES:
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
    """Return the groups to show, worst first by the first rate, those not compared last; and how many are left."""
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


def _sentence(view: View, attribute: str) -> str:
    for check, name in _RATES[:2]:
        found = compared(view, f"{check}.{name}", attribute)
        if len(found) >= 2:
            ratio = view.number(f"{check}.impact_ratio", attribute=attribute)
            says = spell_contrast(name, found)
            if ratio is None or ratio.value is None:
                return says
            return f"{says} The lowest rate is {wording.measured(ratio)} of the highest."
    return ""


def _group_table(
    title: str, rates: Sequence[tuple[str, list[Measure]]], order: Sequence[str], hidden: int
) -> Table:
    by_group = {name: {m.of["group"]: m for m in measures} for name, measures in rates}
    rows = []
    notes: dict[str, None] = {}
    for group in order:
        cells = [Cell(wording.crossed(group) or "empty text"), Cell(_people(by_group, group))]
        for name, _ in rates:
            m = by_group[name].get(group)
            cells.append(Cell("" if m is None else wording.measured(m)))
            if m is not None and m.note:
                notes[f"{wording.crossed(group)}, {wording.measure(name)}: {m.note}"] = None
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
    said = f"Notes: {'; '.join(notes)}." if notes else ""
    return Table(
        f"Groups of {title}, lowest first, with 95 % intervals", columns, tuple(rows), f"{more}{said}".strip()
    )


def _people(by_group: dict[str, dict[str, Measure]], group: str) -> str:
    counts = [m[group].n for m in by_group.values() if group in m]
    return wording.count(max((n for n in counts if n is not None), default=None))


def _disparities(view: View, attribute: str, title: str) -> Iterator[Block]:
    rows = []
    for evidence in view.family("fairness"):
        for m in evidence.measures:
            if m.of == {"attribute": attribute} and m.name in _MAIN:
                rows.append(
                    (
                        Cell(measure_title(m)),
                        Cell(check_title(evidence.check).partition(":")[0]),
                        Cell(wording.quantity(m.value, kind=m.kind, unit=m.unit)),
                        Cell("exact" if m.kind == "exact" else wording.interval(m.low, m.high)),
                        Cell(wording.count(m.n)),
                        Cell(wording.sentence(m.note or "")),
                    )
                )
    if rows:
        heads = (Column("Difference"), Column("In"), Column("Value", "number"), Column("Interval", "number"))
        columns = (*heads, Column("Rows", "number"), Column("Note"))
        if not any(row[-1].text for row in rows):
            columns, rows = columns[:-1], [row[:-1] for row in rows]  # type: ignore[assignment,misc]
        yield Table(f"Differences between groups of {title}", columns, tuple(rows))


def _annex_links(view: View, attribute: str) -> Iterator[Block]:
    links = []
    for position, evidence in enumerate(view.evidence):
        told = evidence.outcome is Outcome.MEASURED and evidence.check.startswith("fairness.")
        if told and any(m.of.get("attribute") == attribute for m in evidence.measures):
            links.append(Bullet(f"All numbers: {check_title(evidence.check)}", annex_anchor(position)))
    if links:
        yield Bullets(tuple(links))
