"""How much a class of people who look alike gives away of a sensitive column.

Everything comes from the pairs (class, value) that occur, so that neither many classes nor many values cost
more than the rows do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from checks.model import Array
from checks.privacy.classes import Coded, dense


@dataclass(frozen=True, eq=False)
class Diversity:
    """The pairs of a class and a sensitive value that occur, with their people."""

    owner: Array
    """The class of each pair; pairs stand in order of class and value."""
    value: Array
    people: Array
    classes: int
    values: int

    @cached_property
    def sizes(self) -> Array:
        """People of each class."""
        return np.bincount(self.owner, weights=self.people, minlength=self.classes)

    @cached_property
    def share(self) -> Array:
        """Share of each pair in its class."""
        return np.asarray(self.people / self.sizes[self.owner])

    @cached_property
    def everybody(self) -> Array:
        """Share of each value among everybody."""
        found = np.bincount(self.value, weights=self.people, minlength=self.values)
        return np.asarray(found / found.sum())

    @cached_property
    def distinct(self) -> Array:
        """Different values of each class."""
        return np.bincount(self.owner, minlength=self.classes)

    def distinct_l(self) -> int:
        """Return the fewest different values of a class."""
        return int(self.distinct.min())

    def entropy_l(self) -> float:
        """Return the smallest exponential of the entropy of a class."""
        entropy = np.bincount(self.owner, weights=-self.share * np.log(self.share), minlength=self.classes)
        return float(np.exp(max(entropy.min(), 0.0)))

    @cached_property
    def _ranked(self) -> tuple[Array, Array, Array]:
        """Return pairs, most frequent first: class, rank from 0, people of it and of all rarer ones."""
        order = np.lexsort((-self.people, self.owner))
        owner, people = self.owner[order], self.people[order]
        start = np.cumsum(self.distinct) - self.distinct
        before = np.cumsum(people) - people
        tail = self.sizes[owner] - (before - before[start][owner])
        return owner, np.arange(len(owner)) - start[owner], tail

    @cached_property
    def _most(self) -> Array:
        """People of the most frequent value of each class."""
        most = np.zeros(self.classes)
        np.maximum.at(most, self.owner, self.people)
        return most

    def recursive_l(self, c: float) -> int:
        """Return the largest l of recursive (c, l)-diversity: in each class r1 < c (r_l + ... + r_m)."""
        owner, _, tail = self._ranked
        enough = self._most[owner] < c * tail
        return int(np.bincount(owner, weights=enough, minlength=self.classes).min())

    def recursive_c(self, least: int) -> float:
        """Return what c must exceed for recursive (c, *least*)-diversity."""
        owner, rank, tail = self._ranked
        here = rank == least - 1
        return float((self._most[owner[here]] / tail[here]).max())

    def one_valued(self) -> float:
        """Return the people of classes of two or more who all have one value."""
        return float(self.sizes[(self.distinct == 1) & (self.sizes >= 2)].sum())

    @cached_property
    def _excess(self) -> Array:
        excess = np.maximum(self.share - self.everybody[self.value], 0)
        return np.bincount(self.owner, weights=excess, minlength=self.classes)

    def furthest(self) -> float:
        """Return the people of the class that `t` is of; of the largest one where several are as far."""
        return float(self.sizes[self._excess >= self._excess.max() - 1e-12].max())

    def t(self) -> float:
        """Return the largest total variation distance between a class and everybody.

        Shares sum to 1 on both sides, so half the absolute differences are the excesses alone.
        """
        return float(self._excess.max())

    def ordered_t(self) -> float:
        """Return the largest earth mover's distance over the ranks of the values, from 0 to 1.

        It is the sum over ranks of the absolute difference of the cumulated shares. A class's own cumulated
        share is level between two values that it has, so each such stretch is summed at once.
        """
        if self.values < 2:
            return 0.0
        below = np.cumsum(self.everybody)
        area = np.concatenate([[0.0], np.cumsum(below)])
        cumulated = np.cumsum(self.share)
        start = np.cumsum(self.distinct) - self.distinct
        level = cumulated - (cumulated - self.share)[start][self.owner]
        first, last = self.value, np.full(len(self.value), self.values)
        same = self.owner[1:] == self.owner[:-1]
        last[:-1][same] = first[1:][same]
        cross = np.clip(np.searchsorted(below, level), first, last)
        under = level * (cross - first) - (area[cross] - area[first])
        over = area[last] - area[cross] - level * (last - cross)
        moved = np.bincount(self.owner, weights=under + over, minlength=self.classes)
        moved += area[first[start]]
        return float(np.clip(moved.max() / (self.values - 1), 0.0, 1.0))

    @cached_property
    def _gain(self) -> Array:
        """How much more frequent each pair is than among everybody, relatively."""
        q = self.everybody[self.value]
        return np.asarray((self.share - q) / q)

    def beta(self) -> float:
        """Return basic beta-likeness: the largest relative gain of a value in a class."""
        return float(max(self._gain.max(), 0.0))

    def enhanced_beta(self) -> float | None:
        """Return the same where no gain passes -ln of the value's share; None where one does."""
        if (self._gain > -np.log(self.everybody[self.value]) + 1e-12).any():
            return None
        return self.beta()

    def delta_present(self) -> float:
        """Return the largest |ln(p / q)| among values that their class has."""
        return float(np.abs(np.log(self.share / self.everybody[self.value])).max())

    def lacking(self) -> int:
        """Return how many classes lack a value that somebody has."""
        return int((self.distinct < self.values).sum())


def diversity(classes: Array, values: Array, people: Coded) -> Diversity:
    """Count the pairs of *classes* and *values*, both numbered from 0 without holes."""
    groups, kinds = int(classes.max()) + 1, int(values.max()) + 1
    keys = classes * kinds + values
    if groups * kinds <= 4 * len(keys):
        found = people.summed(keys, groups * kinds)
        pairs = np.flatnonzero(found)
        found = found[pairs]
    else:
        numbered, _ = dense(keys)
        found = people.summed(numbered)
        pairs = np.asarray(pd.unique(keys))
        order = np.argsort(pairs)
        pairs, found = pairs[order], found[order]
    return Diversity(pairs // kinds, pairs % kinds, found.astype(np.float64), groups, kinds)


def ranked(values: pd.Series[float]) -> Array:
    """Number the values of a numeric column in their own order; missing ones are -1."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    found, distinct = pd.factorize(numbers)
    rank = np.empty(len(distinct) + 1, dtype=np.int64)
    rank[np.argsort(distinct)] = np.arange(len(distinct))
    rank[-1] = -1
    return np.asarray(rank[found])
