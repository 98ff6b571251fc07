"""Personal data: which columns name a person, or tell what is nobody's business?

Every column is searched for identity numbers (mainland China, Hong Kong, Macau, Taiwan, Singapore, Malaysia,
Thailand, Indonesia, United States), accounts, cards, phones, e-mail and network addresses, coordinates and
dates of birth, by the shape and the check digits of its values; and for names, addresses and sensitive
categories by what it is called. `undeclared_identifiers` counts columns of direct identifiers that are not
declared in `columns.identifiers`; `undeclared_quasi_identifiers` coordinates and dates of birth outside
`columns.quasi_identifiers`; `undeclared_sensitive` columns of a sensitive category that are neither in
`columns.sensitive` nor in `columns.groups`. `pseudonymised_share` is the share of all identifiers, declared
or found, that the training table lacks or holds as tokens only. `match_share` is, per column found by its
values, the share of different values that are of the kind.

Why it matters
    An identifier in a table that nobody declared is copied with it, printed in examples and learnt by
    models. Personal data that nobody knows of have no ground, no purpose and no end.

How to read it
    The table names each column, what its values look like (letters as A, digits as 9: no value is shown) and
    what the column was declared to be. Declare it, or leave it out of the file.

Limits
    A number with the right check digit may be another number: a kind is told only where far more values pass
    than chance lets through (the interval at 4 standard errors is above twice the chance, and above 2 %).
    Nothing is searched inside free text; its columns are counted. Up to 2,000 different values a column are
    looked at, drawn by a seeded hash. Names and addresses are known by the column's name only, phones without
    a country code too; Macau has no published check digit.

References
    GB 11643-1999; ISO/IEC 7812-1 (Luhn); ISO 13616 (IBAN); GDPR articles 4(1), 9 and 10; PIPL article 28.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype

from checks.data.personal_kinds import SORTS, Role, Sort
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, check, spell
from checks.statistics import wilson
from checks.statistics.intervals import wilson_limits

LOOKED_AT = 2_000
Z = 4.0
"""Standard errors: over all columns and kinds, hardly any is believed by chance."""
LEAST = 0.02
"""Share of the values that must be of the kind."""
SHAPED = 0.05
"""Share of the values that must have its shape."""
WORDS = 5
"""Words of a value of free text, on average."""


@dataclass(frozen=True, slots=True)
class Found:
    """One column that looks like one kind of personal data."""

    column: str
    sort: Sort
    declared: str
    hits: int = 0
    looked: int = 0
    example: str = ""

    @property
    def undeclared(self) -> bool:
        """Whether nobody said so."""
        return not self.declared


@check
def personal_data(subject: Subject) -> Iterator[Measure | Table]:
    """Search every column, and count what nobody declared."""
    if not len(subject.evaluation):
        raise Inconclusive("the evaluation table has no rows")
    found, free, names = [], [], []
    for name, column in _columns(subject):
        names.append(name)
        values, text = _sample(column, subject.seed)
        free += [name] if text else []
        found += list(_search(subject, name, [] if text else values))
    for key, role in (
        ("undeclared_identifiers", Role.IDENTIFIER),
        ("undeclared_quasi_identifiers", Role.QUASI),
        ("undeclared_sensitive", Role.SENSITIVE),
    ):
        columns = {one.column for one in found if one.sort.role is role and one.undeclared}
        yield _count(key, len(columns), len(names))
    yield _count("free_text_columns", len(free), len(names))
    yield _pseudonymised(subject, found)
    for one in found:
        if one.hits:
            of = {"column": one.column, "case": one.sort.name}
            yield wilson("match_share", one.hits, one.looked, of=of)
    yield _table(found, free)


def _columns(subject: Subject) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Yield the columns of both files that no answer of the system or weight stands in."""
    roles = subject.roles
    answers = {roles.label, roles.prediction, roles.score, roles.weight, roles.human_decision}
    tables = [subject.evaluation, *([] if subject.training is None else [subject.training])]
    seen: set[str] = set()
    for table in tables:
        for name in map(str, table.columns):
            if name not in answers and name not in seen:
                seen.add(name)
                yield name, table[name]


def _sample(column: pd.Series[Any], seed: int) -> tuple[list[str], bool]:
    """Return different values, drawn by a seeded hash whatever the order of rows; and if it is free text."""
    if is_bool_dtype(column) or (is_float_dtype(column) and _fractions(column)):
        return [], False
    distinct = pd.Series(pd.unique(column.dropna()))
    if len(distinct) > LOOKED_AT:
        key = f"{seed:016d}"[-16:]
        hashes = np.asarray(pd.util.hash_array(distinct.to_numpy(), hash_key=key, categorize=False))
        distinct = distinct[np.argsort(hashes, kind="stable")[:LOOKED_AT]]
    values = sorted(spell(value).strip() for value in distinct)
    words = np.mean([len(value.split()) for value in values]) if values else 0
    return values, bool(words >= WORDS)


