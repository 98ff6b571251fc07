"""The values of one column as a few bins, the same in every table that holds it.

Numbers of many values are cut at quantiles of the first table, equal values staying together; few values, and
text, are a bin each, with the rare ones in one bin. Missing values have a bin of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from checks.model import NOT_STATED, Array, spell

MOST_VALUES = 50
"""Text of more values than this keeps the commonest; the others share one bin."""

SOME = 1000
"""Values that usually show already that there are many."""

FEWEST = 10
"""Values that stand in fewer rows than this, over all tables, share one bin."""


@dataclass(frozen=True, eq=False)
class Bins:
    """One column, binned."""

    of_row: tuple[Array, ...]
    """Per table, the bin of each row."""
    size: int
    """How many bins there are."""
    cut: bool
    """Whether numbers were cut into ranges."""


def numeric(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers that have an order."""
    return is_numeric_dtype(column) and not is_bool_dtype(column)


def as_numbers(column: pd.Series[Any]) -> Array:
    """Return the numbers of a column, NaN where they are missing."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def binned(
    columns: Sequence[pd.Series[Any]],
    *,
    ranges: int = 10,
    most: int = MOST_VALUES,
    fewest: int = FEWEST,
    weights: Array | None = None,
) -> Bins:
    """Return the bins of one column over several tables; *weights* are those of the first table's rows."""
    if weights is not None and bool((weights == 1).all()):
        weights = None  # a selection is faster than a sort
    if all(numeric(column) for column in columns):
        values = [as_numbers(column) for column in columns]
        if any(len(pd.unique(part)) > ranges for part in (values[0][:SOME], np.concatenate(values))):
            return _ranges(values, ranges, weights)
    return _values(columns, most, fewest)


def _ranges(values: Sequence[Array], ranges: int, weights: Array | None) -> Bins:
    first = values[0]
    known = np.isfinite(first)
    edges = _quantiles(first[known], ranges, None if weights is None else weights[known])
    found = [np.searchsorted(edges, each, side="left") for each in values]
    for bins, each in zip(found, values, strict=True):
        bins[np.isnan(each)] = len(edges) + 1
    return _compact(found, cut=True)


def _quantiles(values: Array, ranges: int, weights: Array | None) -> Array:
    """Return the inner cuts that put about the same weight into each of *ranges*."""
    if not len(values):
        return np.zeros(0)
    if weights is None:
        at = np.ceil(len(values) * np.arange(1, ranges) / ranges).astype(np.intp) - 1
        at = np.maximum(at, 0)
        edges = np.unique(np.partition(values, np.unique(at))[at])
        return np.asarray(edges[edges < values.max()])
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order])
    at = np.searchsorted(upto, upto[-1] * np.arange(1, ranges) / ranges, side="left")
    edges = np.unique(values[order][np.minimum(at, len(values) - 1)])
    return np.asarray(edges[edges < values[order[-1]]])


def _values(columns: Sequence[pd.Series[Any]], most: int, fewest: int) -> Bins:
    coded = [pd.factorize(column, use_na_sentinel=True) for column in columns]
    spelt = [np.array([*(spell(value) for value in found), NOT_STATED]) for _, found in coded]
    text = np.unique(np.concatenate(spelt))
    places = [np.searchsorted(text, each)[codes] for each, (codes, _) in zip(spelt, coded, strict=True)]
    count = np.sum([np.bincount(each, minlength=len(text)) for each in places], axis=0)
    order = np.lexsort((text, -count))[:most]  # the order of rows must not decide a tie
    kept = order[(count[order] >= fewest) | (text[order] == NOT_STATED)]
    bins = np.full(len(text), len(kept), dtype=np.int64)
    bins[kept] = np.arange(len(kept))
    return _compact([bins[each] for each in places], cut=False)


def _compact(found: Sequence[Array], *, cut: bool) -> Bins:
    """Number the bins that occur."""
    size = int(max((each.max(initial=-1) for each in found), default=-1)) + 1
    present = np.sum([np.bincount(each, minlength=size) for each in found], axis=0) > 0
    number = np.cumsum(present) - 1
    return Bins(tuple(number[each] for each in found), int(present.sum()), cut)
