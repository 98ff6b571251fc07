"""Means of groups, and what is made of them: Student's limits, plain or on the logarithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtr, stdtrit

from checks.model import Array, Measure
from checks.statistics.disparities import gap_limits
from checks.statistics.intervals import LEVEL, estimate, undefined

ALIKE = "all rows are alike, so the spread cannot be estimated"


@dataclass(frozen=True, slots=True)
class Means:
    """One estimate per group with a standard error that was estimated from that group's rows.

    With *edge*, a number that the estimate never reaches (0 for a mean of sizes, 1 for R²), the limits are
    those of the logarithm of the distance to it, so they stay on the right side of it.
    """

    value: Array
    error: Array
    n: Array
    freedom: Array
    """Effective rows less one."""
    edge: float | None = None

    @classmethod
    def of_rows(cls, parts: Sequence[tuple[Array, Array, float, float]], edge: float | None = None) -> Self:
        """Return means of groups, each given by values, weights, people and the size that errors go by."""
        found = np.zeros((4, len(parts)))
        for at, (values, weights, n, effective) in enumerate(parts):
            mean = float(np.average(values, weights=weights)) if weights.sum() > 0 else np.nan
            variance = float(np.average((values - mean) ** 2, weights=weights)) if np.isfinite(mean) else 0.0
            known = effective > 1 and variance > 1e-12 * mean**2  # no spread but rounding
            found[:, at] = mean, np.sqrt(variance / (effective - 1)) if known else 0.0, n, effective - 1
        return cls(found[0], found[1], found[2], found[3], edge)

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid of single limits."""
        return f"hybrid of {self.method} limits,"

    @property
    def method(self) -> str:
        """The name of the limits."""
        return "Student" if self.edge is None else f"log Student (distance to {self.edge:g})"

    @property
    def usable(self) -> Array:
        """Whether the spread of a group is known."""
        return np.asarray((self.freedom >= 1) & (self.error > 0))

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return limits at the level that *z* has for a normal."""
        quantile = stdtrit(np.maximum(self.freedom, 1), float(ndtr(z)))
        half = quantile * self.error
        if self.edge is None:
            return self.value - half, self.value + half
        away = self.value - self.edge
        factor = np.exp(half / np.where(away == 0, 1, np.abs(away)))
        ends = self.edge + away / factor, self.edge + away * factor
        return np.minimum(*ends), np.maximum(*ends)

    def take(self, which: Array) -> Self:
        """Return the estimates of some groups."""
        return type(self)(self.value[which], self.error[which], self.n[which], self.freedom[which], self.edge)

    def pooled(self) -> Self:
        """Return the mean over all people of the groups, without an edge."""
        share = self.n / self.n.sum()
        value, error = float(share @ self.value), float(np.sqrt(share**2 @ self.error**2))
        people, freedom = self.n.sum(), self.freedom.sum()
        return type(self)(np.array([value]), np.array([error]), np.array([people]), np.array([freedom]))

    def logs(self) -> Means:
        """Return the logarithms, with errors by the delta method."""
        return Means(np.log(self.value), self.error / self.value, self.n, self.freedom)


def one_mean(
    name: str, means: Means, at: int, z: float, *, of: Mapping[str, str], unit: str, note: str | None
) -> Measure:
    """Return the estimate of one group with its interval."""
    value, n, method = float(means.value[at]), float(means.n[at]), f"{means.method} {LEVEL:.0%}"
    if not np.isfinite(value):
        why = note or "nobody in the denominator, or no spread in the label"
        return undefined(name, why, n=n, of=of, unit=unit, method=method)
    if not means.usable[at]:
        return estimate(name, value, None, None, n, of=of, unit=unit, method=method, note=note or ALIKE)
    low, high = (float(limit[0]) for limit in means.take(np.array([at])).limits(z))
    return estimate(name, value, low, high, n, of=of, unit=unit, method=method, note=note)


def lowest_mean_over_highest(
    name: str, groups: Means, *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return the ratio of the lowest to the highest group, from all pairs on the logarithm."""
    n, method = float(groups.n.sum()), f"hybrid of log Student limits, {LEVEL:.0%} over all pairs"
    if len(groups.value) < 2:
        why = "fewer than two groups are large enough to compare"
        return undefined(name, why, n=n, of=of, unit="ratio", method="not compared")
    if groups.value.min() <= 0:
        why = "a group's mean is not above 0, so no ratio is defined"
        return undefined(name, why, n=n, of=of, unit="ratio", method=method)
    low, high = gap_limits([groups.logs()])
    value = float(groups.value.min() / groups.value.max())
    return estimate(
        name,
        value,
        float(np.exp(-high)),
        float(np.exp(-low)),
        n,
        of=of,
        unit="ratio",
        method=method,
        note=note,
    )
