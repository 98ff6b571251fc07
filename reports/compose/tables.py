"""Tables of measures: crossed where many measures are of the same things, one below another otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from checks.model import Evidence, Measure
from checks.model import Table as EvidenceTable
from reports import wording
from reports.compose.view import brief_title, meaning, measure_title
from reports.document import Block, Cell, Column, Paragraph, Table
from reports.language import N_, _, own, said

ROWS_TOLD = 6
TABLES_TOLD = 2
ROWS_LISTED = 100
"""Longer tables of single points are drawn, and stand in full in the record only."""
ANNEX, RECORD = N_(("the annex", "the attached record"))
"""Where the rows stand that a table leaves out."""
MOST = {ANNEX: ROWS_TOLD, RECORD: 250}
"""Rows told before it is said where the others stand: many attributes that cross have thousands of groups."""

_ACROSS = 4
_NOTES_TOLD = 300
"""Notes of more characters would be longer than the table that they explain."""
_OPTIONAL = frozenset({"asked", "points", "relative", "new value", "case", "error_at_least"})
"""Columns of checks' own tables in which a row may rightly have nothing."""
_OF_MANY = frozenset({"band", "observed"})
"""Those that are left empty where they would tell of too few people."""
_OF_OURS = frozenset(
    {
        "which is", "declared as", "rate", "way", "relation", "in the smallest set found", "what", "fact",
        "looked at", "alone", "taken as",
    }
)  # fmt: skip
"""Those whose single words are ours, never names that were submitted."""


def told(evidence: Evidence, *, groups: bool = False) -> tuple[list[Table], int]:
    """Return the measures in short, what is of the whole first, and how many tables only the annex has.

    Without *groups* not those of single groups, which fairness tells.
    """
    measures = [m for m in evidence.measures if groups or "group" not in m.of]
    models = list(dict.fromkeys(m.of["model"] for m in measures if "model" in m.of))
    if models and all(m.of.keys() <= {"model"} for m in measures):
        return [_by_model(evidence, ["", *models])], 0
    ordered = sorted(measures, key=lambda m: bool(m.of))  # stable: the order of the check within
    made = list(_tables(evidence, ordered, ANNEX))
    return made[:TABLES_TOLD], len(made) - len(made[:TABLES_TOLD])


def listed(evidence: Evidence) -> Iterator[Block]:
    """Yield every measure, of long tables the first rows, and how the numbers were made."""
    yield from _tables(evidence, evidence.measures, RECORD)
    methods = list(dict.fromkeys(m.method for m in evidence.measures if m.method))
    if methods:
        yield Paragraph(_("Methods: {items}.", items=wording.series(map(said, methods))))


def _tables(evidence: Evidence, measures: Sequence[Measure], where: str) -> Iterator[Table]:
    most = MOST[where]
    by_keys: dict[tuple[str, ...], list[Measure]] = {}
    for m in measures:
        by_keys.setdefault(tuple(sorted(m.of)), []).append(m)
    for keys, found in by_keys.items():
        short = where is ANNEX and keys == ("attribute",) and len(found) > most
        alike = sorted(found, key=lambda m: not shown_apart(m)) if short else found  # what is shown first
        names, things = (
            dict.fromkeys(m.name for m in alike),
            dict.fromkeys(wording.where(m.of) for m in alike),
        )
        if (
            len(names) > 1
            and len(things) > 1
            and len(alike) == len({(m.name, wording.where(m.of)) for m in alike})
        ):
            yield from _crossed(evidence, keys, alike, where)
        else:
            furthest = where is ANNEX and len(alike) > most and len(names) == 1
            told = sorted(alike, key=_distance, reverse=True) if furthest else alike
            yield _listed(_caption(evidence, keys), told, where)


def shown_apart(measure: Measure) -> bool:
    """Return whether the interval of a gap or a ratio leaves out that nothing is the matter."""
    even = 1.0 if measure.unit == "ratio" else 0.0
    return measure.low is not None and measure.high is not None and not measure.low <= even <= measure.high


def _distance(measure: Measure) -> float:
    """Return how far a number lies from where nothing is the matter: from 1 for ratios, else from 0."""
    value = measure.value
    if value is None:
        return -1.0
    if measure.unit == "ratio":
        return abs(math.log(value)) if value > 0 else math.inf
    return abs(value)


def _by_model(evidence: Evidence, models: list[str]) -> Table:
    """Set the model beside its baselines."""
    names = dict.fromkeys(m.name for m in evidence.measures)
    found = {(m.name, m.of.get("model", "")): wording.measured(m) for m in evidence.measures}
    heads = (
        Column(wording.case(wording.plain(model)) if model else _("this model"), "number") for model in models
    )
    return Table(
        _caption(evidence, ()),
        (Column(_("Measure")), *heads),
        tuple(
            (_named(evidence, name), *(Cell(found.get((name, model), "")) for model in models))
            for name in names
        ),
    )


def _named(evidence: Evidence, name: str) -> Cell:
    says, words = meaning(f"{evidence.check}.{name}"), wording.measure(name)
    head = f"{words[:1].upper()}{words[1:]}"
    return Cell(_("{name}: {says}", name=head, says=says) if says else head)


