"""Medians of groups: limits by order statistics, which hold whatever the shape of the times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from checks.model import Array, Measure
from checks.statistics.intervals import LEVEL, Z, estimate, undefined

METHOD = f"order statistics {LEVEL:.0%}"


@dataclass(frozen=True, eq=False)
class Medians:
    """The median of each group's numbers, which are sorted and of which each group has some."""

    groups: Sequence[Array]

    @property
    def value(self) -> Array:
        """The medians."""
        return np.array([np.median(numbers) for numbers in self.groups])

    @property
    def n(self) -> Array:
        """How many numbers each has."""
        return np.array([len(numbers) for numbers in self.groups], dtype=np.float64)

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid of limits by order statistics."""
        return "hybrid of order-statistic limits,"

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return limits with at least the coverage that *z* has for a normal; the extremes where n is small.

        The k-th smallest and k-th largest of n hold the median unless fewer than k of n fair coins fall
        one way.
        """
        tail = float(ndtr(-z))
        ends = []
        for numbers in self.groups:
            k = max(int(binom.ppf(tail, len(numbers), 0.5)), 1)
            ends.append((numbers[k - 1], numbers[len(numbers) - k]))
        low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
        return low, high

    def take(self, which: Array) -> Medians:
        """Return the medians of some groups."""
        return Medians([self.groups[at] for at in which])


def one_median(
    name: str, numbers: Array, *, of: Mapping[str, str], unit: str, note: str | None = None
) -> Measure:
    """Return a median with its interval; under six numbers no interval has the level."""
    if not len(numbers):
        return undefined(name, note or "no time was logged", of=of, unit=unit, method=METHOD)
    medians = Medians([numbers])
    value = float(medians.value[0])
    if len(numbers) < 6:
        why = "fewer than 6 numbers: no interval of their order has the level"
        return estimate(
            name, value, None, None, len(numbers), of=of, unit=unit, method=METHOD, note=note or why
        )
    low, high = (float(end[0]) for end in medians.limits(Z))
    return estimate(name, value, low, high, len(numbers), of=of, unit=unit, method=METHOD, note=note)


def median_ratio(name: str, upper: Array, lower: Array, *, of: Mapping[str, str]) -> Measure:
    """Return the median of *upper* over that of *lower*; its interval is a hybrid on the logarithm."""
    both = Medians([upper, lower])
    n, method = float(both.n.sum()), f"hybrid of log order-statistic limits, {LEVEL:.0%}"
    low, high = both.limits(Z)
    value = both.value
    if value.min() <= 0 or low.min() <= 0:
        why = "a median time, or its lower limit, is 0, so no ratio is defined"
        return undefined(name, why, n=n, of=of, unit="ratio", method=method)
    below, above = np.log(value / low), np.log(high / value)
    ratio = float(value[0] / value[1])
    ends = ratio * np.exp(-np.hypot(below[0], above[1])), ratio * np.exp(np.hypot(above[0], below[1]))
    return estimate(name, ratio, float(ends[0]), float(ends[1]), n, of=of, unit="ratio", method=method)
