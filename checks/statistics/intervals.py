"""Intervals of one number: a share, a mean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from checks.model import Array, Kind, Measure

LEVEL = 0.95
"""The level of every interval of the project."""

Z = float(ndtri((1 + LEVEL) / 2))


def estimate(
    name: str,
    value: float,
    low: float | None,
    high: float | None,
    n: float,
    *,
    of: Mapping[str, str] | None = None,
    unit: str = "proportion",
    method: str,
    note: str | None = None,
) -> Measure:
    """Return an estimate whose interval covers its value, whatever rounding did to the limits."""
    return Measure(
        name=name,
        value=float(value),
        low=None if low is None else float(min(low, value)),
        high=None if high is None else float(max(high, value)),
        n=float(n),
        of=dict(of or {}),
        kind=Kind.ESTIMATE,
        unit=unit,
        method=method,
        note=note,
    )


def undefined(
    name: str,
    why: str,
    *,
    n: float = 0,
    of: Mapping[str, str] | None = None,
    unit: str = "proportion",
    method: str = "undefined",
) -> Measure:
    """Return a number without a value, and the sentence that says why."""
    return Measure(name=name, value=None, n=float(n), of=dict(of or {}), unit=unit, method=method, note=why)


def wilson_limits(rate: Array | float, n: Array | float, z: float = Z) -> tuple[Array, Array]:
    """Return the Wilson score limits of shares of *n*; exactly 0 or 1 where the share is."""
    rate, n = np.asarray(rate, dtype=np.float64), np.asarray(n, dtype=np.float64)
    spread = z * np.sqrt(rate * (1 - rate) / n + (z / (2 * n)) ** 2)
    scale = 1 + z * z / n
    middle = rate + z * z / (2 * n)
    low = np.where(rate <= 0, 0.0, (middle - spread) / scale)
    high = np.where(rate >= 1, 1.0, (middle + spread) / scale)
    return np.clip(low, 0, rate), np.clip(high, rate, 1)


def wilson(
    name: str,
    successes: float,
    n: float,
    *,
    of: Mapping[str, str] | None = None,
    note: str | None = None,
    rows: float | None = None,
    effective: float | None = None,
) -> Measure:
    """Return a share with its Wilson interval.

    With sampling weights *successes* and *n* are sums of weights, *rows* the denominator in rows and
    *effective* the size that the error goes by (Kish).
    """
    if n <= 0:
        return undefined(name, note or "nobody in the denominator", of=of, method=f"Wilson {LEVEL:.0%}")
    rate = min(successes / n, 1.0)
    low, high = wilson_limits(rate, n if effective is None else effective)
    method = f"Wilson {LEVEL:.0%}"
    if effective is not None and effective != n:
        method += f", effective n {effective:.1f} (Kish)"
    return estimate(
        name, rate, float(low), float(high), n if rows is None else rows, of=of, method=method, note=note
    )


def clopper_pearson_limits(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact binomial limits."""
    tail = (1 - level) / 2
    low = 0.0 if successes <= 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes >= n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def clopper_pearson(
    name: str,
    successes: float,
    n: float,
    *,
    of: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Measure:
    """Return a share with its exact binomial interval."""
    method = f"Clopper-Pearson {LEVEL:.0%}"
    if n <= 0:
        return undefined(name, note or "nobody in the denominator", of=of, method=method)
    low, high = clopper_pearson_limits(successes, n)
    return estimate(name, successes / n, low, high, n, of=of, method=method, note=note)


def mean_of(
    name: str,
    values: Array,
    weights: Array,
    effective: float,
    *,
    rows: float,
    bounds: tuple[float, float],
    unit: str = "proportion",
    of: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Measure:
    """Return a weighted mean with Student's interval, clipped to *bounds*.

    Where the mean cannot lie under 0 the interval is that of its logarithm: losses and distances have a long
    upper tail, which the plain interval misses too often (docs/benchmarks/validity.md).
    """
    positive = bounds[0] == 0
    method = f"mean, {'log ' if positive else ''}Student {LEVEL:.0%}"
    if not len(values):
        return undefined(name, "no rows", of=of, unit=unit, method=method)
    mean = float(np.average(values, weights=weights))
    variance = float(np.average((values - mean) ** 2, weights=weights))
    if effective < 2 or variance == 0:
        why = "all rows are alike, so the spread cannot be estimated"
        return estimate(name, mean, None, None, rows, of=of, unit=unit, method=method, note=note or why)
    half = float(stdtrit(effective - 1, (1 + LEVEL) / 2)) * np.sqrt(variance / (effective - 1))
    low, high = mean - half, mean + half
    if positive:
        factor = np.exp(half / mean)
        low, high = mean / factor, mean * factor
    low, high = max(low, bounds[0]), min(high, bounds[1])
    return estimate(name, mean, low, high, rows, of=of, unit=unit, method=method, note=note)
