"""Describe one person so that many others fit the description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.interpretability.moves import SHARED, Column
from checks.model import Array
from checks.values import as_text

FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
FEW = 6
"""A number with at most so many different values is told as it is."""
MISSING = "missing"
Said = tuple[dict[int, str], Array]
"""What is said, by feature, and which people it is true of."""


@dataclass(frozen=True, eq=False)
class Bands:
    """What may be said of each value: the fifth of everybody that it lies in, or a text that many have."""

    codes: Array
    """The band of each row, of shape (rows, features); -1 where nothing may be said."""
    names: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Bands:
        """Return the bands of *rows*."""
        found = [_bands(rows.iloc[:, j]) for j in range(rows.shape[1])]
        return cls(np.column_stack([codes for codes, _ in found]), tuple(names for _, names in found))

    def describe(self, row: int, features: Iterable[int], among: Array) -> Said:
        """Return what may be said of *row* about *features*, and of whom of *among* it is true.

        A feature is left out where saying it, after those before it, would leave fewer than ten people.
        """
        said: dict[int, str] = {}
        fits = among.copy()
        for feature in dict.fromkeys(features):
            code = self.codes[row, feature]
            both = fits & (self.codes[:, feature] == code)
            if code >= 0 and both.sum() >= SHARED:
                fits, said[feature] = both, self.names[feature][code]
        return said, fits


def _bands(values: pd.Series[float]) -> tuple[Array, tuple[str, ...]]:
    column = Column.of(values)
    if column.ordered and len(column.distinct) > FEW:
        place = column.places(values)
        fifth = np.minimum(np.nan_to_num(place) * 5, 4).astype(np.int64)
        return np.where(np.isfinite(place), fifth, 5), (*FIFTHS, MISSING)
    codes, names = pd.factorize(as_text(values), sort=True)
    rare = np.bincount(codes, minlength=len(names)) < SHARED
    absent = _missing(values, names)
    told = tuple(MISSING if gone else str(name) for name, gone in zip(names, absent, strict=True))
    return np.where(rare[codes], -1, codes), told


def _missing(values: pd.Series[float], names: Array) -> Array:
    there = set(as_text(values[values.notna()]))
    return np.array([name not in there for name in names], dtype=bool)
