"""Predicted numbers within strata: each group's means, sizes and spread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.comparison import compared, left_out_note, notes, uncompared_share
from checks.model import Array, Inconclusive, Measure, NotApplicable, Subject
from checks.statistics.means import ALIKE
from checks.statistics.stratified import StratifiedMeans, conditional_mean_gap
from checks.strata import Strata


def predictions_and_errors(subject: Subject) -> dict[str, Array]:
    """Return what was predicted for each row and, with a label, how far off it was."""
    if subject.score is None:
        raise NotApplicable("no prediction was supplied, by a model or as a column")
    predicted = np.asarray(subject.score, dtype=np.float64)
    if subject.roles.label is None:
        return {"mean_prediction": predicted}
    label = pd.to_numeric(subject.evaluation[subject.roles.label], errors="coerce")
    error = predicted - label.to_numpy(dtype=np.float64, na_value=np.nan)
    return {"mean_prediction": predicted, "mean_error": error}


def mean_gaps(
    subject: Subject, found: Strata, numbers: dict[str, Array], min_group: int
) -> Iterator[Measure]:
    """Yield per attribute the largest difference in each of *numbers* among people of one stratum."""
    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        left = np.zeros(len(table.n), dtype=bool)
        for name, values in numbers.items():
            groups = _means(subject, attribute, len(table.n), found, values)
            why = notes(table.groups, groups.n, min_group)
            spread = groups.variance > 0
            why = [w or (None if s else f"{ALIKE}: not compared") for w, s in zip(why, spread, strict=True)]
            large, note = groups.take(compared(why)), left_out_note(why)
            said = f"conditional_{name}_gap"
            yield conditional_mean_gap(said, large, of=table.groups.key, unit="label units", note=note)
            compared_any |= len(large.n) > 1
            left |= np.array([reason is not None for reason in why])
        yield uncompared_share(table, left, min_group)
    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")


def _means(subject: Subject, attribute: str, groups: int, found: Strata, values: Array) -> StratifiedMeans:
    """Return means by group and stratum; with sampling weights in units of each group's effective size."""
    rows = np.flatnonzero(np.isfinite(values))
    size = len(found.names)
    key = subject.counts.codes(attribute)[rows] * size + found.of_row[rows]
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    middle = float(values[rows].mean()) if len(rows) else 0.0  # powers of centred numbers lose few digits
    number = values[rows] - middle

    def total(parts: Array) -> Array:
        return np.bincount(key, parts, minlength=groups * size).reshape(groups, size)

    weight, first, second = total(weights), total(weights * number), total(weights * number**2)
    safe = np.where(weight > 0, weight, 1)
    mean = first / safe
    inside = (second - first * mean).sum(axis=1)
    whole = weight.sum(axis=1)
    people, scale = whole, np.ones(groups)
    if subject.counts.sampling and subject.weights is not None:
        squares = total(weights**2).sum(axis=1)
        scale = np.divide(whole, squares, out=np.zeros(groups), where=squares > 0)
        people = total(np.ones(len(rows))).sum(axis=1)
    freedom = np.maximum(whole * scale - (weight > 0).sum(axis=1), 1)
    spread = np.where(inside > 1e-12 * np.maximum(second.sum(axis=1), 1e-300), inside, 0.0)
    variance = spread * scale / freedom
    return StratifiedMeans(mean + middle, weight * scale[:, None], variance, people)
