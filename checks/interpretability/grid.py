"""The values of a feature at which a model is asked: where people are, and never one person's own.

Numbers of many values are asked about at the middles of equal shares of the people, rounded to about a
hundredth of their range. Few values, and text, are asked about where at least ten people share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from checks.interpretability.moves import SHARED, is_number
from checks.model import Array, spell
from checks.values import as_text

MISSING = "missing"
INSIDE = 0.95
"""The part of the people between the ends of a range: beyond them are too few to say anything."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Values of one feature, lowest or commonest first."""

    feature: str
    values: pd.Series[Any]
    """As they stand in the file, in its own type."""
    labels: tuple[str, ...]
    numbers: Array | None
    """The values as numbers; None where they have no order, NaN for `missing`."""
    weights: Array
    """The share of the people that each value stands for; they sum to 1."""
    people: Array
    """How many people each value stands for."""
    beyond: float
    """The share of people whose values are too rare to be asked about."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def stated(self) -> Array:
        """Which values are not `missing`."""
        return np.array([label != MISSING for label in self.labels], dtype=bool)


def grid_of(column: pd.Series[Any], points: int) -> Grid:
    """Return at most *points* values of *column*, and `missing` besides where ten people have none."""
    if is_number(column):
        values, people = _numbers(column, points)
        labels = tuple(spell(value) for value in values)
    else:
        values, labels, people = _texts(column, points)
    counted = float(people.sum())
    gone = column.isna().to_numpy()
    numbers = values.to_numpy(np.float64, na_value=np.nan) if is_number(column) else None
    if gone.sum() >= SHARED:
        values = pd.concat([values, column[gone].iloc[:1]], ignore_index=True).astype(column.dtype)
        labels, people = (*labels, MISSING), np.append(people, gone.sum())
        numbers = None if numbers is None else np.append(numbers, np.nan)
        counted += float(gone.sum())
    weights = people / counted if counted else people
    beyond = 1 - counted / len(column) if len(column) else 0.0
    return Grid(str(column.name), values, labels, numbers, weights, people, max(beyond, 0.0))


def _numbers(column: pd.Series[Any], points: int) -> tuple[pd.Series[Any], Array]:
    """Return values of a column of numbers, and how many people each stands for."""
    known = column.to_numpy(np.float64, na_value=np.nan)
    known = np.sort(known[np.isfinite(known)])
    found, counts = np.unique(known, return_counts=True)
    common = counts >= SHARED
    if len(found) <= points or (counts[common].sum() >= INSIDE * len(known) and common.sum() <= points):
        return _typed(found[common], column), counts[common].astype(np.float64)
    most = min(points, len(known) // SHARED)
    at = ((np.arange(most) + 0.5) * len(known) / max(most, 1)).astype(np.int64)
    middles, share = np.unique(rounded(known[at], known), return_counts=True)
    return _typed(middles, column), share * len(known) / max(most, 1)


def rounded(values: Array, known: Array) -> Array:
    """Round *values* to about a hundredth of the range of the sorted *known*; few values stay as they are."""
    if len(np.unique(known)) <= 2 * SHARED:
        return values
    low, high = np.quantile(known, [(1 - INSIDE) / 2, (1 + INSIDE) / 2])
    spread = high - low if high > low else known[-1] - known[0]
    decimals = 2 - int(np.floor(np.log10(spread)))
    return np.asarray(np.round(values, decimals) if abs(decimals) < 300 else values)


def _typed(values: Array, column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(values, name=column.name).astype(column.dtype)


def _texts(column: pd.Series[Any], points: int) -> tuple[pd.Series[Any], tuple[str, ...], Array]:
    """Return the commonest values, as they stand in the file."""
    there = np.flatnonzero(column.notna().to_numpy())
    if not len(there):
        return column.iloc[:0], (), np.empty(0)
    text = as_text(column.iloc[there]).astype(str)
    names, first, counts = np.unique(text, return_index=True, return_counts=True)
    common = np.flatnonzero(counts >= SHARED)
    order = common[np.argsort(-counts[common], kind="stable")][:points]
    values = column.iloc[there[first[order]]].reset_index(drop=True)
    return values, tuple(names[order]), counts[order].astype(np.float64)


def steps_of(column: pd.Series[Any], most: int) -> Array:
    """Return the edges of steps that hold about equal numbers of people, lowest first."""
    known = column.to_numpy(np.float64, na_value=np.nan)
    known = np.sort(known[np.isfinite(known)])
    count = min(most, len(known) // SHARED)
    if count < 1:
        return np.empty(0)
    found, people = np.unique(known, return_counts=True)
    if len(found) <= count + 1:
        return np.asarray(found[people >= SHARED])
    ends = (1 - INSIDE) / 2 + INSIDE * np.arange(count + 1) / count
    return np.unique(rounded(known[np.minimum((ends * len(known)).astype(np.int64), len(known) - 1)], known))
