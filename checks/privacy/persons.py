"""Whether a row is a person: told by a declared identifier, or taken to be, with what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.data.numbering import FEWEST, people_suspected, without_numbering
from checks.data.quality import listed
from checks.data.rows import codes, row_keys
from checks.model import Array, Kind, Measure, Roles

MUCH = 0.01
"""Share of rows that repeat another, from which on they may be the same people."""
DO = "name the column that tells people apart in columns.identifiers, or keep one row a person"


@dataclass(frozen=True, eq=False)
class Persons:
    """The rows of a table, and what makes a person of them."""

    rows: pd.DataFrame
    weights: Array | None
    column: str | None
    """The declared identifier that several rows share; None where a row is a person, or taken for one."""

    @property
    def how(self) -> str:
        """Say what is counted as a person."""
        if self.column is not None:
            return f"people told apart by `{self.column}`"
        return "a row is taken for one person" if self.weights is None else "frequency weights count people"

    def each(self, names: Sequence[str]) -> pd.DataFrame:
        """Return one row for each person and what *names* say of them; all rows where a row is a person."""
        if self.column is None:
            return self.rows
        person = codes([self.rows[self.column]])[0].astype(np.int64)
        nameless = self.rows[self.column].isna().to_numpy()
        person[nameless] = -1 - np.arange(
            int(nameless.sum())
        )  # who has no identifier is somebody of their own
        keys = {name: codes([self.rows[name]])[0] for name in dict.fromkeys(names)}
        twice = pd.DataFrame({"": person, **{f"_{name}": key for name, key in keys.items()}}).duplicated()
        return self.rows[~twice.to_numpy()]


def persons(rows: pd.DataFrame, weights: Array | None, roles: Roles) -> Persons:
    """Find the declared identifier that several rows share, the finest one."""
    shared = {}
    for name in roles.identifiers if weights is None else ():
        if name in rows and 1 < (found := int(rows[name].nunique())) < int(rows[name].notna().sum()):
            shared[name] = found
    return Persons(rows, weights, max(shared, key=lambda name: shared[name]) if shared else None)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows that agree with another in every column but running numbers, where rows are taken for people."""

    share: float
    numbering: Sequence[str]
    k: float
    """The smallest class where such rows count as one person."""

    @property
    def many(self) -> bool:
        """Whether there are enough of them to ask whose they are."""
        return self.share >= MUCH

    @property
    def said(self) -> str:
        """Say how many there are."""
        under = f" under {listed(self.numbering)}" if self.numbering else ""
        return f"{self.share:.0%} of the rows repeat another one{under}"


def repeats_of(people: Persons, classes: Array, k: float, roles: Roles) -> Repeats | None:
    """Count rows that may be the same people; None where people are told apart, or weighed.

    *classes* number each row's class from 0 without holes.
    """
    if people.column is not None or people.weights is not None:
        return None
    rows = people.rows
    names, numbering = without_numbering(rows, list(rows.columns), roles)
    if len(rows) < FEWEST:
        return Repeats(0.0, numbering, k)
    (whole,) = row_keys([rows], names)
    first = np.zeros(int(whole.max()) + 1, dtype=np.int64)
    first[whole[::-1]] = np.arange(len(whole))[::-1]  # of rows alike, the first one is kept
    share = 1 - len(first) / len(rows)
    if share < MUCH:
        return Repeats(share, numbering, k)
    return Repeats(share, numbering, float(np.bincount(classes[first]).min()))


def told(people: Persons, found: Repeats | None, roles: Roles) -> Iterator[Measure]:
    """Yield rows a person, and k where rows that repeat count once: what "a row is a person" rests on."""
    rows, count = people.rows, float(len(people.rows))
    if found is None:
        each, why = None, f"not needed: {people.how}"
        if people.column is not None:
            column = rows[people.column]
            each = count / (int(column.nunique()) + int(column.isna().sum()))
        yield _told("rows_a_person", each, count, "rows", why if each is None else people.how)
        yield _told("k_without_repeats", None, count, "people", why)
        return
    yield _told("rows_a_person", None, count, "rows", _why(rows, roles, found))
    note = found.said if found.many else "under one row in a hundred repeats another"
    yield _told("k_without_repeats", found.k, count, "people", note)


def _why(rows: pd.DataFrame, roles: Roles, found: Repeats) -> str:
    """Say why a row is taken for a person, and what to do where that may be wrong."""
    suspected = people_suspected(rows, roles)
    own = [name for name in roles.identifiers if name in rows]
    if suspected:
        return f"{listed(suspected)} may tell people apart, but was not declared: {DO}"
    if found.many:
        return f"{found.said}, so one person may stand in several: {DO}"
    if own:
        return f"not needed: every row has its own `{own[0]}`"
    return "not needed: hardly a row repeats another, and no column seems to tell people apart"


def _told(name: str, value: float | None, n: float, unit: str, note: str) -> Measure:
    return Measure(name, value, n=n, kind=Kind.EXACT, unit=unit, method="count of rows", note=note)
