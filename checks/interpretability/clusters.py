"""Which features go together, so that shuffling one alone leaves its information in the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from checks.model import Array

COMMONEST = 20
"""Categories of a column that are told apart; the rest are one."""
MOST_TEXT = 100
"""Columns of text that are compared at most; of more, none is joined with others."""


def clusters(table: pd.DataFrame, together: float) -> list[list[int]]:
    """Return the positions of columns that go together, at least two each, in the order of the table.

    Columns are joined while their average association is *together* or more (average linkage).
    """
    if table.shape[1] < 2 or len(table) < 3:
        return []
    apart = 1 - associations(table)
    np.fill_diagonal(apart, 0.0)
    joined = fcluster(linkage(squareform(apart, checks=False), "average"), 1 - together, "distance")
    found = [np.flatnonzero(joined == number).tolist() for number in dict.fromkeys(joined.tolist())]
    return [places for places in found if len(places) > 1]


def associations(table: pd.DataFrame) -> Array:
    """Return how closely each two columns go together, 0 to 1, of shape (columns, columns).

    Two columns of numbers: Spearman's correlation without its sign; numbers and text: the correlation ratio
    of the ranks; text and text: Cramer's V. A column without variety goes with nothing.
    """
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
    numbers, texts = np.flatnonzero(numeric), np.flatnonzero(~np.array(numeric))
    found = np.eye(table.shape[1])
    ranks = _ranks(table.iloc[:, numbers])
    found[np.ix_(numbers, numbers)] = np.abs(ranks.T @ ranks)
    coded = {place: _codes(table.iloc[:, int(place)]) for place in texts} if len(texts) <= MOST_TEXT else {}
    for at, codes in coded.items():
        ratio = np.sqrt(
            sum((ranks[codes == code].sum(axis=0) ** 2) / (codes == code).sum() for code in set(codes))
        )
        found[at, numbers] = found[numbers, at] = ratio
        for other, theirs in coded.items():
            if other > at:
                found[at, other] = found[other, at] = _cramer(codes, theirs)
    return np.clip(found, 0.0, 1.0)


def _ranks(numbers: pd.DataFrame) -> Array:
    """Return ranks less their mean, each column of length 1; a missing value is in the middle."""
    ranks = numbers.astype("float64").rank()
    centred = (ranks - ranks.mean()).fillna(0.0).to_numpy()
    length = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(np.divide(centred, length, out=np.zeros_like(centred), where=length > 0))


def _codes(column: pd.Series[Any]) -> Array:
    """Return the place of each value among the commonest; missing and rarer ones share the last."""
    codes = pd.factorize(column)[0]
    counts = np.bincount(codes[codes >= 0], minlength=1)
    place = np.full(len(counts) + 1, COMMONEST)
    commonest = np.argsort(-counts, kind="stable")[:COMMONEST]
    place[commonest] = np.arange(len(commonest))
    place[-1] = COMMONEST
    return np.asarray(place[codes])


def _cramer(one: Array, other: Array) -> float:
    counts = np.zeros((COMMONEST + 1, COMMONEST + 1))
    np.add.at(counts, (one, other), 1)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    least = min(counts.shape) - 1
    if least < 1:
        return 0.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    return float(np.sqrt(((counts - expected) ** 2 / expected).sum() / counts.sum() / least))
