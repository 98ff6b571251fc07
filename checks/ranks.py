"""AUCs of many groups from one sort of the scores.

Scores are sorted once. For each attribute the sorted rows are dealt to their groups, which keeps their order
and costs no further sort; the AUC of every group then follows from running sums.
"""

from __future__ import annotations

import numpy as np

from checks.model import Array
from checks.sample import Sample
from checks.statistics import Aucs


class Ranks:
    """The rows of a sample in the order of their scores."""

    def __init__(self, sample: Sample) -> None:
        order = np.argsort(sample.score)  # equal scores count as one, so their order does not matter
        score = sample.score[order]
        self._rows, self._actual = sample.rows[order], sample.actual[order]
        self._weights = None if (sample.weights == 1).all() else sample.weights[order]
        self._sampling = sample.sampling
        new = np.append(True, score[1:] != score[:-1])
        self._score = None if new.all() else np.cumsum(new)

    def aucs(self, codes: Array, groups: int) -> Aucs:
        """Return the AUC of each group, NaN without both classes; *codes* are by row of the table."""
        mine = codes.astype(np.uint8 if groups <= 256 else np.uint16 if groups <= 65_536 else np.int64)[
            self._rows
        ]
        dealt = np.argsort(mine, kind="stable")
        ends = np.cumsum(np.bincount(mine, minlength=groups))
        starts = np.append(0, ends[:-1])
        actual = self._actual[dealt]
        if self._weights is None and self._score is None:
            return _by_ranks(actual, starts, ends)
        weights = np.ones(len(dealt)) if self._weights is None else self._weights[dealt]
        score = np.arange(len(dealt)) if self._score is None else self._score[dealt]
        mine = mine[dealt]
        new = np.append(True, (score[1:] != score[:-1]) | (mine[1:] != mine[:-1]))
        return _by_blocks(np.flatnonzero(new), mine, actual, weights, groups, sampling=self._sampling)


def _by_ranks(actual: Array, starts: Array, ends: Array) -> Aucs:
    """Return AUCs of distinct scores without weights: the ranks of the positives, summed."""
    at = np.flatnonzero(actual)
    first, last = np.searchsorted(at, starts), np.searchsorted(at, ends)
    upto = np.append(0, np.cumsum(at))  # whole numbers: exact far beyond any table
    positives, rows = last - first, ends - starts
    negatives = rows - positives
    below = upto[last] - upto[first] - starts * positives - positives * (positives - 1) // 2
    pairs = positives * negatives
    value = np.where(pairs > 0, below / np.maximum(pairs, 1), np.nan)
    return Aucs(value, *(part.astype(np.float64) for part in (positives, negatives, rows)))


def _by_blocks(
    blocks: Array, mine: Array, actual: Array, weights: Array, groups: int, *, sampling: bool
) -> Aucs:
    """Return AUCs where scores are tied or rows weigh: sums over blocks of equal scores in one group."""
    up = np.where(actual, weights, 0.0)
    down = weights - up
    risen, fallen = (np.add.reduceat(part, blocks) if len(blocks) else part for part in (up, down))
    of = mine[blocks]
    positives, negatives = (np.bincount(of, part, minlength=groups) for part in (risen, fallen))
    under = np.cumsum(fallen) - fallen - (np.cumsum(negatives) - negatives)[of]
    won = np.bincount(of, risen * (under + fallen / 2), minlength=groups)
    pairs = positives * negatives
    value = np.where(pairs > 0, won / np.where(pairs > 0, pairs, 1), np.nan)
    if not sampling:
        return Aucs(value, positives, negatives, positives + negatives)
    sizes = []
    for side, total in ((up, positives), (down, negatives)):
        squares = np.bincount(mine, side**2, minlength=groups)
        sizes.append(np.divide(total**2, squares, out=np.zeros(groups), where=squares > 0))
    return Aucs(value, sizes[0], sizes[1], np.bincount(mine, minlength=groups).astype(np.float64))
