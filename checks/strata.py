"""Strata: people who are alike in the columns that are controlled for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from checks.counts import GroupTable
from checks.model import NOT_STATED, Array, Inconclusive, NotApplicable, Subject, spell
from checks.names import intersection_key
from checks.statistics.stratified import Stratified
from checks.values import as_text

MOST_VALUES = 10
"""Numbers with more distinct values are cut into fifths."""
PARTS = 5
MOST_STRATA = 1000


@dataclass(frozen=True, eq=False)
class Strata:
    """The stratum of each row, and what each is called."""

    of_row: Array
    names: tuple[str, ...]
    columns: tuple[str, ...]


def strata(subject: Subject) -> Strata:
    """Cross the declared control columns; numbers are cut into fifths of the people."""
    columns = tuple(str(name) for name in subject.facts.get("control", ()))
    if not columns:
        raise NotApplicable(
            "no columns are controlled for; name those that explain a legitimate difference under `control`"
        )
    crossed, names = np.zeros(subject.rows, dtype=np.int64), [""]
    parts: list[tuple[str, ...]] = [()]
    for column in columns:
        codes, words = _coded(subject.evaluation[column], subject.weights)
        crossed = crossed * len(words) + codes
        present, crossed = np.unique(crossed, return_inverse=True)
        parts = [(*parts[at // len(words)], words[at % len(words)]) for at in present.tolist()]
        if len(parts) > MOST_STRATA:
            raise Inconclusive(
                f"the control columns make over {MOST_STRATA} strata; control for fewer columns or values"
            )
    names = [part[0] if len(part) == 1 else intersection_key(part) for part in parts]
    return Strata(crossed, tuple(names), columns)


def stratified(table: GroupTable, strata: int) -> Stratified:
    """Return hits and sizes by stratum, scaled to each group's effective size."""
    weight = table.weight.reshape(len(table.weight), strata, 3)
    inside = weight[:, :, :2].sum(axis=2)
    hits, scale = weight[:, :, 1], np.ones(len(weight))
    if table.squares is not None:
        total = inside.sum(axis=1)
        squares = table.squares.reshape(weight.shape)[:, :, :2].sum(axis=(1, 2))
        scale = np.divide(total, squares, out=np.zeros_like(total), where=squares > 0)
    people = table.rows.reshape(weight.shape)[:, :, :2].sum(axis=(1, 2))
    return Stratified(hits * scale[:, None], inside * scale[:, None], people)


def _coded(values: pd.Series, weights: Array | None) -> tuple[Array, Sequence[str]]:
    if is_numeric_dtype(values) and not is_bool_dtype(values) and values.nunique() > MOST_VALUES:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        cuts = _fifths(numbers, weights)
        codes = np.searchsorted(cuts, numbers, side="right")
        codes[np.isnan(numbers)] = len(cuts) + 1
        edges = [spell(float(cut)) for cut in cuts]
        between = [f"[{low}, {high})" for low, high in pairwise(edges)]
        return codes, [f"under {edges[0]}", *between, f"{edges[-1]} and over", NOT_STATED]
    codes, words = pd.factorize(as_text(values), sort=True)
    return codes, [str(word) for word in words]


def _fifths(numbers: Array, weights: Array | None) -> Array:
    """Return the distinct values that cut the people into fifths, as near as ties allow."""
    known = ~np.isnan(numbers)
    order = np.argsort(numbers[known], kind="stable")
    ranked = numbers[known][order]
    upto = np.cumsum(np.ones(len(ranked)) if weights is None else weights[known][order])
    at = np.searchsorted(upto, upto[-1] * np.arange(1, PARTS) / PARTS, side="left")
    return np.unique(ranked[np.minimum(at, len(ranked) - 1)])
