"""Numbers that compare many groups: the gap and the ratio of the highest and the lowest.

The extreme of many groups is pulled away from equality by chance, so neither a percentile bootstrap nor the
interval of the pair that happens to be extreme is right. Both limits come from all pairs. The true gap is the
largest of all pairwise differences, hence:

- it is above every lower limit of a pair, once these hold *together*: the limit towards equality is the
  largest of them at a Sidak level over the pairs (union-intersection);
- it is below the largest of the upper limits of the pairs at the plain level, since the pair that truly
  differs most is one of them: the limit away from equality needs no correction (intersection-union).

With two groups both levels are the plain one. A pair's interval is Newcombe's hybrid of the two groups' own
limits (for ratios on the logarithm: Zou and Donner, Statistics in Medicine 27, 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from scipy.special import gammaincinv, ndtr, ndtri

from checks.model import Array, Measure
from checks.statistics.intervals import LEVEL, Z, estimate, undefined, wilson_limits

MOST_GROUPS = 1000
"""Above this many groups all pairs are no longer compared."""

FEW = 3.5
"""Hits below this are few: limits follow Poisson."""

TINY = 1e-9
"""A lower limit of 0 in units of half a success, for the logarithm."""


class Estimates(Protocol):
    """One estimate per group, each with limits at any level."""

    @property
    def value(self) -> Array:
        """The estimates."""
        ...

    @property
    def n(self) -> Array:
        """The denominators, in rows."""
        ...

    @property
    def pairs_method(self) -> str:
        """The name of the interval of a pair."""
        ...

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return lower and upper limits at *z* standard errors."""
        ...


@dataclass(frozen=True, slots=True)
class Proportions:
    """Shares of groups: weighted hits among weights, rows, and the sizes that errors go by."""

    hits: Array
    weight: Array
    n: Array
    effective: Array

    @classmethod
    def of_counts(cls, hits: Sequence[float] | Array, n: Sequence[float] | Array) -> Self:
        """Return the shares of plain counts."""
        sizes = np.asarray(n, dtype=np.float64)
        return cls(np.asarray(hits, dtype=np.float64), sizes, sizes, sizes)

    @property
    def value(self) -> Array:
        """The shares; NaN where nobody is in the denominator."""
        empty = self.weight <= 0
        return np.where(empty, np.nan, np.minimum(self.hits / np.where(empty, 1, self.weight), 1))

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid score interval."""
        return "Newcombe"

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return Wilson limits."""
        return wilson_limits(self.value, self.effective, z)

    def cautious_limits(self, z: float) -> tuple[Array, Array]:
        """Return Wilson limits; those beside up to three hits, or up to three misses, after Poisson.

        On the logarithm Wilson's lower limit of so few hits is too high: equal groups were told apart in 3.3
        of 100 samples where 2.5 are meant (Brown, Cai and DasGupta, Statistical Science 16, 2001, 4.1.1).
        """
        low, high = self.limits(z)
        hits = self.value * self.effective
        misses, tail = self.effective - hits, float(ndtr(-z))
        low = np.where((hits > 0) & (hits < FEW), np.minimum(low, _least(hits, self.effective, tail)), low)
        most = 1 - _least(misses, self.effective, tail)
        return low, np.where((misses > 0) & (misses < FEW), np.maximum(high, most), high)

    def take(self, which: Array) -> Self:
        """Return the shares of some groups."""
        return type(self)(self.hits[which], self.weight[which], self.n[which], self.effective[which])

    def pooled(self) -> Self:
        """Return all groups as one."""
        parts = (self.hits, self.weight, self.n, self.effective)
        return type(self)(*(np.array([part.sum()]) for part in parts))


