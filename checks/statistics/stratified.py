"""Mantel-Haenszel: groups compared within strata, for all pairs of groups at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from checks.model import Array, Measure
from checks.statistics.disparities import sidak_z
from checks.statistics.intervals import LEVEL, Z, estimate, undefined

DIFFERENCE = f"Mantel-Haenszel difference, Sato {LEVEL:.0%}"
RATIO = f"Mantel-Haenszel ratio, Greenland-Robins {LEVEL:.0%}"
NO_SHARED = "no two groups that are compared have people in one stratum"


@dataclass(frozen=True, slots=True)
class Stratified:
    """Hits and sizes, groups by strata; with sampling weights in units of the effective size."""

    hits: Array
    size: Array
    n: Array
    """People per group."""

    def take(self, which: Array) -> Stratified:
        """Return some of the groups."""
        return Stratified(self.hits[which], self.size[which], self.n[which])

    def against_rest(self, at: int) -> Stratified:
        """Return one group and all others as one."""
        others = np.arange(len(self.n)) != at
        return Stratified(
            *(np.stack([part[at], part[others].sum(axis=0)]) for part in (self.hits, self.size, self.n))
        )

    def differences(self) -> tuple[Array, Array]:
        """Return rate[i] - rate[j] and its error for all pairs; NaN where two groups share no stratum."""
        groups = len(self.n)
        value, error = np.full((groups, groups), np.nan), np.full((groups, groups), np.nan)
        for i in range(groups):
            x, n = self.hits[i], self.size[i]
            y, m = self.hits, self.size
            total = np.where(n + m > 0, n + m, 1)
            weight = (n * m / total).sum(axis=1)
            shared = weight > 0
            safe = np.where(shared, weight, 1)
            value[i] = np.where(shared, ((x * m - y * n) / total).sum(axis=1) / safe, np.nan)
            p = ((n**2 * y - m**2 * x + n * m * (m - n) / 2) / total**2 * (n * m > 0)).sum(axis=1)
            q = ((x * (m - y) + y * (n - x)) / (2 * total) * (n * m > 0)).sum(axis=1)
            spread = np.nan_to_num(value[i]) * p + q
            error[i] = np.where(shared, np.sqrt(np.maximum(spread, 0)) / safe, np.nan)
        np.fill_diagonal(value, np.nan)
        return value, error

    def log_ratios(self) -> tuple[Array, Array]:
        """Return log(rate[i] / rate[j]) and its error for all pairs; NaN where it has no finite answer."""
        groups = len(self.n)
        value, error = np.full((groups, groups), np.nan), np.full((groups, groups), np.nan)
        for i in range(groups):
            x, n = self.hits[i], self.size[i]
            y, m = self.hits, self.size
            total = np.where(n + m > 0, n + m, 1)
            mine, theirs = (x * m / total).sum(axis=1), (y * n / total).sum(axis=1)
            finite = (mine > 0) & (theirs > 0)
            both = np.where(finite, mine * theirs, 1)
            spread = ((n * m * (x + y) - x * y * total) / total**2 * (n * m > 0)).sum(axis=1) / both
            ratio = np.where(finite, mine, 1) / np.where(finite, theirs, 1)
            value[i] = np.where(finite, np.log(ratio), np.nan)
            error[i] = np.where(finite, np.sqrt(np.maximum(spread, 0)), np.nan)
        np.fill_diagonal(value, np.nan)
        return value, error

    def shared(self) -> float:
        """Return the share of people who are in a stratum with people of another group."""
        present = self.size > 0
        with_others = present & (present.sum(axis=0) > 1)
        total = float(self.size.sum())
        return float(self.size[with_others].sum()) / total if total > 0 else 0.0


@dataclass(frozen=True, slots=True)
class StratifiedMeans:
    """Means of a number, groups by strata, with the variance that each group has within its strata."""

    mean: Array
    size: Array
    variance: Array
    """Per group."""
    n: Array

    def take(self, which: Array) -> StratifiedMeans:
        """Return some of the groups."""
        return StratifiedMeans(self.mean[which], self.size[which], self.variance[which], self.n[which])

    def differences(self) -> tuple[Array, Array]:
        """Return mean[i] - mean[j] and its error for all pairs, strata weighed as Mantel and Haenszel do."""
        value, error = (np.full((len(self.n), len(self.n)), np.nan) for _ in range(2))
        for i, (mean, size) in enumerate(zip(self.mean, self.size, strict=True)):
            total = np.where(size + self.size > 0, size + self.size, 1)
            weight = size * self.size / total
            whole = weight.sum(axis=1)
            safe = np.where(whole > 0, whole, np.nan)
            value[i] = (weight * (mean - self.mean)).sum(axis=1) / safe
            per_row = self.variance[i] * self.size / total + self.variance[:, None] * size / total
            error[i] = np.sqrt((weight * per_row).sum(axis=1)) / safe
        np.fill_diagonal(value, np.nan)
        return value, error


def _all_pairs(value: Array, error: Array) -> tuple[float, float, float]:
    """Return the largest difference with its limits: Sidak over pairs towards 0, plain away from it."""
    known = ~np.isnan(value)
    towards = sidak_z(int(known.sum()) // 2)
    low = float((value - towards * error)[known].max())
    return float(value[known].max()), max(low, 0.0), float((value + Z * error)[known].max())


def conditional_mean_gap(
    name: str, groups: StratifiedMeans, *, of: Mapping[str, str], unit: str, note: str | None = None
) -> Measure:
    """Return the largest difference in means of two groups within strata."""
    n, method = float(groups.n.sum()), f"Mantel-Haenszel weights, normal {LEVEL:.0%} over all pairs"
    value, error = groups.differences()
    refused = _refused(name, value, n, of=of, unit=unit)
    if refused is not None:
        return refused
    ends = _all_pairs(value, error)
    return estimate(name, *ends, n, of=of, unit=unit, method=method, note=_pairs_note(value, note))


def conditional_gap(
    name: str, groups: Stratified, *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return the largest Mantel-Haenszel difference of two groups."""
    n, method = float(groups.n.sum()), f"{DIFFERENCE} over all pairs"
    value, error = groups.differences()
    refused = _refused(name, value, n, of=of, unit="proportion")
    if refused is not None:
        return refused
    most, low, high = _all_pairs(value, error)
    note = _pairs_note(value, note)
    return estimate(name, most, low, min(high, 1.0), n, of=of, method=method, note=note)


