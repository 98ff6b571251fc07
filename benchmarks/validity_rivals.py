"""Intervals that the project does not use, for comparison. Hits are of shape (data sets, groups)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import beta

from checks.model import Array
from checks.statistics.disparities import sidak_z
from checks.statistics.intervals import Z, wilson_limits

Limits = Callable[[Array, Array], tuple[Array, Array]]
RESAMPLES = 200


def agresti_coull(hits: Array, n: Array) -> tuple[Array, Array]:
    """Agresti and Coull 1998: Wald's with z squared over two added to each side."""
    size = n + Z * Z
    middle = (hits + Z * Z / 2) / size
    half = Z * np.sqrt(middle * (1 - middle) / size)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def jeffreys(hits: Array, n: Array) -> tuple[Array, Array]:
    """The equal-tailed interval of the beta posterior of Jeffreys' prior; its ends at 0 and n."""
    low = np.where(hits == 0, 0.0, beta.ppf(0.025, hits + 0.5, n - hits + 0.5))
    return low, np.where(hits == n, 1.0, beta.ppf(0.975, hits + 0.5, n - hits + 0.5))


def _extremes(hits: Array, n: Array) -> tuple[Array, Array, Array, Array]:
    """Return hits and sizes of the lowest and the highest group of every data set."""
    rates = hits / n
    lowest, highest = rates.argmin(axis=1), rates.argmax(axis=1)
    rows = np.arange(len(hits))
    return hits[rows, lowest], n[lowest], hits[rows, highest], n[highest]


def agresti_caffo(hits: Array, n: Array) -> tuple[Array, Array]:
    """Agresti and Caffo 2000 for the pair that happens to be extreme."""
    few, small, many, large = _extremes(hits, n)
    p, q = (many + 1) / (large + 2), (few + 1) / (small + 2)
    half = Z * np.sqrt(p * (1 - p) / (large + 2) + q * (1 - q) / (small + 2))
    return np.maximum(p - q - half, 0), np.minimum(np.maximum(p - q + half, 0), 1)


def katz(hits: Array, n: Array) -> tuple[Array, Array]:
    """Katz et al. 1978 with half a success added, for the pair that happens to be extreme."""
    few, small, many, large = _extremes(hits, n)
    p, q = (few + 0.5) / (small + 0.5), (many + 0.5) / (large + 0.5)
    error = np.sqrt(1 / (few + 0.5) - 1 / (small + 0.5) + 1 / (many + 0.5) - 1 / (large + 0.5))
    ratio = p / q
    return np.minimum(ratio * np.exp(-Z * error), 1), np.minimum(ratio * np.exp(Z * error), 1)


def simultaneous(hits: Array, n: Array) -> tuple[Array, Array]:
    """Newcombe's intervals of all pairs, both sides at a Sidak level: the classical simultaneous way."""
    rates = hits / n
    count = len(n)
    low, high = wilson_limits(rates, n, sidak_z(count * (count - 1) // 2))
    below, above = rates - low, high - rates
    difference = rates[:, :, None] - rates[:, None, :]
    lower = difference - np.hypot(below[:, :, None], above[:, None, :])
    upper = difference + np.hypot(above[:, :, None], below[:, None, :])
    return np.maximum(lower.max(axis=(1, 2)), 0), np.minimum(upper.max(axis=(1, 2)), 1)


def _bootstrap(statistic: Callable[[Array], Array]) -> Limits:
    def limits(hits: Array, n: Array) -> tuple[Array, Array]:
        rng = np.random.default_rng([812, len(n), int(n[0])])
        found = np.empty((2, len(hits)))
        for start in range(0, len(hits), 1000):
            part = hits[start : start + 1000]
            drawn = rng.binomial(n, part / n, size=(RESAMPLES, *part.shape)) / n
            found[:, start : start + 1000] = np.quantile(statistic(drawn), (0.025, 0.975), axis=0)
        return found[0], found[1]

    return limits


def _gap(rates: Array) -> Array:
    return np.asarray(rates.max(axis=-1) - rates.min(axis=-1))


def _ratio(rates: Array) -> Array:
    highest = rates.max(axis=-1)
    return np.asarray(np.where(highest > 0, rates.min(axis=-1) / np.where(highest > 0, highest, 1), 0.0))


RIVALS: dict[str, dict[str, Limits]] = {
    "share": {"Agresti-Coull": agresti_coull, "Jeffreys": jeffreys},
    "gap": {
        "Agresti-Caffo of the extreme pair": agresti_caffo,
        "simultaneous pairs": simultaneous,
        "percentile bootstrap": _bootstrap(_gap),
    },
    "ratio": {"Katz of the extreme pair": katz, "percentile bootstrap": _bootstrap(_ratio)},
}
