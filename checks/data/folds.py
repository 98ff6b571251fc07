"""Parts of a table that are held back in turn, made from what the rows say and not from where they stand.

Rows are put in an order by a seeded hash of their own content. The sample, the folds and all that is fitted
on them are therefore the same whatever order the rows came in, and rows that are alike share a fold: a copy
can never be predicted from its original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.data.bins import Bins
from checks.model import Array
from checks.statistics import roc_auc

FOLDS = 3
PRIOR = 2.0
"""Rows of average outcome that are added to each bin, so that rare values promise little."""

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, eq=False)
class Parts:
    """Some rows in an order of their own, and the fold of each."""

    rows: Array
    fold: Array


def parts(table: pd.DataFrame, names: Sequence[str], usable: Array, most: int, seed: Sequence[int]) -> Parts:
    """Return at most *most* of the *usable* rows of *table*, with folds that rows equal in *names* share."""
    rows = np.flatnonzero(usable)
    alike = _mixed(_hashed(table, names)[rows], seed)
    whole = _mixed(_hashed(table, list(table.columns))[rows], seed)
    order = np.lexsort((whole, alike))[:most]
    return Parts(rows[order], (alike[order] % np.uint64(FOLDS)).astype(np.int64))


def _hashed(table: pd.DataFrame, names: Sequence[str]) -> Array:
    """Return one hash per row; values that are spelt alike are alike, whatever the type of the column."""
    total = np.full(len(table), np.uint64(len(names)))
    for name in names:
        column = table[name]
        plain = (
            column if isinstance(column.dtype, np.dtype) and column.dtype != object else column.astype(str)
        )
        total = (total ^ pd.util.hash_array(np.asarray(plain))) * _MIX[0]
        total ^= total >> np.uint64(29)
    return total


def _mixed(hashes: Array, seed: Sequence[int]) -> Array:
    start = np.random.SeedSequence(list(seed)).generate_state(1, np.uint64)[0]
    mixed = hashes ^ start
    for shift, factor in zip((30, 27), _MIX, strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def held_out_shares(bins: Bins, target: Array, classes: int, held: Parts, weights: Array) -> Array:
    """Return, per row and class, the share of the class among the other folds' rows of the row's bin."""
    mine, size = bins.of_row[0], bins.size
    at = (held.fold * size + mine) * classes + target
    inside = np.bincount(at, weights, minlength=FOLDS * size * classes).reshape(FOLDS, size, classes)
    others = inside.sum(axis=0) - inside
    total = others.sum(axis=1, keepdims=True)
    everybody = total / np.maximum(total.sum(axis=2, keepdims=True), 1e-300)
    shares = (others + PRIOR * everybody) / (others.sum(axis=2, keepdims=True) + PRIOR)
    return np.asarray(shares[held.fold, mine])


def auc_within_folds(actual: Array, score: Array, fold: Array, weights: Array) -> float | None:
    """Return the chance that a positive scores above a negative of its own fold; None without such a pair.

    Scores of different folds come from different fits, and comparing them would pull chance below a half.
    """
    value, pairs = 0.0, 0.0
    for one in range(FOLDS):
        inside = fold == one
        area = roc_auc(actual[inside], score[inside], weights[inside])
        if area is not None:
            mine = weights[inside]
            mass = float(mine[actual[inside]].sum() * mine[~actual[inside]].sum())
            value, pairs = value + area * mass, pairs + mass
    return value / pairs if pairs > 0 else None
