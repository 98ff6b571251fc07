"""Features that tell nearly the same, so that one stands in for another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from checks.model import Array

CLOSE = 0.8
"""Rank correlation, or bias-corrected V of Cramér, from which on two features tell nearly the same."""
LEVELS = 20
"""Texts of more different values are not compared: in few rows they would fit anything."""


def alike(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return groups of two or more features that hang together, in the order of the columns."""
    names = list(table.columns)
    home = {name: name for name in names}
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            if home[one] != home[other] and closeness(table[one], table[other]) >= CLOSE:
                joined, into = home[other], home[one]
                home = {name: into if place == joined else place for name, place in home.items()}
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(home[name], []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def closeness(one: pd.Series[Any], other: pd.Series[Any]) -> float:
    """Return between 0 and 1 how far one column tells the other."""
    if all(map(_numeric, (one, other))):
        found = _ranks(one).corr(_ranks(other))
        return 0.0 if pd.isna(found) else abs(float(found))
    return _cramer(_levels(one), _levels(other))


def _numeric(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _ranks(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype("float64").replace([np.inf, -np.inf], np.nan).rank()


def _levels(column: pd.Series[Any]) -> Array:
    """Return codes of values; numbers in fifths."""
    if _numeric(column):
        places = _ranks(column).to_numpy() / max(len(column), 1)
        return np.where(np.isnan(places), 5, np.minimum(np.nan_to_num(places) * 5, 4)).astype(np.int64)
    return np.asarray(pd.factorize(column, use_na_sentinel=False)[0], dtype=np.int64)


def _cramer(one: Array, other: Array) -> float:
    counts = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    if max(counts.shape) > LEVELS:
        return 0.0
    np.add.at(counts, (one, other), 1)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    rows, columns = counts.shape
    n = counts.sum()
    if min(rows, columns) < 2 or n < 2:
        return 0.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi = ((counts - expected) ** 2 / expected).sum() / n - (rows - 1) * (columns - 1) / (n - 1)
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(max(phi, 0.0) / least)) if least > 0 else 0.0