def _fractions(column: pd.Series[Any]) -> bool:
    numbers: Array = column.to_numpy(dtype=np.float64, na_value=np.nan)
    stated = numbers[np.isfinite(numbers)]
    return bool((stated != np.floor(stated)).any())


def _search(subject: Subject, name: str, values: list[str]) -> Iterator[Found]:
    """Yield each kind once: by its values, or where it is known by name alone by that."""
    seen: set[str] = set()
    by_value = False
    for sort in sorted(SORTS, key=lambda one: one.shape is None):
        if sort.name in seen or (sort.shape is None and by_value and sort.role is not Role.SENSITIVE):
            continue
        named = sort.called is not None and bool(sort.called.search(name))
        if sort.shape is None:
            hits: list[str] = []
            if not named:
                continue
        else:
            hits = _hits(sort, values)
            if not _believed(sort, hits, values, named=named):
                continue
            by_value = True
        seen.add(sort.name)
        shown = mask(hits[0] if hits else "")
        yield Found(name, sort, _declared(subject, name, sort.role), len(hits), len(values), shown)


def _shaped(sort: Sort, values: list[str]) -> list[str]:
    assert sort.shape is not None
    return [value for value in values if sort.shape.fullmatch(value)]


def _hits(sort: Sort, values: list[str]) -> list[str]:
    shaped = _shaped(sort, values)
    return shaped if sort.real is None else [value for value in shaped if sort.real(value)]


def _believed(sort: Sort, hits: list[str], values: list[str], *, named: bool) -> bool:
    """Tell whether far more values are of the kind than chance lets through."""
    if not hits:
        return False
    shaped = len(_shaped(sort, values))
    if shaped < SHAPED * len(values):
        return False
    if sort.by_name_only:
        return named and 2 * len(hits) >= len(values)
    least = float(wilson_limits(len(hits) / shaped, shaped, Z)[0])
    enough = max(2 * sort.chance if sort.chance < 0.4 else (1 + sort.chance) / 2, LEAST)
    return least > enough or (named and 2 * len(hits) >= len(values))


def mask(text: str) -> str:
    """Return the shape of a value: letters as A, digits as 9; at most 40 characters."""
    return "".join("9" if c.isdigit() else "A" if c.isalpha() else c for c in text)[:40]


def _declared(subject: Subject, name: str, role: Role) -> str:
    """Return the role under which a column was declared, where one covers it."""
    roles = subject.roles
    stated = not roles.quasi_identifiers_inferred
    ways = {
        "identifiers": roles.identifiers,
        **({} if role is Role.IDENTIFIER else {"sensitive": roles.sensitive, "groups": roles.groups}),
        **({"quasi_identifiers": roles.quasi_identifiers} if role is Role.QUASI and stated else {}),
    }
    return next((f"columns.{key}" for key, names in ways.items() if name in names), "")


def _pseudonymised(subject: Subject, found: list[Found]) -> Measure:
    plain = {one.column for one in found if one.sort.role is Role.IDENTIFIER}
    all_of_them = plain | set(subject.roles.identifiers)
    learnt = subject.evaluation if subject.training is None else subject.training
    note = (
        None
        if subject.training is not None
        else "the training table was not supplied: these rows stand for it"
    )
    if not all_of_them:
        return Measure(
            "pseudonymised_share",
            None,
            n=0,
            kind=Kind.EXACT,
            method="count of columns",
            note="no identifier was declared or found; declare those there are in `columns.identifiers`",
        )
    replaced = [name for name in all_of_them if name not in learnt.columns or name not in plain]
    share = len(replaced) / len(all_of_them)
    return Measure(
        "pseudonymised_share",
        share,
        n=len(all_of_them),
        kind=Kind.EXACT,
        method="count of columns",
        note=note,
    )


def _count(name: str, value: int, n: int, of: Mapping[str, str] | None = None) -> Measure:
    return Measure(
        name,
        float(value),
        n=n,
        of=dict(of or {}),
        kind=Kind.EXACT,
        unit="columns",
        method="search of every column",
    )


def _table(found: list[Found], free: list[str]) -> Table:
    rows: list[tuple[str | float | None, ...]] = [
        (
            one.column,
            one.sort.name,
            str(one.sort.role),
            one.declared or "not declared",
            one.looked if one.hits else None,
            one.hits / one.looked if one.hits else None,
            one.sort.chance if one.hits and one.sort.real is not None else None,
            one.example or "by the column's name",
        )
        for one in found
    ]
    rows += [
        (name, "free text, not searched inside", "may hold anything", "", None, None, None, "")
        for name in free
    ]
    columns = ("column", "looks like", "which is", "declared as", "values looked at", "of the kind")
    return Table(
        "columns that look personal",
        (*columns, "passing by chance", "shape"),
        tuple(rows),
        note=f"Up to {LOOKED_AT:,} different values a column; letters are shown as A, digits as 9.",
    )
