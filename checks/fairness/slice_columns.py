"""Columns as small codes, ready to be searched for slices.

Text is taken value by value, numbers by quantile. Values that too few people share can never make a slice;
they are coded together as RARE, so that a column of names costs no more than one of five values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from checks.model import Array, Subject, spell
from checks.names import intersection_key
from checks.values import as_text, group_values

BINS = 5
FEW = 8
"""A number with at most this many different values is taken value by value."""
RARE = "rare"


@dataclass(frozen=True, eq=False)
class Coded:
    """One column: the code of each row, and what each code says."""

    name: str
    codes: Array
    values: tuple[str, ...]
    rare: int | None
    """The code of values that too few people share; None where there are none."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that is not searched, and why."""

    name: str
    why: str


@dataclass(frozen=True, eq=False)
class People:
    """The rows that are searched: positions, what each lost, how many people it is, what it weighs."""

    rows: Array
    loss: Array
    count: Array
    """People: whole numbers."""
    weight: Array
    """What one person weighs; 1 without sampling weights."""

    @property
    def n(self) -> int:
        """People."""
        return int(self.count.sum())


def describe(conditions: Sequence[tuple[str, str]]) -> str:
    r"""Spell a slice: `race = B*income = [1, 2)`, with `*` and `\` inside a part escaped as in crossings."""
    return intersection_key([f"{column} = {value}" for column, value in conditions])


def coded_columns(
    subject: Subject, people: People, *, most: int, least: int
) -> tuple[list[Coded], list[LeftOut]]:
    """Code the protected attributes, then the features; at most *most*, and say why others are left out."""
    names = list(dict.fromkeys([*subject.attributes, *subject.roles.features]))
    kept: list[Coded] = []
    left: list[LeftOut] = []
    for name in names:
        if len(kept) == most:
            left.append(
                LeftOut(name, f"only the first {most} columns are searched: attributes, then features")
            )
            continue
        found = _coded(subject, name, people, least)
        if isinstance(found, LeftOut):
            left.append(found)
        else:
            kept.append(found)
    return kept, left


def _coded(subject: Subject, name: str, people: People, least: int) -> Coded | LeftOut:
    values = subject.evaluation[name].iloc[people.rows]
    protected = name in subject.attributes
    if not protected and pd.api.types.is_datetime64_any_dtype(values):
        return LeftOut(name, "dates are not cut into bins")
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    declared = protected and (name in subject.roles.bins or name in subject.roles.merge)
    if number and not declared and values.nunique() > FEW:
        return _checked(_binned(name, values.to_numpy(np.float64, na_value=np.nan), people), least)
    text = group_values(values, name, subject.roles) if protected else as_text(values)
    return _checked(_levels(name, text, people, least), least)


def _checked(found: tuple[Coded, Array], least: int) -> Coded | LeftOut:
    column, people = found
    searched = people if column.rare is None else np.delete(people, column.rare)
    if not (searched >= least).any():
        return LeftOut(column.name, f"no value is shared by {least} people")
    if searched.max() > people.sum() - least:
        return LeftOut(column.name, f"all but fewer than {least} people share one value")
    return column


def _levels(name: str, text: Array, people: People, least: int) -> tuple[Coded, Array]:
    """Code each value; the order is by size and loss, so that it does not depend on how values are called."""
    codes, distinct = pd.factorize(text)
    count = np.bincount(codes, people.count, minlength=len(distinct))
    lost = np.bincount(codes, people.count * people.loss, minlength=len(distinct))
    order = sorted(range(len(distinct)), key=lambda i: (-count[i], -lost[i], distinct[i]))
    kept = [i for i in order if count[i] >= least]
    rank = np.full(len(distinct), len(kept), dtype=np.int16)
    rank[kept] = np.arange(len(kept))
    values = tuple(str(distinct[i]) for i in kept)
    pooled = len(kept) < len(distinct)
    column = Coded(name, rank[codes], (*values, RARE) if pooled else values, len(kept) if pooled else None)
    return column, np.bincount(column.codes, people.count, minlength=len(column.values))


def _binned(name: str, numbers: Array, people: People) -> tuple[Coded, Array]:
    known = ~np.isnan(numbers)
    cuts = quantile_cuts(numbers[known], people.count[known], BINS)
    edges = ["", *[spell(float(c)) for c in cuts], ""]
    spelt = [f"[{low}, {high})" for low, high in pairwise(edges)]
    spelt[0], spelt[-1] = f"under {edges[1]}", f"{edges[-2]} and over"
    codes = np.searchsorted(cuts, np.nan_to_num(numbers), side="right")
    codes[~known] = len(spelt)
    values = (*spelt, "not stated")
    count = np.bincount(codes, people.count, minlength=len(values))
    used = np.flatnonzero(count > 0)
    rank = np.zeros(len(values), dtype=np.int16)
    rank[used] = np.arange(len(used))
    return Coded(name, rank[codes], tuple(values[i] for i in used), None), count[used]


def quantile_cuts(numbers: Array, count: Array, bins: int) -> Array:
    """Return the cuts between *bins* bins of like size, rounded to a thousandth of their spread."""
    order = np.argsort(numbers, kind="stable")
    upto = np.cumsum(count[order])
    at = np.searchsorted(upto, np.arange(1, bins) / bins * upto[-1])
    cuts = numbers[order][at]
    spread = float(cuts[-1] - cuts[0])
    if spread > 0:
        cuts = np.round(cuts, int(3 - np.floor(np.log10(spread))))
    cuts = np.unique(cuts)
    inside = cuts[cuts > numbers.min()]
    return inside if len(inside) else np.array([numbers.max()])
