"""Columns that number rows, or tell people apart, rather than describe anybody.

Rows that agree in everything but a running number are the same row twice, so comparing rows leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from checks.model import Array, Roles

NEARLY = 0.95
"""Share of different values from which on a column differs in nearly every row."""
FEWEST = 20
"""Rows under whom chance makes any column differ."""
ROOMY = 4
"""Whole numbers drawn from a range under as many times the rows repeat more often than `NEARLY` allows."""
MOST_ROWS_EACH = 20
"""Rows of one person on average, over which a column is rather a place or a class."""
UNEVEN = 5
"""Times the rows of a value on average that the commonest may have: amounts have round favourites."""
_LOOK = 2_000
_NUMBER = re.compile(
    r"(?:^|[^a-z])(?:ids?|uuid|guid|key|no|nr|num|number|ref|reference|record|row|index|serial|token|hash)"
    r"(?:$|[^a-z])|编号|編號|序号|序號|号码|號碼",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?:^|[^a-z])(?:ids?|pid|uuid|guid|person|patient|customer|client|applicant|citizen|resident|employee|student"
    r"|member|user|subject)(?:$|[^a-z])|编号|編號|证号|證號",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"[a-z](?:ID|Id|UUID|Key)$")
_NO_NUMBER = re.compile(r"[-+]?\d*[.,]\d+(?:e[-+]?\d+)?|\d{4}-\d\d-\d\d.*", re.IGNORECASE)
"""Fractions and dates, stored as text."""


def without_numbering(table: pd.DataFrame, names: Sequence[str], roles: Roles) -> tuple[list[str], list[str]]:
    """Return *names* without the columns that seem to number rows, and those; all where nothing is left."""
    out = [name for name in names if numbers_rows(table, name, roles)]
    rest = [name for name in names if name not in out]
    return (rest, out) if rest else (list(names), [])


def numbers_rows(table: pd.DataFrame, name: str, roles: Roles) -> bool:
    """Tell whether a column differs in nearly every row as a number of the row would.

    It is named like one, holds words without a space, or whole numbers more different than chance has them in
    their range.
    """
    column = table[name]
    if name in _told(roles) or not differs(column):
        return False
    if _NUMBER.search(name) or _CAMEL.search(name):
        return True
    if pd.api.types.is_numeric_dtype(column):
        stated = column.dropna().to_numpy(dtype=np.float64)
        return bool(stated.max() - stated.min() < ROOMY * len(stated))
    some = column.dropna().iloc[:_LOOK].astype(str).str.strip()
    return not bool(some.str.contains(r"\s").any() or some.str.fullmatch(_NO_NUMBER).any())


def differs(column: pd.Series[Any]) -> bool:
    """Tell whether whole numbers, words or times differ in nearly every row; fractions always may."""
    if len(column) < FEWEST or pd.api.types.is_bool_dtype(column):
        return False
    some = column.iloc[:: max(len(column) // _LOOK, 1)].dropna()
    if len(some) < NEARLY * min(len(column), _LOOK) or some.nunique() < 0.9 * len(some):
        return False
    if pd.api.types.is_float_dtype(column) and not _whole(column):
        return False
    return bool(column.nunique() >= NEARLY * len(column))


def people_suspected(table: pd.DataFrame, roles: Roles) -> list[str]:
    """Return the columns that are named as if they told people apart, and repeat between rows."""
    declared = {*roles.identifiers, *_told(roles)}
    found = []
    for name in map(str, table.columns):
        if name in declared or not (_PERSON.search(name) or _CAMEL.search(name)):
            continue
        column = table[name]
        if pd.api.types.is_float_dtype(column) and not _whole(column):
            continue
        several = max(FEWEST, len(column) / MOST_ROWS_EACH) <= column.nunique() < column.notna().sum()
        if several and _even(column) and not differs(column):
            found.append(name)
    return found


def _even(column: pd.Series[Any]) -> bool:
    """Tell whether no value is far more frequent than others: rows of one person hardly are."""
    each = column.value_counts()
    return int(each.iloc[0]) <= max(UNEVEN * float(each.mean()), 2)


def _told(roles: Roles) -> set[str | None]:
    """Return the columns of which somebody said what they are, so that they are no numbers of rows."""
    single = {roles.label, roles.prediction, roles.score, roles.human_decision, roles.weight}
    return single | {*roles.quasi_identifiers, *roles.groups, *roles.sensitive}


def _whole(column: pd.Series[Any]) -> bool:
    numbers: Array = column.to_numpy(dtype=np.float64, na_value=np.nan)
    stated = numbers[np.isfinite(numbers)]
    return bool((stated == np.floor(stated)).all())
