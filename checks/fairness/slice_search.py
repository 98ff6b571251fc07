"""Find the slices of a table that lose most: every combination of up to three columns, counted and ranked.

One pass over the rows counts all slices of two columns, or of two columns with a third, at once. A slice is
ranked by how far its loss exceeds what its people would lose at the worst rate of everybody and of the slices
that contain it, in standard errors: what is only part of a bad slice ranks low. Pairs of values that too few
people share, or that could not enter the list even if all their loss fell on the fewest people allowed (an
optimistic bound), are not counted further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from checks.fairness.slice_columns import Coded
from checks.fairness.slice_people import Half
from checks.model import Array

POOL = 400
"""Slices that are kept while searching; those that say the same are then told once."""
RESIDUAL = 3.0
"""A slice is told beside better ones if what they leave unexplained is worse by as many standard errors."""
DROPPED = 0.3
"""Rows are copied without those that are not counted further where that saves at least this share."""
NONE = -1


@dataclass(frozen=True, slots=True)
class Slice:
    """Conditions (column, code), with what was counted in the half that was searched."""

    conditions: tuple[tuple[int, int], ...]
    n: float
    loss: float
    score: float


@dataclass
class Pool:
    """The best slices so far: one row each of score, people, loss, and three pairs of column and code."""

    waiting: list[Array] = field(default_factory=list)
    size: int = 0
    bar: float = -np.inf
    """A slice must score more than this to enter."""

    def add(self, score: Array, n: Array, loss: Array, *axes: tuple[int, Array]) -> None:
        """Take the slices that beat the bar; *axes* are columns with codes that broadcast to *score*."""
        hits = np.nonzero(score > self.bar)
        if not len(hits[0]):
            return
        rows = np.full((len(hits[0]), 9), NONE, dtype=np.float64)
        rows[:, 0], rows[:, 1], rows[:, 2] = score[hits], n[hits], loss[hits]
        for place, (column, codes) in enumerate(axes):
            rows[:, 3 + 2 * place] = column
            rows[:, 4 + 2 * place] = np.broadcast_to(codes, score.shape)[hits]
        self.waiting.append(rows)
        self.size += len(rows)
        if self.size > 2 * POOL:
            self.trim()

    def trim(self) -> None:
        """Keep the best; equal scores in the order of their columns, fewer conditions first."""
        if not self.waiting:
            return
        rows = np.concatenate(self.waiting)
        keys = [rows[:, i] for i in (8, 6, 4, 7, 5, 3)] + [(rows[:, 3:] != NONE).sum(axis=1), -rows[:, 0]]
        rows = rows[np.lexsort(keys)][:POOL]
        self.waiting, self.size = [rows], len(rows)
        if self.size == POOL:
            self.bar = float(rows[-1, 0])

    def best(self) -> list[Slice]:
        """Return all slices, best first."""
        self.trim()
        rows = self.waiting[0] if self.waiting else np.empty((0, 9))
        return [
            Slice(
                tuple((int(c), int(v)) for c, v in row[3:].reshape(3, 2) if c != NONE),
                float(row[1]),
                float(row[2]),
                float(row[0]),
            )
            for row in rows
        ]


@dataclass(frozen=True, eq=False)
class _Table:
    """Counts of one column or a pair: people, loss, and the rate of loss, everybody's where that is worse."""

    n: Array
    loss: Array
    rate: Array


@dataclass
class Found:
    """What a search came to."""

    everybody: float
    """The mean loss."""
    spread: float
    """The standard deviation of the loss."""
    best: list[Slice] = field(default_factory=list)
    slices: int = 0
    """Slices with enough people, each counted."""
    too_small: int = 0
    """Slices that occur, with too few people."""
    hopeless: int = 0
    """Pairs of values that the optimistic bound kept from being divided further."""


def search(half: Half, columns: Sequence[Coded], *, least: float, depth: int) -> Found:
    """Rank every slice of at most *depth* columns that at least *least* people share."""
    weight = np.ones(len(half.loss)) if half.weight is None else half.weight
    everybody = float(np.average(half.loss, weights=weight))
    spread = float(np.sqrt(np.average((half.loss - everybody) ** 2, weights=weight)))
    found = Found(everybody, spread)
    if spread > 0:
        _Search(half, columns, least, found).run(depth)
    return found


