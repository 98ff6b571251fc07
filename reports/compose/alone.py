"""Who could be found behind a row of the data, in people where they were told apart and in rows otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Evidence, Measure
from reports import wording
from reports.compose.view import of_name
from reports.language import _

_NAME = 40


def alone(evidence: Evidence) -> tuple[str, str]:
    """Return who could be found behind a row, and what was counted for that."""
    k, alone = of_name(evidence, "k"), of_name(evidence, "uniqueness")
    if not k or not alone:
        return "", ""
    persons = _of_persons(evidence)
    if persons:
        counted = _(
            "Counted, not estimated: {people}.", people=wording.plural(k[0].n or 0, "person", "people")
        )
    else:
        rows = wording.plural(k[0].n or 0, "row", "rows")
        counted = _("Counted, not estimated: {rows}, each taken for one person.", rows=rows)
    sure = wording.paragraph([counted, *map(wording.recorded, filter(None, [_caution(k[0], alone[0])]))])
    return wording.paragraph(_singly(evidence, k[0], alone[0], persons)), sure


def _of_persons(evidence: Evidence) -> bool:
    """Return whether people were told apart, so that rows were not taken for them."""
    once = next((m for m in evidence.measures if m.name == "k_without_repeats"), None)
    return once is not None and once.value is None and not (once.note or "").startswith(wording.WITHHELD)


def _caution(k: Measure, alone: Measure) -> str | None:
    """Return what is to be known of who was counted, as the check said it."""
    return k.note or alone.note


def _singly(evidence: Evidence, k: Measure, alone: Measure, persons: bool) -> Iterator[str]:
    """Say who is alone, in people where they were told apart and in rows otherwise."""
    if alone.value:
        share = wording.per_hundred(alone.value)
        yield (
            _(
                "{share} people are alone with their quasi-identifiers: nobody else in these data has them.",
                share=share,
            )
            if persons
            else _(
                "{share} rows are alone with their quasi-identifiers: no other row in these data has them.",
                share=share,
            )
        )
    elif persons:
        people = wording.plural(k.value or 0, "person", "people")
        yield _("Nobody is alone: at least {people} share every combination.", people=people)
    else:
        rows = wording.plural(k.value or 0, "row", "rows")
        yield _("No row is alone: at least {rows} share every combination.", rows=rows)
    for once in of_name(evidence, "k_without_repeats"):
        if (once.value or 0) < (k.value or 0):
            people = wording.plural(once.value or 0, "person", "people")
            yield _(
                "But rows repeat: if all that repeat are one person each, the smallest group is {people}.",
                people=people,
            )


def hides(evidence: Evidence | None) -> bool:
    """Return whether a sensitive column was declared, so that it was looked at in every class."""
    return evidence is not None and any(m.name == "distinct_l" for m in evidence.measures)


def common(evidence: Evidence) -> tuple[str, str]:
    """Return what classes give away of the sensitive column that they hide least, with how far that goes."""
    least = of_name(evidence, "distinct_l")
    if not least:
        return _refused(evidence)
    alike = {m.of["column"]: m for m in of_name(evidence, "one_valued_people")}
    worst = min(least, key=lambda m: (m.value or 0.0, -_people(alike.get(m.of["column"]))))
    column = wording.brief(wording.case(worst.of["column"]), _NAME)
    held = alike.get(worst.of["column"])
    if worst.value == 1 and held is not None:
        said = _one_valued(held, column)
    elif worst.value == 1:
        said = _("In some group of people who look alike, everybody has the same {column}.", column=column)
    else:
        values = wording.plural(worst.value or 0.0, "value", "values")
        said = _(
            "Each group of people who look alike has {values} of {column} or more.",
            values=values,
            column=column,
        )
    sure = [
        _(
            "A group's shares of {column} lie up to {t} from those of everybody (t).",
            column=column,
            t=wording.measured(m),
        )
        for m in of_name(evidence, "t")
        if m.of == worst.of
    ]
    return said, wording.paragraph([*sure, *([wording.recorded(worst.note)] if worst.note else [])])


def _people(held: Measure | None) -> float:
    return (held and held.value) or 0.0


def _one_valued(held: Measure, column: str) -> str:
    """Say of how many people others learn the value; who is alone in a group always has one value there."""
    if not held.value:
        return _(
            "In no group of two or more people who look alike has everybody the same {column}; only people"
            " who are alone give it away.",
            column=column,
        )
    return _(
        "{people} of {all} look like somebody else, and everybody who looks like them has the same {column}.",
        people=wording.count(held.value),
        all=wording.count(held.n or 0),
        column=column,
    )


def _refused(evidence: Evidence) -> tuple[str, str]:
    """Say why no sensitive column that was declared has a number; nothing where none was."""
    notes = [m.note for m in evidence.measures if m.name == "distinct_l" and m.note]
    if not notes or notes[0].startswith(wording.WITHHELD):
        return "", ""
    return _("Not measured. {reason}", reason=wording.recorded(notes[0])), _("Nothing is known either way.")


def singled_out(evidence: Evidence | None) -> Iterator[str]:
    """Yield the one, two and three columns that leave most people alone."""
    found = [m for m in of_name(evidence, "combination_uniqueness") if m.value and m.n]
    persons = evidence is not None and _of_persons(evidence)
    unit = ("person", "people") if persons else ("row", "rows")
    told = [
        _(
            "{columns} ({people})",
            columns=wording.brief(wording.case(m.of["column"]), _NAME),
            people=wording.plural(round((m.value or 0.0) * (m.n or 0.0)), *unit),
        )
        for m in found
    ]
    if not told:
        return
    columns = wording.joined(told)
    yield (
        _("Columns by which most people are alone in these data: {columns}.", columns=columns)
        if persons
        else _("Columns by which most rows are alone in these data: {columns}.", columns=columns)
    )
