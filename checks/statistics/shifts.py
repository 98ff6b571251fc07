"""How far two samples of one column are apart: stability index, total variation, Kolmogorov-Smirnov distance.

All three are above 0 by chance alone, so none is told without what chance adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.model import Array
from checks.statistics.calibration import noncentrality
from checks.statistics.intervals import LEVEL, Z

HALF = 0.5
"""Added to the count of each bin, so that an empty one has a logarithm."""

MANY = 5000.0
"""Above it a noncentral chi-square is normal on the square root."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Counts of the same bins in two samples."""

    before: Array
    after: Array

    @property
    def sizes(self) -> tuple[float, float]:
        """The effective numbers of rows."""
        return float(self.before.sum()), float(self.after.sum())

    @property
    def noise(self) -> float:
        """Variance that one row a sample adds."""
        first, second = self.sizes
        return 1 / first + 1 / second

    def _shares(self) -> tuple[Array, Array]:
        bins = len(self.before)
        return tuple((each + HALF) / (each.sum() + HALF * bins) for each in (self.before, self.after))

    @property
    def plain_index(self) -> float:
        """Population stability index as commonly printed, chance included."""
        p, q = self._shares()
        return float(np.sum((q - p) * np.log(q / p)))

    @property
    def by_chance(self) -> float:
        """What the plain index is expected to be without a shift: its bins less one, times noise."""
        return (len(self.before) - 1) * self.noise

    @property
    def index(self) -> float:
        """Stability index less what chance adds, not below 0."""
        return max(self.plain_index - self.by_chance, 0.0)

    def index_limits(self, z: float = Z) -> tuple[float, float]:
        """Return limits of the index.

        Over its noise the plain index is noncentral chi-square where the shift is small; its limits are
        inverted. Large shifts spread wider than that, by the delta method, and their limits are widened.
        """
        seen, df = self.plain_index / self.noise, len(self.before) - 1
        if df < 1:
            return 0.0, 0.0
        if seen > MANY:
            low, high = ((max(np.sqrt(seen - df) + sign * z, 0.0)) ** 2 for sign in (-1, 1))
        else:
            tail = (1 - LEVEL) / 2
            low, high = noncentrality(seen, df, 1 - tail), noncentrality(max(seen, df), df, tail)
        limits = np.array([low, high]) * self.noise
        widened = self.index + (limits - self.index) * self._widening()
        return max(float(widened[0]), 0.0), float(widened[1])

    def _widening(self) -> float:
        """Return how much wider than that of a small shift the spread is; never under 1."""
        p, q = self._shares()
        ratio = np.log(q / p)
        if self.index == 0:
            return 1.0
        spread = 0.0
        for share, slope, size in zip(
            (p, q), (1 - q / p - ratio, 1 - p / q + ratio), self.sizes, strict=True
        ):
            spread += float(np.sum(share * slope**2) - np.sum(share * slope) ** 2) / size
        return max(float(np.sqrt(spread / (4 * self.noise * self.plain_index))), 1.0)

    @property
    def variation(self) -> float:
        """Total variation distance: the largest difference of the share of any set of bins."""
        first, second = self.sizes
        return float(np.abs(self.before / first - self.after / second).sum() / 2)

    def variation_limits(self) -> tuple[float, float, float]:
        """Return what chance adds to the distance, and its limits."""
        pooled = (self.before + self.after) / (self.before + self.after).sum()
        return variation_limits(self.variation, pooled, self.noise)


def variation_limits(value: float, shares: Array, noise: float) -> tuple[float, float, float]:
    """Return a bound of the distance that chance alone gives on average, and limits of the true distance.

    One row moves the distance by at most 1 / n (McDiarmid), and chance adds at most its bound (Jensen).
    """
    chance = float(np.sqrt(shares * (1 - shares) * noise).sum() / 2)
    half = float(np.sqrt(np.log(2 / (1 - LEVEL)) * noise / 2))
    return chance, max(value - chance - half, 0.0), min(value + half, 1.0)


def kolmogorov_smirnov(before: Array, after: Array, weights: tuple[Array, Array] | None = None) -> float:
    """Return the largest difference of two (weighted) cumulative distributions."""
    ranked, shares = [], []
    for i, values in enumerate((before, after)):
        order = None if weights is None else np.argsort(values, kind="stable")
        ranked.append(np.sort(values) if order is None else values[order])
        mass = np.arange(1.0, len(values) + 1) if weights is None else np.cumsum(weights[i][order])
        shares.append(np.concatenate([[0.0], mass / mass[-1]]))
    upto = [
        [
            share[np.searchsorted(mine, points, side="right")]
            for mine, share in zip(ranked, shares, strict=True)
        ]
        for points in ranked
    ]
    return float(max(np.abs(first - second).max() for first, second in upto))


def kolmogorov_smirnov_half(sizes: tuple[float, float]) -> float:
    """Return the half-width of the limits (Dvoretzky-Kiefer-Wolfowitz), both samples at once."""
    tail = np.log(4 / (1 - LEVEL))
    return float(sum(np.sqrt(tail / (2 * size)) for size in sizes))