class _Search:
    """One search: the tables counted so far and the pool that they feed."""

    def __init__(self, half: Half, columns: Sequence[Coded], least: float, found: Found) -> None:
        self.codes = [codes.astype(np.int64) for codes in half.codes]  # codes of pairs are their products
        self.columns, self.least, self.found = columns, least, found
        self.loss, self.weight = half.loss, half.weight
        self.single_people = half.weight is None and bool(np.isin(half.loss, (0.0, 1.0)).all())
        self.at_most_one = bool(half.loss.max() <= 1)
        self.lost = half.loss if half.weight is None else half.loss * half.weight
        # where a row is one person who lost all or nothing, the loss is the last bit of the code
        self.bit = half.loss.astype(np.int64) if self.single_people else None
        self.steps = [2 * c if self.single_people else c for c in self.codes]
        self.singles: list[_Table] = []
        self.pairs: dict[tuple[int, int], _Table] = {}
        self.pool = Pool()

    def run(self, depth: int) -> None:
        """Count slices of one, two and three columns."""
        for i in range(len(self.columns)):
            self._single(i)
        if depth >= 2:
            for i, j in combinations(range(len(self.columns)), 2):
                self._pair(i, j)
            self.pool.trim()
        if depth >= 3:
            for i, j in self.pairs:
                if j + 1 < len(self.columns):
                    self._divide(i, j)
        self.found.best = self.pool.best()

    def _count(self, key: Array, size: int, rows: Array | None = None) -> tuple[Array, Array]:
        """Return people and loss of each of *size* codes; *key* is in the unit of `steps`, with the bit."""
        if self.single_people:
            both = np.bincount(key, minlength=2 * size).reshape(size, 2).astype(np.float64)
            return both.sum(axis=1), both[:, 1]
        weight, lost = self.weight, self.lost
        if rows is not None:
            weight, lost = None if weight is None else weight[rows], lost[rows]
        people = np.bincount(key, weight, size).astype(np.float64)
        return people, np.asarray(np.bincount(key, lost, size))

    def _key(self, codes: Array, rows: Array | None = None) -> Array:
        if self.bit is None:
            return codes
        return np.asarray(2 * codes + (self.bit if rows is None else self.bit[rows]))

    def _single(self, i: int) -> None:
        column = self.columns[i]
        n, loss = self._count(self._key(self.codes[i]), len(column.values))
        if column.rare is not None:
            n[column.rare] = loss[column.rare] = 0.0  # values that too few share are no condition
        score = self._scored(n, loss, np.array(self.found.everybody))
        self.pool.add(score, n, loss, (i, np.arange(len(n))))
        self.singles.append(_Table(n, loss, self._rate(n, loss)))

    def _pair(self, i: int, j: int) -> None:
        first, second = self.singles[i], self.singles[j]
        shape = (len(first.n), len(second.n))
        key = self._key(self.codes[i] * shape[1] + self.codes[j])
        n, loss = (a.reshape(shape) for a in self._count(key, shape[0] * shape[1]))
        n = n * (first.n > 0)[:, None] * (second.n > 0)
        score = self._scored(n, loss, np.maximum(first.rate[:, None], second.rate))
        self.pool.add(score, n, loss, (i, np.arange(shape[0])[:, None]), (j, np.arange(shape[1])))
        self.pairs[i, j] = _Table(n, loss, self._rate(n, loss))

    def _divide(self, i: int, j: int) -> None:
        """Count the hopeful pairs of two columns by every later column."""
        pair = self.pairs[i, j]
        cells = np.flatnonzero(self._hopeful(pair))
        if not len(cells):
            return
        ii, jj = np.unravel_index(cells, pair.n.shape)
        rank = np.full(pair.n.size, len(cells), dtype=np.int64)  # the last code takes whoever is not counted
        rank[cells] = np.arange(len(cells))
        codes = rank[self.codes[i] * pair.n.shape[1] + self.codes[j]]
        counted = codes < len(cells)
        rows = np.flatnonzero(counted) if counted.mean() < 1 - DROPPED else None
        later = range(j + 1, len(self.columns))
        widest = max(len(self.columns[k].values) for k in later)
        base = self._key((codes if rows is None else codes[rows]) * widest, rows)
        n = np.zeros((len(later), len(cells), widest))
        loss, worst = np.zeros_like(n), np.zeros_like(n)
        key = np.empty_like(base)
        for at, k in enumerate(later):
            np.add(base, self.steps[k] if rows is None else self.steps[k][rows], out=key)
            people, lost = self._count(key, (len(cells) + 1) * widest, rows)
            n[at], loss[at] = (a.reshape(-1, widest)[:-1] for a in (people, lost))
            size = len(self.columns[k].values)
            n[at, :, :size] *= self.singles[k].n > 0
            worst[at, :, :size] = np.maximum(self.pairs[i, k].rate[ii], self.pairs[j, k].rate[jj])
        score = self._scored(n, loss, np.maximum(worst, pair.rate[ii, jj][:, None]))
        for at, k in enumerate(later):
            axes = ((i, ii[:, None]), (j, jj[:, None]), (k, np.arange(widest)))
            self.pool.add(score[at], n[at], loss[at], *axes)

    def _scored(self, n: Array, loss: Array, worst: Array) -> Array:
        """Return how far *loss* exceeds *n* times the *worst* rate, in standard errors, or -inf."""
        enough = n >= self.least
        self.found.slices += int(enough.sum())
        self.found.too_small += int(((n > 0) & ~enough).sum())
        safe = np.where(enough, n, 1.0)
        score = (loss - n * worst) / (self.found.spread * np.sqrt(safe))
        return np.asarray(np.where(enough, score, -np.inf))

    def _rate(self, n: Array, loss: Array) -> Array:
        everybody = np.full(n.shape, self.found.everybody)
        rate = np.divide(loss, n, out=everybody.copy(), where=n >= self.least)
        return np.asarray(np.maximum(rate, everybody))

    def _hopeful(self, pair: _Table) -> Array:
        """Return which pairs of values may hold a slice that enters the pool.

        The best that a slice inside can do is to take all their loss with the fewest people allowed (and,
        where nobody loses more than 1, with as many people as there is loss).
        """
        enough = pair.n >= self.least
        fewest = np.maximum(self.least, pair.loss) if self.at_most_one else np.array(self.least)
        best = (pair.loss - fewest * pair.rate) / (self.found.spread * np.sqrt(fewest))
        hopeful = enough & (best > self.pool.bar)
        self.found.hopeless += int((enough & ~hopeful).sum())
        return np.asarray(hopeful)


def distinct(found: Found, half: Half, held: Half, *, most: int, least: float) -> list[Slice]:
    """Return the best slices that do not say the same: each stays worse after those before it explain a part.

    A slice that fewer than *least* people of the held-back half share cannot be confirmed and is passed over;
    only how many they are is looked at, never what they lost.
    """
    weight = np.ones(len(half.loss)) if half.weight is None else half.weight
    expected = np.full(len(half.loss), found.everybody)
    waiting = list(found.best)
    told: list[Slice] = []
    while waiting and len(told) < most:
        best = waiting.pop(0)
        if told and best.score < RESIDUAL:
            break
        inside = half.inside(best.conditions)
        excess = float((weight[inside] * (half.loss[inside] - expected[inside])).sum())
        left = min(best.score, excess / (found.spread * float(np.sqrt(best.n))))
        if told and left < RESIDUAL:
            continue
        if waiting and left < waiting[0].score:
            at = next((i for i, other in enumerate(waiting) if other.score <= left), len(waiting))
            waiting.insert(at, Slice(best.conditions, best.n, best.loss, left))
            continue
        if held.weighs(held.inside(best.conditions)) >= least:
            told.append(best)
            expected[inside] = best.loss / best.n
    return told
