"""The area under the ROC curve: its value, its interval, and the difference of two on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from checks.model import Array, Measure
from checks.statistics.intervals import LEVEL, Z, estimate, undefined
from checks.statistics.significance import people

METHOD = f"Hanley-McNeil {LEVEL:.0%}, score form (Newcombe 2006, method 5)"


def _placements(score: Array, reference: Array, weights: Array) -> Array:
    """Return, per score, the weighted share of *reference* below it, ties counting half."""
    order = np.argsort(reference, kind="stable")
    ranked, total = reference[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    below = total[np.searchsorted(ranked, score, side="left")]
    upto = total[np.searchsorted(ranked, score, side="right")]
    return np.asarray((below + upto) / (2 * total[-1]))


def roc_auc(actual: Array, score: Array, weights: Array | None = None) -> float | None:
    """Return the chance that a positive scores above a negative, ties counting half; None without both."""
    weights = np.ones(len(score)) if weights is None else weights
    negative = ~actual
    if weights[actual].sum() <= 0 or weights[negative].sum() <= 0:
        return None
    placed = _placements(score[actual], score[negative], weights[negative])
    return float(np.average(placed, weights=weights[actual]))


def hanley_mcneil_limits(
    auc: Array | float, positives: Array | float, negatives: Array | float, z: float = Z
) -> tuple[Array, Array]:
    """Return limits where the distance to *auc* is *z* standard errors *at the limit*.

    The usual form takes the error at the estimate, which vanishes at 1; this one never does.
    """
    auc, m, n = np.broadcast_arrays(
        np.asarray(auc, dtype=np.float64), np.asarray(positives, float), np.asarray(negatives, float)
    )
    half = np.maximum((m + n) / 2 - 1, 0)

    def outside(theta: Array) -> Array:
        scale = 1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)
        return np.asarray(np.abs(theta - auc) > z * np.sqrt(theta * (1 - theta) * scale / (m * n)))

    limits = []
    for end in (0.0, 1.0):
        inner, outer = auc.copy(), np.full_like(auc, end)
        for _ in range(60):
            middle = (inner + outer) / 2
            far = outside(middle)
            outer, inner = np.where(far, middle, outer), np.where(far, inner, middle)
        limits.append(np.where(auc == end, end, outer))
    return limits[0], limits[1]


@dataclass(frozen=True, slots=True)
class Aucs:
    """One AUC per group, with the numbers of positives and negatives that its error goes by."""

    value: Array
    positives: Array
    negatives: Array
    n: Array

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid of single limits."""
        return "hybrid of Hanley-McNeil score limits,"

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return Hanley-McNeil limits in score form."""
        return hanley_mcneil_limits(self.value, self.positives, self.negatives, z)

    def take(self, which: Array) -> Self:
        """Return the AUCs of some groups."""
        return type(self)(self.value[which], self.positives[which], self.negatives[which], self.n[which])


def hanley_mcneil(
    name: str,
    auc: float | None,
    positives: float,
    negatives: float,
    *,
    of: Mapping[str, str] | None = None,
    note: str | None = None,
    rows: float | None = None,
) -> Measure:
    """Return an AUC with its interval; None where one class is missing."""
    n = positives + negatives if rows is None else rows
    if auc is None or positives <= 0 or negatives <= 0:
        return undefined(name, "needs rows of both classes", n=n, of=of, method=METHOD)
    low, high = hanley_mcneil_limits(auc, positives, negatives)
    return estimate(name, auc, float(low), float(high), n, of=of, method=METHOD, note=note)


def auc_difference(
    name: str,
    actual: Array,
    scores: tuple[Array, Array],
    weights: Array,
    sizes: tuple[float, float],
    *,
    of: Mapping[str, str] | None = None,
) -> Measure:
    """Return AUC(first) - AUC(second) on the same rows (DeLong).

    *sizes* are the effective numbers of positives and negatives.
    """
    method = f"DeLong {LEVEL:.0%}, paired"
    rows = people(weights, sum(sizes))
    if min(sizes) < 2:
        return undefined(name, "needs two rows or more of both classes", n=rows, of=of, method=method)
    value, variance = 0.0, 0.0
    for side, size in zip((actual, ~actual), sizes, strict=True):
        mine, theirs = (_placements(s[side], s[~side], weights[~side]) for s in scores)
        difference = mine - theirs
        mean = float(np.average(difference, weights=weights[side]))
        spread = float(np.average((difference - mean) ** 2, weights=weights[side]))
        variance += spread / (size - 1)
        value = mean if side is actual else value
    if variance == 0:
        why = "all rows differ alike, so the spread cannot be estimated"
        return estimate(name, value, None, None, rows, of=of, method=method, note=why)
    half = Z * float(np.sqrt(variance))
    return estimate(name, value, max(value - half, -1), min(value + half, 1), rows, of=of, method=method)
