"""Equivalence classes: people who agree in every column that an attacker may know.

Columns are coded once; the classes of any subset of them then cost one pass over integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.data.rows import codes
from checks.model import Array

_ROOM = 2**62
"""Keys stay below this, so that combining never overflows 64 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The columns of one table as integers, and how many people each row stands for."""

    columns: dict[str, tuple[Array, int]]
    """Per column an integer a row, and how many different ones there are."""
    people: Array | None
    """Frequency weights; None where a row is a person."""
    rows: int

    @property
    def count(self) -> float:
        """How many people there are."""
        return float(self.rows if self.people is None else self.people.sum())

    def levels(self, name: str) -> int:
        """Return how many different values a column has."""
        return self.columns[name][1]

    def keys(self, names: Sequence[str]) -> tuple[Array, int]:
        """Return one integer a row, equal where rows agree in all *names*, and a bound above them all."""
        keys, size = np.zeros(self.rows, dtype=np.int64), 1
        for name in names:
            found, levels = self.columns[name]
            if size * levels >= _ROOM:
                keys, size = dense(keys)
            keys = keys * levels + found
            size *= levels
        return keys, size

    def classes(self, names: Sequence[str]) -> Array:
        """Return the class of each row, numbered from 0 without holes."""
        keys, size = self.keys(names)
        if size > 4 * self.rows:
            return dense(keys)[0]
        there = np.zeros(size, dtype=np.int64)
        there[keys] = 1
        return np.asarray((np.cumsum(there) - 1)[keys])

    def sizes(self, names: Sequence[str]) -> Array:
        """Return how many people each class has that has any."""
        keys, size = self.keys(names)
        if size > 4 * self.rows:
            keys = dense(keys)[0]
        found = self.summed(keys)
        return np.asarray(found[found > 0])

    def summed(self, keys: Array, size: int = 0) -> Array:
        """Return how many people have each key."""
        return np.bincount(keys, weights=self.people, minlength=size)


def coded(table: pd.DataFrame, names: Sequence[str], people: Array | None = None) -> Coded:
    """Code the columns *names* of a table, whose rows stand for *people*."""
    columns = {}
    for name in dict.fromkeys(names):
        found, levels = codes([table[name]])
        columns[name] = found, max(levels, 1)
    return Coded(columns, people, len(table))


def dense(keys: Array) -> tuple[Array, int]:
    """Number keys from 0 without holes, in the order in which they appear."""
    found, distinct = pd.factorize(keys)
    return np.asarray(found, dtype=np.int64), max(len(distinct), 1)
