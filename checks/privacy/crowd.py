"""The crowd that a person could hide in: people of a reference population who look alike.

Somebody alone in the data need not be alone in the city. Where a table of the population tells how many
people share each combination of quasi-identifiers, the risk of being found is counted against them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.data.bins import as_numbers
from checks.data.population import count_column
from checks.data.rows import row_keys
from checks.model import Array, Kind, Measure, NotApplicable, Subject

NAMES = ("k_map", "journalist_risk", "population_marketer_risk", "population_uniqueness")
UNITS = {"k_map": "people"}
SUPPLY = (
    "no table of the population was supplied; add one with the quasi-identifiers as `data.reference`"
    " (a row a person, or a row a combination with a count `n`)"
)


def crowd(subject: Subject, rows: pd.DataFrame, people: Array | None) -> Iterator[Measure]:
    """Yield k-map, and the risk against the population; a sentence where there is no table that fits."""
    total = float(len(rows) if people is None else people.sum())
    try:
        table, held = _table(subject)
        mine, theirs = row_keys([rows, table], subject.roles.quasi_identifiers)
    except NotApplicable as why:
        for name in NAMES:
            yield _told(name, None, total, str(why))
        return
    kinds = int(max(mine.max(initial=0), theirs.max(initial=0))) + 1
    here = np.bincount(mine, weights=people, minlength=kinds)
    there = np.bincount(theirs, weights=held, minlength=kinds)
    present = here > 0
    here, there = here[present], there[present]
    outside = float(here[there < here].sum())
    note = None
    if outside:
        note = (
            f"{outside:.0f} people are in classes that the population table says are smaller than in these"
            " data; they count as all there are, so the risk may be less"
        )
    there = np.maximum(here, there)
    least = float(there.min())
    yield _told("k_map", least, total, note)
    yield _told("journalist_risk", 1 / least, total, note)
    yield _told("population_marketer_risk", float((here / there).sum() / total), total, note)
    yield _told("population_uniqueness", float(here[there == 1].sum() / total), total, note)


def _table(subject: Subject) -> tuple[pd.DataFrame, Array | None]:
    """Return the first table of a population that has every quasi-identifier, and its counts."""
    known = subject.roles.quasi_identifiers
    given = [table for table in (subject.reference, subject.population) if table is not None and len(table)]
    if not given:
        raise NotApplicable(SUPPLY)
    for table in given:
        if set(known) <= set(table.columns):
            name = count_column(subject, table)
            return table, None if name is None else as_numbers(table[name])
    lacking = ", ".join(f"`{name}`" for name in known if name not in given[0].columns)
    raise NotApplicable(f"the table of the population lacks {lacking}; add what the attacker may know")


def _told(name: str, value: float | None, n: float, note: str | None) -> Measure:
    return Measure(
        name,
        value,
        n=n,
        kind=Kind.EXACT,
        unit=UNITS.get(name, "proportion"),
        method="count of people alike in the population",
        note=note,
    )
