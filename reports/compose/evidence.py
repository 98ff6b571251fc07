"""Evidence, family by family: what each check found, without judging it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.model import Evidence, Measure, Outcome
from checks.model import Table as EvidenceTable
from reports import wording
from reports.compose import pictures
from reports.compose.fairness import fairness
from reports.compose.view import View, annex_anchor, check_anchor, evidence_title, meaning, measure_title
from reports.document import Block, Bullet, Bullets, Cell, Column, Paragraph, Section, Table

MEASURES_SHOWN = 24
ROWS_SHOWN = 12

_PICTURES: Mapping[str, Callable[[Evidence], Iterator[Block]]] = {
    "performance.calibration": pictures.calibration,
    "interpretability.permutation_importance": pictures.importances,
    "interpretability.shap": pictures.contributions,
}


def families(view: View) -> Iterator[Section]:
    """Yield one section per family of checks."""
    for family, title in view.families():
        if family == "fairness":
            yield fairness(view)
        else:
            found = [one for one in view.family(family) if one.outcome is Outcome.MEASURED]
            if found:
                parts = tuple(_check(view, one) for one in found)
                yield Section(title, f"family-{wording.plain(family).replace(' ', '-')}", sections=parts)


def _check(view: View, evidence: Evidence) -> Section:
    blocks: list[Block] = []
    picture = _PICTURES.get(evidence.check)
    if picture is not None:
        blocks += picture(evidence)
    cut = len(evidence.measures) > MEASURES_SHOWN
    blocks += measure_tables(evidence, MEASURES_SHOWN)
    for table in evidence.tables:
        if table.name in pictures.DRAWN:
            cut = True  # the picture shows it; the annex has its rows
            continue
        cut |= len(table.rows) > ROWS_SHOWN
        blocks.append(evidence_table(table, ROWS_SHOWN))
    if cut:
        blocks.append(
            Bullets((Bullet("All rows stand in the annex.", annex_anchor(view.evidence.index(evidence))),))
        )
    if not blocks:
        blocks.append(Paragraph("The check ended without a number."))
    return Section(evidence_title(evidence), check_anchor(evidence.check), tuple(blocks))


def measure_tables(evidence: Evidence, most: int | None = None) -> Iterator[Block]:
    """Yield a table of the measures; models side by side where a baseline was measured too."""
    measures = evidence.measures
    if not measures:
        return
    models = list(dict.fromkeys(m.of["model"] for m in measures if "model" in m.of))
    beside = [m for m in measures if m.of.keys() <= {"model"}]
    if models and len(beside) == len(measures):
        yield _side_by_side(evidence, models)
        return
    yield _one_below_another(evidence, measures[:most], more=len(measures) - len(measures[:most]))


def _side_by_side(evidence: Evidence, models: list[str]) -> Table:
    names = list(dict.fromkeys(m.name for m in evidence.measures))
    heads = [m for m in ("", *models) if any(x.of.get("model", "") == m for x in evidence.measures)]
    rows = []
    for name in names:
        cells = [_named(evidence, name)]
        for head in heads:
            found = [m for m in evidence.measures if m.name == name and m.of.get("model", "") == head]
            cells.append(Cell(wording.measured(found[0]) if found else ""))
        rows.append(tuple(cells))
    columns = (Column("Measure"), *(Column(wording.plain(h) if h else "This model", "number") for h in heads))
    return Table(f"{evidence_title(evidence)}: measured", columns, tuple(rows), _methods(evidence.measures))


def _one_below_another(evidence: Evidence, measures: tuple[Measure, ...], more: int) -> Table:
    with_note = any(m.note for m in measures)
    with_of = any(m.of for m in measures)
    columns = [
        Column("Measure"),
        *([Column("Of")] if with_of else []),
        Column("Value", "number"),
        Column("Interval", "number"),
        Column("n", "number"),
        *([Column("Note")] if with_note else []),
    ]
    rows = []
    for m in measures:
        rows.append(
            (
                Cell(measure_title(m)),
                *((Cell(wording.where(m.of)),) if with_of else ()),
                Cell(wording.quantity(m.value, kind=m.kind, unit=m.unit)),
                Cell("exact" if m.kind == "exact" else wording.interval(m.low, m.high)),
                Cell(wording.count(m.n)),
                *((Cell(wording.sentence(m.note or "")),) if with_note else ()),
            )
        )
    note = " ".join(
        filter(
            None, (f"{wording.plural(more, 'more row')} in the annex." if more else "", _methods(measures))
        )
    )
    return Table(f"{evidence_title(evidence)}: measured", tuple(columns), tuple(rows), note)


def _named(evidence: Evidence, name: str) -> Cell:
    says = meaning(f"{evidence.check}.{name}")
    words = wording.measure(name)
    return Cell(f"{words[:1].upper()}{words[1:]}{f': {says}' if says else ''}")


def _methods(measures: tuple[Measure, ...]) -> str:
    methods = list(dict.fromkeys(m.method for m in measures if m.method))
    return f"Methods: {'; '.join(methods)}." if methods else ""


def evidence_table(table: EvidenceTable, most: int | None = None) -> Table:
    """Return a check's own table, at most *most* rows of it."""
    kinds = ["number"] * len(table.columns)
    for row in table.rows:
        for i, value in enumerate(row):
            if isinstance(value, str | bool):
                kinds[i] = "text"
    shown = table.rows[:most]
    more = len(table.rows) - len(shown)
    note = " ".join(
        filter(
            None, (wording.sentence(table.note or ""), f"{wording.plural(more, 'more row')}." if more else "")
        )
    )
    return Table(
        wording.plain(table.name).capitalize(),
        tuple(Column(wording.plain(c), kind) for c, kind in zip(table.columns, kinds, strict=True)),
        tuple(tuple(Cell(wording.cell(value)) for value in row) for row in shown),
        note,
    )