def conditional_ratio(
    name: str, groups: Stratified, *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return the smallest Mantel-Haenszel ratio of two groups."""
    n, method = float(groups.n.sum()), f"{RATIO} over all pairs"
    present = (groups.size > 0).astype(np.float64)
    together = np.where(present @ present.T > 0, 0.0, np.nan)
    np.fill_diagonal(together, np.nan)
    refused = _refused(name, together, n, of=of, unit="ratio")
    if refused is not None:
        return refused
    value, error = groups.log_ratios()
    if np.isnan(value).sum() > np.isnan(together).sum():
        why = "a group has no hit in the strata that it shares, so no ratio has an interval"
        return undefined(name, why, n=n, of=of, unit="ratio", method=method)
    most, low, high = _all_pairs(value, error)
    ends = float(np.exp(-most)), float(np.exp(-high)), float(np.exp(-low))
    return estimate(name, *ends, n, of=of, unit="ratio", method=method, note=_pairs_note(value, note))


def difference_to_rest(
    name: str, groups: Stratified, at: int, *, of: Mapping[str, str], note: str | None = None
) -> Measure:
    """Return one group's rate less that of all others, within strata."""
    pair = groups.against_rest(at)
    value, error = (float(part[0, 1]) for part in pair.differences())
    n = float(groups.n[at])
    if np.isnan(value):
        why = note or "nobody else is in the strata of this group"
        return undefined(name, why, n=n, of=of, method=DIFFERENCE)
    low, high = max(value - Z * error, -1.0), min(value + Z * error, 1.0)
    return estimate(name, value, low, high, n, of=of, method=DIFFERENCE, note=note)


def _refused(name: str, value: Array, n: float, *, of: Mapping[str, str], unit: str) -> Measure | None:
    if len(value) < 2:
        why = "fewer than two groups are large enough to compare"
    elif np.isnan(value).all():
        why = NO_SHARED
    else:
        return None
    return undefined(name, why, n=n, of=of, unit=unit, method="not compared")


def _pairs_note(value: Array, note: str | None) -> str | None:
    """Add to *note* how many pairs of groups share no stratum."""
    groups = len(value)
    lost = (int(np.isnan(value).sum()) - groups) // 2
    if not lost:
        return note
    said = f"{lost} of {groups * (groups - 1) // 2} pairs of groups share no stratum"
    return said if note is None else f"{note}; {said}"