def _crossed(
    evidence: Evidence, keys: tuple[str, ...], measures: list[Measure], where: str
) -> Iterator[Table]:
    """Yield things down and measures across, or the other way where there are more measures than things."""
    names, things = _leading(measures)
    cells = {(measure_title(m), wording.where(m.of)): m for m in measures}
    upright = len(things) >= len(names)
    down, across = (things, names) if upright else (names, things)
    shown = down[: MOST[where]]
    told = across[:_ACROSS] if where is ANNEX else across
    more = []
    if len(shown) < len(down):
        more.append(wording.plural(len(down) - len(shown), "more row"))
    if len(told) < len(across):
        more.append(wording.plural(len(across) - len(told), "more column"))
    rest = _("{items} in {where}.", items=wording.joined(more), where=own(where)) if more else ""
    for start in range(0, len(told), _ACROSS):
        part = across[start : start + _ACROSS]
        picked = {
            (row, head): cells.get((head, row) if upright else (row, head)) for row in shown for head in part
        }
        columns = (Column(_("Of") if upright else _("Measure")), *(Column(head, "number") for head in part))
        yield Table(
            _caption(evidence, keys, part if len(across) > _ACROSS else ()),
            columns,
            tuple((Cell(row), *(Cell(_full(picked[row, head])) for head in part)) for row in shown),
            wording.paragraph((_notes(picked, where is ANNEX), rest)),
        )


def _leading(measures: list[Measure]) -> tuple[list[str], list[str]]:
    """Return the names and the things measured; features with the heaviest first."""
    names = list(dict.fromkeys(measure_title(m) for m in measures))
    if all(m.of.keys() == {"feature"} for m in measures):
        first = measures[0].name
        weights = {wording.where(m.of): m.value or 0.0 for m in measures if m.name == first}
        return names, sorted(
            dict.fromkeys(wording.where(m.of) for m in measures), key=lambda t: -weights.get(t, 0.0)
        )
    return names, list(dict.fromkeys(wording.where(m.of) for m in measures))


def _full(measure: Measure | None) -> str:
    if measure is None:
        return ""
    return wording.measured(measure) + (
        _(" n\u00a0{n}", n=wording.count(measure.n)) if measure.n is not None else ""
    )


def _notes(picked: Mapping[tuple[str, str], Measure | None], short: bool) -> str:
    """Say each note once, with the rows (or the single numbers) that it is of; *short* names the annex."""
    found: dict[str, dict[str, list[str]]] = {}
    for (row, head), m in picked.items():
        if m is not None and m.note:
            found.setdefault(m.note, {}).setdefault(row, []).append(head)
    width = len({head for _, head in picked})
    told = []
    for note, rows in found.items():
        named = [
            row if len(heads) == width else _("{row} ({items})", row=row, items=wording.listed(heads))
            for row, heads in rows.items()
        ]
        told.append(_("{items}: {note}.", items=wording.series(named), note=said(note)))
    if short and len(wording.paragraph(told)) > _NOTES_TOLD:
        return _("Some of these numbers have a note, which stands in the annex.")
    return wording.paragraph(told)


def _listed(caption: str, measures: Sequence[Measure], where: str) -> Table:
    shown = measures[: MOST[where]]
    of, noted = any(m.of for m in shown), any(m.note for m in shown)
    columns = (
        Column(_("Measure")),
        *([Column(_("Of"))] if of else []),
        Column(_("Value (interval)"), "number"),
        Column(_("n"), "number"),
        *([Column(_("Note"))] if noted else []),
    )
    rows = tuple(
        (
            Cell(measure_title(m)),
            *((Cell(wording.where(m.of)),) if of else ()),
            Cell(wording.measured(m)),
            Cell(wording.count(m.n)),
            *((Cell(wording.recorded(m.note)),) if noted else ()),
        )
        for m in shown
    )
    more = len(measures) - len(shown)
    return Table(
        caption,
        columns,
        rows,
        _("{many} in {where}.", many=wording.plural(more, "more row"), where=own(where)) if more else "",
    )


def _caption(evidence: Evidence, keys: tuple[str, ...], part: Sequence[str] = ()) -> str:
    by = _(" by {items}", items=wording.joined(map(own, keys))) if keys else ""
    names = _(": {items}", items=wording.listed(name[:1].lower() + name[1:] for name in part)) if part else ""
    return _(
        "{name}, measured{by}{names}",
        name=brief_title(evidence.check),
        by=by,
        names=names,
    )


def evidence_table(table: EvidenceTable, most: int, where: str) -> Block:
    """Return a check's own table, at most *most* rows of it; *where* says where the others are."""
    title = wording.plain(table.name).capitalize()
    if not table.rows:
        return Paragraph(_("{title}: none.", title=title))
    kinds = ["number"] * len(table.columns)
    for row in table.rows:
        for i, value in enumerate(row):
            if isinstance(value, str | bool):
                kinds[i] = "text"
    heads = [wording.phrase(wording.plain(name)) for name in table.columns]
    shown = table.rows[:most]
    more = len(table.rows) - len(shown)
    rest = _("{many} in {where}.", many=wording.plural(more, "more row"), where=own(where)) if more else ""
    return Table(
        title,
        tuple(Column(head, kind) for head, kind in zip(heads, kinds, strict=True)),
        tuple(
            tuple(Cell(_cell(column, value)) for column, value in zip(table.columns, row, strict=True))
            for row in shown
        ),
        wording.paragraph((wording.recorded(table.note), rest)),
    )


def _cell(column: str, value: str | float | int | bool | None) -> str:
    """Spell a cell; where nothing was asked there is nothing undefined."""
    if column in _OF_OURS and isinstance(value, str):
        return own(value) if own(value) != value else wording.listed(map(own, value.split(", ")))
    if value is None and column in _OF_MANY:
        return wording.withheld()
    return "" if column in _OPTIONAL and value is None else wording.cell(value)
