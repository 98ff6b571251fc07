"""A scorecard of a model's answers: a few features in bands, whose points are only added.

Features are taken one after another, each time the one whose bands tell most of what the points so far leave;
then the points of all taken are fitted together (least squares, held back a little towards 0). A band holds
ten people or more, at rounded edges, so that none is one person's own value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from checks.interpretability.grid import steps_of
from checks.interpretability.moves import SHARED, is_number
from checks.model import Array
from checks.values import as_text

MOST = 8
"""Features in a scorecard: more than a reader adds up."""
BANDS = 6
"""Bands of a number, and texts of a feature with bands of their own: even, so that the middle is an edge."""
HELD = 1.0
"""People's worth of nothing that each band is held towards 0 by."""
GAINS = 0.001
"""Part of the spread that a feature must tell to be taken."""


@dataclass(frozen=True, slots=True)
class Band:
    """Values of one feature that get the same points."""

    feature: str
    above: float | None
    at_most: float | None
    text: str | None
    """The text; of numbers None, unless the band is of what is missing."""


@dataclass(frozen=True, eq=False)
class Banded:
    """A table in bands: of each feature the band that a person is in, or -1 for none of them."""

    codes: Array
    """Of shape (people, features)."""
    bands: tuple[tuple[Band, ...], ...]


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Points of the bands of some features, beside what everybody begins with."""

    begin: float
    points: tuple[tuple[int, Array], ...]
    """By position of a feature: the points of its bands, whose mean over the people in them is 0."""

    def told(self, codes: Array) -> Array:
        """Return the sum of points of each row of *codes*; who is in no band gets none there."""
        found = np.full(len(codes), self.begin)
        for j, points in self.points:
            found += np.append(points, 0.0)[codes[:, j]]
        return found


def banded(table: pd.DataFrame) -> Banded:
    """Return *table* in bands."""
    found = [_bands(table.iloc[:, j], str(table.columns[j])) for j in range(table.shape[1])]
    return Banded(np.column_stack([codes for codes, _ in found]), tuple(bands for _, bands in found))


def _bands(column: pd.Series[Any], name: str) -> tuple[Array, tuple[Band, ...]]:
    gone = column.isna().to_numpy()
    if is_number(column):
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        edges = _edges(numbers[~gone], steps_of(column, BANDS))
        codes = np.searchsorted(edges, numbers, side="left")
        ends = [None, *map(float, edges), None]
        bands = [Band(name, low, high, None) for low, high in pairwise(ends)]
    else:
        text = as_text(column).astype(str)
        names, counts = np.unique(text[~gone], return_counts=True)
        kept = [names[i] for i in np.argsort(-counts, kind="stable")[:BANDS] if counts[i] >= SHARED]
        codes = np.full(len(column), -1)
        for place, value in enumerate(kept):
            codes[text == value] = place
        bands = [Band(name, None, None, str(value)) for value in kept]
    codes = np.where(gone, -1, codes)
    if gone.sum() >= SHARED:
        codes = np.where(gone, len(bands), codes)
        bands.append(Band(name, None, None, "missing"))
    return codes, tuple(bands)


def _edges(known: Array, edges: Array) -> Array:
    """Return the *edges* between which enough people lie, from the lowest on."""
    kept: list[float] = []
    for edge in edges:
        below = known <= edge if not kept else (known > kept[-1]) & (known <= edge)
        if below.sum() >= SHARED and (known > edge).sum() >= SHARED:
            kept.append(float(edge))
    return np.array(kept)


def fitted(table: Banded, answers: Array, rows: Array) -> Scorecard:
    """Return the scorecard of the people at *rows*."""
    codes, wanted = table.codes[rows], answers[rows]
    begin, spread = float(wanted.mean()), float(wanted.var())
    taken: list[int] = []
    found = Scorecard(begin, ())
    while len(taken) < MOST:
        left = wanted - found.told(codes)
        gains = [_gain(table, codes, j, left) if j not in taken else 0.0 for j in range(codes.shape[1])]
        best = int(np.argmax(gains))
        if gains[best] <= GAINS * spread:
            break
        taken.append(best)
        found = _points(table, codes, wanted, taken, begin)
    return found


def _gain(table: Banded, codes: Array, j: int, left: Array) -> float:
    """Return what the means of the bands of feature *j* tell of what is *left*, as a mean square."""
    count = len(table.bands[j]) + 1
    people = np.bincount(codes[:, j] + 1, minlength=count)[1:]
    sums = np.bincount(codes[:, j] + 1, left, minlength=count)[1:]
    return float((sums**2 / (people + HELD)).sum() / len(left))


def _points(table: Banded, codes: Array, wanted: Array, taken: list[int], begin: float) -> Scorecard:
    sizes = [len(table.bands[j]) for j in taken]
    columns = [codes[:, j, None] == np.arange(size)[None] for j, size in zip(taken, sizes, strict=True)]
    design = np.concatenate(columns, axis=1).astype(np.float64)
    whole = design.T @ design + HELD * np.eye(design.shape[1])
    solved = np.split(np.linalg.solve(whole, design.T @ (wanted - begin)), np.cumsum(sizes)[:-1])
    found = []
    for column, points in zip(columns, solved, strict=True):
        people = column.sum(axis=0)
        middle = float(people @ points / max(people.sum(), 1))
        found.append(points - middle)
        begin += middle
    return Scorecard(begin, tuple(zip(taken, found, strict=True)))


def rows_of(table: Banded, card: Scorecard) -> Iterator[tuple[str | float | None, ...]]:
    """Yield a row for each band, the features first whose points are furthest apart."""
    order = sorted(card.points, key=lambda each: (-float(np.ptp(each[1])), each[0]))
    for j, points in order:
        people = np.bincount(table.codes[:, j] + 1, minlength=len(points) + 1)[1:]
        for band, value, n in zip(table.bands[j], points, people, strict=True):
            yield band.feature, band.above, band.at_most, band.text, float(value), float(n)
