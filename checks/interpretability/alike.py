"""Put categories in an order in which neighbours are people who are alike in everything else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from checks.interpretability.moves import is_number
from checks.model import Array
from checks.values import as_text

MOST_FEATURES = 200
"""Other features that are looked at: further ones change no order that matters."""


def order_of_likes(people: pd.DataFrame, position: int, groups: Sequence[Array]) -> tuple[int, ...]:
    """Return the positions of *groups* (of row positions), put in order by the other columns of *people*.

    Two groups are apart by the largest difference of their cumulative shares (Kolmogorov-Smirnov) in each
    number and half the sum of differences of shares in each text, summed over the columns; the order is that
    of the first coordinate of classical scaling, as Apley and Zhu propose.
    """
    count = len(groups)
    if count < 3:
        return tuple(range(count))
    apart = np.zeros((count, count))
    for j in range(min(people.shape[1], MOST_FEATURES)):
        if j != position:
            apart += _distances(people.iloc[:, j], groups)
    centre = np.eye(count) - 1 / count
    _, vectors = np.linalg.eigh(-centre @ (apart**2) @ centre / 2)
    first = np.round(vectors[:, -1], 9)
    if first[np.argmax(np.abs(first))] < 0:
        first = -first  # a direction has no sign of its own
    return tuple(int(i) for i in np.argsort(first, kind="stable"))


def _distances(column: pd.Series[float], groups: Sequence[Array]) -> Array:
    if is_number(column):
        ranks = column.rank(method="dense", na_option="top").to_numpy(np.float64).astype(np.int64)
        shares = np.cumsum(_shares(ranks, groups), axis=1)
        return np.asarray(np.abs(shares[:, None] - shares[None]).max(axis=2))
    shares = _shares(pd.factorize(as_text(column))[0], groups)
    return np.asarray(np.abs(shares[:, None] - shares[None]).sum(axis=2) / 2)


def _shares(codes: Array, groups: Sequence[Array]) -> Array:
    size = int(codes.max(initial=0)) + 1
    return np.array([np.bincount(codes[rows], minlength=size) / max(len(rows), 1) for rows in groups])
