"""Evidence, family by family: what each check found, without judging it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.model import Evidence, Measure, Outcome
from checks.model import Table as EvidenceTable
from reports import wording
from reports.compose import pictures
from reports.compose.fairness import fairness
from reports.compose.view import (
    View,
    annex_anchor,
    check_anchor,
    check_title,
    evidence_title,
    meaning,
    measure_title,
)
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
    blocks += told(evidence)
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


def told(evidence: Evidence) -> Iterator[Table]:
    """Yield the measures in short: models side by side where a baseline was measured too."""
    models = list(dict.fromkeys(m.of["model"] for m in evidence.measures if "model" in m.of))
    if models and all(m.of.keys() <= {"model"} for m in evidence.measures):
        yield _side_by_side(evidence, ["", *models])
    elif evidence.measures:
        yield _listed(evidence, evidence.measures[:MEASURES_SHOWN], "")


def listed(evidence: Evidence) -> Iterator[Table]:
    """Yield every measure, with how each was made."""
    if evidence.measures:
        methods = list(dict.fromkeys(m.method for m in evidence.measures if m.method))
        yield _listed(evidence, evidence.measures, f"Methods: {'; '.join(methods)}." if methods else "")


def _side_by_side(evidence: Evidence, models: list[str]) -> Table:
    names = dict.fromkeys(m.name for m in evidence.measures)
    found = {(m.name, m.of.get("model", "")): wording.measured(m) for m in evidence.measures}
    heads = (Column(wording.plain(model) if model else "this model", "number") for model in models)
    return Table(
        _caption(evidence),
        (Column("Measure"), *heads),
        tuple(
            (_named(evidence, name), *(Cell(found.get((name, model), "")) for model in models))
            for name in names
        ),
    )


def _listed(evidence: Evidence, measures: tuple[Measure, ...], methods: str) -> Table:
    of, noted = any(m.of for m in measures), any(m.note for m in measures)
    columns = (
        Column("Measure"),
        *([Column("Of")] if of else []),
        Column("Value (interval)", "number"),
        Column("n", "number"),
        *([Column("Note")] if noted else []),
    )
    rows = tuple(
        (
            Cell(measure_title(m)),
            *((Cell(wording.where(m.of)),) if of else ()),
            Cell(wording.measured(m)),
            Cell(wording.count(m.n)),
            *((Cell(wording.sentence(m.note or "")),) if noted else ()),
        )
        for m in measures
    )
    more = len(evidence.measures) - len(measures)
    rest = f"{wording.plural(more, 'more row')} in the annex." if more else ""
    return Table(_caption(evidence), columns, rows, methods or rest)


def _caption(evidence: Evidence) -> str:
    return f"{check_title(evidence.check).partition(':')[0]}: what was measured"


def _named(evidence: Evidence, name: str) -> Cell:
    says = meaning(f"{evidence.check}.{name}")
    words = wording.measure(name)
    return Cell(f"{words[:1].upper()}{words[1:]}{f': {says}' if says else ''}")


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
