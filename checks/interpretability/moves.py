"""What a person could change: features that may, in ways that may be, to values that others have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.attribution import mixed
from checks.model import Array, Subject
from checks.values import as_text

SHARED = 10
"""People who must have a value, or a value about as high, before it is proposed to anybody."""
VALUES = 19
"""Most values of a feature that are tried: every twentieth of the people, or the most frequent ones."""
SUPPORT = 20_000
"""Rows that show which values there are."""
CATEGORY_SHIFT = 0.5
"""Cost of another category: the middles of a yes and a no are always half of all people apart."""


@dataclass(frozen=True, eq=False)
class Column:
    """Where the values of one feature lie among everybody's."""

    ordered: bool
    known: Array
    """Sorted numbers, or the distinct texts."""

    @classmethod
    def of(cls, values: pd.Series[Any]) -> Column:
        """Return the column that *values* are of."""
        if is_number(values):
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            return cls(True, np.sort(numbers[np.isfinite(numbers)]))
        return cls(False, np.unique(as_text(values[values.notna()]).astype(str)))

    @property
    def distinct(self) -> Array:
        """The values that there are, each once."""
        return np.unique(self.known)

    def places(self, values: pd.Series[Any]) -> Array:
        """Return the share of people below each number (half of its equals counted), or a text's position.

        What is missing, or text that nobody here has, is NaN.
        """
        if self.ordered:
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            ends = (np.searchsorted(self.known, numbers, side=side) for side in ("left", "right"))
            return np.where(np.isfinite(numbers), sum(ends) / (2 * max(len(self.known), 1)), np.nan)
        text = as_text(values).astype(str)
        at = np.searchsorted(self.known, text)
        found = np.append(self.known, "")[at] == text
        return np.where(found & values.notna().to_numpy(), at, np.nan).astype(np.float64)


def is_number(values: pd.Series[Any]) -> bool:
    """Return whether *values* have an order that people know."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


@dataclass(frozen=True, eq=False)
class Moves:
    """The values that are proposed, column by column."""

    grid: pd.DataFrame
    """Values of real rows; those beyond a column's own number of them repeat its first."""
    place: Array
    """Their places, of shape (values, features); NaN where there is none."""
    columns: tuple[Column, ...]
    direction: Array
    """1 where a feature only rises, -1 where it only falls, else 0."""
    fixed: tuple[str, ...]
    """Features that stay as they are."""
    origin: str

    @property
    def ordered(self) -> Array:
        """Which features are numbers."""
        return np.array([column.ordered for column in self.columns])

    def places(self, people: pd.DataFrame) -> Array:
        """Return where each value of *people* lies, of shape (people, features)."""
        return np.column_stack([c.places(people.iloc[:, j]) for j, c in enumerate(self.columns)])

    def allowed(self, people: pd.DataFrame, of: Array | None = None) -> Array:
        """Return which values each person could take, of shape (people, features, values)."""
        own, theirs = self.places(people)[:, :, None], self.place.T[None]
        missing = np.column_stack([people.iloc[:, j].isna() for j in range(people.shape[1])])
        other = np.isfinite(theirs) & (theirs != own) & ~missing[:, :, None]
        sign = self.direction[None, :, None]
        rightly = (sign == 0) | (sign * (theirs - own) > 0)
        may = np.array([name not in self.fixed for name in people.columns])
        if of is not None:
            may &= of
        return np.asarray(other & rightly & may[None, :, None])

    def shifts(self, people: pd.DataFrame) -> Array:
        """Return what each value would cost each person: the share of people that is passed."""
        apart = np.abs(self.place.T[None] - self.places(people)[:, :, None])
        return np.where(self.ordered[None, :, None], apart, CATEGORY_SHIFT)


def moves(subject: Subject, rng: np.random.Generator) -> Moves:
    """Return what anybody could change in *subject*."""
    support, origin = support_of(subject, rng)
    columns = tuple(Column.of(support.iloc[:, j]) for j in range(support.shape[1]))
    chosen = [_candidates(c, support.iloc[:, j]) for j, c in enumerate(columns)]
    size = max([1, *map(len, chosen)])
    taken = np.zeros((size, len(columns)), dtype=np.int64)
    place = np.full((size, len(columns)), np.nan)
    for j, rows in enumerate(chosen):
        if len(rows):
            taken[:, j] = rows[0]
            taken[: len(rows), j] = rows
            place[: len(rows), j] = columns[j].places(support.iloc[rows, j])
    signs: Mapping[str, str] = subject.facts.get("directions", {})
    of = {"up": 1, "down": -1}
    direction = np.array([of.get(signs.get(str(name), ""), 0) for name in support.columns])
    return Moves(mixed(support, taken), place, columns, direction, fixed(subject), origin)


def fixed(subject: Subject) -> tuple[str, ...]:
    """Return the features that stay: those declared immutable, and protected attributes."""
    never = {*subject.facts.get("immutable", ()), *subject.attributes}
    return tuple(name for name in subject.roles.features if name in never)


def support_of(subject: Subject, rng: np.random.Generator) -> tuple[pd.DataFrame, str]:
    """Return rows that show which values people have, and where they come from."""
    trained = subject.training is not None and len(subject.training) > 0
    table = subject.training if trained and subject.training is not None else subject.evaluation
    chosen = sample_rows(len(table), SUPPORT, None, rng)
    rows = table[list(subject.roles.features)].iloc[chosen].reset_index(drop=True)
    return rows, "training" if trained else "evaluation"


def _candidates(column: Column, values: pd.Series[Any]) -> Array:
    """Return the rows whose value is proposed, lowest or most frequent first."""
    place = column.places(values)
    known = np.flatnonzero(np.isfinite(place))
    known = known[np.argsort(place[known], kind="stable")]
    if not len(known):
        return known
    _, first, counts = np.unique(place[known], return_index=True, return_counts=True)
    if column.ordered and len(first) > VALUES:
        most = min(VALUES, len(known) // SHARED)
        at = (np.arange(1, most + 1) * len(known)) // (most + 1)
        return known[np.unique(np.searchsorted(place[known], place[known][at]))]
    common = np.flatnonzero(counts >= SHARED)
    leading = common[np.argsort(-counts[common], kind="stable")][:VALUES]
    return known[first[np.sort(leading)]]
