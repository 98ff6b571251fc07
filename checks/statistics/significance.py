"""Tests of difference, and the correction for asking many of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr
from scipy.stats import fisher_exact

from checks.model import Array, Kind, Measure
from checks.statistics.disparities import Proportions
from checks.statistics.intervals import LEVEL, Z, estimate, undefined

SMALLEST_EXPECTED = 5
"""Below this expected count in a cell the z test gives way to Fisher's."""


def difference_p_value(name: str, groups: Proportions, *, of: Mapping[str, str]) -> Measure:
    """Test the lowest against the highest group, counting every pair that could have been the extreme one.

    Fisher's exact test where a cell expects fewer than 5, else the pooled z test; the p-value is multiplied
    by the number of pairs (Bonferroni), since the pair was chosen by looking.
    """
    n = float(groups.n.sum())
    if len(groups.value) < 2:
        why = "fewer than two groups are large enough to compare"
        return undefined(name, why, n=n, of=of, unit="p-value", method="not compared")
    pairs = len(groups.value) * (len(groups.value) - 1) // 2
    extremes = groups.take(np.array([int(groups.value.argmin()), int(groups.value.argmax())]))
    p, test = _two_groups(extremes.value * extremes.effective, extremes.effective)
    return Measure(
        name=name,
        value=min(p * pairs, 1.0),
        n=n,
        of=dict(of),
        kind=Kind.EXACT,
        unit="p-value",
        method=test if pairs == 1 else f"{test}, lowest against highest, times {pairs} pairs",
        note="reported, never a bound: with few people even a large difference has a large p-value",
    )


def _two_groups(hits: Array, n: Array) -> tuple[float, str]:
    pooled = float(hits.sum() / n.sum())
    if pooled in {0.0, 1.0}:
        return 1.0, "no difference to test"
    whole = bool(np.all(hits == np.round(hits)) and np.all(n == np.round(n)))
    if whole and n.min() * min(pooled, 1 - pooled) < SMALLEST_EXPECTED:
        table = np.array([hits, n - hits]).astype(np.int64)
        return float(fisher_exact(table).pvalue), "Fisher exact, two-sided"
    error = np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
    z = abs(hits[0] / n[0] - hits[1] / n[1]) / error
    return float(min(2 * ndtr(-z), 1.0)), "pooled z, two-sided"


def people(weights: Array, effective: float) -> float:
    """Return the people behind *weights*: their sum where they repeat rows, else the rows."""
    total = float(weights.sum())
    return total if np.isclose(total, effective, rtol=1e-9) else float(len(weights))


def paired_difference(
    name: str,
    first: Array,
    second: Array,
    weights: Array,
    effective: float,
    *,
    of: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Measure:
    """Return the difference of two shares on the same rows (Bonett and Price 2012)."""
    method = f"Bonett-Price {LEVEL:.0%}, paired"
    rows = people(weights, effective)
    if not len(first) or effective <= 0:
        return undefined(name, "no rows", of=of, method=method)
    total = weights.sum()
    gained = float(weights[first & ~second].sum() / total)
    lost = float(weights[~first & second].sum() / total)
    up, down = (gained * effective + 1) / (effective + 2), (lost * effective + 1) / (effective + 2)
    half = Z * float(np.sqrt((up + down - (up - down) ** 2) / (effective + 2)))
    low, high = max(up - down - half, -1.0), min(up - down + half, 1.0)
    return estimate(name, gained - lost, low, high, rows, of=of, method=method, note=note)