@dataclass(frozen=True, slots=True)
class Normals:
    """Estimates of groups with known standard errors."""

    value: Array
    error: Array
    n: Array

    @property
    def pairs_method(self) -> str:
        """The normal interval of a difference."""
        return "normal"

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return normal limits."""
        return self.value - z * self.error, self.value + z * self.error


def _least(hits: Array, n: Array, tail: float) -> Array:
    """Return the Poisson lower limit of a share."""
    return np.asarray(gammaincinv(np.maximum(hits, TINY), tail) / n, dtype=np.float64)


def sidak_z(pairs: int) -> float:
    """Return the normal quantile of a two-sided Sidak level over *pairs*."""
    return float(ndtri((1 + LEVEL ** (1 / max(pairs, 1))) / 2))


def _pair_differences(estimates: Estimates, z: float) -> tuple[Array, Array]:
    """Return lower and upper limits of value[i] - value[j] for all i, j (Newcombe's hybrid)."""
    value = estimates.value
    low, high = estimates.limits(z)
    return _hybrid(value, value - low, high - value)


def _hybrid(value: Array, below: Array, above: Array) -> tuple[Array, Array]:
    difference = value[:, None] - value[None, :]
    lower = difference - np.hypot(below[:, None], above[None, :])
    upper = difference + np.hypot(above[:, None], below[None, :])
    np.fill_diagonal(lower, 0.0)  # a group does not differ from itself
    np.fill_diagonal(upper, 0.0)
    return lower, upper


def pair_count(groups: Estimates) -> int:
    """Return the number of pairs of groups."""
    return len(groups.value) * (len(groups.value) - 1) // 2


def gap_limits(
    parts: Sequence[Estimates], *, towards: float | None = None, away: float = Z
) -> tuple[float, float]:
    """Return limits of the largest of the gaps of *parts* (one for a plain gap), from all their pairs.

    *towards* is Sidak's over these pairs unless more must hold together.
    """
    towards = sidak_z(sum(map(pair_count, parts))) if towards is None else towards
    low = max(float(_pair_differences(part, towards)[0].max()) for part in parts)
    high = max(float(_pair_differences(part, away)[1].max()) for part in parts)
    return max(low, 0.0), high


def highest_minus_lowest(
    name: str,
    groups: Estimates,
    *,
    of: Mapping[str, str],
    note: str | None = None,
    unit: str = "proportion",
    bound: float | None = 1.0,
) -> Measure:
    """Return the gap between the highest and the lowest group; *bound* is the largest gap there can be."""
    refused = _not_comparable(name, groups, of=of, unit=unit)
    if refused is not None:
        return refused
    value = float(groups.value.max() - groups.value.min())
    low, high = gap_limits([groups])
    return estimate(
        name,
        value,
        low,
        high if bound is None else min(high, bound),
        groups.n.sum(),
        of=of,
        unit=unit,
        method=f"{groups.pairs_method} {LEVEL:.0%} over all pairs",
        note=note,
    )


def largest_gap(
    name: str, parts: Sequence[Estimates], *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return the largest of several gaps (equalized odds); its limits come from the pairs of all of them."""
    refused = [
        r for r in (_not_comparable(name, p, of=of, unit="proportion") for p in parts) if r is not None
    ]
    if refused:
        return refused[0]
    value = max(float(part.value.max() - part.value.min()) for part in parts)
    low, high = gap_limits(parts)
    n = sum(float(part.n.sum()) for part in parts)
    method = f"{parts[0].pairs_method} {LEVEL:.0%} over all pairs of {len(parts)} rates"
    return estimate(name, value, low, min(high, 1.0), n, of=of, method=method, note=note)


def mean_gap(
    name: str, parts: Sequence[Estimates], *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return the mean of several gaps (average odds); its limits are means of joint limits."""
    refused = [
        r for r in (_not_comparable(name, p, of=of, unit="proportion") for p in parts) if r is not None
    ]
    if refused:
        return refused[0]
    value = float(np.mean([part.value.max() - part.value.min() for part in parts]))
    together = float(ndtri(((1 + LEVEL) / 2) ** (1 / len(parts))))
    low = [gap_limits([part], towards=sidak_z(len(parts) * pair_count(part)))[0] for part in parts]
    high = [min(gap_limits([part], away=together)[1], 1.0) for part in parts]
    n = sum(float(part.n.sum()) for part in parts)
    method = f"{parts[0].pairs_method} {LEVEL:.0%} over all pairs, mean of {len(parts)} joint intervals"
    return estimate(
        name, value, float(np.mean(low)), float(np.mean(high)), n, of=of, method=method, note=note
    )


def _log_ratios(groups: Proportions, z: float) -> tuple[Array, Array]:
    """Return limits of log(rate[i] / rate[j]) for all i, j: Newcombe's hybrid of Wilson's, on the log.

    A rate of 0 counts as half a success. Katz's form is simpler, but its variance vanishes at a rate of 1 and
    its limit away from equality misses up to three times too often where sizes are unequal.
    """
    floor = 0.5 / (groups.effective + 0.5)
    low, high = groups.cautious_limits(z)
    empty = groups.value <= 0
    value = np.log(np.where(empty, floor, groups.value))
    below = value - np.log(np.where(empty, floor * TINY, low))
    above = np.log(high) - value
    return _hybrid(value, below, above)


def ratio_limits(groups: Proportions) -> tuple[Array, Array]:
    """Return, per group, limits of its rate over the highest: away from equality plain, towards it Sidak."""
    count = len(groups.value)
    low = np.exp(_log_ratios(groups, Z)[0].min(axis=1))
    high = np.exp(_log_ratios(groups, sidak_z(count * (count - 1) // 2))[1].min(axis=1))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


RATIO_METHOD = f"Newcombe on the log {LEVEL:.0%} over all pairs"


def lowest_over_highest(
    name: str, groups: Proportions, *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return the ratio of the lowest to the highest group."""
    refused = _not_comparable(name, groups, of=of, unit="ratio")
    if refused is not None:
        return refused
    highest = float(groups.value.max())
    if highest == 0:
        return undefined(
            name,
            "the rate is 0 in every group, so no ratio is defined",
            n=float(groups.n.sum()),
            of=of,
            unit="ratio",
            method=RATIO_METHOD,
        )
    low, high = ratio_limits(groups)
    return estimate(
        name,
        float(groups.value.min()) / highest,
        float(low.min()),
        float(high.min()),
        groups.n.sum(),
        of=of,
        unit="ratio",
        method=RATIO_METHOD,
        note=note,
    )


def over_highest(name: str, groups: Proportions, of: Sequence[Mapping[str, str]]) -> tuple[Measure, ...]:
    """Return each group's rate over the highest; nothing where fewer than two groups are compared."""
    if _not_comparable(name, groups, of={}, unit="ratio") is not None:
        return ()
    highest = float(groups.value.max())
    if highest == 0:
        why = "the rate is 0 in every group, so no ratio is defined"
        return tuple(
            undefined(name, why, n=float(n), of=key, unit="ratio", method=RATIO_METHOD)
            for n, key in zip(groups.n, of, strict=True)
        )
    low, high = ratio_limits(groups)
    return tuple(
        estimate(name, value / highest, below, above, n, of=key, unit="ratio", method=RATIO_METHOD)
        for value, below, above, n, key in zip(groups.value, low, high, groups.n, of, strict=True)
    )


def over_reference(
    name: str, group: Proportions, reference: Proportions, *, of: Mapping[str, str]
) -> Measure:
    """Return the ratio of one group to one reference, with the plain interval of this pair."""
    method, n = f"Newcombe on the log {LEVEL:.0%}", float(group.n[0])
    if reference.value[0] == 0:
        why = "the rate of the reference is 0, so no ratio is defined"
        return undefined(name, why, n=n, of=of, unit="ratio", method=method)
    fields = ("hits", "weight", "n", "effective")
    pair = Proportions(*(np.concatenate([getattr(p, f) for p in (group, reference)]) for f in fields))
    low, high = (float(np.exp(limit[0, 1])) for limit in _log_ratios(pair, Z))
    value = float(pair.value[0] / pair.value[1])
    return estimate(name, value, low, high, n, of=of, unit="ratio", method=method)


def _not_comparable(name: str, groups: Estimates, *, of: Mapping[str, str], unit: str) -> Measure | None:
    count = len(groups.value)
    if count < 2:
        why = "fewer than two groups are large enough to compare"
    elif count > MOST_GROUPS:
        why = f"over {MOST_GROUPS} groups: merge groups or cut the values into bins"
    else:
        return None
    return undefined(name, why, n=float(groups.n.sum()), of=of, unit=unit, method="not compared")
