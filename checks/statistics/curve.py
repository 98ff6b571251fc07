"""A rate along a number: local lines on a fixed grid, from counts of the number's values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.model import Array
from checks.statistics.disparities import Proportions
from checks.statistics.means import Means

POINTS = 21
ENDS = (0.025, 0.975)
"""Quantiles of the people between which the grid lies: further out there is nobody to say anything of."""
WIDTH = 1.06
"""Bandwidth in standard deviations times people to the power -1/5 (Silverman)."""
CELLS = 2000
"""More distinct values are first rounded to this many steps."""


@dataclass(frozen=True, eq=False)
class Along:
    """People by distinct value of a number: how many, and how many of them are hits."""

    value: Array
    hits: Array
    """Weighted sums: of hits, or of another number of each person."""
    weight: Array
    n: Array
    effective: Array
    """Sizes that errors go by; `weight` where every row stands for itself."""


def by_value(numbers: Array, hits: Array, weights: Array, *, sampling: bool) -> Along:
    """Count people by value; many distinct values are rounded, so the cost is that of one pass."""
    value, at = np.unique(numbers, return_inverse=True)
    if len(value) > CELLS:
        step = (value[-1] - value[0]) / CELLS
        value, at = np.unique(value[0] + step * np.round((numbers - value[0]) / step), return_inverse=True)

    def total(parts: Array) -> Array:
        return np.asarray(np.bincount(at, parts, minlength=len(value)), dtype=np.float64)

    weight = total(weights)
    if not sampling:
        return Along(value, total(weights * hits), weight, weight, weight)
    squares = total(weights**2)
    effective = np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0)
    return Along(value, total(weights * hits), weight, total(np.ones(len(numbers))), effective)


def grid(along: Along) -> Array:
    """Return points at equal distances between the outer quantiles of the people."""
    upto = np.cumsum(along.weight)
    low, high = along.value[np.searchsorted(upto, upto[-1] * np.array(ENDS))]
    return np.linspace(low, high, POINTS) if high > low else np.array([low])


def bandwidth(along: Along) -> float:
    """Return the width of the window."""
    mean = np.average(along.value, weights=along.weight)
    spread = float(np.sqrt(np.average((along.value - mean) ** 2, weights=along.weight)))
    return float(WIDTH * spread * along.effective.sum() ** -0.2)


def smooth(along: Along, at: Array, width: float) -> Proportions:
    """Return the rate at each point by a local line, and the size that its error goes by.

    The size is that of a plain share with the variance of the weighted sum: one over the sum of squared
    weights of people.
    """
    value, size, near = _lines(along, at, width)
    return Proportions(np.clip(value, 0, 1) * size, size, near, size)


def smooth_mean(along: Along, at: Array, width: float, squares: float) -> Means:
    """Return the mean at each point by a local line; *squares* is the mean square of the number itself.

    The spread around the curve is taken as one for all points.
    """
    value, size, near = _lines(along, at, width)
    between = np.linspace(along.value[0], along.value[-1], 10 * POINTS)
    own = np.interp(along.value, between, _lines(along, between, width)[0])
    share = along.weight / along.weight.sum()
    explained = 2 * float(share @ (own * _means(along))) - float(share @ own**2)
    variance = max(squares - explained, 0.0)
    people = float(along.effective.sum())
    return Means(value, np.sqrt(variance / size), near, np.full(len(at), max(people - 2, 1.0)))


def _means(along: Along) -> Array:
    return np.divide(along.hits, along.weight, out=np.zeros_like(along.hits), where=along.weight > 0)


def _lines(along: Along, at: Array, width: float) -> tuple[Array, Array, Array]:
    """Return the height of each local line, the size that its error goes by, and the people near it."""
    away = (along.value[None, :] - at[:, None]) / width
    kernel = np.exp(-(away**2) / 2) * along.weight
    s0, s1, s2 = (np.sum(kernel * away**power, axis=1) for power in (0, 1, 2))
    flat = s0 * s2 - s1**2 <= 1e-9 * s0 * s2
    slope = np.where(flat, 0.0, s1 / np.where(flat, 1, s2))[:, None]
    pull = kernel * (1 - slope * away)
    pull = pull / pull.sum(axis=1, keepdims=True)
    each = np.divide(1, along.effective, out=np.zeros_like(along.weight), where=along.effective > 0)
    near = (np.abs(away) <= 2).astype(np.float64) @ along.n
    return pull @ _means(along), 1 / (pull**2 @ each), near
